import { onAbort } from "./abortable.ts";

/** Lets at most so many pieces of work run at the same time; the others wait in order. */
export class Semaphore {
  /** Below 0 while more were taken than there are. */
  #free: number;
  /** In the order in which they asked. */
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Does work in a slot of its own. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.take();
    try {
      return await work();
    } finally {
      this.giveBack();
    }
  }

  /**
   * Waits for a slot.
   * @throws the signal's reason when that is aborted first; nothing is taken then.
   */
  async take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    if (signal === undefined) return await promise;
    const end = onAbort(signal, () => {
      this.#waiting.delete(resolve);
      reject(signal.reason);
    });
    try {
      await promise;
    } finally {
      end();
    }
  }

  /** Takes a slot also when none is free: others wait for longer then. */
  takeAnyway(): void {
    this.#free--;
  }

  /** Gives a slot back, to the first that waits. */
  giveBack(): void {
    const [next] = this.#free < 0 ? [] : this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
