import { afterAll, describe, expect, test } from "bun:test";
import { SwapInTime } from "../../../src/guard/swap_in_time.ts";
import { PROCESS_MADVISE } from "../../../src/mover/mover_process_madvise.ts";
import { HeldAddressSpace } from "../../../src/procfs/held_address_space.ts";
import { pageOf } from "../../../src/procfs/pagemap.ts";
import { newBatch } from "../../../src/mover/mover.ts";
import { PageAges } from "../../../src/tracker/page_ages.ts";
import { PageCounts } from "../../../src/tracker/page_counts.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../../tools/fixtures/temporary_swap.ts";

const swap = TemporarySwap.make(64 * 2 ** 20);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`SwapInTime.measure(): left out: ${missing}`);

/** All pages of a target as ages have them when they were moved. */
function movedAges(from: number, pages: number): PageAges {
  const counts = new PageCounts();
  counts.beginScan();
  counts.add(from, pages, 0, false);
  counts.endScan();
  const ages = new PageAges();
  ages.add(counts, 1);
  for (let page = from; page < from + pages; page++) ages.markMoved(page);
  return ages;
}

describe("SwapInTime", () => {
  test("comes close to what is measured, and a reader that had to wait counts little", () => {
    const time = new SwapInTime({ seconds: 10e-6, measuredMs: 0, page: 0 });
    time.add(1);
    expect(time.seconds).toBeCloseTo(10e-6 * (1 + 3 / 8), 9);
    for (let i = 0; i < 100; i++) time.add(100e-6);
    expect(time.seconds).toBeCloseTo(100e-6, 6);
  });

  test("expects a time before anything is measured, and is the same in another thread", () => {
    const time = new SwapInTime();
    expect(time.seconds).toBeGreaterThanOrEqual(10e-6);
    expect(new SwapInTime(structuredClone(time.toData())).toData()).toEqual(time.toData());
  });

  test.skipIf(missing !== undefined)("reads one moved page a second, and forgets it", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const { pid, process: { dirFd, memoryId, pagemap } } = trial;
    const from = pageOf(trial.area.start);
    const pages = pageOf(trial.area.end) - from;
    const batch = newBatch(pages);
    for (let i = 0; i < pages; i++) batch.page[i] = from + i;
    batch.size.fill(1);
    batch.count = batch.pages = pages;
    {
      using mover = PROCESS_MADVISE.open({
        pid,
        dirFd,
        space: new HeldAddressSpace(dirFd, pagemap, memoryId),
      });
      mover.pageOut(batch);
    }
    const isSwapped = (page: number): boolean => {
      pagemap.forget();
      return pagemap.load(page, page + 1) === 1 && pagemap.isSwapped(page);
    };
    const swapped = (): number[] => Array.from(batch.page.subarray(0, pages)).filter(isSwapped);
    const before = swapped();
    expect(before.length).toBeGreaterThan(pages * 0.9);
    const ages = movedAges(from, pages);
    const time = new SwapInTime({ seconds: 1, measuredMs: -Infinity, page: before[0]! });
    const read: number[] = [];
    const measure = (): void => time.measure(pid, ages, isSwapped, (page) => read.push(page));
    measure();
    measure();
    expect(read).toEqual([before[0]!]);
    expect(swapped().length).toBe(before.length - 1);
    expect(ages.ageOf(before[0]!)).toBeUndefined();
    expect(time.seconds).toBeLessThan(1);
  });

  test("reads nothing where nothing was moved or the process is gone", () => {
    const time = new SwapInTime({ seconds: 1e-3, measuredMs: -Infinity, page: 0 });
    const refuse = (): never => {
      throw new Error("there is no page to forget");
    };
    time.measure(process.pid, new PageAges(), () => true, refuse);
    time.measure(2 ** 22 + 1, movedAges(16, 4), () => true, refuse);
    expect(time.seconds).toBe(1e-3);
  });
});
