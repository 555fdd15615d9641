import { describe, expect, test } from "bun:test";
import { dramPlace, NOWHERE, slowPlace } from "../../../../src/engine/cslide/page_buckets.ts";
import {
  type PageList,
  type PlanInput,
  planMoves,
} from "../../../../src/engine/cslide/plan_moves.ts";
import { execute } from "./execute_plan.ts";

const SLOW = slowPlace(0);
const DRAM = dramPlace(0);

interface Side {
  readonly slow?: readonly number[];
  readonly dram?: readonly number[];
}

/** A class whose pages on the slow node come first, by their heats. */
function pagesOf({ slow = [], dram = [] }: Side, pageBytes = 1, pool = 0) {
  return {
    pageBytes,
    pool,
    heat: Uint8Array.from([...slow, ...dram]),
    place: Uint8Array.from([...slow.map(() => SLOW), ...dram.map(() => DRAM)]),
  };
}

function inputOf(
  sides: Side,
  free: { slow: number; dram: number },
  limits: Partial<PlanInput> = {},
): PlanInput {
  return {
    hotThreshold: 1,
    quotaBytes: 1000,
    reserveBytes: 0,
    classes: [pagesOf(sides)],
    pairs: [[{ slowFreeBytes: free.slow, dramFreeBytes: free.dram }]],
    ...limits,
  };
}

function planOne(input: PlanInput) {
  const [plan] = planMoves(input);
  if (plan === undefined) throw new Error("no plan");
  return plan;
}

const pagesIn = (lists: readonly PageList[]) => lists.flatMap(({ pages }) => Array.from(pages));

/** What went where: into free memory, in place of other pages, or for the reserve. */
function movesOf(input: PlanInput) {
  const { steps } = planOne(input);
  const displacements = steps.filter(({ down, up }) => down.length > 0 && up.length > 0);
  return {
    promote: pagesIn(steps.flatMap(({ down, up }) => down.length === 0 ? up : [])),
    displacing: pagesIn(displacements.flatMap(({ up }) => up)),
    displaced: pagesIn(displacements.flatMap(({ down }) => down)),
    demote: pagesIn(steps.flatMap(({ down, up }) => up.length === 0 ? down : [])),
  };
}

/** Bytes that go up, that make room for them, and that leave for the reserve. */
function bytesOf(input: PlanInput) {
  const { upBytes, displacedBytes, demotedBytes } = execute(input, 0, planOne(input));
  return { upBytes, displacedBytes, demotedBytes };
}

describe("planMoves()", () => {
  test("planMoves() fills free DRAM with hot pages, hottest first", () => {
    const moves = movesOf(inputOf({ slow: [1, 3, 0, 2] }, { slow: 0, dram: 2 }));
    expect(moves.promote).toEqual([1, 3]);
  });

  test("planMoves() uses the reserve for hot pages and keeps it from all others", () => {
    const sides = { slow: [0, 2, 0, 0] };
    const moves = movesOf(inputOf(sides, { slow: 0, dram: 3 }, { reserveBytes: 3 }));
    expect(moves).toEqual({ promote: [1], displacing: [], displaced: [], demote: [] });
    const more = movesOf(inputOf(sides, { slow: 0, dram: 3 }, { reserveBytes: 1 }));
    expect(more.promote).toHaveLength(2);
    expect(more.promote[0]).toBe(1);
  });

  test("planMoves() lets hot pages displace the coldest when DRAM is full", () => {
    const input = inputOf({ slow: [4, 5], dram: [1, 0, 2, 9] }, { slow: 1, dram: 0 }, {
      hotThreshold: 3,
    });
    const moves = movesOf(input);
    expect(moves).toEqual({ promote: [], displacing: [1, 0], displaced: [3, 2], demote: [] });
  });

  test("planMoves() charges displaced pages to both quotas", () => {
    const slow = [1, 1, 1, 1, 1];
    const dram = [0, 0, 0, 0, 0];
    const input = inputOf({ slow, dram }, { slow: 1, dram: 1 }, { quotaBytes: 6 });
    // 1 into free memory, then 2 that displace 1 each; the last 1 is not enough for another.
    expect(bytesOf(input)).toEqual({ upBytes: 3, displacedBytes: 2, demotedBytes: 0 });
    expect(planOne(input).account).toEqual({
      upQuotaUsedBytes: 5,
      downQuotaUsedBytes: 2,
      hotLeftBytes: { quota: 2, noColdPages: 0, noFreeMemory: 0 },
      reserveShortBytes: { quota: 0, noColdPages: 0, slowNodeFull: 0 },
    });
  });

  test("planMoves() demotes the coldest until the reserve is free, within the quota of that way", () => {
    const dram = [2, 0, 1, 0, 5];
    const short = inputOf({ dram }, { slow: 9, dram: 1 }, { hotThreshold: 3, reserveBytes: 4 });
    expect(movesOf(short).demote).toEqual([1, 3, 2]);
    const limited = { ...short, quotaBytes: 2 };
    expect(bytesOf(limited)).toEqual({ upBytes: 0, displacedBytes: 0, demotedBytes: 2 });
    expect(planOne(limited).account.reserveShortBytes).toEqual({
      quota: 1,
      noColdPages: 0,
      slowNodeFull: 0,
    });
  });

  test("planMoves() frees the reserve again after hot pages took it", () => {
    const sides = { slow: [5, 5], dram: [0, 0, 0] };
    const moves = movesOf(inputOf(sides, { slow: 0, dram: 2 }, { reserveBytes: 2 }));
    expect(moves.promote).toEqual([0, 1]);
    expect(moves.demote).toHaveLength(2);
  });

  test("planMoves() displaces nothing when neither node has a free page", () => {
    const { steps, account } = planOne(inputOf({ slow: [1], dram: [0] }, { slow: 0, dram: 0 }));
    expect(steps).toEqual([]);
    expect(account.hotLeftBytes).toEqual({ quota: 0, noColdPages: 0, noFreeMemory: 1 });
  });

  test("planMoves() says that a full slow node keeps the reserve from being freed", () => {
    const { account } = planOne(inputOf({ dram: [0] }, { slow: 0, dram: 0 }, { reserveBytes: 1 }));
    expect(account.reserveShortBytes).toEqual({ quota: 0, noColdPages: 0, slowNodeFull: 1 });
  });

  test("planMoves() misses no reserve in a pool that the tasks have nothing in", () => {
    const free = { slowFreeBytes: 0, dramFreeBytes: 1 };
    const shortOf = (pool: number) =>
      planOne({
        ...inputOf({}, { slow: 0, dram: 0 }, { reserveBytes: 5 }),
        classes: [pagesOf({ dram: [9] }, 1, pool)],
        pairs: [[free, { ...free, dramFreeBytes: 3 }]],
      }).account.reserveShortBytes;
    expect(shortOf(0)).toEqual({ quota: 0, noColdPages: 4, slowNodeFull: 0 });
    expect(shortOf(1)).toEqual({ quota: 0, noColdPages: 2, slowNodeFull: 0 });
  });

  test("planMoves() says that DRAM holds no cold pages when all of them are hot", () => {
    const { account } = planOne(inputOf({ slow: [9], dram: [8] }, { slow: 5, dram: 0 }));
    expect(account.hotLeftBytes).toEqual({ quota: 0, noColdPages: 1, noFreeMemory: 0 });
  });

  test("planMoves() takes every page for hot when the threshold is 0, and none above 255", () => {
    const sides = { slow: [0, 255], dram: [0] };
    const none = inputOf(sides, { slow: 0, dram: 0 }, { hotThreshold: 2 ** 31 - 1 });
    expect(planOne(none).steps).toEqual([]);
    const all = inputOf(sides, { slow: 1, dram: 1 }, { hotThreshold: 0, reserveBytes: 99 });
    expect(movesOf(all)).toMatchObject({ promote: [1], displacing: [], demote: [] });
  });

  test("planMoves() shares a quota evenly among tasks whose pages are just as hot", () => {
    const slow = [...Array.from({ length: 300 }, () => 2), ...Array.from({ length: 100 }, () => 2)];
    const input = inputOf({ slow }, { slow: 0, dram: 400 }, { quotaBytes: 100 });
    const { promote } = movesOf(input);
    expect(promote.filter((page) => page < 300)).toHaveLength(75);
    expect(promote.filter((page) => page >= 300)).toHaveLength(25);
  });

  test("planMoves() gives one task all of the quota when its pages are hotter", () => {
    const slow = [...Array.from({ length: 50 }, () => 2), ...Array.from({ length: 50 }, () => 3)];
    const { promote } = movesOf(inputOf({ slow }, { slow: 0, dram: 99 }, { quotaBytes: 50 }));
    expect(promote).toEqual(Array.from({ length: 50 }, (_, i) => 50 + i));
  });

  test("planMoves() passes over a page that does not fit to one that does", () => {
    const input = inputOf({}, { slow: 0, dram: 100 }, {
      quotaBytes: 10,
      classes: [pagesOf({ slow: [9] }, 512), pagesOf({ slow: [1, 1] }, 1)],
    });
    expect(movesOf(input).promote).toEqual([0, 1]);
    expect(planOne(input).account.hotLeftBytes).toEqual({
      quota: 0,
      noColdPages: 512,
      noFreeMemory: 0,
    });
  });

  test("planMoves() makes room for a huge page with base pages and the other way round", () => {
    const zeros = Array.from({ length: 10 }, () => 0);
    const up = inputOf({}, { slow: 8, dram: 0 }, {
      classes: [pagesOf({ slow: [1] }, 8), pagesOf({ dram: zeros }, 1)],
    });
    expect(bytesOf(up)).toEqual({ upBytes: 8, displacedBytes: 8, demotedBytes: 0 });
    const down = inputOf({}, { slow: 8, dram: 0 }, {
      classes: [pagesOf({ dram: [0, 0] }, 8), pagesOf({ slow: [3, 3, 3] }, 1)],
      reserveBytes: 1,
    });
    expect(bytesOf(down)).toEqual({ upBytes: 3, displacedBytes: 8, demotedBytes: 0 });
  });

  test("planMoves() holds of equally hot pages the smaller for the hotter", () => {
    const pages = { slow: [2, 2], dram: [1, 1] };
    const input = inputOf({}, { slow: 99, dram: 4 }, {
      hotThreshold: 2,
      quotaBytes: 5,
      reserveBytes: 9,
      classes: [pagesOf(pages, 4), pagesOf(pages, 1)],
    });
    const sizesOf = (lists: readonly PageList[]) =>
      lists.map((list) => ({ classIndex: list.classIndex, count: list.pages.length }));
    const { steps } = planOne(input);
    expect(steps.map(({ down, up }) => ({ down: sizesOf(down), up: sizesOf(up) }))).toEqual([
      // Up: both small ones, then no large one fits. Down: a large one, then a small one.
      { down: [], up: [{ classIndex: 1, count: 2 }] },
      { down: [{ classIndex: 0, count: 1 }], up: [] },
      { down: [{ classIndex: 1, count: 1 }], up: [] },
    ]);
  });

  test("planMoves() displaces pages of the hot page's size when others are just as cold", () => {
    for (const [pageBytes, others] of [[1, 4], [4, 1], [4, 8]] as const) {
      const input = inputOf({}, { slow: 99, dram: 0 }, {
        classes: [
          pagesOf({ dram: Array.from({ length: 9 }, () => 0) }, others),
          pagesOf({ slow: [1, 1], dram: [0, 0] }, pageBytes),
        ],
      });
      const { steps } = planOne(input);
      expect(steps).toMatchObject([{ down: [{ classIndex: 1 }], up: [{ classIndex: 1 }] }]);
    }
  });

  test("planMoves() makes room for a huge page with base pages of several heats, coldest first", () => {
    const input = inputOf({}, { slow: 4, dram: 0 }, {
      hotThreshold: 4,
      classes: [pagesOf({ dram: [3, 1, 3, 0, 3, 3] }, 1), pagesOf({ slow: [9] }, 4)],
    });
    const { steps, account } = planOne(input);
    expect(steps.flatMap(({ down }) => down.map(({ heat }) => heat))).toEqual([0, 1, 3]);
    expect(bytesOf(input)).toEqual({ upBytes: 4, displacedBytes: 4, demotedBytes: 0 });
    expect(account).toMatchObject({ upQuotaUsedBytes: 8, downQuotaUsedBytes: 4 });
  });

  test("planMoves() keeps base pages that are too few when a page as large as the hot one leaves", () => {
    const input = inputOf({}, { slow: 9, dram: 0 }, {
      hotThreshold: 4,
      classes: [pagesOf({ dram: [0] }, 1), pagesOf({ slow: [9], dram: [1] }, 4)],
    });
    expect(bytesOf(input)).toEqual({ upBytes: 4, displacedBytes: 4, demotedBytes: 0 });
  });

  test("planMoves() comes back to cold pages that can leave only after others", () => {
    // 15 of 16 are free: the large cold page cannot leave before the small one has made the 15
    // useful.
    const input = inputOf({}, { slow: 1, dram: 15 }, {
      classes: [pagesOf({ dram: [0] }, 1), pagesOf({ slow: [9, 9], dram: [0] }, 16)],
    });
    const { steps } = planOne(input);
    expect(steps).toMatchObject([
      { down: [{ classIndex: 0 }], up: [{ classIndex: 1 }] },
      { down: [{ classIndex: 1 }], up: [{ classIndex: 1 }] },
    ]);
    expect(bytesOf(input)).toEqual({ upBytes: 32, displacedBytes: 17, demotedBytes: 0 });
  });

  test("planMoves() makes up for a deficit of DRAM with the coldest of several heats", () => {
    const sides = { slow: [255], dram: [0, 1] };
    const input = inputOf(sides, { slow: 2, dram: -1 }, { hotThreshold: 2, quotaBytes: 2 ** 51 });
    expect(movesOf(input)).toEqual({ promote: [], displacing: [0], displaced: [1, 2], demote: [] });
    expect(planOne(input).account).toMatchObject({ upQuotaUsedBytes: 3, downQuotaUsedBytes: 2 });
  });

  test("planMoves() exchanges one for one once it has made up for a deficit of DRAM", () => {
    const mib = (count: number, heat: number) => Array.from({ length: count * 256 }, () => heat);
    const [MIB, GIB] = [2 ** 20, 2 ** 30];
    const sides = { slow: mib(64, 9), dram: [...mib(25, 1), ...mib(25, 0)] };
    const input = inputOf({}, { slow: GIB, dram: -26 * MIB }, {
      hotThreshold: 2,
      quotaBytes: GIB,
      classes: [pagesOf(sides, 4096)],
    });
    expect(bytesOf(input)).toEqual({
      upBytes: 24 * MIB,
      displacedBytes: 50 * MIB,
      demotedBytes: 0,
    });
    expect(planOne(input).account).toMatchObject({
      upQuotaUsedBytes: 74 * MIB,
      downQuotaUsedBytes: 50 * MIB,
      hotLeftBytes: { quota: 0, noColdPages: 40 * MIB, noFreeMemory: 0 },
    });
  });

  test("planMoves() makes up for no deficit of DRAM where no hot page fits afterwards", () => {
    const left = { quota: 0, noColdPages: 0, noFreeMemory: 0 };
    const sides = { slow: [9], dram: [0, 1, 1] };
    for (
      const [slow, quotaBytes, reason] of [
        [9, 3, { ...left, quota: 1 }],
        [2, 9, { ...left, noFreeMemory: 1 }],
      ] as const
    ) {
      const input = inputOf(sides, { slow, dram: -2 }, { hotThreshold: 2, quotaBytes });
      // The deficit counts as missing of the reserve.
      expect(movesOf(input)).toEqual({
        promote: [],
        displacing: [],
        displaced: [],
        demote: [1, 3],
      });
      expect(planOne(input).account.hotLeftBytes).toEqual(reason);
    }
    const few = inputOf({ ...sides, dram: [0, 1] }, { slow: 9, dram: -2 }, { hotThreshold: 2 });
    expect(planOne(few).account.hotLeftBytes).toEqual({ ...left, noColdPages: 1 });
  });

  test("planMoves() lets no page leave that the slow node has no room for", () => {
    const slow = [9, 9, 9, 9, 9, 9];
    const input = inputOf({}, { slow: 4, dram: -1 }, {
      classes: [pagesOf({ slow }, 1), pagesOf({ dram: [0, 0] }, 4)],
    });
    // 3 come in place of the first large page. The second one would find 3 free, and needs 4.
    expect(bytesOf(input)).toEqual({ upBytes: 3, displacedBytes: 4, demotedBytes: 0 });
    expect(planOne(input).account.hotLeftBytes.noFreeMemory).toBe(3);
  });

  test("planMoves() keeps in DRAM what need not leave to make up for a deficit", () => {
    const cold = (slow: number) =>
      inputOf({}, { slow, dram: -13 }, {
        hotThreshold: 2,
        classes: [pagesOf({ slow: [9], dram: [0, 0, 0] }, 1), pagesOf({ dram: [1] }, 16)],
      });
    // The large page is enough for both; after a small one it has no room on the slow node.
    for (const slow of [19, 16]) {
      expect(planOne(cold(slow)).steps).toMatchObject([{
        down: [{ classIndex: 1 }],
        up: [{ classIndex: 0 }],
      }]);
    }
    expect(planOne(cold(15)).account.hotLeftBytes.noFreeMemory).toBe(1);
  });

  test("planMoves() says that the quota keeps a page out when there is room but not enough quota", () => {
    const input = inputOf({}, { slow: 0, dram: 4 }, {
      quotaBytes: 3,
      classes: [pagesOf({ slow: [1] }, 4)],
    });
    expect(planOne(input).account.hotLeftBytes).toEqual({
      quota: 4,
      noColdPages: 0,
      noFreeMemory: 0,
    });
  });

  test("planMoves() keeps pools apart: free huge pages are no room for base pages", () => {
    const input: PlanInput = {
      ...inputOf({}, { slow: 0, dram: 0 }),
      classes: [pagesOf({ slow: [1] }, 1, 0), pagesOf({ slow: [1] }, 8, 1)],
      pairs: [[{ slowFreeBytes: 0, dramFreeBytes: 0 }, { slowFreeBytes: 0, dramFreeBytes: 8 }]],
    };
    const { steps, account } = planOne(input);
    expect(steps).toMatchObject([{ down: [], up: [{ classIndex: 1 }] }]);
    expect(bytesOf(input)).toEqual({ upBytes: 8, displacedBytes: 0, demotedBytes: 0 });
    expect(account.hotLeftBytes.noColdPages).toBe(1);
  });

  test("planMoves() gives every pair a quota of its own and leaves other nodes alone", () => {
    const place = [slowPlace(0), slowPlace(1), NOWHERE, slowPlace(1), dramPlace(1)];
    const input: PlanInput = {
      ...inputOf({}, { slow: 0, dram: 0 }, { quotaBytes: 1 }),
      classes: [{
        pageBytes: 1,
        pool: 0,
        heat: Uint8Array.of(1, 1, 9, 2, 9),
        place: Uint8Array.from(place),
      }],
      pairs: [
        [{ slowFreeBytes: 0, dramFreeBytes: 5 }],
        [{ slowFreeBytes: 0, dramFreeBytes: 5 }],
      ],
    };
    const moved = planMoves(input).map(({ steps }) => steps.flatMap(({ up }) => pagesIn(up)));
    expect(moved).toEqual([[0], [3]]);
  });

  test("planMoves() moves nothing when there is nothing", () => {
    expect(planMoves({ ...inputOf({}, { slow: 1, dram: 1 }), classes: [] })[0]?.steps).toEqual([]);
    expect(planMoves({ ...inputOf({}, { slow: 1, dram: 1 }), pairs: [] })).toEqual([]);
    expect(planOne(inputOf({ slow: [9] }, { slow: 1, dram: 1 }, { quotaBytes: 0 })).steps)
      .toEqual([]);
  });

  test("planMoves() refuses input that does not fit together", () => {
    const input = inputOf({ slow: [1] }, { slow: 0, dram: 0 });
    const [pages] = input.classes;
    if (pages === undefined) throw new Error("no class");
    const withClass = (change: object) => () =>
      planMoves({ ...input, classes: [{ ...pages, ...change }] });
    expect(withClass({ place: new Uint8Array(2) })).toThrow("1 heats for 2 places");
    expect(withClass({ pageBytes: 3000 })).toThrow("3000 bytes is no power of two");
    expect(withClass({ pool: 1 })).toThrow("a pair has no pool 1");
    const pairs = Array.from({ length: 128 }, () => input.pairs[0] ?? []);
    expect(() => planMoves({ ...input, pairs })).toThrow("at most 127");
  });
});
