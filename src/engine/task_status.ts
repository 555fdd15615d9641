import type { TaskDescription } from "../config/engines.ts";
import type { TaskTarget } from "../config/task.ts";
import type { TaskStatus } from "../status/task_status.ts";
import type { TaskHistory } from "./round/task_history.ts";

/** The value of a target, as the configuration file has it. */
export function targetValue(target: TaskTarget): string {
  return target.type === "pid" ? String(target.pid) : target.comm;
}

/** The status of a task. @param history since its last start. */
export function taskStatus(
  { name, engine, target }: TaskDescription,
  started: boolean,
  history: TaskHistory,
): TaskStatus {
  const { type } = target;
  return { name, engine, type, value: targetValue(target), started, ...history.view() };
}
