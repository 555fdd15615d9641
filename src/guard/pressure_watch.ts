/** Weight of a look in what is usual: while nothing of the process returns, and while it does. */
const QUIET_WEIGHT = 1 / 4;
const RETURN_WEIGHT = 1 / 16;

/** A PressureWatch as plain data. */
export interface PressureWatchData {
  /** The last look: how long the group had waited by then, and when it was. */
  readonly last?: { readonly waitedMs: number; readonly atMs: number };
  /** In percent of time; absent before two looks. */
  readonly usualPercent?: number;
}

/**
 * Whether tasks of a process's control group wait for memory for longer than usual while pages of
 * the process return. Pressure that lasts becomes usual, whatever its reason is.
 */
export class PressureWatch {
  #data: PressureWatchData;

  constructor(data: PressureWatchData = {}) {
    this.#data = data;
  }

  toData(): PressureWatchData {
    return this.#data;
  }

  /**
   * To be called at the end of each round.
   * @param waitedMs for how long tasks of the group have waited so far; undefined: nothing tells.
   * @param atMs by monotonicMs(). @param isReturning whether pages returned since the last call.
   * @returns by how much more than usual they have waited since then, in percent of time, 0 and
   * more; 0 while nothing returns.
   */
  rise(waitedMs: number | undefined, atMs: number, isReturning: boolean): number {
    const { last, usualPercent } = this.#data;
    if (waitedMs === undefined) {
      this.#data = {};
      return 0;
    }
    const look = { waitedMs, atMs };
    // Of another group, if it is less.
    if (last === undefined || waitedMs < last.waitedMs || atMs <= last.atMs) {
      this.#data = { last: look };
      return 0;
    }
    const percent = 100 * (waitedMs - last.waitedMs) / (atMs - last.atMs);
    const usual = usualPercent ?? (isReturning ? 0 : percent);
    const weight = isReturning ? RETURN_WEIGHT : QUIET_WEIGHT;
    this.#data = { last: look, usualPercent: usual + weight * (percent - usual) };
    return isReturning ? Math.max(0, percent - usual) : 0;
  }
}
