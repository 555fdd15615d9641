import type { TaskDescription } from "../config/engines.ts";
import type { TaskTarget } from "../config/task.ts";
import type { TaskStatus } from "../status/task_status.ts";
import { EngineRefusal } from "./engine.ts";
import { TaskHistory, type TaskWork } from "./round/task_history.ts";

/** The value of a target, as the configuration file has it. */
export function targetValue(target: TaskTarget): string {
  return target.type === "pid" ? String(target.pid) : target.comm;
}

/** The status of a task. @param work what it has done since its last start; undefined: it was never started. */
export function statusOf(
  { name, engine, target }: TaskDescription,
  started: boolean,
  work: TaskWork = new TaskHistory().view(),
): TaskStatus {
  return { name, engine, type: target.type, value: targetValue(target), started, ...work };
}

/** The tasks of an engine by name. */
export class TaskTable<T extends { readonly description: TaskDescription }> {
  readonly #tasks = new Map<string, T>();

  add(task: T): void {
    this.#tasks.set(task.description.name, task);
  }

  remove(name: string): void {
    this.#tasks.delete(name);
  }

  /** @throws {EngineRefusal} when there is none of that name. */
  get(name: string): T {
    const task = this.#tasks.get(name);
    if (task === undefined) throw new EngineRefusal(`Cannot find task "${name}": not added`);
    return task;
  }

  /** In the order in which they were added. */
  get all(): readonly T[] {
    return [...this.#tasks.values()];
  }
}
