import type { PoolFree } from "./memory_pools.ts";
import type { Bucket } from "./page_buckets.ts";

/** Pages of `cold` that have to leave so that `count` pages of `hot` fit. */
export function coldPagesFor(count: number, hot: Bucket, cold: Bucket, pool: PoolFree): number {
  const missing = count * hot.pageBytes - pool.dramFreeBytes;
  return Math.max(0, Math.ceil(missing / cold.pageBytes));
}

/** Pages of one size exchange best; of the others the smaller, which leave in no larger number than needed. */
function mismatch(hot: Bucket, cold: Bucket): number {
  return cold.pageBytes === hot.pageBytes ? 0 : cold.pageBytes;
}

/** Cold pages that may leave for those of a hot bucket, in the order in which they do. */
export function partnersOf(hot: Bucket, cold: readonly Bucket[]): Bucket[] {
  return cold
    .filter((bucket) => bucket.pool === hot.pool && bucket.left > 0)
    .sort((a, b) => a.heat - b.heat || mismatch(hot, a) - mismatch(hot, b));
}

/** Pages that leave DRAM. */
export interface Leaving {
  readonly cold: Bucket;
  readonly count: number;
}

/** Adds up smaller cold pages of several buckets to `missingBytes`. */
function gather(
  missingBytes: number,
  hot: Bucket,
  partners: readonly Bucket[],
  limitBytes: number,
): Leaving[] | undefined {
  const leaving: Leaving[] = [];
  let bytes = 0;
  for (const cold of partners) {
    if (cold.pageBytes >= hot.pageBytes) continue;
    const count = Math.min(
      cold.left,
      Math.ceil((missingBytes - bytes) / cold.pageBytes),
      Math.floor((limitBytes - bytes) / cold.pageBytes),
    );
    if (count <= 0) continue;
    leaving.push({ cold, count });
    bytes += count * cold.pageBytes;
    if (bytes >= missingBytes) return leaving;
  }
  return undefined;
}

/**
 * Finds the coldest pages that make room for one hot page, from `partners` in their order: pages of one
 * bucket, or else those of several buckets that are all smaller than the hot page.
 * @param limitBytes what may leave before the hot page comes.
 * @returns undefined when there are none within the limit.
 */
export function roomForOne(
  hot: Bucket,
  partners: readonly Bucket[],
  pool: PoolFree,
  limitBytes: number,
): Leaving[] | undefined {
  for (const [i, cold] of partners.entries()) {
    const count = coldPagesFor(1, hot, cold, pool);
    if (count <= cold.left) {
      if (count * cold.pageBytes <= limitBytes) return [{ cold, count }];
      continue;
    }
    const leaving = gather(hot.pageBytes - pool.dramFreeBytes, hot, partners.slice(i), limitBytes);
    if (leaving !== undefined) return leaving;
  }
  return undefined;
}
