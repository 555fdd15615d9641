import type { PoolFree } from "../../../../src/engine/cslide/memory_pools.ts";
import {
  dramPlace,
  type PageClass,
  slowPlace,
} from "../../../../src/engine/cslide/page_buckets.ts";
import type { PageList, PairPlan, PlanInput } from "../../../../src/engine/cslide/plan_moves.ts";

/** What became of a plan. */
export interface Executed {
  readonly upBytes: number;
  /** Left DRAM to make room for what goes up. */
  readonly displacedBytes: number;
  /** Left DRAM when nothing went up any more: for the reserve. */
  readonly demotedBytes: number;
  readonly pools: readonly PoolFree[];
  /** By class: the pages that moved. */
  readonly moved: ReadonlySet<number>[];
}

/** A page of a step, and what it is a page of. */
interface PlannedPage {
  readonly index: number;
  readonly heat: number;
  readonly pages: PageClass;
  readonly pool: PoolFree;
  /** The pages of its class that have moved. */
  readonly seen: Set<number>;
}

/**
 * Carries a plan out on nodes of numbers, a page at a time, in its order.
 * @throws {Error} when a page is elsewhere, moves twice, or has no room to go to.
 */
export function execute(input: PlanInput, pair: number, plan: PairPlan): Executed {
  const pools = (input.pairs[pair] ?? []).map(({ slowFreeBytes, dramFreeBytes }) => ({
    slowFreeBytes,
    dramFreeBytes,
  }));
  const moved = input.classes.map(() => new Set<number>());
  let upBytes = 0;
  let displacedBytes = 0;
  let downBytes = 0;

  /** Throws unless the pages of some lists are of some class. */
  const pagesOf = (lists: readonly PageList[]): PlannedPage[] =>
    lists.flatMap(({ classIndex, heat, pages: indices }) => {
      const pages = input.classes[classIndex];
      const pool = pools[pages?.pool ?? -1];
      const seen = moved[classIndex];
      if (indices.length === 0) throw new Error("a list without pages");
      if (pages === undefined || pool === undefined || seen === undefined) {
        throw new Error(`no class ${classIndex}, or no pool for it`);
      }
      return Array.from(indices, (index) => ({ index, heat, pages, pool, seen }));
    });

  const move = ({ index, heat, pages, pool, seen }: PlannedPage, isUp: boolean): void => {
    if (seen.has(index)) throw new Error(`page ${index} moves twice`);
    seen.add(index);
    if (pages.place[index] !== (isUp ? slowPlace(pair) : dramPlace(pair))) {
      throw new Error(`page ${index} is not where the step takes it from`);
    }
    if (pages.heat[index] !== heat) throw new Error(`page ${index} has another heat`);
    const bytes = isUp ? pages.pageBytes : -pages.pageBytes;
    pool.dramFreeBytes -= bytes;
    pool.slowFreeBytes += bytes;
    if (isUp) {
      if (pool.dramFreeBytes < 0) throw new Error(`no room in DRAM for page ${index}`);
      upBytes += bytes;
    } else {
      if (pool.slowFreeBytes < 0) throw new Error(`no room on the slow node for page ${index}`);
      downBytes -= bytes;
    }
  };

  for (const step of plan.steps) {
    const [down, up] = [pagesOf(step.down), pagesOf(step.up)];
    if (down.length + up.length === 0) throw new Error("a step without pages");
    for (const page of up) {
      while (page.pool.dramFreeBytes < page.pages.pageBytes && down.length > 0) {
        move(down.shift()!, false);
      }
      move(page, true);
    }
    if (up.length > 0 && down.length > 0) throw new Error("more pages leave than are needed");
    for (const page of down) move(page, false);
    if (up.length > 0) displacedBytes = downBytes;
  }
  return { upBytes, displacedBytes, demotedBytes: downBytes - displacedBytes, pools, moved };
}
