/** Indices of the shared words. */
const STOP = 0;
const MOVING = 1;

/**
 * By this flag a task asks the threads that work for it to stop, and learns when none of them is in
 * the middle of a move. Its words are shared: a flag that a thread makes of them is the same flag.
 */
export class StopFlag {
  /**
   * The first is not 0 once the task is to stop, the second is 1 while a thread moves its pages.
   */
  readonly words: Int32Array;

  /** @param words those of the flag in another thread; without them it is a new flag. */
  constructor(words?: Int32Array) {
    this.words = words ?? new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  }

  /** Whether the task is to stop. */
  get isRaised(): boolean {
    return Atomics.load(this.words, STOP) !== 0;
  }

  /** Blocks the thread for so many milliseconds, or until the task is to stop. */
  rest(ms: number): void {
    Atomics.wait(this.words, STOP, 0, ms);
  }

  /**
   * Moves pages, unless the task is to stop; one thread of a task at a time. It sets its word
   * before it looks at the other, so that raise() either waits for the move or prevents it.
   * @returns undefined when the task is to stop.
   */
  moveUnlessRaised<T>(move: () => T): T | undefined {
    Atomics.store(this.words, MOVING, 1);
    try {
      return this.isRaised ? undefined : move();
    } finally {
      Atomics.store(this.words, MOVING, 0);
      Atomics.notify(this.words, MOVING);
    }
  }

  /** Asks to stop, at once; resolves when no thread is in the middle of a move. */
  async raise(): Promise<void> {
    Atomics.store(this.words, STOP, 1);
    Atomics.notify(this.words, STOP);
    while (Atomics.load(this.words, MOVING) !== 0) {
      await Atomics.waitAsync(this.words, MOVING, 1).value;
    }
  }
}
