/** Lets jobs that share a key run one after the other, in the order in which they asked. */
export class KeyedLock {
  /** Per key the end of the job that asked last. */
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Runs a job once all earlier jobs with one of its keys have ended. All keys are taken in one
   * step, so that two jobs never wait for each other.
   * @param signal a job whose signal has fired by the time of its turn is not begun.
   * @throws what the job throws, or the signal's reason.
   */
  async run<T>(keys: readonly string[], signal: AbortSignal, job: () => Promise<T>): Promise<T> {
    const { promise: end, resolve } = Promise.withResolvers<void>();
    const before = keys.map((key) => this.#tails.get(key) ?? Promise.resolve());
    for (const key of keys) this.#tails.set(key, end);
    try {
      await Promise.all(before);
      signal.throwIfAborted();
      return await job();
    } finally {
      for (const key of keys) {
        if (this.#tails.get(key) === end) this.#tails.delete(key);
      }
      resolve();
    }
  }
}
