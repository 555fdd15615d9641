import type { PoolFree } from "./memory_pools.ts";
import {
  type Bucket,
  type BucketSlice,
  countPages,
  dramPlace,
  MAX_PAIRS,
  type PageClass,
  pickPages,
  slowPlace,
} from "./page_buckets.ts";
import { type PairAccount, type PairLimits, PairPlanner } from "./pair_planner.ts";
import { mapStep, type PairStep } from "./pair_step.ts";

/** What a round knows when its scans are done; the limits hold for each pair. */
export interface PlanInput extends PairLimits {
  /** The pages of all tasks of the engine: a class for each size and pool. */
  readonly classes: readonly PageClass[];
  /** The free memory of each pair in each pool: hugetlb pages of one size, and other memory. */
  readonly pairs: readonly (readonly Readonly<PoolFree>[])[];
}

/** Pages of one class and heat, by their indices in the class. */
export interface PageList {
  readonly classIndex: number;
  readonly heat: number;
  readonly pages: Uint32Array;
}

/** What to do for a pair, in this order. */
export interface PairPlan {
  readonly steps: readonly PairStep<PageList>[];
  readonly account: PairAccount;
}

function check({ classes, pairs }: PlanInput): void {
  if (pairs.length > MAX_PAIRS) {
    throw new RangeError(`Cannot plan for ${pairs.length} pairs: at most ${MAX_PAIRS}`);
  }
  for (const [i, { pageBytes, pool, heat, place }] of classes.entries()) {
    if (heat.length !== place.length) {
      throw new RangeError(
        `Cannot plan for class ${i}: ${heat.length} heats for ${place.length} places`,
      );
    }
    if (!Number.isInteger(Math.log2(pageBytes))) {
      throw new RangeError(`Cannot plan for class ${i}: ${pageBytes} bytes is no power of two`);
    }
    if (pairs.some((pools) => pools[pool] === undefined)) {
      throw new RangeError(`Cannot plan for class ${i}: a pair has no pool ${pool}`);
    }
  }
}

/**
 * Plans the moves of a round for each pair, hottest pages of all tasks first:
 * 1. Hot pages of the slow node go to DRAM: into free memory first, then in place of cold pages,
 *    which they displace.
 * 2. The hottest of the rest go into what is free in DRAM beyond the reserve.
 * 3. Cold pages of DRAM go to the slow node until the reserve is free again.
 *
 * A page moves at most once. Each direction has its quota. All that goes up is charged to the one,
 * all that goes down to the other; displaced pages are charged to both. Among pages of one heat the
 * smaller is the hotter: one access is enough to make all of a huge page hot.
 *
 * Planning takes two passes over the pages, and four bytes for each page that moves.
 * @returns in the order of `pairs`. @throws {RangeError} when the input does not fit together.
 */
export function planMoves(input: PlanInput): PairPlan[] {
  check(input);
  const buckets = input.classes.map(countPages);
  const all = buckets.flat();
  const at = (place: number): Bucket[] => all.filter((bucket) => bucket.place === place);
  const drafts = input.pairs.map((pools, pair) =>
    new PairPlanner(input, pools, at(slowPlace(pair)), at(dramPlace(pair))).plan()
  );
  const picks = input.classes.map((pageClass, i) => pickPages(pageClass, buckets[i] ?? []));
  const listOf = (slice: BucketSlice): PageList => {
    const { classIndex, heat } = slice.bucket;
    return { classIndex, heat, pages: picks[classIndex]?.(slice) ?? new Uint32Array() };
  };
  return drafts.map(({ steps, account }) => ({
    steps: steps.map((step) => mapStep(step, listOf)),
    account,
  }));
}
