import { afterAll, describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { MovedSet } from "../../../../src/mover/moved_set.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { pageOf } from "../../../../src/procfs/pagemap.ts";
import { readProcessSizes } from "../../../../src/procfs/process_memory.ts";
import { PageCounts } from "../../../../src/tracker/page_counts.ts";
import { moveCold } from "../../../../src/engine/slide/move_cold.ts";
import type { MoveOrder, StepMoves } from "../../../../src/engine/round/scan_step.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";

const swap = TemporarySwap.make(64 * 2 ** 20);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`moveCold(): left out: ${missing}`);

const PAGES = 8 * 2 ** 20 / PAGE_SIZE;

/** How often each page of an area was used. */
type CountOf = (index: number) => number;

function countsOf(from: number, pages: number, countOf: CountOf): PageCounts {
  const counts = new PageCounts();
  for (let scan = 1; scan <= 3; scan++) {
    counts.beginScan();
    for (let i = 0; i < pages; i++) counts.add(from + i, 1, countOf(i) >= scan ? 1 : 0, false);
    counts.endScan();
  }
  return counts;
}

/** Moves pages of a target that were used so often. @returns the account, and what is in swap, by index. */
function move(
  trial: TargetProcess,
  countOf: CountOf,
  order: Omit<MoveOrder, "mover">,
): { moves: StepMoves; swapped: number[] } {
  const from = pageOf(trial.area.start);
  const pages = pageOf(trial.area.end) - from;
  const { pid, process } = trial;
  const counts = countsOf(from, pages, countOf);
  const moves = moveCold({
    request: {
      pid,
      startTicks: 0,
      tracker: "page_idle",
      selection: { kind: "swappable" },
      flags: { swapFlag: false, ignoreHost: false },
      isStale: false,
      stop: new Int32Array(1),
    },
    order: { mover: "process_madvise", ...order },
    dirFd: process.dirFd,
    pagemap: process.pagemap,
    counts,
    moved: MovedSet.fromData({ numbers: new Float64Array(0), bits: new Uint32Array(0) }),
    histogram: counts.histogram(),
    times: { vmas: 0, scan: 0, classify: 0, move: 0, verify: 0, cpu: 0 },
    errors: [],
  });
  process.pagemap.load(from, from + pages);
  const swapped = Array.from({ length: pages }, (_, i) => i)
    .filter((i) => process.pagemap.isSwapped(from + i));
  const sum = (all: ReadonlyMap<string, number>): number =>
    [...all.values()].reduce((total, n) => total + n, 0);
  expect(moves.cold).toBe(moves.asked + sum(moves.spared));
  expect(moves.asked).toBe(moves.moved + sum(moves.refused));
  return { moves, swapped };
}

describe.skipIf(missing !== undefined)("moveCold()", () => {
  test("moves pages below the threshold and no others", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const { moves, swapped } = move(trial, (i) => i % 4, { coldThreshold: 2 });
    expect(moves).toMatchObject({ present: PAGES, hot: PAGES / 2, cold: PAGES / 2 });
    expect(moves.moved).toBeGreaterThan(PAGES / 2 * 0.98);
    expect(swapped.every((i) => i % 4 < 2)).toBe(true);
  });

  test("moves the coldest first, pass by pass, when dram_percent limits it", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const { rssBytes } = readProcessSizes(trial.process.dirFd)!;
    // A third of the area is of each count, mixed; there is budget for half of the area.
    const dramPercent = Math.round(100 * (1 - 4 * 2 ** 20 / rssBytes));
    const { moves, swapped } = move(trial, (i) => (i * 7) % 3, { coldThreshold: 3, dramPercent });
    const byCount = [0, 1, 2].map((count) => swapped.filter((i) => (i * 7) % 3 === count).length);
    expect(byCount[0]).toBeGreaterThan(PAGES / 3 * 0.97);
    expect(byCount[1]).toBeGreaterThan(PAGES / 20);
    expect(byCount[2]).toBe(0);
    expect(moves.spared.get("dram_percent reached")).toBeGreaterThan(PAGES / 3);
  });

  test("lets others go in place of what the kernel refuses when dram_percent limits it", async () => {
    // The area is shared with a child: the kernel refuses it. It is the coldest there is.
    using trial = await TargetProcess.start({ hot: "none", children: 1, share: true });
    const { moves, swapped } = move(trial, (i) => (i < PAGES / 2 ? 0 : 1), {
      coldThreshold: 2,
      dramPercent: 90,
    });
    expect(swapped).toEqual([]);
    expect(moves.refused.get("shared")).toBe(PAGES);
    expect(moves.asked).toBe(PAGES);
  });

  test("moves nothing when the process is below dram_percent already", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const { moves } = move(trial, () => 0, { coldThreshold: 1, dramPercent: 100 });
    expect(moves.asked).toBe(0);
    expect(moves.spared).toEqual(new Map([["dram_percent reached", PAGES]]));
  });

  test("moves nothing when nothing is cold", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const { moves } = move(trial, () => 1, { coldThreshold: 1 });
    expect(moves).toMatchObject({ hot: PAGES, cold: 0, asked: 0, moved: 0 });
    expect(moves.present).toBe(PAGES);
  });
});
