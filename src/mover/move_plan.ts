/** Moves are made in no more portions than this. */
const MOST_PORTIONS = 16;
/** A portion has at least so many base pages, some requests to the kernel. */
const SMALLEST_PORTION_PAGES = 256;
/** A portion follows another no sooner than this. */
const SHORTEST_PAUSE_MS = 40;
/** Portions that are far apart need a look at the process each: no more than in a tenth of time. */
const LOOK_FACTOR = 10;
/** Portions that follow each other in so long need none. */
const NO_LOOK_MS = 800;

/** A MovePlan as plain data, to be handed to another thread. */
export interface MovePlanData {
  /** By monotonicMs(). */
  readonly beginMs: number;
  readonly durationMs: number;
  /** Base pages in all. */
  readonly pages: number;
  readonly portions: number;
}

/** Spreads moves over a time, in portions. */
export class MovePlan {
  readonly #data: MovePlanData;

  constructor(data: MovePlanData) {
    this.#data = data;
  }

  /**
   * @param beginMs by monotonicMs(). @param pages base pages in all. @param lookMs CPU time
   * that a look at the process takes.
   */
  static make(beginMs: number, durationMs: number, pages: number, lookMs: number): MovePlan {
    const looks = durationMs <= NO_LOOK_MS ? Infinity : durationMs / (lookMs * LOOK_FACTOR);
    const most = Math.min(
      MOST_PORTIONS,
      pages / SMALLEST_PORTION_PAGES,
      durationMs / SHORTEST_PAUSE_MS,
      looks,
    );
    return new MovePlan({ beginMs, durationMs, pages, portions: Math.max(1, Math.floor(most)) });
  }

  toData(): MovePlanData {
    return this.#data;
  }

  /** Base pages whose time has come. */
  due(nowMs: number): number {
    const { pages, portions } = this.#data;
    const begun = this.#begun(nowMs);
    return begun >= portions ? Number.POSITIVE_INFINITY : Math.ceil(pages * begun / portions);
  }

  /** Milliseconds until the next portion. */
  untilNext(nowMs: number): number {
    const { beginMs, durationMs, portions } = this.#data;
    return Math.max(0, beginMs + this.#begun(nowMs) * durationMs / portions - nowMs);
  }

  /** Portions whose time has come. */
  #begun(nowMs: number): number {
    const { beginMs, durationMs, portions } = this.#data;
    if (durationMs === 0) return portions;
    return Math.floor(Math.max(0, nowMs - beginMs) * portions / durationMs) + 1;
  }
}
