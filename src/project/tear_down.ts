import { log } from "../log/logger.ts";
import { messageOf } from "../text/message_of.ts";
import { type LiveEngine, nameOf, type TaskRef } from "./live_project.ts";

/** Tasks and engines to close: the registry does not have them, or not any more. */
export interface Leftovers {
  /** Stopped tasks that their engines are to forget. */
  readonly tasks: readonly TaskRef[];
  /** Engines to close, whose tasks are among `tasks`. */
  readonly engines: readonly LiveEngine[];
}

/**
 * Removes stopped tasks and closes engines. What fails goes to the log;
 * the rest is removed all the same.
 * @returns one line for each that failed.
 */
export async function tearDown({ tasks, engines }: Leftovers): Promise<string[]> {
  const problems: string[] = [];
  const attempt = async (what: string, action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      const problem = `Cannot ${what}: ${messageOf(error)}`;
      log.error(problem);
      problems.push(problem);
    }
  };
  for (const ref of tasks) {
    await attempt(`remove ${nameOf(ref)}`, () => ref.engine.engine.removeTask(ref.task.name));
  }
  for (const { description, engine } of engines) {
    await attempt(
      `close engine "${description.name}" in project "${description.project}"`,
      () => engine.close(),
    );
  }
  return problems;
}
