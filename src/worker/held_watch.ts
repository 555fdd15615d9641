import { type ThreadActivity, threadActivity } from "../../ffi/thread_activity.ts";

/** So many looks in the time after which a thread counts as held. */
const LOOKS = 4;

/**
 * Watches whether the kernel holds a thread at its work: its CPU clock stands still, and the thread
 * does not wait for a CPU. Time alone says nothing: on a busy machine each job takes long.
 */
export class HeldWatch {
  readonly #tidOf: () => number | undefined;
  readonly #heldMs: number;
  readonly #onChange: (isHeld: boolean) => void;
  readonly #timer: Timer;
  #last: ThreadActivity | undefined;
  /** When the thread's clock was first seen to stand still, by the monotonic clock. */
  #sinceMs = 0;
  #isHeld = false;
  #isOver = false;

  /**
   * @param tidOf the kernel's number of the thread, once it is known.
   * @param heldMs a thread is held when its clock stands still for so long.
   * @param onChange is called when the thread becomes held, and when it goes on.
   */
  constructor(
    tidOf: () => number | undefined,
    heldMs: number,
    onChange: (isHeld: boolean) => void,
  ) {
    this.#tidOf = tidOf;
    this.#heldMs = heldMs;
    this.#onChange = onChange;
    this.#timer = setInterval(() => this.#look(), heldMs / LOOKS);
    this.#timer.unref();
  }

  /** Ends the watch: `onChange` is not called any more. */
  end(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = performance.now();
    const tid = this.#tidOf();
    const before = this.#last;
    const now = tid === undefined ? undefined : threadActivity(tid);
    this.#last = now;
    const isStill = now !== undefined && !now.wantsCpu && before?.clock === now.clock;
    if (!isStill) this.#sinceMs = nowMs;
    const isHeld = isStill && nowMs - this.#sinceMs >= this.#heldMs;
    if (isHeld === this.#isHeld) return;
    // The thread may rest because its job is over: then its answer has arrived before this look,
    // and is taken first.
    setImmediate(() => setImmediate(() => this.#change(isHeld)));
  }

  #change(isHeld: boolean): void {
    if (this.#isOver || isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.#onChange(isHeld);
  }
}
