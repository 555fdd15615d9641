import { describe, expect, test } from "bun:test";
import { ProcessHistory } from "../../../src/guard/process_history.ts";
import { PageCounts } from "../../../src/tracker/page_counts.ts";

const PAGE = 2 ** 20;

function scanOf(pages: number, weight: number): PageCounts {
  const counts = new PageCounts();
  counts.beginScan();
  counts.add(PAGE, pages, weight, false);
  counts.endScan();
  return counts;
}

const all = (returned: number): number => returned;

describe("ProcessHistory", () => {
  test("a window counts as its length in intervals, at least one", () => {
    const history = new ProcessHistory(1000);
    history.add(scanOf(1, 0), 2000, 1000, all);
    expect(history.ages.ageOf(PAGE)).toBe(1);
    history.add(scanOf(1, 0), 12_000, 1000, all);
    expect(history.ages.ageOf(PAGE)).toBe(11);
    history.add(scanOf(1, 0), 12_100, 1000, all);
    expect(history.ages.ageOf(PAGE)).toBe(12);
  });

  test("goes on behind the scans of others, whose time counts, and whose moves can return", () => {
    const history = new ProcessHistory(0);
    history.add(scanOf(4, 0), 1000, 1000, all);
    const [idle, used, moved, read] = [PAGE, PAGE + 1, PAGE + 2, PAGE + 3];
    history.ages.markMoved(read);
    const found = new PageCounts();
    found.beginScan();
    found.add(used, 1, 1, false);
    found.endScan();
    const others = { used: found, moved: [moved], read: [read], seenMs: 6000 };
    const present = scanOf(2, 0);
    // 10 ms are no interval
    history.addBehindOthers(others, present, 6010, 1000, all);
    expect(history.ages.ageOf(idle)).toBeCloseTo(6.01, 6);
    expect(history.ages.ageOf(used)).toBeCloseTo(0.01, 6);
    expect(history.ages.isMoved(moved)).toBe(true);
    expect(history.ages.ageOf(read)).toBeUndefined();
    expect(history.guard.measured(1)).toBe(0);
    history.add(scanOf(3, 1), 7010, 1000, all);
    expect(history.guard.measured(1)).toBeGreaterThan(0);
  });

  test("is void when scans stayed away, but for what the guard has learned", () => {
    const history = new ProcessHistory(0);
    history.add(scanOf(100, 0), 1000, 1000, all);
    history.add(scanOf(100, 1), 2000, 1000, all);
    const learned = history.guard.toData();
    history.beginAnew(60_000);
    expect(history.ages.ageOf(PAGE)).toBeUndefined();
    expect(history.guard.toData()).toEqual(learned);
    history.add(scanOf(100, 0), 61_000, 1000, all);
    expect(history.ages.ageOf(PAGE)).toBe(1);
  });

  test.each([[1, 10], [0, 0], [0.5, 5]])(
    "counts as read back what may have been read (%p of what is present again)",
    (share, percent) => {
      let history = new ProcessHistory(0);
      history.add(scanOf(400, 0), 1000, 1000, all);
      for (let page = PAGE; page < PAGE + 400; page++) history.ages.markMoved(page);
      history = new ProcessHistory(0, structuredClone(history.toData()));
      history.add(scanOf(400, 1), 2000, 1000, (returned) => returned * share);
      // 400 reads of 1 ms in 4 s
      expect(history.guard.measured(1e-3)).toBeCloseTo(percent, 6);
    },
  );
});
