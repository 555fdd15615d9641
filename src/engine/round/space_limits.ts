/**
 * What tasks allow at most in an address space, by its key. Of several tasks that work on it the
 * smallest limit holds for all, since they harm the same process.
 */
export class SpaceLimits {
  readonly #limits = new Map<string, Map<object, number>>();
  /** By task, the address spaces in which it has one. */
  readonly #spacesOf = new WeakMap<object, Set<string>>();

  /** @param limit undefined: the task has none. */
  set(space: string, task: object, limit: number | undefined): void {
    if (limit === undefined) return this.#forget(space, task);
    const limits = this.#limits.get(space);
    if (limits === undefined) this.#limits.set(space, new Map([[task, limit]]));
    else limits.set(task, limit);
    const spaces = this.#spacesOf.get(task);
    if (spaces === undefined) this.#spacesOf.set(task, new Set([space]));
    else spaces.add(space);
  }

  /** @returns undefined when no task has one. */
  smallest(space: string): number | undefined {
    const limits = this.#limits.get(space);
    return limits === undefined ? undefined : Math.min(...limits.values());
  }

  /** Forgets what a task allows in other address spaces than these. */
  forgetAllBut(spaces: ReadonlySet<string>, task: object): void {
    for (const space of this.#spacesOf.get(task) ?? []) {
      if (!spaces.has(space)) this.#forget(space, task);
    }
  }

  #forget(space: string, task: object): void {
    const limits = this.#limits.get(space);
    this.#spacesOf.get(task)?.delete(space);
    limits?.delete(task);
    if (limits?.size === 0) this.#limits.delete(space);
  }
}
