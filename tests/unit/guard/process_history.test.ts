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
