/** How long requests took. */
export interface Latencies {
  readonly requests: number;
  /** 999 of 1000 requests took no longer than this (nearest rank). */
  readonly p999Ms: number;
  readonly slowestMs: number;
}

/** @param timesMs of requests, in any order. */
export function summarize(timesMs: readonly number[]): Latencies {
  const sorted = Float64Array.from(timesMs).sort();
  const rank = Math.ceil(sorted.length * 999 / 1000);
  return {
    requests: sorted.length,
    p999Ms: sorted[rank - 1] ?? 0,
    slowestMs: sorted.at(-1) ?? 0,
  };
}
