import type { ProjectDescription, TaskDescription, TaskTarget } from "./description.ts";
import type { FileObject } from "./file_objects.ts";
import type { Findings } from "./findings.ts";
import type { ValuesOf } from "./key_table.ts";
import { LOOP_MAX } from "./project_keys.ts";
import { findEntry, readEntry, readKeys } from "./read_keys.ts";
import { comm, pid } from "./target_form.ts";
import {
  ANY_TASK_KEYS,
  CSLIDE_TASK_KEYS,
  SLIDE_TASK_KEYS,
  THIRD_PARTY_TASK_KEYS,
} from "./task_keys.ts";

/** What a task is compiled with beside its own group. */
export interface TaskSurroundings {
  /** A project of the file or the server; undefined: there is none of that name. */
  readonly project: (name: string) => ProjectDescription | undefined;
  /** Makes what a third-party engine is handed for the task. */
  readonly keyFileText: (project: string, engine: string) => string;
  /** Whether the file has that engine. */
  readonly hasEngine: (project: string, engine: string) => boolean;
  readonly cores: number;
}

/** Compiles a [task]. @returns undefined when something was refused, which is in `findings` then. */
export function compileTask(
  object: FileObject,
  around: TaskSurroundings,
  findings: Findings,
): TaskDescription | undefined {
  switch (findEntry(object, ANY_TASK_KEYS, "engine")?.value) {
    case undefined:
      readKeys(object, ANY_TASK_KEYS, findings);
      return undefined;
    case "slide":
      return compileSlideTask(object, around, findings);
    case "cslide":
      return compileCslideTask(object, findings);
    default:
      return compileThirdPartyTask(object, around, findings);
  }
}

function compileSlideTask(
  object: FileObject,
  around: TaskSurroundings,
  findings: Findings,
): TaskDescription | undefined {
  const values = readKeys(object, SLIDE_TASK_KEYS, findings);
  const target = values && compileTarget(object, values.type, findings);
  if (values === undefined || target === undefined) return undefined;
  const project = around.project(values.project);
  if (values.dram_percent !== undefined && project?.tracker === "smaps") {
    warnOf(
      object,
      "dram_percent",
      "the start will be refused, tracker=smaps cannot order pages",
      findings,
    );
  }
  return {
    kind: "slide",
    ...names(values),
    target,
    coldThreshold: coldThreshold(object, values.T, project, findings),
    maxThreads: clampThreads(object, values.max_threads, around.cores, findings),
    ...(values.swap_threshold !== undefined && values.swap_threshold > 0 && {
      swapThresholdBytes: values.swap_threshold,
    }),
    swapFlag: values.swap_flag,
    ...(values.dram_percent !== undefined && { dramPercent: values.dram_percent }),
  };
}

function compileCslideTask(object: FileObject, findings: Findings): TaskDescription | undefined {
  const values = readKeys(object, CSLIDE_TASK_KEYS, findings);
  const target = values && compileTarget(object, values.type, findings);
  if (values === undefined || target === undefined) return undefined;
  return {
    kind: "cslide",
    ...names(values),
    target,
    vmFlags: values.vm_flags ?? [],
    anonOnly: values.anon_only,
    ignHost: values.ign_host,
  };
}

function compileThirdPartyTask(
  object: FileObject,
  around: TaskSurroundings,
  findings: Findings,
): TaskDescription | undefined {
  const values = readKeys(object, THIRD_PARTY_TASK_KEYS, findings);
  const target = values && compileTarget(object, values.type, findings);
  if (values === undefined || target === undefined) return undefined;
  return {
    kind: "thirdparty",
    ...names(values),
    target,
    maxThreads: clampThreads(object, values.max_threads, around.cores, findings),
    swapFlag: values.swap_flag,
    keyFileText: around.keyFileText(values.project, values.engine),
    hasEngine: around.hasEngine(values.project, values.engine),
  };
}

function names(
  { project, engine, name }: ValuesOf<typeof ANY_TASK_KEYS.keys>,
): { project: string; engine: string; name: string } {
  return { project, engine, name };
}

/** Reads `value` as its `type` says. */
function compileTarget(
  object: FileObject,
  type: TaskTarget["type"],
  findings: Findings,
): TaskTarget | undefined {
  const entry = findEntry(object, ANY_TASK_KEYS, "value");
  if (entry === undefined) return undefined;
  if (type === "pid") {
    const read = readEntry(object, entry, pid, findings);
    return read && { type, pid: read.value };
  }
  const read = readEntry(object, entry, comm, findings);
  return read && { type, comm: read.value };
}

/** The most a page counts per scan: SCAN_DIRTY_PAGE's weight. */
const WEIGHT_MAX = 3;

/** `T`: 0 to 3 * loop; a page that is used in every scan is never cold, so loop is the most that counts. */
function coldThreshold(
  object: FileObject,
  t: number,
  project: ProjectDescription | undefined,
  findings: Findings,
): number {
  const entry = findEntry(object, SLIDE_TASK_KEYS, "T");
  const loop = project?.loop ?? LOOP_MAX;
  const most = WEIGHT_MAX * loop;
  if (entry !== undefined && (t < 0 || t > most)) {
    findings.refuseValue(object, entry, "out of range", `0 to 3 * loop, that is 0 to ${most}`);
  }
  if (project === undefined || t <= loop) return t;
  warnOf(
    object,
    "T",
    `taken as ${loop}, memory used in each of loop=${loop} scans is never cold`,
    findings,
  );
  return loop;
}

function clampThreads(
  object: FileObject,
  threads: number,
  cores: number,
  findings: Findings,
): number {
  const most = 2 * cores + 1;
  const clamped = Math.min(Math.max(threads, 1), most);
  if (clamped !== threads) {
    warnOf(
      object,
      "max_threads",
      `taken as ${clamped}, allowed is 1 to ${most} (2 * cores + 1)`,
      findings,
    );
  }
  return clamped;
}

function warnOf(object: FileObject, key: string, remark: string, findings: Findings): void {
  const entry = findEntry(object, ANY_TASK_KEYS, key);
  if (entry !== undefined) findings.warnOfValue(object, entry, remark);
}
