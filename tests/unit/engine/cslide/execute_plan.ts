import { dramPlace, slowPlace } from "../../../../src/engine/cslide/page_buckets.ts";
import type { PageList, PairPlan, PolicyInput } from "../../../../src/engine/cslide/policy.ts";

/** What became of a plan. */
export interface Executed {
  readonly upBytes: number;
  readonly downBytes: number;
  readonly pools: { slowFreeBytes: number; dramFreeBytes: number }[];
  /** By class: the pages that moved. */
  readonly moved: ReadonlySet<number>[];
}

/**
 * Carries a plan out on nodes of numbers, a page at a time, in its order.
 * @throws {Error} when a page is elsewhere, moves twice, or has no room to go to.
 */
export function execute(input: PolicyInput, pair: number, plan: PairPlan): Executed {
  const pools = (input.pairs[pair] ?? []).map(({ slowFreeBytes, dramFreeBytes }) => ({
    slowFreeBytes,
    dramFreeBytes,
  }));
  const moved = input.classes.map(() => new Set<number>());
  let upBytes = 0;
  let downBytes = 0;

  const move = (list: PageList, at: number, isUp: boolean): void => {
    const pages = input.classes[list.classIndex];
    const index = list.pages[at];
    const pool = pools[pages?.pool ?? -1];
    const seen = moved[list.classIndex];
    if (pages === undefined || index === undefined || pool === undefined || seen === undefined) {
      throw new Error(`no page ${at} in a list of ${list.pages.length}`);
    }
    if (seen.has(index)) throw new Error(`page ${index} moves twice`);
    seen.add(index);
    if (pages.place[index] !== (isUp ? slowPlace(pair) : dramPlace(pair))) {
      throw new Error(`page ${index} is not where the step takes it from`);
    }
    if (pages.heat[index] !== list.heat) throw new Error(`page ${index} has another heat`);
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

  const all = (list: PageList, isUp: boolean): void => {
    if (list.pages.length === 0) throw new Error("a step without pages");
    for (let at = 0; at < list.pages.length; at++) move(list, at, isUp);
  };

  const takeTurns = (down: PageList, up: PageList): void => {
    const upPages = input.classes[up.classIndex];
    const pool = pools[upPages?.pool ?? -1];
    if (upPages === undefined || pool === undefined) throw new Error("no such class or pool");
    let downAt = 0;
    for (let upAt = 0; upAt < up.pages.length; upAt++) {
      while (pool.dramFreeBytes < upPages.pageBytes) move(down, downAt++, false);
      move(up, upAt, true);
    }
    if (downAt !== down.pages.length) throw new Error("more pages leave than are needed");
  };

  for (const step of plan.steps) {
    if (step.kind === "promote") all(step.up, true);
    else if (step.kind === "demote") all(step.down, false);
    else takeTurns(step.down, step.up);
  }
  return { upBytes, downBytes, pools, moved };
}
