import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { AT_FDCWD, close, monotonicMs, O_RDONLY, openAt, PAGE_SIZE } from "../../../ffi/libc.ts";
import { readMaps } from "../../../src/procfs/maps.ts";
import { pageOf } from "../../../src/procfs/pagemap.ts";
import { clearRefs } from "../../../src/tracker/clear_refs.ts";
import { PMD_PAGES } from "../../../src/tracker/huge_page.ts";
import { PageCounts } from "../../../src/tracker/page_counts.ts";
import { toPageRanges } from "../../../src/tracker/page_range.ts";
import type { ScanOutcome, ScanTarget, TrackerMemory } from "../../../src/tracker/tracker.ts";
import { PAGE_IDLE } from "../../../src/tracker/tracker_page_idle.ts";
import { PAGE_TABLE } from "../../../src/tracker/tracker_page_table.ts";
import { isSwappable } from "../../../src/tracker/vma_selection.ts";
import { BpfObjects } from "../../tools/fixtures/bpf_objects.ts";
import { openDescriptors } from "../../tools/fixtures/descriptors.ts";
import { hasHugePages, startHugeTarget } from "../../tools/fixtures/huge_target.ts";
import { OpenProcess } from "../../tools/fixtures/open_process.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { runShortLives } from "../../tools/fixtures/short_lives.ts";
import type { HotLayout } from "../../tools/fixtures/target.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";
import { unlessMigrated } from "../../tools/fixtures/unless_migrated.ts";
import { MAX_COUNT } from "./scan_model.ts";

const missing = PAGE_TABLE.missing();
if (missing !== undefined) console.log(`the page_table tracker: left out: ${missing}`);
if (!hasHugePages()) console.log("huge pages: left out: the kernel makes none");

function scanProcess(
  { pid, dirFd, pagemap }: OpenProcess,
  counts: PageCounts | null,
  options: Partial<ScanTarget> = {},
): ScanOutcome {
  return PAGE_TABLE.create(undefined).scan({
    pid,
    dirFd,
    pagemap,
    selection: { kind: "swappable" },
    flags: { swapFlag: false, ignoreHost: false },
    stopped: () => false,
    ...options,
  }, counts);
}

function scan(
  trial: TargetProcess,
  counts: PageCounts | null,
  options: Partial<ScanTarget> = {},
): ScanOutcome {
  return scanProcess(trial.process, counts, options);
}

/** The count of each page of the target's area, in the order of pages; undefined: not present. */
function area(trial: TargetProcess, counts: PageCounts): (number | undefined)[] {
  const from = pageOf(trial.area.start);
  const found: (number | undefined)[] = Array.from(
    { length: pageOf(trial.area.end) - from },
    () => undefined,
  );
  counts.walk({ segment: 0, index: 0 }, 0, MAX_COUNT + 1, (page, pages, count) => {
    for (let i = page - from; i < page - from + pages; i++) if (i in found) found[i] = count;
    return true;
  });
  return found;
}

/** Processes of short_lives.c, and how long they live at most. */
const SHORT_LIVES = 150;
const LONGEST_US = 12_000;

/** Scans a process until it is gone; counts how the scans ended. */
function scanToTheEnd(opened: OpenProcess, found: { scanned: number; gone: number }): void {
  const counts = new PageCounts();
  for (let scans = 0;; scans++) {
    const { state } = scanProcess(opened, scans === 0 ? null : counts);
    if (state !== "scanned" && state !== "gone") throw new Error(`${opened.pid}: ${state}`);
    found[state]++;
    if (state === "gone") return;
  }
}

function isHot(layout: HotLayout, page: number, pages: number): boolean {
  const [kind, divisor] = layout.split(":");
  return kind === "first" ? page < pages / Number(divisor) : page % Number(divisor) === 0;
}

describe.skipIf(missing !== undefined)("the page_table tracker", () => {
  for (const hot of ["first:8", "every:2", "every:16"] as const) {
    test(`scan() tells each used page from the others: ${hot}`, () =>
      unlessMigrated(async () => {
        using trial = await TargetProcess.start({ hot });
        const counts = new PageCounts();
        expect(scan(trial, null)).toMatchObject({ state: "scanned", errors: [] });
        for (let scans = 0; scans < 2; scans++) {
          await trial.untilTouched();
          expect(scan(trial, counts)).toMatchObject({ state: "scanned", errors: [] });
        }
        const found = area(trial, counts);
        expect(found).toEqual(found.map((_, page) => isHot(hot, page, found.length) ? 2 : 0));
      }));
  }

  test.skipIf(!hasHugePages())("scan() takes a huge page as one unit", async () => {
    const hot = "every:2";
    using trial = await startHugeTarget({ hot, unitBytes: PMD_PAGES * PAGE_SIZE });
    const counts = new PageCounts();
    scan(trial, null);
    await trial.untilTouched();
    scan(trial, counts);
    const units: number[][] = [];
    counts.walk({ segment: 0, index: 0 }, 0, MAX_COUNT + 1, (page, pages, count) => {
      const unit = (page - pageOf(trial.area.start)) / PMD_PAGES;
      if (unit >= 0 && page < pageOf(trial.area.end)) units.push([unit, pages, count]);
      return true;
    });
    expect(units).toEqual([0, 1, 2, 3].map((unit) => [unit, PMD_PAGES, 1 - unit % 2]));
  });

  test("scan() clears what was used, so that it is idle in the next one", async () => {
    using trial = await TargetProcess.start({ hot: "every:2" });
    await trial.target.command("hold");
    const counts = new PageCounts();
    scan(trial, counts);
    scan(trial, counts);
    expect(Math.max(...area(trial, counts).map((count) => count ?? 0))).toBe(1);
  });

  test("scan() goes on clearing where the scan before had no time left", () =>
    unlessMigrated(async () => {
      using trial = await TargetProcess.start({ hot: "every:2" });
      await trial.target.command("hold");
      const { pid, dirFd, pagemap } = trial.process;
      const pages = pageOf(trial.area.end) - pageOf(trial.area.start);
      const left = pages / 2;
      const counts = new PageCounts();
      let memory = {
        buffers: [],
        scannedMs: monotonicMs(),
        scanCpuMs: 1,
        fromPage: pageOf(trial.area.start) + left,
      } as TrackerMemory;
      for (let scans = 0; scans < 3; scans++) {
        const tracker = PAGE_TABLE.create(memory);
        const selection = { kind: "swappable" } as const;
        const flags = { swapFlag: false, ignoreHost: false };
        const target = { pid, dirFd, pagemap, selection, flags, stopped: () => false };
        expect(tracker.scan(target, counts)).toMatchObject({ state: "scanned" });
        memory = tracker.memory();
        // There was time enough to come to the end.
        expect(memory).toMatchObject({ fromPage: 0 });
      }
      const found = area(trial, counts);
      // Used when the first scan came, and seen once more where that did not clear.
      expect(found).toEqual(found.map((_, page) => page < left ? 2 : 1));
    }));

  test("scan() clears memory of a small process that others share with it, too", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    await trial.target.fork();
    clearRefs(trial.process.dirFd);
    await trial.target.command("verify");
    const counts = new PageCounts();
    scan(trial, null);
    scan(trial, counts);
    expect(new Set(area(trial, counts))).toEqual(new Set([0]));
    expect(await trial.target.reap()).toBe(0);
  });

  test("scan() counts what is present, in the VMAs that may be swapped, and nothing else", async () => {
    using trial = await TargetProcess.start({ hot: "none", reserveBytes: 32 * 2 ** 30 });
    const counts = new PageCounts();
    scan(trial, counts);
    const ranges = toPageRanges(readMaps(trial.process.dirFd)!.filter(isSwappable));
    counts.forEachPresent((page, pages) => {
      expect(ranges.some(({ from, to }) => page >= from && page + pages <= to)).toBe(true);
    });
    const { pagemap } = trial.process;
    for (const { from, to } of ranges) {
      pagemap.forEachPresent(from, to, () => false, (page, pages) => {
        let seen = 0;
        counts.walk({ segment: 0, index: 0 }, 0, MAX_COUNT + 1, (counted) => {
          seen += Number(counted >= page && counted < page + pages);
          return true;
        });
        expect([page, seen]).toEqual([page, pages]);
      });
    }
  });

  test("scan() has a process that runs a virtual machine looked at by frames, or says why not", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    using folder = new ScratchFolder();
    mkdirSync(folder.at("fd"));
    symlinkSync("/dev/kvm", folder.at("fd/0"));
    writeFileSync(folder.at("maps"), "");
    const dirFd = openAt(AT_FDCWD, folder.path, O_RDONLY);
    try {
      const without = PAGE_IDLE.missing();
      const reason = `runs a virtual machine, whose accesses page_table cannot see: ${without}`;
      expect(scan(trial, null, { dirFd })).toMatchObject(
        without === undefined ? { state: "scanned" } : { state: "unfit", reason },
      );
    } finally {
      close(dirFd);
    }
  });

  test("scan() finds a process gone that has ended, or that executes another program", async () => {
    using ended = await TargetProcess.start();
    await ended.end();
    expect(scan(ended, new PageCounts())).toEqual({ state: "gone" });
    using another = await TargetProcess.start();
    await another.exec();
    expect(scan(another, new PageCounts())).toEqual({ state: "gone" });
  });

  test(
    "scan() of processes that end, execute and unmap meanwhile is done, or finds them gone",
    async () => {
      const objects = new BpfObjects();
      const before = openDescriptors();
      const found = { scanned: 0, gone: 0 };
      const ended = await runShortLives(SHORT_LIVES, LONGEST_US, (opened, begin) => {
        begin();
        scanToTheEnd(opened, found);
      });
      expect(ended).toEqual({ status: 0, said: "" });
      expect(openDescriptors()).toEqual(before);
      await objects.untilNone();
      expect(found.scanned).toBeGreaterThan(SHORT_LIVES / 2);
      expect(found.gone).toBe(SHORT_LIVES);
    },
    120_000,
  );

  test("scan() ends early when it is told to, and leaves no descriptor open", async () => {
    using trial = await TargetProcess.start();
    scan(trial, null);
    const before = openDescriptors();
    expect(scan(trial, null, { stopped: () => true })).toEqual({ state: "stopped" });
    expect(openDescriptors()).toEqual(before);
  });
});
