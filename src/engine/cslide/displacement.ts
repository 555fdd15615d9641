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

/** Pages of one cold bucket. */
export interface ColdPages {
  readonly bucket: Bucket;
  readonly count: number;
}

/** The cold pages that a page of `hot` may displace, in the order in which they leave. */
export function displaceableBy(hot: Bucket, cold: readonly Bucket[]): ColdPages[] {
  return cold
    .filter((bucket) => bucket.pool === hot.pool && bucket.left > 0)
    .sort((a, b) => a.heat - b.heat || mismatch(hot, a) - mismatch(hot, b))
    .map((bucket) => ({ bucket, count: bucket.left }));
}

function bytesOf(pages: readonly ColdPages[]): number {
  return pages.reduce((sum, { bucket, count }) => sum + count * bucket.pageBytes, 0);
}

/**
 * Adds pages up to `missingBytes`, in their order.
 * @param limitBytes what may leave at most.
 * @returns undefined when there are not enough within the limit.
 */
function gather(
  missingBytes: number,
  pages: readonly ColdPages[],
  limitBytes: number,
): ColdPages[] | undefined {
  const leaving: ColdPages[] = [];
  let bytes = 0;
  for (const { bucket, count } of pages) {
    if (bytes >= missingBytes) break;
    const { pageBytes } = bucket;
    const most = Math.min(
      count,
      Math.ceil((missingBytes - bytes) / pageBytes),
      Math.floor((limitBytes - bytes) / pageBytes),
    );
    if (most <= 0) continue;
    leaving.push({ bucket, count: most });
    bytes += most * pageBytes;
  }
  return bytes < missingBytes ? undefined : leaving;
}

/**
 * Adds up pages of any size to `missingBytes`, the coldest first. Where the limit keeps a larger
 * page from leaving after smaller ones, the largest come first. No page leaves without need.
 */
function gatherOfAnySize(
  missingBytes: number,
  pages: readonly ColdPages[],
  limitBytes: number,
): ColdPages[] | undefined {
  const bySize = pages.toSorted((a, b) => b.bucket.pageBytes - a.bucket.pageBytes);
  const leaving = gather(missingBytes, pages, limitBytes) ??
    gather(missingBytes, bySize, limitBytes);
  if (leaving === undefined) return undefined;
  let excess = bytesOf(leaving) - missingBytes;
  return leaving.toReversed().map(({ bucket, count }) => {
    const staying = Math.min(count, Math.floor(excess / bucket.pageBytes));
    excess -= staying * bucket.pageBytes;
    return { bucket, count: count - staying };
  }).filter(({ count }) => count > 0).toReversed();
}

/**
 * Finds the coldest pages that make room for one page of `hot` where there is no deficit: pages of
 * one bucket, or else pages of several buckets that are all smaller than the hot page.
 */
function gatherForOne(
  hot: Bucket,
  pages: readonly ColdPages[],
  pool: PoolFree,
  limitBytes: number,
): ColdPages[] | undefined {
  for (const [i, { bucket, count }] of pages.entries()) {
    const needed = coldPagesFor(1, hot, bucket, pool);
    if (needed <= count) {
      if (needed * bucket.pageBytes <= limitBytes) return [{ bucket, count: needed }];
      continue;
    }
    const smaller = pages.slice(i).filter((one) => one.bucket.pageBytes < hot.pageBytes);
    const leaving = gather(hot.pageBytes - pool.dramFreeBytes, smaller, limitBytes);
    if (leaving !== undefined) return leaving;
  }
  return undefined;
}

/**
 * Finds the coldest pages that one page of `hot` displaces. Where DRAM has a deficit, that is less
 * than no free memory, they make up for it too.
 * @param displaceable the pages to choose from, as displaceableBy() sorts them.
 * @param limitBytes what may leave before the hot page comes.
 * @returns undefined when no such pages are within the limit.
 */
export function displacedByOne(
  hot: Bucket,
  displaceable: readonly ColdPages[],
  pool: PoolFree,
  limitBytes: number,
): ColdPages[] | undefined {
  return pool.dramFreeBytes < 0
    ? gatherOfAnySize(hot.pageBytes - pool.dramFreeBytes, displaceable, limitBytes)
    : gatherForOne(hot, displaceable, pool, limitBytes);
}
