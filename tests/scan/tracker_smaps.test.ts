import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../ffi/libc.ts";
import { readMaps } from "../../src/procfs/maps.ts";
import { MAX_COUNT, PageCounts } from "../../src/scan/page_counts.ts";
import { toPageRanges } from "../../src/scan/page_range.ts";
import type { ScanOutcome } from "../../src/scan/tracker.ts";
import { SMAPS } from "../../src/scan/tracker_smaps.ts";
import { isSwappable } from "../../src/scan/vma_selection.ts";
import { openDescriptors } from "../fixtures/descriptors.ts";
import type { OpenProcess } from "../fixtures/open_process.ts";
import { ScratchFolder } from "../fixtures/scratch_folder.ts";
import { TargetProcess } from "../fixtures/target_process.ts";

const AREA_PAGES = 8 * 2 ** 20 / PAGE_SIZE;

function scan(
  { dirFd, pagemap }: Pick<OpenProcess, "dirFd" | "pagemap">,
  counts: PageCounts | null,
  stopped = false,
): ScanOutcome {
  return SMAPS.create(undefined).scan({
    dirFd,
    pagemap,
    selection: { kind: "swappable" },
    flags: { swapFlag: false, ignoreHost: false },
    stopped: () => stopped,
  }, counts);
}

/** How many pages of the target's area have each count. */
function area(trial: TargetProcess, counts: PageCounts): Record<number, number> {
  const { start, end } = trial.area;
  const found: Record<number, number> = {};
  counts.walk({ segment: 0, index: 0 }, 0, MAX_COUNT + 1, (page, pages, count) => {
    const isInside = page * PAGE_SIZE >= start && page * PAGE_SIZE < end;
    if (isInside) found[count] = (found[count] ?? 0) + pages;
    return true;
  });
  return found;
}

describe("the smaps tracker", () => {
  test("scan() finds a VMA idle of which little was used, and used of which more was", async () => {
    for (const [hot, used] of [["none", 0], ["first:64", 0], ["every:16", 1]] as const) {
      using trial = await TargetProcess.start({ hot, flush: true });
      expect(scan(trial.process, null)).toMatchObject({ state: "scanned", errors: [] });
      const counts = new PageCounts();
      for (let scans = 0; scans < 2; scans++) {
        await trial.untilTouched();
        expect(scan(trial.process, counts).state).toBe("scanned");
      }
      expect(area(trial, counts)).toEqual({ [used * 2]: AREA_PAGES });
    }
  });

  test("scan() leaves a process alone that runs a virtual machine, and says why", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    using folder = new ScratchFolder();
    mkdirSync(folder.at("fd"));
    symlinkSync("/dev/kvm", folder.at("fd/0"));
    const dirFd = openAt(AT_FDCWD, folder.path, O_RDONLY);
    try {
      // Nothing but the list of descriptors is there: whatever else were asked for would fail.
      expect(scan({ dirFd, pagemap: trial.process.pagemap }, new PageCounts())).toEqual({
        state: "unfit",
        reason: "runs a virtual machine, whose accesses smaps cannot see",
      });
    } finally {
      close(dirFd);
    }
  });

  test("scan() finds a process gone that has ended", async () => {
    using trial = await TargetProcess.start();
    await trial.end();
    expect(scan(trial.process, new PageCounts())).toEqual({ state: "gone" });
  });

  test("scan() counts what is present, in the VMAs that may be swapped, and nothing else", async () => {
    using trial = await TargetProcess.start({ hot: "none", reserveBytes: 64 * 2 ** 30 });
    const counts = new PageCounts();
    scan(trial.process, counts);
    const ranges = toPageRanges(readMaps(trial.process.dirFd)!.filter(isSwappable));
    counts.forEachPresent((page, pages) => {
      expect(ranges.some(({ from, to }) => page >= from && page + pages <= to)).toBe(true);
    });
    const strays = trial.target.processes()[0]!.strayPages;
    const present = counts.histogram().reduce((sum, pages) => sum + pages, 0);
    expect(present).toBeGreaterThanOrEqual(AREA_PAGES + strays);
    expect(present).toBeLessThan(AREA_PAGES + strays + 200);
  });

  test("scan() answers gone when the process has exited or executes another program", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    await trial.end();
    expect(scan(trial.process, new PageCounts()).state).toBe("gone");
    expect(scan(trial.process, null).state).toBe("gone");

    using other = await TargetProcess.start({ hot: "none" });
    await other.exec();
    expect(scan(other.process, new PageCounts()).state).toBe("gone");
  });

  test("scan() answers stopped when it is told to stop", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    expect(scan(trial.process, new PageCounts(), true).state).toBe("stopped");
  });

  test("scan() leaves no descriptor open", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const before = openDescriptors();
    scan(trial.process, null);
    scan(trial.process, new PageCounts());
    scan(trial.process, new PageCounts(), true);
    expect(openDescriptors()).toEqual(before);
  });
});
