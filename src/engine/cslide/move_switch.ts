/** Indices of the shared words. */
const STOP = 0;
const MOVING = 1;

/**
 * The switch of a task, shared with the threads that work for it: the task asks them to stop, and knows when none
 * of them is in the middle of moving its pages. It is the words that travel from thread to thread.
 */
export class MoveSwitch {
  /** The first is not 0 when the task is to stop; the second is 1 while its pages are moved. */
  readonly words: Int32Array;

  /** @param words those of the switch in another thread; a new one has words of its own. */
  constructor(words?: Int32Array) {
    this.words = words ?? new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  }

  get isOff(): boolean {
    return Atomics.load(this.words, STOP) !== 0;
  }

  /**
   * Moves pages, unless the task is to stop; one thread at a time. It says that it begins before it asks, so that
   * turnOff() either waits for it or keeps it from moving.
   * @returns undefined when the task is to stop.
   */
  moveUnlessOff<T>(move: () => T): T | undefined {
    Atomics.store(this.words, MOVING, 1);
    try {
      return this.isOff ? undefined : move();
    } finally {
      Atomics.store(this.words, MOVING, 0);
      Atomics.notify(this.words, MOVING);
    }
  }

  /** Has the threads stop; resolves when none of them is in the middle of a move. */
  async turnOff(): Promise<void> {
    Atomics.store(this.words, STOP, 1);
    while (Atomics.load(this.words, MOVING) !== 0) {
      await Atomics.waitAsync(this.words, MOVING, 1).value;
    }
  }
}
