/** A size at a moment. */
export interface Sample {
  readonly atMs: number;
  readonly bytes: number;
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
 * What a server may have at rest, when nothing is started and its workers have ended: 30 to 49 MiB
 * were seen after soaks of 30 s.
 */
export const RESTING_LIMIT_BYTES = 64 * MIB;

/** The highest value of each quarter of the time that the samples span. */
export function quarterHighs(samples: readonly Sample[]): number[] {
  const first = samples[0]?.atMs ?? 0;
  const span = (samples.at(-1)?.atMs ?? 0) - first;
  const highs = [0, 0, 0, 0];
  for (const { atMs, bytes } of samples) {
    const quarter = Math.min(3, Math.floor(((atMs - first) * 4) / span));
    highs[quarter] = Math.max(highs[quarter] ?? 0, bytes);
  }
  return highs;
}

/**
 * What is wrong with the growth of a size: of a server that keeps nothing, the later quarters show
 * no more than the second. While it warms up that cannot be told: threads come and go, and each
 * takes some 10 MiB within seconds.
 */
export function growthFaults(samples: readonly Sample[]): string[] {
  const [, second = 0, , last = 0] = quarterHighs(samples);
  if (second === 0 || last === 0) return ["there are no samples of a quarter"];
  const growth = last - second;
  const spanMs = (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0);
  return spanMs < WARM_UP_MS || growth <= GROWTH_LIMIT_BYTES
    ? []
    : [`${last} bytes in the last quarter, ${growth} more than in the second`];
}

/** What is wrong with the size of a server at rest. */
export function restingFaults(bytes: number): string[] {
  return bytes <= RESTING_LIMIT_BYTES
    ? []
    : [`${bytes} bytes at rest, more than ${RESTING_LIMIT_BYTES}`];
}
