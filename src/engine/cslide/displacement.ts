import type { PoolFree } from "./memory_pools.ts";
import type { Bucket } from "./page_buckets.ts";

// A hot page displaces cold pages: they leave DRAM, and the hot page comes in their place. The
// manuals and the status document call this an exchange.

/** Pages of `cold` that have to leave DRAM so that `count` pages of `hot` fit. */
export function coldPagesFor(count: number, hot: Bucket, cold: Bucket, pool: PoolFree): number {
  const missing = count * hot.pageBytes - pool.dramFreeBytes;
  return Math.max(0, Math.ceil(missing / cold.pageBytes));
}

/**
 * Ranks cold pages of one heat: those of the hot page's size are first, the others follow by size.
 * The smaller the pages, the less leaves beyond what has to.
 */
function mismatch(hot: Bucket, cold: Bucket): number {
  return cold.pageBytes === hot.pageBytes ? 0 : cold.pageBytes;
}

/** The cold pages that a page of `hot` may displace, in the order in which they leave. */
export function displaceableBy(hot: Bucket, cold: readonly Bucket[]): Bucket[] {
  return cold
    .filter((bucket) => bucket.pool === hot.pool && bucket.left > 0)
    .sort((a, b) => a.heat - b.heat || mismatch(hot, a) - mismatch(hot, b));
}

/** Pages of one cold bucket. */
export interface ColdPages {
  readonly bucket: Bucket;
  readonly count: number;
}

/**
 * Adds up pages of several buckets, all smaller than the hot page, to `missingBytes`.
 * @param limitBytes what may leave at most. @returns undefined when that is not enough.
 */
function gather(
  missingBytes: number,
  hot: Bucket,
  displaceable: readonly Bucket[],
  limitBytes: number,
): ColdPages[] | undefined {
  const leaving: ColdPages[] = [];
  let bytes = 0;
  for (const cold of displaceable) {
    if (cold.pageBytes >= hot.pageBytes) continue;
    const count = Math.min(
      cold.left,
      Math.ceil((missingBytes - bytes) / cold.pageBytes),
      Math.floor((limitBytes - bytes) / cold.pageBytes),
    );
    if (count <= 0) continue;
    leaving.push({ bucket: cold, count });
    bytes += count * cold.pageBytes;
    if (bytes >= missingBytes) return leaving;
  }
  return undefined;
}

/**
 * Finds the coldest pages that one page of `hot` displaces: pages of one bucket, or else pages of
 * several buckets that are all smaller than the hot page.
 * @param displaceable the pages to choose from, as displaceableBy() sorts them.
 * @param limitBytes what may leave before the hot page comes.
 * @returns undefined when no such pages are within the limit.
 */
export function displacedByOne(
  hot: Bucket,
  displaceable: readonly Bucket[],
  pool: PoolFree,
  limitBytes: number,
): ColdPages[] | undefined {
  for (const [i, cold] of displaceable.entries()) {
    const count = coldPagesFor(1, hot, cold, pool);
    if (count <= cold.left) {
      if (count * cold.pageBytes <= limitBytes) return [{ bucket: cold, count }];
      continue;
    }
    const missing = hot.pageBytes - pool.dramFreeBytes;
    const leaving = gather(missing, hot, displaceable.slice(i), limitBytes);
    if (leaving !== undefined) return leaving;
  }
  return undefined;
}
