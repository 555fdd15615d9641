import type { Random } from "../tests/tools/fixtures/random.ts";

/** Which key a request is about. */
export interface KeyChoice {
  /** For people: what is chosen how often. */
  readonly about: string;
  /** The number of a key. */
  readonly next: () => number;
}

/** Of Zipf's law: key number r in the order of use is used in proportion to 1 / r^exponent. */
const EXPONENT = 1.1;
/** Of a block of keys: one in so many. */
const BLOCK_SHARE = 1500;

/**
 * Zipf's law over all keys, in an order of use that has nothing to do with the order in which they
 * were stored: what is used much lies everywhere between what is used seldom or never.
 */
export function zipfKeys(keys: number, random: Random, exponent: number = EXPONENT): KeyChoice {
  const sums = zipfSums(keys, exponent);
  const order = shuffled(keys, random);
  return {
    about: `Zipf's law (exponent ${exponent}) over all keys, scattered`,
    next: () => order[firstAbove(sums, random.next())] ?? 0,
  };
}

/** The keys that were stored first, one as often as the other; no other key is used. */
export function blockOfKeys(keys: number, random: Random): KeyChoice {
  const used = Math.ceil(keys / BLOCK_SHARE);
  return { about: `a block of ${used} keys, no others`, next: () => random.below(used) };
}

/** For each r the chance that a request is about one of the first r + 1 keys in order of use. */
function zipfSums(keys: number, exponent: number): Float64Array {
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let rank = 1; rank <= keys; rank++) {
    sum += rank ** -exponent;
    sums[rank - 1] = sum;
  }
  return sums.map((part) => part / sum);
}

/** The first place whose number is above `value`, which is below the last one; by bisection. */
function firstAbove(ascending: Float64Array, value: number): number {
  let from = 0;
  let to = ascending.length - 1;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (ascending[middle]! > value) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** 0 to `count` - 1 in random order (Fisher and Yates). */
function shuffled(count: number, random: Random): Uint32Array {
  const numbers = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [numbers[i], numbers[other]] = [numbers[other]!, numbers[i]!];
  }
  return numbers;
}
