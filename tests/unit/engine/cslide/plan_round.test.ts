import { describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { POOL } from "../../../../src/engine/cslide/memory_pools.ts";
import { type PlanRequest, planRound } from "../../../../src/engine/cslide/plan_round.ts";
import { PMD_PAGES } from "../../../../src/tracker/huge_page.ts";
import { type LocatedPages, NO_NODE, UNIT } from "../../../../src/engine/cslide/located_pages.ts";
import type { Reason } from "../../../../src/reason/reasons.ts";

const HUGE_BYTES = PAGE_SIZE * PMD_PAGES;

/** Units of a process: page number, kind, heat and node of each. */
function tableOf(
  ...units: readonly (readonly [number, keyof typeof UNIT, number, number])[]
): LocatedPages {
  return {
    page: Float64Array.from(units, ([page]) => page),
    kind: Uint8Array.from(units, ([, kind]) => UNIT[kind]),
    heat: Uint8Array.from(units, ([, , heat]) => heat),
    node: Uint16Array.from(units, ([, , , node]) => node),
  };
}

/** The same where units have frames that others may have too, by the index of the unit. */
function sharing(table: LocatedPages, frames: Readonly<Record<number, number>>): LocatedPages {
  return {
    ...table,
    shared: {
      unit: Uint32Array.from(Object.keys(frames), Number),
      frame: Float64Array.from(Object.values(frames)),
    },
  };
}

function planFor(tables: readonly LocatedPages[], change: Partial<PlanRequest> = {}) {
  const room = { slowFreeBytes: 64 * HUGE_BYTES, dramFreeBytes: 64 * HUGE_BYTES };
  return planRound({
    limits: { hotThreshold: 2, quotaBytes: 2 ** 40, reserveBytes: 2 ** 40 },
    pairs: [{ slow: 2, dram: 0 }, { slow: 3, dram: 1 }],
    free: [[room, room], [room, room]],
    tables,
    held: tables.map(() => new Float64Array()),
    ...change,
  });
}

/** The pages that go each way in a pair, by process. */
function listsOf({ pairs }: ReturnType<typeof planFor>, pair: number) {
  const lists = pairs[pair]?.steps.flatMap(({ up, down }) => [
    ...up.map((list) => ({ way: "up", list })),
    ...down.map((list) => ({ way: "down", list })),
  ]) ?? [];
  return lists.map(({ way, list: { process, unitBytes, pool, hot, page } }) => {
    return { way, process, unitBytes, pool, hot, pages: Array.from(page) };
  });
}

describe("planRound()", () => {
  test("planRound() gives each process its own pages, in units of their size and pool", () => {
    const plan = planFor([
      tableOf([16, "base", 3, 2], [17, "base", 0, 0], [512, "thp", 3, 2]),
      tableOf([16, "base", 3, 2], [1024, "hugetlb", 2, 2], [1536, "hugetlb", 1, 1]),
    ]);
    const base = { unitBytes: PAGE_SIZE, pool: POOL.memory };
    expect(listsOf(plan, 0)).toEqual([
      { way: "up", process: 0, ...base, hot: true, pages: [16] },
      { way: "up", process: 1, ...base, hot: true, pages: [16] },
      { way: "up", process: 0, unitBytes: HUGE_BYTES, pool: POOL.memory, hot: true, pages: [512] },
      {
        way: "up",
        process: 1,
        unitBytes: HUGE_BYTES,
        pool: POOL.hugetlb,
        hot: true,
        pages: [1024],
      },
      { way: "down", process: 0, ...base, hot: false, pages: [17] },
    ]);
    expect(listsOf(plan, 1)).toEqual([{
      way: "down",
      process: 1,
      unitBytes: HUGE_BYTES,
      pool: POOL.hugetlb,
      hot: false,
      pages: [1536],
    }]);
  });

  test("planRound() sums up what each process has on each node, also where no pair is", () => {
    const { usage } = planFor([
      tableOf([1, "base", 2, 7], [2, "base", 1, 7], [512, "thp", 5, 0], [3, "base", 9, NO_NODE]),
      tableOf(),
    ]);
    expect(usage).toEqual([
      [
        { node: 0, hotBytes: HUGE_BYTES, coldBytes: 0, hotHugeBytes: HUGE_BYTES },
        { node: 7, hotBytes: PAGE_SIZE, coldBytes: PAGE_SIZE, hotHugeBytes: 0 },
      ],
      [],
    ]);
  });

  test("planRound() leaves alone what a cpuset keeps from the other node of its pair", () => {
    const units = [[4, "base", 3, 2], [5, "base", 0, 0], [512, "thp", 3, 3], [
      1024,
      "thp",
      0,
      1,
    ]] as const;
    const onlySlow = { ...tableOf(...units), allowedNodes: [1, 2, 3] };
    const unbound = { ...tableOf(...units), allowedNodes: [0, 1, 2, 3] };
    const plan = planFor([onlySlow, unbound]);
    const pagesOf = (pair: number) =>
      listsOf(plan, pair).map(({ way, process, pages }) => [way, process, pages]);
    expect(pagesOf(0)).toEqual([["up", 1, [4]], ["down", 0, [5]], ["down", 1, [5]]]);
    expect(pagesOf(1)).toEqual([
      ["up", 0, [512]],
      ["up", 1, [512]],
      ["down", 0, [1024]],
      ["down", 1, [1024]],
    ]);
    expect(plan.spared.map((byReason) => Array.from(byReason))).toEqual([
      [["its cpuset does not allow node 0" as Reason, PAGE_SIZE]],
      [],
    ]);
    expect(plan.usage[0]).toEqual(plan.usage[1]);
  });

  test("planRound() leaves alone what a memory policy keeps from the other node of its pair", () => {
    const units = [[4, "base", 3, 2], [5, "base", 3, 2], [6, "base", 3, 2], [9, "base", 0, 0], [
      512,
      "thp",
      3,
      3,
    ]] as const;
    const bound = [{ from: 5, to: 6, nodes: [2] }, { from: 6, to: 9, nodes: [0, 2] }, {
      from: 9,
      to: Infinity,
      nodes: [0],
    }];
    const plan = planFor([{ ...tableOf(...units), bound }]);
    expect(listsOf(plan, 0).map(({ way, pages }) => [way, pages])).toEqual([["up", [4, 6]]]);
    expect(listsOf(plan, 1)).toEqual([]);
    expect(Array.from(plan.spared[0]!)).toEqual([
      ["its memory policy does not name node 0" as Reason, PAGE_SIZE],
      ["its memory policy does not name node 2" as Reason, PAGE_SIZE],
      ["its memory policy does not name node 1" as Reason, HUGE_BYTES],
    ]);
    expect(plan.usage[0]!.find(({ node }) => node === 0)?.coldBytes).toBe(PAGE_SIZE);
  });

  test("planRound() leaves held pages alone and counts them where they are", () => {
    const plan = planFor([
      tableOf([4, "base", 3, 2], [5, "base", 3, 2], [512, "thp", 0, 0]),
      tableOf([5, "base", 3, 2]),
    ], { held: [Float64Array.of(1, 5, 6, 512, 900), new Float64Array()] });
    expect(listsOf(plan, 0).map(({ process, pages }) => [process, pages])).toEqual([
      [0, [4]],
      [1, [5]],
    ]);
    expect(plan.spared.map((byReason) => Array.from(byReason))).toEqual([
      [["kept by the kernel in an earlier round" as Reason, PAGE_SIZE + HUGE_BYTES]],
      [],
    ]);
    expect(plan.usage[0]).toEqual([
      { node: 0, hotBytes: 0, coldBytes: HUGE_BYTES, hotHugeBytes: 0 },
      { node: 2, hotBytes: 2 * PAGE_SIZE, coldBytes: 0, hotHugeBytes: 0 },
    ]);
  });

  /** What moves between the nodes of the first pair. */
  function movesOf(plan: ReturnType<typeof planFor>) {
    return listsOf(plan, 0).map(({ way, process, hot, pages }) => ({ way, process, hot, pages }));
  }

  test("planRound() plans what processes share once, and as hot as it is for the one that uses it most", () => {
    const tables = () => [
      sharing(tableOf([10, "base", 0, 0], [11, "base", 0, 0], [12, "base", 0, 0]), {
        0: 100,
        1: 101,
      }),
      sharing(tableOf([20, "base", 3, 0], [21, "base", 0, 0], [22, "base", 3, 2]), {
        0: 100,
        1: 101,
      }),
      sharing(tableOf([30, "base", 1, 0]), { 0: 100 }),
    ];
    const plan = planFor(tables());
    expect(movesOf(plan)).toEqual([
      { way: "up", process: 1, hot: true, pages: [22] },
      { way: "down", process: 0, hot: false, pages: [11, 12] },
    ]);
    expect(plan.owners).toEqual([[], [0], [0]]);
    expect(plan.spared.map((byReason) => Array.from(byReason))).toEqual([
      [],
      [["shared, and counted already" as Reason, 2 * PAGE_SIZE]],
      [["shared, and counted already" as Reason, PAGE_SIZE]],
    ]);
    const [hot, cold] = [{ hotBytes: PAGE_SIZE, coldBytes: 0 }, {
      hotBytes: 0,
      coldBytes: PAGE_SIZE,
    }];
    const node = { node: 0, hotHugeBytes: 0 };
    expect(plan.usage).toEqual([
      [{ ...node, hotBytes: PAGE_SIZE, coldBytes: 2 * PAGE_SIZE }],
      [{ ...node, hotBytes: PAGE_SIZE, coldBytes: PAGE_SIZE }, { ...node, ...hot, node: 2 }],
      [{ ...node, ...hot }],
    ]);
    expect(plan.repeated).toEqual([
      [],
      [{ ...node, hotBytes: hot.hotBytes, coldBytes: cold.coldBytes }],
      [{ ...node, ...hot }],
    ]);
    // In whichever order they come.
    expect(planFor(tables().toReversed()).pairs[0]!.account.upQuotaUsedBytes).toBe(PAGE_SIZE);
  });

  test("planRound() charges the quota once for what processes share", () => {
    const tables = Array.from({ length: 3 }, (_, i) =>
      sharing(
        tableOf([1, "base", 3, 2], [512, "thp", 3, 2], [1024, "hugetlb", 3, 2]),
        { 0: 700 + (i === 2 ? 1 : 0), 1: 1024, 2: 2048 },
      ));
    const { pairs: [pair], owners } = planFor(tables);
    expect(pair!.account.upQuotaUsedBytes).toBe(2 * PAGE_SIZE + 2 * HUGE_BYTES);
    expect(owners).toEqual([[], [0], [0]]);
  });

  test("planRound() takes base pages that map a huge page of another process for that one", () => {
    const head = 4 * PMD_PAGES;
    const plan = planFor([
      sharing(tableOf([10, "base", 0, 0], [11, "base", 5, 0], [12, "base", 0, 0]), {
        0: head,
        1: head + 7,
        // the next one is no part of it
        2: head + PMD_PAGES,
      }),
      sharing(tableOf([512, "thp", 1, 0]), { 0: head }),
    ]);
    expect(movesOf(plan)).toEqual([{ way: "down", process: 0, hot: false, pages: [12] }]);
    expect(plan.owners).toEqual([[1], []]);
    expect(plan.usage[1]).toEqual([
      { node: 0, hotBytes: HUGE_BYTES, coldBytes: 0, hotHugeBytes: HUGE_BYTES },
    ]);
  });

  test("planRound() plans what processes share for one that may have it on both nodes", () => {
    const bound = sharing(tableOf([1, "base", 3, 2], [2, "base", 3, 2]), { 0: 5 });
    const free = sharing(tableOf([9, "base", 0, 2]), { 0: 5 });
    const plan = planFor([{ ...bound, allowedNodes: [2] }, { ...free, allowedNodes: [0, 2] }]);
    expect(movesOf(plan)).toEqual([{ way: "up", process: 1, hot: true, pages: [9] }]);
    expect(plan.spared.map((byReason) => Array.from(byReason))).toEqual([
      [
        ["shared, and counted already" as Reason, PAGE_SIZE],
        ["its cpuset does not allow node 0" as Reason, PAGE_SIZE],
      ],
      [],
    ]);
  });

  test("planRound() leaves shared pages alone that the kernel kept, and one page of a process that is there twice", () => {
    const table = () => sharing(tableOf([1, "base", 3, 2], [2, "base", 3, 2]), { 0: 5, 1: 5 });
    expect(movesOf(planFor([table()]))).toEqual([{ way: "up", process: 0, hot: true, pages: [1] }]);
    const none = new Float64Array();
    expect(movesOf(planFor([table(), table()], { held: [Float64Array.of(1), none] }))).toEqual([]);
  });
});
