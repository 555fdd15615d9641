import type { EngineStatus, ProjectStatus } from "../../status/project_status.ts";
import type { TaskStatus } from "../../status/task_status.ts";
import { etmemCommand } from "../../text/etmem_command.ts";
import { nearestWord } from "../../text/nearest_word.ts";
import { explain, innermostReason, type ReasonPlace } from "../explain.ts";
import type { Finding, Report } from "../finding.ts";
import { answersOf, type Patient } from "../patient.ts";
import { checkRounds } from "./rounds.ts";

/** What keeps the projects of the servers from working. */
export function checkProjects(patient: Patient, report: Report): void {
  for (const { socket, status } of answersOf(patient)) {
    const { work_waits: waits } = status.server;
    if (waits !== undefined) {
      report.add(explain(waits, waits, "hinders", { about: "server", socket }));
    }
    const wanted = status.projects.filter(({ name }) =>
      patient.project === undefined || patient.project === name
    );
    if (wanted.length === 0) report.add(noProject(patient, socket, status.projects));
    for (const project of wanted) {
      checkProject(project, socket, report);
      for (const engine of project.engines) {
        for (const task of engine.tasks) {
          checkTask(task, project, engine, { socket, patient }, report);
        }
      }
    }
  }
}

function noProject(
  { project }: Patient,
  socket: string,
  there: readonly ProjectStatus[],
): Finding {
  const names = there.map(({ name }) => name);
  const near = project === undefined ? undefined : nearestWord(project, names) ?? names[0];
  return {
    weight: "hinders",
    about: "projects",
    found: project === undefined
      ? `the server "${socket}" has no project`
      : `the server "${socket}" has no project "${project}"`,
    meaning: "A project says which processes are worked on, and when. Without one nothing moves.",
    remedy: near === undefined
      ? "Add a configuration file, and start its project."
      : `The server has ${names.map((name) => `"${name}"`).join(", ")}.`,
    commands: near === undefined
      ? [
        etmemCommand("obj add -f /etc/etmem/slide_conf.yaml", { socket }),
        etmemCommand("project start", { project: "PROJECT", socket }),
      ]
      : [etmemCommand("doctor", { project: near, socket })],
  };
}

function checkProject(project: ProjectStatus, socket: string, report: Report): void {
  const { name, started, waits_for: waits, engines } = project;
  const about = `project "${name}"`;
  const place = { about, socket, project: name };
  if (waits !== undefined) {
    report.add(explain(waits, `it waits: ${waits}`, "hinders", place));
    for (const part of partsOf(waits)) {
      report.add(explain(part.reason, part.text, "hinders", place));
    }
  } else if (!started) {
    report.add({
      weight: "hinders",
      about,
      found: "it is stopped",
      meaning: "Nothing of it moves. One of --conf-dir that was stopped stays so over a restart.",
      remedy: "Start it. If that is refused, the answer says why.",
      commands: [etmemCommand("project start", place)],
    });
  }
  if (started && project.dry_run === true) report.add(dryRun(name, socket));
  if (!engines.some(({ tasks }) => tasks.length > 0)) report.add(noTask(name, socket));
}

function dryRun(name: string, socket: string): Finding {
  return {
    weight: "hinders",
    about: `project "${name}"`,
    found: "it is a dry run",
    meaning: "It accounts for what would move, and moves nothing.",
    remedy: "Start it without --dry-run, and without dry_run=yes in its file.",
    commands: [
      etmemCommand("project stop", { project: name, socket }),
      etmemCommand("project start", { project: name, socket }),
    ],
  };
}

function noTask(name: string, socket: string): Finding {
  return {
    weight: "hinders",
    about: `project "${name}"`,
    found: "it has no task",
    meaning: "A task names the processes that an engine works on.",
    remedy: "Add a file with an [engine] and a [task] of the project.",
    commands: [etmemCommand("obj add -f FILE", { socket })],
  };
}

/** What each part lacks, of `no tracker can be used: NAME: REASON; NAME: REASON`. */
function partsOf(text: string): { readonly text: string; readonly reason: string }[] {
  const { name, details } = innermostReason(text);
  if (name !== "no_part_fits" && name !== "pinned_part_does_not_fit") return [];
  return (details.at(-1) ?? "").split("; ").map((part) => ({
    text: part,
    reason: part.slice(part.indexOf(": ") + 2),
  }));
}

function checkTask(
  task: TaskStatus,
  project: ProjectStatus,
  { kind }: EngineStatus,
  { socket, patient }: { readonly socket: string; readonly patient: Patient },
  report: Report,
): void {
  const place: ReasonPlace = {
    about: `project "${project.name}", task "${task.name}"`,
    socket,
    project: project.name,
  };
  if (task.failed !== undefined) {
    report.add(explain(task.failed, `it failed: ${task.failed}`, "hinders", place));
  }
  for (const warning of task.warnings ?? []) report.add(explain(warning, warning, "note", place));
  // What a third-party engine has done it alone knows.
  if (kind !== "thirdparty" && task.started) checkRounds(task, project, place, patient, report);
}
