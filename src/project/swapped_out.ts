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

/** What some stopped tasks have moved to swap and is still there. */
export async function countOut(tasks: readonly TaskRef[]): Promise<OutCount> {
  const counts = await Promise.all(
    tasks.map(async ({ engine: { engine }, task }) => await engine.countOut?.(task.name)),
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
