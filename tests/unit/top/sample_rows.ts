import type { ServerStatus } from "../../../src/status/server_status.ts";
import type { TaskStatus } from "../../../src/status/task_status.ts";
import { type TaskRow, taskRows } from "../../../src/top/task_row.ts";
import { fullStatus } from "../metrics/full_status.ts";

/** The name of the project and of the task of a number: `p007`. */
function nameOf(letter: string, number: number): string {
  return `${letter}${String(number).padStart(3, "0")}`;
}

/**
 * A status with this many projects, `p000` on, each with one slide task, `t000` on.
 * @param change of a task, by its number.
 */
export function manyTasks(
  count: number,
  change: (task: TaskStatus, number: number) => void = () => {},
): ServerStatus {
  const status = fullStatus();
  const [project] = status.projects;
  return {
    ...status,
    projects: Array.from({ length: count }, (_, number) => {
      const copy = structuredClone(project!);
      const [task] = copy.engines[0]!.tasks;
      copy.name = nameOf("p", number);
      task!.name = nameOf("t", number);
      task!.total.moved_bytes = number * 2 ** 20;
      change(task!, number);
      return copy;
    }),
  };
}

/** The row of the one task of `fullStatus()`, after a change. */
export function rowOf(change: (task: TaskStatus) => void = () => {}): TaskRow {
  const [row] = taskRows(manyTasks(1, change));
  return row!;
}
