import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  dramPlace,
  NOWHERE,
  type PageClass,
  slowPlace,
} from "../../../../src/engine/cslide/page_buckets.ts";
import {
  type PageList,
  type PairPlan,
  type PlanInput,
  planMoves,
} from "../../../../src/engine/cslide/plan_moves.ts";
import { execute } from "./execute_plan.ts";

const LARGEST = 16;
const RUNS = 300;

const page = fc.record({
  heat: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5 }), fc.constant(255)),
  place: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(NOWHERE)),
});

const pageClass = (pageBytes: number, pool: number) =>
  fc.array(page, { maxLength: 60 }).map((pages): PageClass => ({
    pageBytes,
    pool,
    heat: Uint8Array.from(pages, (one) => one.heat),
    place: Uint8Array.from(pages, (one) => one.place),
  }));

/** A node may be used up beyond what it should be. */
const freeBytes = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: -20, max: 60 }));
const pool = fc.record({ slowFreeBytes: freeBytes, dramFreeBytes: freeBytes });

const limits = {
  hotThreshold: fc.integer({ min: 0, max: 6 }),
  quotaBytes: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constant(2 ** 51)),
  reserveBytes: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 80 })),
};

/** Two pairs; base pages and two sizes of huge pages in one pool, and a pool of huge pages only. */
const anyInput: fc.Arbitrary<PlanInput> = fc.record({
  ...limits,
  classes: fc.tuple(
    pageClass(1, 0),
    pageClass(4, 0),
    pageClass(LARGEST, 0),
    pageClass(4, 1),
  ),
  pairs: fc.tuple(fc.tuple(pool, pool), fc.tuple(pool, pool)),
});

/** With one size the rules leave no choice but of pages with equal heat. */
const oneSize: fc.Arbitrary<PlanInput> = fc.record({
  ...limits,
  classes: fc.tuple(pageClass(1, 0)),
  pairs: fc.tuple(fc.tuple(pool), fc.tuple(pool)),
});

function forEachPlan(
  inputs: fc.Arbitrary<PlanInput>,
  numRuns: number,
  check: (input: PlanInput, plan: PairPlan, pair: number) => void,
): void {
  fc.assert(
    fc.property(inputs, (input) => {
      for (const [pair, plan] of planMoves(input).entries()) check(input, plan, pair);
    }),
    { numRuns },
  );
}

/** Heats of the pages of a class at a place that did, or did not, move. */
function heatsOf(
  { heat, place }: PageClass,
  where: number,
  moved: ReadonlySet<number> | undefined,
  isMoved: boolean,
): number[] {
  return [...heat].filter((_, i) => place[i] === where && (moved?.has(i) ?? false) === isMoved);
}

/** The rules of the specification, carried out page by page. */
function moveOneByOne(input: PlanInput, pair: number) {
  const [pages] = input.classes;
  const [free] = input.pairs[pair] ?? [];
  if (pages === undefined || free === undefined) throw new Error("no class or pool");
  const heats = (where: number) => heatsOf(pages, where, undefined, false).sort((a, b) => a - b);
  const slow = heats(slowPlace(pair));
  const cold = heats(dramPlace(pair)).filter((heat) => heat < input.hotThreshold);
  const has = {
    slowFree: free.slowFreeBytes,
    dramFree: free.dramFreeBytes,
    upQuota: input.quotaBytes,
    downQuota: input.quotaBytes,
  };
  const up = (cost: number) => {
    has.dramFree--;
    has.slowFree++;
    has.upQuota -= cost;
    return slow.pop() ?? -1;
  };
  const down = () => {
    has.dramFree++;
    has.slowFree--;
    has.downQuota--;
    return cold.shift() ?? -1;
  };
  const moved = {
    promoted: [] as number[],
    up: [] as number[],
    down: [] as number[],
    demoted: [] as number[],
  };
  const isHot = () => (slow.at(-1) ?? -1) >= input.hotThreshold;
  while (isHot() && has.dramFree > 0 && has.upQuota > 0) moved.promoted.push(up(1));
  // what is missing in DRAM leaves first, and is charged to both quotas as all that leaves for a
  // hot page
  const needed = () => 1 - Math.min(0, has.dramFree);
  const canDisplace = () =>
    has.dramFree <= 0 && has.slowFree >= needed() && has.upQuota > needed() &&
    cold.length >= needed();
  while (isHot() && canDisplace()) {
    for (let left = needed(); left > 0; left--) {
      has.upQuota--;
      moved.down.push(down());
    }
    moved.up.push(up(1));
  }
  while (
    slow.length > 0 && !isHot() && has.dramFree > input.reserveBytes && has.upQuota > 0
  ) moved.promoted.push(up(1));
  while (
    cold.length > 0 && has.dramFree < input.reserveBytes && has.slowFree > 0 && has.downQuota > 0
  ) moved.demoted.push(down());
  const pools = [{ slowFreeBytes: has.slowFree, dramFreeBytes: has.dramFree }];
  return { ...moved, pools };
}

describe("planMoves() for any input", () => {
  test("planMoves() never goes beyond a quota, free memory or one move of a page", () => {
    forEachPlan(anyInput, RUNS, (input, plan, pair) => {
      // Throws when a page is not where the step takes it from, moves twice, or has no room.
      const done = execute(input, pair, plan);
      const { account } = plan;
      expect(account.upQuotaUsedBytes).toBe(done.upBytes + done.displacedBytes);
      expect(account.downQuotaUsedBytes).toBe(done.displacedBytes + done.demotedBytes);
      expect(account.upQuotaUsedBytes).toBeLessThanOrEqual(input.quotaBytes);
      expect(account.downQuotaUsedBytes).toBeLessThanOrEqual(input.quotaBytes);
    });
  });

  test("planMoves() leaves no page that is hotter, or in DRAM colder, than one of its size it took", () => {
    forEachPlan(anyInput, RUNS, (input, plan, pair) => {
      const { moved } = execute(input, pair, plan);
      for (const [index, pages] of input.classes.entries()) {
        const up = heatsOf(pages, slowPlace(pair), moved[index], true);
        const stayed = heatsOf(pages, slowPlace(pair), moved[index], false);
        expect(Math.min(...up)).toBeGreaterThanOrEqual(Math.max(-1, ...stayed));
        const down = heatsOf(pages, dramPlace(pair), moved[index], true);
        const kept = heatsOf(pages, dramPlace(pair), moved[index], false);
        expect(Math.max(-1, ...down)).toBeLessThanOrEqual(Math.min(...kept));
        expect(Math.max(-1, ...down)).toBeLessThan(input.hotThreshold);
      }
    });
  });

  test("planMoves() orders what goes up hottest first", () => {
    forEachPlan(anyInput, RUNS, (input, { steps }) => {
      const isHot = (list: PageList) => list.heat >= input.hotThreshold;
      const ups = steps.flatMap(({ down, up }) => down.length === 0 ? up : []);
      const displacing = steps.flatMap(({ down, up }) => down.length > 0 ? up : []);
      const firstDown = steps.findIndex(({ down }) => down.length > 0);
      const free = ups.slice(0, firstDown < 0 ? ups.length : firstDown).filter(isHot);
      const rest = ups.filter((list) => !isHot(list));
      // Over all sizes and pools where there is free memory, of each size where pages displace
      // others.
      const parts = [free, rest, ...Map.groupBy(displacing, (list) => list.classIndex).values()];
      for (const part of parts) {
        const heats = part.map((list) => list.heat);
        expect(heats).toEqual(heats.toSorted((a, b) => b - a));
      }
      expect(displacing.every(isHot)).toBe(true);
    });
  });

  test("planMoves() keeps the reserve from pages that are not hot, and frees no more than it", () => {
    forEachPlan(anyInput, RUNS, (input, plan, pair) => {
      const { steps } = plan;
      const poolOf = (list: PageList) => input.classes[list.classIndex]?.pool ?? -1;
      for (const [index, { dramFreeBytes }] of execute(input, pair, plan).pools.entries()) {
        const rest = steps.flatMap(({ up }) => up).filter((list) =>
          list.heat < input.hotThreshold && poolOf(list) === index
        );
        if (rest.length > 0) expect(dramFreeBytes).toBeGreaterThanOrEqual(input.reserveBytes);
        const demotes = steps.flatMap(({ down, up }) => up.length === 0 ? down : []).filter((
          list,
        ) => poolOf(list) === index);
        if (demotes.length > 0) expect(dramFreeBytes).toBeLessThan(input.reserveBytes + LARGEST);
      }
    });
  });

  test("planMoves() explains all hot memory that it leaves and all that is missing of the reserve", () => {
    forEachPlan(anyInput, RUNS, (input, plan, pair) => {
      const { moved, pools } = execute(input, pair, plan);
      const { hotLeftBytes, reserveShortBytes } = plan.account;
      const hotLeft = input.classes.map((pages, index) =>
        heatsOf(pages, slowPlace(pair), moved[index], false)
          .filter((heat) => heat >= input.hotThreshold).length * pages.pageBytes
      );
      const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
      expect(sum(Object.values(hotLeftBytes))).toBe(sum(hotLeft));
      const isUsed = (index: number) =>
        input.classes.some((one) =>
          one.pool === index &&
          one.place.some((place) => place === slowPlace(pair) || place === dramPlace(pair))
        );
      const short = pools.map((one, index) =>
        isUsed(index) ? Math.max(0, input.reserveBytes - one.dramFreeBytes) : 0
      );
      expect(sum(Object.values(reserveShortBytes))).toBe(sum(short));

      const { upQuotaUsedBytes, downQuotaUsedBytes } = plan.account;
      // With enough quota for any page and what it displaces, the quota was not what stood in the
      // way. Pages of several sizes may displace more than they have to, to make up for a deficit.
      const deficit = Math.max(0, ...(input.pairs[pair] ?? []).map((one) => -one.dramFreeBytes));
      if (hotLeftBytes.quota > 0) {
        const enough = deficit === 0 ? 2 * LARGEST : deficit + 3 * LARGEST;
        expect(input.quotaBytes - upQuotaUsedBytes).toBeLessThan(enough);
      }
      if (reserveShortBytes.quota > 0) {
        expect(input.quotaBytes - downQuotaUsedBytes).toBeLessThan(LARGEST);
      }
      if (hotLeftBytes.noFreeMemory > 0) {
        const free = pools.map((one) => one.slowFreeBytes + one.dramFreeBytes);
        expect(Math.min(...free)).toBeLessThan(2 * LARGEST);
      }
    });
  });

  test("planMoves() does for pages of one size what moving them one by one would do", () => {
    forEachPlan(oneSize, RUNS, (input, plan, pair) => {
      const { steps } = plan;
      const heats = (lists: readonly PageList[]) =>
        lists.flatMap((list) => [...list.pages].map((i) => input.classes[0]?.heat[i] ?? -1));
      const displacements = steps.filter(({ down, up }) => down.length > 0 && up.length > 0);
      expect({
        promoted: heats(steps.flatMap(({ down, up }) => down.length === 0 ? up : [])),
        up: heats(displacements.flatMap(({ up }) => up)),
        down: heats(displacements.flatMap(({ down }) => down)),
        demoted: heats(steps.flatMap(({ down, up }) => up.length === 0 ? down : [])),
        pools: execute(input, pair, plan).pools,
      }).toEqual(moveOneByOne(input, pair));
    });
  });

  test("planMoves() takes from each task its share of equally hot pages, within one page", () => {
    const tasks = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 8 });
    fc.assert(fc.property(tasks, fc.nat(2000), (sizes, quotaBytes) => {
      const total = sizes.reduce((a, b) => a + b, 0);
      const [plan] = planMoves({
        hotThreshold: 1,
        quotaBytes,
        reserveBytes: 0,
        classes: [{
          pageBytes: 1,
          pool: 0,
          heat: new Uint8Array(total).fill(3),
          place: new Uint8Array(total).fill(slowPlace(0)),
        }],
        pairs: [[{ slowFreeBytes: 0, dramFreeBytes: total }]],
      });
      const pages = plan?.steps.flatMap((step) =>
        step.up.flatMap((list) => Array.from(list.pages))
      );
      let from = 0;
      for (const size of sizes) {
        const got = pages?.filter((i) => i >= from && i < from + size).length ?? 0;
        const share = total === 0 ? 0 : size * Math.min(1, quotaBytes / total);
        expect(Math.abs(got - share)).toBeLessThan(1.001);
        from += size;
      }
    }));
  });
});
