import type { TaskDescription } from "../config/engines.ts";
import { EngineRefusal } from "./engine.ts";

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
