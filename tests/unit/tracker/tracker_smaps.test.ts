import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../../ffi/libc.ts";
import { readMaps } from "../../../src/procfs/maps.ts";
import { PageCounts } from "../../../src/tracker/page_counts.ts";
import { MAX_COUNT } from "./scan_model.ts";
import { toPageRanges } from "../../../src/tracker/page_range.ts";
import type { ScanOutcome } from "../../../src/tracker/tracker.ts";
import { SMAPS } from "../../../src/tracker/tracker_smaps.ts";
import { isSwappable } from "../../../src/tracker/vma_selection.ts";
import { openDescriptors } from "../../tools/fixtures/descriptors.ts";
import type { OpenProcess } from "../../tools/fixtures/open_process.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";
import type { Reason } from "../../../src/reason/reasons.ts";

const AREA_PAGES = 8 * 2 ** 20 / PAGE_SIZE;

function scan(
  { dirFd, pagemap }: Pick<OpenProcess, "dirFd" | "pagemap">,
  counts: PageCounts | null,
  stopped = false,
): ScanOutcome {
  return SMAPS.create(undefined).scan({
    pid: process.pid,
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

/** A VMA of smaps, from one page of an area to another. */
interface Listed {
  readonly from: number;
  readonly to: number;
  /** Of 2000 kB. */
  readonly referencedKb: number;
}

/**
 * Scans a process of which smaps lists this of its area.
 * @returns how it ended, the counts, and what was written to clear_refs.
 */
function scanListed(trial: TargetProcess, listed: readonly Listed[]) {
  using folder = new ScratchFolder();
  const address = (page: number): string => (trial.area.start + page * PAGE_SIZE).toString(16);
  const text = listed.map(({ from, to, referencedKb }) =>
    `${address(from)}-${address(to)} rw-p 00000000 00:00 0\nRss: 2000 kB\n` +
    `KernelPageSize: ${PAGE_SIZE / 1024} kB\nReferenced: ${referencedKb} kB\nVmFlags: rd wr\n`
  ).join("");
  writeFileSync(folder.at("maps"), "");
  writeFileSync(folder.at("smaps"), text);
  writeFileSync(folder.at("clear_refs"), "");
  mkdirSync(folder.at("fd"));
  const dirFd = openAt(AT_FDCWD, folder.path, O_RDONLY);
  try {
    const counts = new PageCounts();
    const outcome = scan({ dirFd, pagemap: trial.process.pagemap }, counts);
    return { outcome, counts, cleared: readFileSync(folder.at("clear_refs"), "latin1") };
  } finally {
    close(dirFd);
  }
}

describe("the smaps tracker", () => {
  test("scan() takes a VMA for idle below 5 %, and counts once what is listed twice", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const { outcome, counts, cleared } = scanListed(trial, [
      { from: 0, to: 100, referencedKb: 99 },
      { from: 100, to: 200, referencedKb: 100 },
      { from: 150, to: 300, referencedKb: 2000 },
    ]);
    expect(outcome).toMatchObject({ state: "scanned", errors: [] });
    expect(area(trial, counts)).toEqual({ 0: 100, 1: 200 });
    expect(cleared).toBe("1");
  });

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
        reason: "runs a virtual machine, whose accesses smaps cannot see" as Reason,
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
    using trial = await TargetProcess.start({ hot: "none", reserveBytes: 32 * 2 ** 30 });
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
