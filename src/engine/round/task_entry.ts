import type { TaskDescription } from "../../config/engines.ts";
import type { RoundsWanted, TaskStatus } from "../../status/task_status.ts";
import { TaskHistory } from "./task_history.ts";
import type { StartedTask } from "./started_task.ts";

/** What works for a task from a start to a stop. */
interface Run {
  readonly life: StartedTask;
}

/** What an engine that makes rounds keeps of a task, in its TaskTable. */
export interface TaskEntry<D extends TaskDescription, R extends Run> {
  readonly description: D;
  /** The last run, which may be over; absent for a task that was never started. */
  run?: R;
}

/** The run of a task, if it is started. */
export function currentRun<R extends Run>({ run }: { readonly run?: R }): R | undefined {
  return run?.life.isOver === false ? run : undefined;
}

/** The status of a task, with the numbers of its last run. @param wanted as of an Engine. */
export function entryStatus(
  task: TaskEntry<TaskDescription, Run>,
  wanted?: RoundsWanted,
): TaskStatus {
  const { description, run } = task;
  const history = run?.life.history ?? new TaskHistory();
  return history.taskStatus(description, currentRun(task) !== undefined, wanted);
}
