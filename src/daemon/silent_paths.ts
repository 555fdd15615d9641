/** After the first look in vain a path is left alone for so long, and twice as long each time. */
const FIRST_MS = 1_000;
/** But no longer than this. */
const LONGEST_MS = 30_000;

interface Silence {
  /** By the monotonic clock. */
  readonly sinceMs: number;
  readonly pauseMs: number;
}

/**
 * Paths that did not answer in time. The first time that may be the machine, which had no CPU time
 * to spare; a file system that hangs does it again and again, and each time costs a process.
 */
export class SilentPaths {
  readonly #silences = new Map<string, Silence>();

  /** A look at a path was in vain. */
  note(path: string, nowMs: number): void {
    const before = this.#silences.get(path)?.pauseMs;
    const pauseMs = before === undefined ? FIRST_MS : Math.min(2 * before, LONGEST_MS);
    this.#silences.set(path, { sinceMs: nowMs, pauseMs });
  }

  /** It has answered, in time or late. */
  forget(path: string): void {
    this.#silences.delete(path);
  }

  /**
   * Whether a path is not to be looked at now.
   * @param isLookHanging whether a look at it that nobody waits for any more has not ended.
   */
  leavesAlone(path: string, nowMs: number, isLookHanging: boolean): boolean {
    const silence = this.#silences.get(path);
    if (silence === undefined) return false;
    return isLookHanging || nowMs - silence.sinceMs < silence.pauseMs;
  }
}
