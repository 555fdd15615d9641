import { allInTurns } from "../async/turns.ts";
import { EngineRefusal } from "../engine/engine.ts";
import { log } from "../log/logger.ts";
import { messageOf } from "../text/message_of.ts";
import { engineFailure } from "./refusals.ts";
import { nameOf, type TaskRef } from "./live_project.ts";

/**
 * Starts tasks one after the other.
 * @param started takes those that were started, also when a later one fails.
 * @param isDryRun whether nothing of a project is moved.
 * @throws {Refusal} at the first that cannot be started, or the signal's reason.
 */
export async function startTasks(
  tasks: readonly TaskRef[],
  started: TaskRef[],
  isDryRun: (project: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  for (const ref of tasks) {
    signal.throwIfAborted();
    try {
      await startTask(ref, isDryRun(ref.task.project));
    } catch (error) {
      throw engineFailure(`Cannot start ${nameOf(ref)}`, error, "internal");
    }
    started.push(ref);
  }
  signal.throwIfAborted();
}

/** Starts a task. @throws what the engine throws. */
export async function startTask(
  { engine: { engine, description }, task }: TaskRef,
  isDryRun: boolean,
): Promise<void> {
  if (isDryRun && engine.hasDryRun === undefined) {
    throw new EngineRefusal(`engine ${description.name} has no dry run: it would move memory`, {
      fault: "invalid",
    });
  }
  await engine.startTask(task.name, { isDryRun });
}

/**
 * Stops tasks, all at once.
 * @returns one line for each that could not be stopped; they are in the log too.
 */
export async function stopTasks(tasks: readonly TaskRef[]): Promise<string[]> {
  const problems: string[] = [];
  await allInTurns(tasks, async (ref) => {
    try {
      await ref.engine.engine.stopTask(ref.task.name);
    } catch (error) {
      const problem = `Cannot stop ${nameOf(ref)}: ${messageOf(error)}`;
      log.error(problem);
      problems.push(problem);
    }
  });
  return problems;
}

/**
 * What of the configuration of started tasks has no effect, a line each; they go to the log, too.
 */
export function warningsOf(tasks: readonly TaskRef[]): string[] {
  const byText = new Map<string, string>();
  for (const ref of tasks) {
    const { warnings = [] } = ref.engine.engine.taskStatus(ref.task.name, { rounds: 0 });
    for (const text of warnings) {
      if (!byText.has(text)) byText.set(text, `project "${ref.task.project}": ${text}`);
    }
  }
  const lines = [...byText.values()];
  for (const line of lines) log.warning(line);
  return lines;
}
