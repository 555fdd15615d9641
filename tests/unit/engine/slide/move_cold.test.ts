import { afterAll, describe, expect, test } from "bun:test";
import { monotonicMs, PAGE_SIZE } from "../../../../ffi/libc.ts";
import { ProcessHistory } from "../../../../src/guard/process_history.ts";
import { MovedSet } from "../../../../src/mover/moved_set.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { pageOf } from "../../../../src/procfs/pagemap.ts";
import { readProcessStat } from "../../../../src/procfs/process_stat.ts";
import { readProcessSizes } from "../../../../src/procfs/process_memory.ts";
import { PageCounts } from "../../../../src/tracker/page_counts.ts";
import { PAGE_IDLE } from "../../../../src/tracker/tracker_page_idle.ts";
import { moveCold } from "../../../../src/engine/slide/move_cold.ts";
import type { MoveOrder } from "../../../../src/engine/slide/move_order.ts";
import { RoundRecord } from "../../../../src/engine/round/round_record.ts";
import type { RoundFigures } from "../../../../src/status/round_figures.ts";
import { noPhases } from "../../../../src/status/round_phases.ts";
import { accountFaults } from "../../../tools/fixtures/account_faults.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { ZeroPages } from "../../../tools/fixtures/zero_pages.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";

const swap = TemporarySwap.make(64 * 2 ** 20);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`moveCold(): left out: ${missing}`);

const BYTES = 8 * 2 ** 20;
const PAGES = BYTES / PAGE_SIZE;

/** How often each page of an area was used, or in which of three scans. */
type CountOf = (index: number) => number | readonly number[];

/** What three scans find of pages; a page that is used in some of them is used in the first. */
function scanned(
  from: number,
  pages: number,
  countOf: CountOf,
): { counts: PageCounts; history: ProcessHistory } {
  const counts = new PageCounts();
  const history = new ProcessHistory(0);
  for (let scan = 1; scan <= 3; scan++) {
    const alone = new PageCounts();
    alone.beginScan();
    for (let i = 0; i < pages; i++) {
      const uses = countOf(i);
      const isUsed = typeof uses === "number" ? uses >= scan : uses.includes(scan);
      alone.add(from + i, 1, isUsed ? 1 : 0, false);
    }
    alone.endScan();
    counts.addScan(alone);
    history.add(alone, scan * 1000, 1000, (returned) => returned);
  }
  return { counts, history };
}

/**
 * Moves pages of a target that were used so often.
 * @returns figures that add up, and what is in swap, by index.
 */
function move(
  trial: Pick<TargetProcess, "pid" | "process" | "area">,
  countOf: CountOf,
  { stallLimitPercent, ...order }: Omit<MoveOrder, "mover"> & { stallLimitPercent?: number },
): { round: RoundFigures; swapped: number[] } {
  const from = pageOf(trial.area.start);
  const pages = pageOf(trial.area.end) - from;
  const { pid, process } = trial;
  const { counts, history } = scanned(from, pages, countOf);
  const record = new RoundRecord(1);
  const gains = moveCold({
    pid,
    tid: pid,
    dirFd: process.dirFd,
    memoryId: process.memoryId,
    pagemap: process.pagemap,
    tracker: PAGE_IDLE,
    counts,
    faults: readProcessStat(process.dirFd)!.faults,
    scannedMs: monotonicMs(),
    scanCpuMs: 1,
    stallLimitPercent,
    rest: () => {},
    lookAgain: () => new PageCounts(),
    history,
    moved: MovedSet.fromData({ numbers: new Float64Array(0), bits: new Uint32Array(0) }),
    forOthers: { moved: new MovedSet(), read: new MovedSet() },
    histogram: counts.histogram(),
    leftAlone: new Map(),
    times: noPhases(),
    errors: [],
    stopped: () => false,
    keepOpen: () => {
      throw new Error("the descriptors are not needed any longer");
    },
  }, { mover: "process_madvise", ...order });
  if ("restMs" in gains) throw new Error("there is nothing to rest for");
  record.addFigures(gains.figures);
  process.pagemap.load(from, from + pages);
  const swapped = Array.from({ length: pages }, (_, i) => i)
    .filter((i) => process.pagemap.isSwapped(from + i));
  expect(accountFaults(record.status)).toEqual([]);
  return { round: record.status, swapped };
}

describe.skipIf(missing !== undefined)("moveCold()", () => {
  test("moves pages below the threshold and no others", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const { round, swapped } = move(trial, (i) => i % 4, { coldThreshold: 2 });
    expect(round).toMatchObject({
      present_bytes: BYTES,
      hot_bytes: BYTES / 2,
      cold_bytes: BYTES / 2,
    });
    expect(round.moved_bytes).toBeGreaterThan(BYTES / 2 * 0.98);
    expect(swapped.every((i) => i % 4 < 2)).toBe(true);
  });

  test("moves the coldest first, pass by pass, when dram_percent limits it", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const { rssBytes } = readProcessSizes(trial.process.dirFd)!;
    // A third of the area is of each count, mixed; there is budget for half of the area.
    const dramPercent = Math.round(100 * (1 - 4 * 2 ** 20 / rssBytes));
    const { round, swapped } = move(trial, (i) => (i * 7) % 3, { coldThreshold: 3, dramPercent });
    const byCount = [0, 1, 2].map((count) => swapped.filter((i) => (i * 7) % 3 === count).length);
    expect(byCount[0]).toBeGreaterThan(PAGES / 3 * 0.97);
    expect(byCount[1]).toBeGreaterThan(PAGES / 20);
    expect(byCount[2]).toBe(0);
    expect(round.spared).toEqual([{ reason: "dram_percent reached", bytes: expect.any(Number) }]);
    expect(round.spared[0]!.bytes).toBeGreaterThan(BYTES / 3);
  });

  test("leaves alone what was used too lately for stall_limit", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    // A quarter was used again after it had been idle for a scan, which another one is now.
    const uses = [[], [1, 3], [2], []] as const;
    const { round, swapped } = move(trial, (i) => uses[i % 4]!, {
      coldThreshold: 2,
      stallLimitPercent: 0.01,
    });
    expect(swapped.length).toBeGreaterThan(PAGES / 2 * 0.98);
    expect(swapped.every((i) => i % 4 === 0 || i % 4 === 3)).toBe(true);
    expect(round.spared).toEqual([{ reason: "too young for stall_limit", bytes: BYTES / 4 }]);
  });

  test("lets others go in place of what is spared when dram_percent limits it", async () => {
    // The area is shared with a child, and is the coldest there is.
    using trial = await TargetProcess.start({ hot: "none", children: 1, share: true });
    const { round, swapped } = move(trial, (i) => (i < PAGES / 2 ? 0 : 1), {
      coldThreshold: 2,
      dramPercent: 90,
    });
    expect(swapped).toEqual([]);
    expect(round.spared).toEqual([{ reason: "shared with other processes", bytes: BYTES }]);
    expect(round.asked_bytes).toBe(0);
  });

  test("moves nothing when the process is below dram_percent already", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const { round } = move(trial, () => 0, { coldThreshold: 1, dramPercent: 100 });
    expect(round.asked_bytes).toBe(0);
    expect(round.spared).toEqual([{ reason: "dram_percent reached", bytes: BYTES }]);
  });

  test("moves nothing when nothing is cold", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const { round } = move(trial, () => 1, { coldThreshold: 1 });
    expect(round).toMatchObject({
      hot_bytes: BYTES,
      cold_bytes: 0,
      asked_bytes: 0,
      moved_bytes: 0,
    });
    expect(round.present_bytes).toBe(BYTES);
  });

  test("takes the page of zeros for no memory, though the tracker reports it", async () => {
    using target = await ZeroPages.start();
    const area = { start: target.area, end: target.area + 4 * 2 ** 20 };
    const { opened } = target;
    const trial = { pid: opened.pid, process: opened, area };
    const { round } = move(trial, () => 0, { coldThreshold: 1 });
    // Of the first half every 16th page was written; the second may be a huge page.
    const written = 2 * 2 ** 20 / 16;
    expect(round).toMatchObject({ present_bytes: written, cold_bytes: written, spared: [] });
    expect(round.asked_bytes).toBe(written);
  });
});
