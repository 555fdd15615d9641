/** A size at a moment, and how many threads there were. */
export interface Sample {
  readonly atMs: number;
  readonly bytes: number;
  readonly threads: number;
}

const MIB = 2 ** 20;

/**
 * A server that has just begun takes more for some minutes: its code is compiled,
 * its heap finds its size.
 */
const WARM_UP_MS = 10 * 60_000;
/** What the highest value of the last quarter may be above that of the second. */
export const GROWTH_LIMIT_BYTES = 4 * MIB;
/**
 * The same when all that is seen is the beginning: a server that does not grow had from 107 to 140
 * MiB in a soak of seven minutes with the same threads, and what a thread takes comes in seconds.
 */
export const WARM_UP_LIMIT_BYTES = 80 * MIB;

/**
 * What a thread more may take: its runtime, its code and its heap. Seen at the start of a server:
 * 65 MiB with 11 threads, 140 MiB with 15, and 100 MiB once four of them had been let go.
 */
export const THREAD_BYTES = 16 * MIB;

/** The highest value of each quarter of the time that the samples span. */
export function quarterHighs(
  samples: readonly Sample[],
  valueOf: (sample: Sample) => number = ({ bytes }) => bytes,
): number[] {
  const first = samples[0]?.atMs ?? 0;
  const span = (samples.at(-1)?.atMs ?? 0) - first;
  const highs = [0, 0, 0, 0];
  for (const sample of samples) {
    const quarter = Math.min(3, Math.floor(((sample.atMs - first) * 4) / span));
    highs[quarter] = Math.max(highs[quarter] ?? 0, valueOf(sample));
  }
  return highs;
}

/**
 * What is wrong with the growth of a size: of a server that keeps nothing,
 * the later quarters show no more than the second, but for threads that were made since.
 */
export function growthFaults(samples: readonly Sample[]): string[] {
  const [, second = 0, , last = 0] = quarterHighs(samples);
  if (second === 0 || last === 0) return ["there are no samples of a quarter"];
  const [, fewer = 0, , more = 0] = quarterHighs(samples, ({ threads }) => threads);
  const spanMs = (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0);
  const limit = (spanMs < WARM_UP_MS ? WARM_UP_LIMIT_BYTES : GROWTH_LIMIT_BYTES) +
    Math.max(0, more - fewer) * THREAD_BYTES;
  const growth = last - second;
  return growth <= limit ? [] : [
    `${last} bytes in the last quarter, ${growth} more than in the second, with ${fewer} threads ` +
    `then and ${more} now`,
  ];
}
