import { AT_FDCWD, close, O_RDONLY, openAt } from "../../../ffi/libc.ts";
import type { CompiledConfig } from "../../config/compile.ts";
import type { TaskDescription } from "../../config/engines.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { whyNoSwap } from "../../engine/round/swap_limit.ts";
import { whyNone } from "../../engine/round/why_none.ts";
import { heldBack } from "../../engine/slide/held_back.ts";
import { sweepProcesses } from "../../procfs/find_processes.ts";
import { isGone } from "../../procfs/read_file.ts";
import { explain, type ReasonPlace } from "../explain.ts";
import type { Report } from "../finding.ts";
import type { Patient } from "../patient.ts";
import { explainSkip } from "./skips.ts";

/** What the tasks of a file would come to, were they started now. */
export function checkTargets(
  config: CompiledConfig,
  projects: ReadonlyMap<string, ProjectDescription>,
  patient: Patient,
  report: Report,
): void {
  const wanted = config.tasks.filter(({ project }) =>
    patient.project === undefined || patient.project === project
  );
  for (const task of wanted) {
    const { name, project } = task;
    const place: ReasonPlace = {
      about: `project "${project}", task "${name}"`,
      project,
      socket: patient.socket,
    };
    checkProcesses(task, place, patient, report);
    const owner = projects.get(project);
    const held = task.kind === "slide" && owner !== undefined ? heldBack(owner, task) : undefined;
    if (held !== undefined) {
      report.add(explainSkip({ reason: held, processes: 1, pids: [] }, 1, place, patient));
    }
  }
}

function checkProcesses(
  { target, kind }: TaskDescription,
  place: ReasonPlace,
  patient: Patient,
  report: Report,
): void {
  const [search] = sweepProcesses([target], { proc: patient.proc });
  if (search === undefined) return;
  const { found, named, unreadable } = search;
  if (found.length === 0 && unreadable.length === 0) {
    // As a task pins the process that has its pid when it is started.
    const startTicks = named[0]?.startTicks;
    const query = target.type === "pid" && startTicks !== undefined
      ? { ...target, startTicks }
      : target;
    for (const [reason, pids] of whyNone(query, search)) {
      const skip = { reason, processes: pids.length, pids: [...pids] };
      report.add(explainSkip(skip, pids.length, place, patient));
    }
  }
  if (kind !== "slide") return;
  for (const { pid } of found) {
    const reason = whyNoSwapOf(`${patient.proc}/${pid}`);
    if (reason === undefined) continue;
    report.add(explain(reason, `process ${pid}: ${reason}`, "hinders", { ...place, pid }));
  }
}

function whyNoSwapOf(folder: string): ReturnType<typeof whyNoSwap> {
  let fd = -1;
  try {
    fd = openAt(AT_FDCWD, folder, O_RDONLY);
    return whyNoSwap(fd);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  } finally {
    if (fd >= 0) close(fd);
  }
}
