import { Semaphore } from "../async/semaphore.ts";
import type { OutCount, RestoreAccount, RestoreLimits } from "../engine/engine.ts";
import { Refusal } from "../rpc/refusal.ts";
import { formatBytes } from "../text/quantities.ts";
import { type LiveProject, type TaskRef, tasksOf } from "./live_project.ts";
import { engineFailure } from "./refusals.ts";

/** What is to come back from swap, and how. */
export interface RestoreRequest {
  readonly project: string;
  /** Only of this task. */
  readonly task?: string;
  readonly limits: RestoreLimits;
  /** Fires when it is to end. */
  readonly signal: AbortSignal;
  /** Takes the bytes that are back, of those that were out. */
  readonly progress: (backBytes: number, outBytes: number) => void;
}

/** A count looks no longer where pages are: it is a word of an answer that is waited for. */
const COUNT_MS = 1000;
/** Tasks that are counted at a time: those that wait do not fill the queue for threads. */
const COUNTS_AT_ONCE = 8;

/** What some stopped tasks have moved to swap and is still there: after a second, up to so much. */
export async function countOut(tasks: readonly TaskRef[]): Promise<OutCount> {
  const untilMs = performance.now() + COUNT_MS;
  const slots = new Semaphore(COUNTS_AT_ONCE);
  const counts = await Promise.all(
    tasks.map(({ engine: { engine }, task }) =>
      slots.run(async () => await engine.countOut?.(task.name, untilMs))
    ),
  );
  return {
    bytes: counts.reduce((sum, count) => sum + (count?.bytes ?? 0), 0),
    isWhole: counts.every((count) => count?.isWhole ?? true),
  };
}

/** How much is in swap, for people; undefined when nothing is. */
export function formatOut({ bytes, isWhole }: OutCount): string | undefined {
  if (bytes === 0) return undefined;
  return `${isWhole ? "" : "up to "}${formatBytes(bytes)} of what moved is still in swap`;
}

/** The tasks that a restore is about. @throws {Refusal} */
function tasksFor(project: LiveProject, { task: name }: RestoreRequest): TaskRef[] {
  const { name: projectName } = project.description;
  const tasks = tasksOf(project.engines.values())
    .filter(({ task }) => name === undefined || task.name === name);
  const [first] = tasks;
  if (first === undefined && name !== undefined) {
    throw new Refusal("noTask", `"${name}" in project "${projectName}"`);
  }
  const able = tasks.filter(({ engine: { engine } }) => engine.bringBack !== undefined);
  if (able.length === 0) {
    const which = name === undefined ? "no task of it moves" : `task "${name}" does not move`;
    throw new Refusal("invalid", `project "${projectName}": ${which} memory to swap`);
  }
  return able;
}

/**
 * Brings back what tasks of a stopped project have moved to swap, one task after the other.
 * @throws {Refusal}
 */
export async function bringBack(
  project: LiveProject,
  request: RestoreRequest,
): Promise<RestoreAccount> {
  const tasks = tasksFor(project, request);
  const { bytes: outBytes } = await countOut(tasks);
  const { limits, signal } = request;
  const sum = { backBytes: 0, leftBytes: 0, endedProcesses: 0 };
  const reasons = new Set<string>();
  for (const { engine: { engine }, task } of tasks) {
    const before = sum.backBytes;
    const progress = (backBytes: number): void => {
      request.progress(before + backBytes, outBytes);
    };
    try {
      const one = await engine.bringBack!(task.name, { limits, signal, progress });
      sum.backBytes += one.backBytes;
      sum.leftBytes += one.leftBytes;
      sum.endedProcesses += one.endedProcesses;
      for (const reason of one.reasons) reasons.add(reason);
    } catch (error) {
      throw engineFailure(`Cannot bring back what task "${task.name}" moved`, error, "internal");
    }
  }
  return { ...sum, reasons: [...reasons] };
}
