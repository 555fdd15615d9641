import { type ColdPages, coldPagesFor, displaceableBy, displacedByOne } from "./displacement.ts";
import type { PoolFree } from "./memory_pools.ts";
import type { Bucket, BucketSlice } from "./page_buckets.ts";
import type { PairStep } from "./pair_step.ts";

/** What a round may do to a pair. */
export interface PairLimits {
  /** Accesses from which a page is hot. */
  readonly hotThreshold: number;
  /** In each direction. */
  readonly quotaBytes: number;
  /** Free in each pool of the DRAM node. */
  readonly reserveBytes: number;
}

/** What a plan comes to for a pair. */
export interface PairAccount {
  /** Charged to the quota of what goes up: hot pages, the rest, and the cold pages displaced. */
  upQuotaUsedBytes: number;
  /** Charged to the quota of what goes down: displaced pages, and those for the reserve. */
  downQuotaUsedBytes: number;
  /** Hot memory that stays on the slow node, by what stood in the way. */
  readonly hotLeftBytes: {
    quota: number;
    /** DRAM is full, and not with cold pages of these tasks. */
    noColdPages: number;
    /** Neither node has the free memory that the first page to move needs. */
    noFreeMemory: number;
  };
  /** What is missing of the reserve where the tasks have pages, by what stood in the way. */
  readonly reserveShortBytes: {
    quota: number;
    noColdPages: number;
    slowNodeFull: number;
  };
}

/** The largest n of 0..limit that fits, where all smaller ones fit too. */
function largestThatFits(limit: number, fits: (n: number) => boolean): number {
  let low = 0;
  let high = limit;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Makes the plan of one pair, in amounts of pages. planMoves() has the rules. */
export class PairPlanner {
  readonly #limits: PairLimits;
  readonly #slow: readonly Bucket[];
  readonly #dram: readonly Bucket[];
  /** Free memory when the steps so far are done. */
  readonly #pools: readonly PoolFree[];
  readonly #steps: PairStep<BucketSlice>[] = [];
  readonly #account: PairAccount;
  #upQuota: number;
  #downQuota: number;

  /** @param slow the pages on the slow node. @param dram those on the DRAM node. */
  constructor(
    limits: PairLimits,
    pools: readonly Readonly<PoolFree>[],
    slow: readonly Bucket[],
    dram: readonly Bucket[],
  ) {
    this.#limits = limits;
    this.#slow = slow.toSorted((a, b) => b.heat - a.heat || a.pageBytes - b.pageBytes);
    this.#dram = dram.toSorted((a, b) => a.heat - b.heat || b.pageBytes - a.pageBytes);
    this.#upQuota = limits.quotaBytes;
    this.#downQuota = limits.quotaBytes;
    this.#pools = pools.map((pool) => ({ ...pool }));
    this.#account = {
      upQuotaUsedBytes: 0,
      downQuotaUsedBytes: 0,
      hotLeftBytes: { quota: 0, noColdPages: 0, noFreeMemory: 0 },
      reserveShortBytes: { quota: 0, noColdPages: 0, slowNodeFull: 0 },
    };
  }

  plan(): { steps: readonly PairStep<BucketSlice>[]; account: PairAccount } {
    const { hotThreshold, reserveBytes, quotaBytes } = this.#limits;
    const hot = this.#slow.filter((bucket) => bucket.heat >= hotThreshold);
    const rest = this.#slow.filter((bucket) => bucket.heat < hotThreshold);
    const cold = this.#dram.filter((bucket) => bucket.heat < hotThreshold);
    const account = this.#account;
    for (const bucket of hot) this.#promote(bucket, 0);
    this.#displaceAll(hot, cold);
    for (const bucket of hot) this.#explainHot(bucket, cold);
    for (const bucket of rest) this.#promote(bucket, reserveBytes);
    for (const bucket of cold) this.#demote(bucket);
    this.#explainReserve(cold);
    account.upQuotaUsedBytes = quotaBytes - this.#upQuota;
    account.downQuotaUsedBytes = quotaBytes - this.#downQuota;
    return { steps: this.#steps, account };
  }

  #poolOf(bucket: Bucket): PoolFree {
    const pool = this.#pools[bucket.pool];
    if (pool === undefined) throw new RangeError(`Cannot plan without pool ${bucket.pool}`);
    return pool;
  }

  /** Fills what is free in DRAM down to `keepFree`. @returns whether anything goes up. */
  #promote(bucket: Bucket, keepFree: number): boolean {
    const count = this.#mostThatFit(bucket, keepFree);
    if (count <= 0) return false;
    this.#steps.push({ down: [], up: [this.#come(bucket, count)] });
    return true;
  }

  /** How many pages go into what is free in DRAM down to `keepFree`, as the quota allows. */
  #mostThatFit(bucket: Bucket, keepFree: number): number {
    const room = Math.min(this.#poolOf(bucket).dramFreeBytes - keepFree, this.#upQuota);
    return Math.min(bucket.left, Math.floor(room / bucket.pageBytes));
  }

  /**
   * Lets hot pages displace cold ones until none can any more. Each begins anew with the hottest:
   * what one displaced more than it needed may be what a hotter one lacked.
   */
  #displaceAll(hot: readonly Bucket[], cold: readonly Bucket[]): void {
    // The free DRAM with which each bucket was tried in vain: only another amount can make a
    // difference, for quota and cold pages only become fewer.
    const triedWith = new Map<Bucket, number>();
    const advance = (bucket: Bucket): boolean => {
      const { dramFreeBytes } = this.#poolOf(bucket);
      if (triedWith.get(bucket) === dramFreeBytes) return false;
      if (this.#displace(bucket, cold)) return true;
      triedWith.set(bucket, dramFreeBytes);
      return false;
    };
    while (hot.some(advance));
  }

  /** Brings pages of a hot bucket up in place of cold ones. @returns whether any go up. */
  #displace(hot: Bucket, cold: readonly Bucket[]): boolean {
    if (hot.left === 0) return false;
    // Cold pages larger than the hot ones that displaced them have left more room than was taken.
    if (this.#promote(hot, 0)) return true;
    const pool = this.#poolOf(hot);
    const limitBytes = Math.min(pool.slowFreeBytes, this.#upQuota - hot.pageBytes);
    const leaving = displacedByOne(hot, displaceableBy(hot, cold), pool, limitBytes);
    if (leaving === undefined) return false;
    if (pool.dramFreeBytes < 0) this.#endDeficit(hot, leaving);
    else this.#displaceMany(hot, leaving);
    return true;
  }

  /** Lets what makes up for a deficit leave, and as many pages of `hot` come as then fit. */
  #endDeficit(hot: Bucket, leaving: readonly ColdPages[]): void {
    const down = leaving.map(({ bucket, count }) => this.#leave(bucket, count));
    this.#steps.push({ down, up: [this.#come(hot, this.#mostThatFit(hot, 0))] });
  }

  /**
   * Lets pages leave for one page of `hot`, and then more of the last bucket of them for as many as
   * there are and the quota allows.
   */
  #displaceMany(hot: Bucket, leaving: readonly ColdPages[]): void {
    const cold = leaving.at(-1)!.bucket;
    const down = leaving.slice(0, -1).map(({ bucket, count }) => this.#leave(bucket, count));
    const upCount = this.#mostThatDisplace(hot, cold);
    down.push(this.#leave(cold, coldPagesFor(upCount, hot, cold, this.#poolOf(hot))));
    this.#steps.push({ down, up: [this.#come(hot, upCount)] });
  }

  /**
   * How many pages of `hot` can displace pages of `cold`, as the quota allows. Where there is no
   * deficit and one can, all can: the free memory of the two nodes together stays the same, and
   * each page needs as much of it as the first.
   */
  #mostThatDisplace(hot: Bucket, cold: Bucket): number {
    const pool = this.#poolOf(hot);
    return largestThatFits(hot.left, (count) => {
      const leaving = coldPagesFor(count, hot, cold, pool);
      return leaving <= cold.left &&
        count * hot.pageBytes + leaving * cold.pageBytes <= this.#upQuota;
    });
  }

  /**
   * Takes displaced pages from a bucket, and charges them to both quotas. The quota of what goes up
   * also pays for the hot pages, so it always runs out first.
   */
  #leave(bucket: Bucket, count: number): BucketSlice {
    const pool = this.#poolOf(bucket);
    const bytes = count * bucket.pageBytes;
    this.#upQuota -= bytes;
    this.#downQuota -= bytes;
    pool.dramFreeBytes += bytes;
    pool.slowFreeBytes -= bytes;
    return bucket.take(count);
  }

  /** Takes pages that go up from a bucket, and charges them to the quota. */
  #come(bucket: Bucket, count: number): BucketSlice {
    const pool = this.#poolOf(bucket);
    const bytes = count * bucket.pageBytes;
    this.#upQuota -= bytes;
    pool.dramFreeBytes -= bytes;
    pool.slowFreeBytes += bytes;
    return bucket.take(count);
  }

  #explainHot(hot: Bucket, cold: readonly Bucket[]): void {
    if (hot.left === 0) return;
    const pool = this.#poolOf(hot);
    const left = this.#account.hotLeftBytes;
    const bytes = hot.left * hot.pageBytes;
    const displaceable = displaceableBy(hot, cold);
    const canMove = (limitBytes: number): boolean =>
      pool.dramFreeBytes >= hot.pageBytes ||
      displacedByOne(hot, displaceable, pool, limitBytes) !== undefined;
    if (canMove(pool.slowFreeBytes)) left.quota += bytes;
    else if (canMove(Infinity)) left.noFreeMemory += bytes;
    else left.noColdPages += bytes;
  }

  /** What is missing of the reserve in one pool. */
  #shortBytes(pool: PoolFree): number {
    return Math.max(0, this.#limits.reserveBytes - pool.dramFreeBytes);
  }

  #demote(bucket: Bucket): void {
    const pool = this.#poolOf(bucket);
    const count = Math.min(
      bucket.left,
      Math.ceil(this.#shortBytes(pool) / bucket.pageBytes),
      Math.floor(pool.slowFreeBytes / bucket.pageBytes),
      Math.floor(this.#downQuota / bucket.pageBytes),
    );
    if (count <= 0) return;
    const bytes = count * bucket.pageBytes;
    this.#downQuota -= bytes;
    pool.dramFreeBytes += bytes;
    pool.slowFreeBytes -= bytes;
    this.#steps.push({ down: [bucket.take(count)], up: [] });
  }

  /** Of a pool in which these tasks have nothing, nothing is kept free: it is not theirs. */
  #explainReserve(cold: readonly Bucket[]): void {
    const short = this.#account.reserveShortBytes;
    const used = new Set([...this.#slow, ...this.#dram].map((bucket) => bucket.pool));
    for (const [index, pool] of this.#pools.entries()) {
      if (!used.has(index)) continue;
      const bytes = this.#shortBytes(pool);
      const left = cold.filter((bucket) => bucket.pool === index && bucket.left > 0);
      if (left.length === 0) short.noColdPages += bytes;
      else if (left.some((bucket) => bucket.pageBytes <= pool.slowFreeBytes)) short.quota += bytes;
      else short.slowNodeFull += bytes;
    }
  }
}
