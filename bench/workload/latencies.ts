/** Latencies of `lowest` to `highest` ns, and how often they occurred: a bucket of latencies.h. */
export type LatencyBucket = readonly [lowest: number, highest: number, count: number];

/** The buckets of several counts as one. */
export function mergeLatencies(parts: readonly (readonly LatencyBucket[])[]): LatencyBucket[] {
  const merged = new Map<number, LatencyBucket>();
  for (const [lowest, highest, count] of parts.flat()) {
    merged.set(lowest, [lowest, highest, count + (merged.get(lowest)?.[2] ?? 0)]);
  }
  return [...merged.values()].sort(([a], [b]) => a - b);
}

/**
 * The latency in ns that a share of all does not exceed, to 1 %: the middle of the bucket in which
 * the request of that rank is.
 * @param buckets in ascending order. @param share above 0, up to 1.
 * @throws {RangeError} when nothing was counted.
 */
export function percentile(buckets: readonly LatencyBucket[], share: number): number {
  const total = buckets.reduce((sum, [, , count]) => sum + count, 0);
  let left = Math.max(1, Math.ceil(share * total));
  for (const [lowest, highest, count] of buckets) {
    left -= count;
    if (left <= 0) return (lowest + highest) / 2;
  }
  throw new RangeError("Cannot take a percentile: no latencies");
}
