import { expect, test } from "bun:test";
import { AT_FDCWD, close, monotonicMs, O_RDONLY, openAt } from "../../../../ffi/libc.ts";
import { ColdUnits } from "../../../../src/engine/slide/cold_units.ts";
import { UsedSinceScan } from "../../../../src/engine/slide/used_since_scan.ts";
import { newBatch } from "../../../../src/mover/mover.ts";
import { PageAges } from "../../../../src/tracker/page_ages.ts";
import { PageCounts } from "../../../../src/tracker/page_counts.ts";

const PAGE = 2 ** 20;
const HUGE = 512;

/** Two huge units, of which the first has so many uses. */
function countsOf(uses: number): PageCounts {
  const counts = new PageCounts();
  counts.beginScan();
  counts.add(PAGE, HUGE, uses, true);
  counts.add(PAGE + HUGE, HUGE, 0, true);
  counts.endScan();
  return counts;
}

test("a unit that was used after its batch was filled is dropped, and another stays", () => {
  const dirFd = openAt(AT_FDCWD, "/proc/self", O_RDONLY);
  try {
    const used = new UsedSinceScan({
      dirFd,
      faults: -1,
      scannedMs: monotonicMs(),
      lookAgain: () => countsOf(1),
    });
    const units = new ColdUnits({
      counts: countsOf(0),
      ages: new PageAges(),
      used,
      coldThreshold: 1,
      ageScans: 0,
      budget: undefined,
    });
    const batch = newBatch(2 * HUGE);
    batch.count = batch.pages = 0;
    units.next(batch, 1, 0);
    expect([batch.count, batch.page[0]]).toEqual([1, PAGE]);
    units.dropUsed(batch);
    expect(batch.count).toBe(1);
    expect(used.refresh()).toBeUndefined();
    units.dropUsed(batch);
    expect([batch.count, batch.pages, units.sparedUsed]).toEqual([0, 0, HUGE]);
    units.next(batch, 1, 0);
    units.dropUsed(batch);
    expect([batch.count, batch.page[0], units.sparedUsed]).toEqual([1, PAGE + HUGE, HUGE]);
  } finally {
    close(dirFd);
  }
});
