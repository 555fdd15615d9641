/** Pages of one size, in two columns: page i has heat[i] accesses and lies at place[i]. */
export interface PageClass {
  /** Bytes of each page, a power of two. */
  readonly pageBytes: number;
  /** Index of the pool that these pages live in, among the pools of a pair. */
  readonly pool: number;
  /** Accesses in the round. */
  readonly heat: Uint8Array;
  /** `slowPlace(pair)`, `dramPlace(pair)` or NOWHERE. */
  readonly place: Uint8Array;
}

/** The place of pages that are not present, or are on a node that no pair names. */
export const NOWHERE = 255;
/** The most pairs that a place can tell apart. */
export const MAX_PAIRS = 127;

/** The place of pages on the slow node of a pair, by its index. */
export function slowPlace(pair: number): number {
  return 2 * pair;
}

/** The place of pages on the DRAM node of a pair, by its index. */
export function dramPlace(pair: number): number {
  return 2 * pair + 1;
}

/** A key is a place and a heat, a byte each: there are so many. */
const KEYS = 256 * 256;

/** The pages of one class at one place with one heat, and how many of them a plan takes. */
export class Bucket {
  readonly classIndex: number;
  readonly pageBytes: number;
  readonly pool: number;
  readonly place: number;
  readonly heat: number;
  readonly count: number;
  #taken = 0;

  constructor(classIndex: number, { pageBytes, pool }: PageClass, key: number, count: number) {
    this.classIndex = classIndex;
    this.pageBytes = pageBytes;
    this.pool = pool;
    this.place = key >> 8;
    this.heat = key & 0xff;
    this.count = count;
  }

  get taken(): number {
    return this.#taken;
  }

  get left(): number {
    return this.count - this.#taken;
  }

  /** Takes the next `count` pages. */
  take(count: number): BucketSlice {
    const from = this.#taken;
    this.#taken += count;
    return { bucket: this, from, count };
  }
}

/** Some of the pages that are taken from a bucket, by their order in it. */
export interface BucketSlice {
  readonly bucket: Bucket;
  readonly from: number;
  readonly count: number;
}

/** Counts the pages of a class by place and heat. */
export function countPages(pageClass: PageClass, classIndex: number): Bucket[] {
  const { heat, place } = pageClass;
  const counts = new Uint32Array(KEYS);
  const pages = heat.length;
  for (let i = 0; i < pages; i++) {
    const key = (place[i]! << 8) | heat[i]!;
    counts[key] = counts[key]! + 1;
  }
  const buckets: Bucket[] = [];
  for (let key = 0; key < NOWHERE << 8; key++) {
    const count = counts[key]!;
    if (count > 0) buckets.push(new Bucket(classIndex, pageClass, key, count));
  }
  return buckets;
}

/**
 * Finds the pages that were taken from the buckets of a class. Where only a part of a bucket was
 * taken, that part is spread evenly over the bucket: no task comes before another that has pages
 * just as hot.
 * @returns how to get the indices of the pages of a slice, ascending.
 */
export function pickPages(
  { heat, place }: PageClass,
  buckets: readonly Bucket[],
): (slice: BucketSlice) => Uint32Array {
  const taken = new Uint32Array(KEYS);
  const counts = new Uint32Array(KEYS);
  const next = new Uint32Array(KEYS);
  const starts = new Map<Bucket, number>();
  let total = 0;
  for (const bucket of buckets) {
    const key = (bucket.place << 8) | bucket.heat;
    taken[key] = bucket.taken;
    counts[key] = bucket.count;
    next[key] = total;
    starts.set(bucket, total);
    total += bucket.taken;
  }
  const picked = new Uint32Array(total);
  const due = new Uint32Array(KEYS);
  const pages = total === 0 ? 0 : heat.length;
  for (let i = 0; i < pages; i++) {
    const key = (place[i]! << 8) | heat[i]!;
    const share = taken[key]!;
    if (share === 0) continue;
    const count = counts[key]!;
    const sum = due[key]! + share;
    if (sum < count) {
      due[key] = sum;
      continue;
    }
    due[key] = sum - count;
    const at = next[key]!;
    picked[at] = i;
    next[key] = at + 1;
  }
  return ({ bucket, from, count }) => {
    const start = (starts.get(bucket) ?? 0) + from;
    return picked.subarray(start, start + count);
  };
}
