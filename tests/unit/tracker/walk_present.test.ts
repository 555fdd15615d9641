import { describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { KpageFlags } from "../../../src/procfs/kpageflags.ts";
import { pageOf, WINDOW_ENTRIES } from "../../../src/procfs/pagemap.ts";
import { PMD_PAGES } from "../../../src/tracker/huge_page.ts";
import type { PageRange } from "../../../src/tracker/page_range.ts";
import { walkPresent } from "../../../src/tracker/walk_present.ts";
import { readRanges } from "../../../src/tracker/vma_selection.ts";
import { hasPagemapScan } from "../../tools/fixtures/has_pagemap_scan.ts";
import { hasHugePages, startHugeTarget } from "../../tools/fixtures/huge_target.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";

if (!hasHugePages()) console.log("walkPresent(), huge pages: left out: the kernel makes none");

/** What a walk has shown. */
interface Shown {
  readonly outcome: string;
  /** Present base pages and first pages of huge pages, in the order in which they were shown. */
  readonly pages: number[];
  readonly huge: number[];
  /** Entries that were shown as base pages, present or not. */
  readonly entries: number;
}

function walk(
  { process: { pid, dirFd, pagemap } }: TargetProcess,
  ranges: readonly PageRange[],
  stopped: () => boolean = () => false,
): Shown {
  using flags = new KpageFlags();
  const selection = { kind: "swappable" } as const;
  const target = {
    pid,
    dirFd,
    pagemap,
    selection,
    flags: { swapFlag: false, ignoreHost: false },
    stopped,
  };
  const pages: number[] = [];
  const huge: number[] = [];
  let entries = 0;
  const outcome = walkPresent(target, ranges, flags, {
    huge: (page, index) => {
      expect(pagemap.isPresentAt(index)).toBe(true);
      expect(pagemap.frameAt(index)).toBe(pagemap.frame(page));
      huge.push(page);
    },
    pages: (page, from, to) => {
      entries += to - from;
      const present = pages.length;
      for (let i = from; i < to; i++) {
        const number = page + i - from;
        const isPresent = pagemap.isPresentAt(i);
        if (isPresent !== pagemap.isPresent(number)) throw new Error(`${i} is not page ${number}`);
        if (isPresent) pages.push(number);
      }
      return pages.length > present;
    },
  });
  return { outcome, pages, huge, entries };
}

/** The present pages of some ranges, as the kernel lists them. */
function presentPages({ process: { pagemap } }: TargetProcess, ranges: readonly PageRange[]) {
  const pages: number[] = [];
  for (const { from, to } of ranges) {
    pagemap.forEachPresent(from, to, () => false, (page, count) => {
      for (let i = 0; i < count; i++) pages.push(page + i);
    });
  }
  return pages;
}

function areaOf({ area }: TargetProcess): PageRange {
  return { from: pageOf(area.start), to: pageOf(area.end) };
}

describe("walkPresent()", () => {
  test("shows each present page once, in ascending order, however long the holes are", async () => {
    using trial = await TargetProcess.start({ hot: "none", reserveBytes: 2 * 2 ** 30 });
    const ranges = readRanges(trial.process.dirFd, { kind: "swappable" })!;
    const { outcome, pages, huge } = walk(trial, ranges);
    expect([outcome, huge]).toEqual(["done", []]);
    expect(pages.length).toBeGreaterThanOrEqual(8 * 2 ** 20 / PAGE_SIZE);
    expect(pages).toEqual(presentPages(trial, ranges));
  });

  test.skipIf(!hasPagemapScan())("looks at a window of entries for each island", async () => {
    using trial = await TargetProcess.start({ hot: "none", reserveBytes: 2 ** 40 });
    const ranges = readRanges(trial.process.dirFd, { kind: "swappable" })!;
    const { entries } = walk(trial, ranges);
    const { strayPages } = trial.target.processes()[0]!;
    expect(entries).toBeLessThan((ranges.length + 2 * strayPages) * WINDOW_ENTRIES);
    expect(entries).toBeLessThan(2 ** 40 / PAGE_SIZE / 16);
  });

  test.skipIf(!hasHugePages())(
    "shows huge pages whole, and parts of one as base pages",
    async () => {
      using trial = await startHugeTarget({ hot: "none" });
      const { from, to } = areaOf(trial);
      const units = Array.from({ length: (to - from) / PMD_PAGES }, (_, i) => from + i * PMD_PAGES);
      expect(walk(trial, [{ from, to }])).toMatchObject({ pages: [], huge: units });
      // A window of entries, were it not cut shorter, would end in the middle of the first one.
      expect(walk(trial, [{ from: from - WINDOW_ENTRIES + 3, to }]).huge).toEqual(units);
      const cut = { from: from + PMD_PAGES - 3, to: to - 5 };
      const { pages, huge } = walk(trial, [cut]);
      expect(huge).toEqual(units.slice(1, -1));
      const last = to - PMD_PAGES;
      expect(pages).toEqual([
        ...Array.from({ length: 3 }, (_, i) => cut.from + i),
        ...Array.from({ length: PMD_PAGES - 5 }, (_, i) => last + i),
      ]);
    },
  );

  test("stops between windows when it is told to", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const { from, to } = areaOf(trial);
    const middle = from + (to - from) / 2;
    let asked = 0;
    const halves = [{ from, to: middle }, { from: middle, to }];
    const { outcome, pages } = walk(trial, halves, () => asked++ > 0);
    expect(outcome).toBe("stopped");
    expect(pages).toEqual(Array.from({ length: middle - from }, (_, i) => from + i));
  });

  test("finds a process gone that has ended", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const area = areaOf(trial);
    await trial.end();
    expect(walk(trial, [area])).toMatchObject({ outcome: "gone", pages: [] });
  });
});
