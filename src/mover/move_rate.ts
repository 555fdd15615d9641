import { monotonicMs } from "../../ffi/libc.ts";

/** What has moved is counted by buckets of so long. */
const BUCKET_MS = 5;
/** In so many buckets in a row no more moves than a tenth of a second may. */
const WINDOW_BUCKETS = 21;
/** Of what a tenth of a second may, to make up for the bucket that is not over. */
const SLACK = 1.04;
const WINDOWS_PER_SECOND = 10;
/** One for each bucket of the window, and some for the time in which none is looked at. */
const BUCKETS = 32;
/** While all that there may be is on its way, it is asked for again after so long. */
const POLL_MS = 2;
/**
 * When nothing has come to its end for so long, the kernel holds the threads whose requests are on
 * their way, or they were lost: others do not wait for them.
 */
const HELD_MS = 5000;
/** So long after its turn has come nothing smaller goes before what is to go alone. */
const TURN_MS = 50;

/** Words of the lock. */
const FREE = 0;
const TAKEN = 1;
/** Bytes before the numbers: the lock, and what aligns them. */
const HEAD_BYTES = 8;

/** Where the numbers are. */
const LIMIT = 0;
const ON_ITS_WAY = 1;
const CLOSED_UNTIL = 2;
const KEPT_UNTIL = 3;
const CHANGED = 4;
const FIRST_BUCKET = 5;

/** A MoveRate, to be handed to another thread, which then shares it. */
export interface MoveRateData {
  readonly shared: SharedArrayBuffer;
}

/**
 * How many bytes may move in a second, for all threads that share it. What is on its way counts
 * from the request to its end, and what has moved for a tenth of a second after that. So no tenth
 * of a second sees more than its part, however late a thread gets the CPU. One unit that is larger
 * than that, such as a huge page, goes alone, and nothing follows for as long as it makes up for.
 * While it waits for that, nothing smaller begins: else some thread would always be before it.
 */
export class MoveRate {
  readonly #shared: SharedArrayBuffer;
  readonly #lock: Int32Array;
  readonly #numbers: Float64Array;

  /** @param from bytes a second, or that of another thread. */
  constructor(from: number | MoveRateData) {
    this.#shared = typeof from === "number"
      ? new SharedArrayBuffer(HEAD_BYTES + (FIRST_BUCKET + 2 * BUCKETS) * 8)
      : from.shared;
    this.#lock = new Int32Array(this.#shared, 0, 1);
    this.#numbers = new Float64Array(this.#shared, HEAD_BYTES);
    if (typeof from === "number") this.#numbers[LIMIT] = from / WINDOWS_PER_SECOND * SLACK;
  }

  toData(): MoveRateData {
    return { shared: this.#shared };
  }

  /** Bytes that one request should be about at most. */
  get mostBytes(): number {
    return this.#numbers[LIMIT]! / 2;
  }

  /**
   * Asks whether so many bytes may go now; then settle() has to follow.
   * @param atMs by monotonicMs(); tests give it. Else the clock is read under the lock: a thread
   * that waited for the lock must not take the time before its wait for the present.
   * @returns 0 when they may, else after how many milliseconds to ask again.
   */
  take(bytes: number, atMs?: number): number {
    return this.#locked((numbers) => {
      const nowMs = atMs ?? monotonicMs();
      const limit = numbers[LIMIT]!;
      if (nowMs < numbers[CLOSED_UNTIL]!) return numbers[CLOSED_UNTIL]! - nowMs;
      const isAlone = bytes >= limit;
      if (!isAlone && nowMs < numbers[KEPT_UNTIL]!) return numbers[KEPT_UNTIL]! - nowMs;
      if (nowMs - numbers[CHANGED]! > HELD_MS) numbers[ON_ITS_WAY] = 0;
      const room = limit - numbers[ON_ITS_WAY]!;
      // What is larger than the limit goes when nothing else does.
      const wanted = Math.min(bytes, limit);
      if (wanted > room) return POLL_MS;
      const waitMs = this.#waitFor(room - wanted, nowMs);
      if (isAlone) numbers[KEPT_UNTIL] = waitMs === 0 ? 0 : nowMs + waitMs + TURN_MS;
      if (waitMs > 0) return waitMs;
      numbers[ON_ITS_WAY] = numbers[ON_ITS_WAY]! + bytes;
      numbers[CHANGED] = nowMs;
      return 0;
    });
  }

  /**
   * After take(): what was taken is not on its way any more.
   * @param moved of these bytes.
   * @param atMs as that of take().
   */
  settle(taken: number, moved: number, atMs?: number): void {
    this.#locked((numbers) => {
      const nowMs = atMs ?? monotonicMs();
      const limit = numbers[LIMIT]!;
      numbers[ON_ITS_WAY] = Math.max(0, numbers[ON_ITS_WAY]! - taken);
      numbers[CHANGED] = nowMs;
      const bucket = Math.floor(nowMs / BUCKET_MS);
      const at = FIRST_BUCKET + 2 * (bucket % BUCKETS);
      if (numbers[at] !== bucket) numbers[at + 1] = 0;
      numbers[at] = bucket;
      numbers[at + 1] = numbers[at + 1]! + moved;
      if (moved <= limit) return;
      const makesUpMs = moved / (limit / SLACK) * 1000 / WINDOWS_PER_SECOND;
      numbers[CLOSED_UNTIL] = Math.max(numbers[CLOSED_UNTIL]!, nowMs + makesUpMs);
    });
  }

  /** @returns how long it takes until the window holds no more than `most` bytes. */
  #waitFor(most: number, nowMs: number): number {
    const now = Math.floor(nowMs / BUCKET_MS);
    let sum = 0;
    for (let bucket = now; bucket > now - WINDOW_BUCKETS; bucket--) {
      const at = FIRST_BUCKET + 2 * (bucket % BUCKETS);
      if (this.#numbers[at] === bucket) sum += this.#numbers[at + 1]!;
      if (sum > most) return (bucket + WINDOW_BUCKETS) * BUCKET_MS - nowMs;
    }
    return 0;
  }

  #locked<T>(work: (numbers: Float64Array) => T): T {
    while (Atomics.compareExchange(this.#lock, 0, FREE, TAKEN) !== FREE) {
      Atomics.wait(this.#lock, 0, TAKEN);
    }
    try {
      return work(this.#numbers);
    } finally {
      Atomics.store(this.#lock, 0, FREE);
      Atomics.notify(this.#lock, 0);
    }
  }
}

/** Asks several rates at once. */
export class MoveRates {
  readonly #rates: readonly MoveRate[];

  constructor(rates: readonly MoveRateData[]) {
    this.#rates = rates.map((rate) => new MoveRate(rate));
  }

  /** Bytes that one request should be about at most; Infinity: there is no rate. */
  get mostBytes(): number {
    return Math.min(...this.#rates.map((rate) => rate.mostBytes));
  }

  /** As MoveRate.take(): all of them, or none. */
  take(bytes: number): number {
    for (const [i, rate] of this.#rates.entries()) {
      const waitMs = rate.take(bytes);
      if (waitMs === 0) continue;
      for (const taken of this.#rates.slice(0, i)) taken.settle(bytes, 0);
      return waitMs;
    }
    return 0;
  }

  /** As MoveRate.settle(). */
  settle(taken: number, moved: number): void {
    for (const rate of this.#rates) rate.settle(taken, moved);
  }
}
