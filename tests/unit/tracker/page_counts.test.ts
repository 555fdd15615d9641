import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { PageCounts } from "../../../src/tracker/page_counts.ts";
import type { PageRange } from "../../../src/tracker/page_range.ts";
import { PMD_PAGES } from "../../../src/tracker/huge_page.ts";
import { MAX_COUNT, RUN, type Run, ScanModel } from "./scan_model.ts";

/** A page number at which a huge page can begin. */
const BASE = 1024 * PMD_PAGES;

function pagesOf(counts: PageCounts, low = 0, high = MAX_COUNT + 1): number[][] {
  const found: number[][] = [];
  counts.walk({ segment: 0, index: 0 }, low, high, (page, pages, count) => {
    found.push([page - BASE, pages, count]);
    return true;
  });
  return found;
}

function scanned(...scans: ((counts: PageCounts) => void)[]): PageCounts {
  const counts = new PageCounts();
  for (const scan of scans) {
    counts.beginScan();
    scan(counts);
    counts.endScan();
  }
  return counts;
}

/** Bytes of the arrays that it keeps. */
function sizeOf(counts: PageCounts): number {
  const { chunks, segments } = counts.toData();
  const columns = [segments.startPage, segments.length, segments.chunk, segments.offset];
  return [...chunks, ...columns].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

describe("PageCounts", () => {
  test("add() sums up over scans and saturates", () => {
    const dirty = (counts: PageCounts): void => counts.add(BASE, 2, 3, false);
    expect(pagesOf(scanned(dirty, dirty))).toEqual([[0, 1, 6], [1, 1, 6]]);
    const many = Array.from({ length: 120 }, () => dirty);
    expect(pagesOf(scanned(...many))).toEqual([[0, 1, MAX_COUNT], [1, 1, MAX_COUNT]]);
  });

  describe("addEach()", () => {
    const found = fc.array(
      fc.oneof(fc.constantFrom(0, 1, 2), fc.constantFrom(0, 1, 2).map((state) => -state)),
      { maxLength: 40 },
    ).map((states) =>
      // A negative state stands for twenty of it, so that there are long holes and long runs.
      states.flatMap((state) => state < 0 ? Array.from({ length: 20 }, () => -state) : [state])
    );

    test("counts as add() does, page by page", () => {
      fc.assert(
        fc.property(fc.array(found, { minLength: 1, maxLength: 4 }), fc.nat(3), (scans, skip) => {
          const each = scans.map((states) => (counts: PageCounts) => {
            const padded = Uint8Array.from([2, 2, 2, ...states, 2]);
            const from = Math.min(3 + skip, 3 + states.length);
            counts.addEach(BASE + from - 3, padded, from, 3 + states.length);
          });
          const one = scans.map((states) => (counts: PageCounts) => {
            for (const [i, state] of states.entries()) {
              if (i >= skip && state > 0) counts.add(BASE + i, 1, state - 1, false);
            }
          });
          expect(pagesOf(scanned(...each))).toEqual(pagesOf(scanned(...one)));
        }),
        { numRuns: 500 },
      );
    });

    test("saturates, and takes what was a huge unit apart", () => {
      const counts = scanned(
        (c) => c.add(BASE, PMD_PAGES, 1, true),
        (c) => c.addEach(BASE, Uint8Array.of(2, 1), 0, 2),
        ...Array.from(
          { length: 200 },
          () => (c: PageCounts) => c.addEach(BASE, Uint8Array.of(2, 1), 0, 2),
        ),
      );
      expect(pagesOf(counts)).toEqual([[0, 1, MAX_COUNT], [1, 1, 1]]);
    });

    test("keeps no bytes for long holes", () => {
      const sparse = new Uint8Array(PMD_PAGES);
      sparse[0] = sparse[PMD_PAGES - 1] = 1;
      const { chunkUsed } = scanned((c) => c.addEach(BASE, sparse, 0, PMD_PAGES)).toData();
      expect(chunkUsed).toBe(2);
    });
  });

  test("add() takes a huge unit to be used as often as the most used of the pages that it was", () => {
    const counts = scanned(
      (c) => {
        c.add(BASE, 1, 1, false);
        c.add(BASE + 1, PMD_PAGES - 1, 0, false);
      },
      (c) => c.add(BASE, PMD_PAGES, 0, true),
    );
    expect(pagesOf(counts)).toEqual([[0, PMD_PAGES, 1]]);
  });

  test("add() takes a huge unit as used when it was not present whole before", () => {
    const counts = scanned(
      (c) => c.add(BASE + 100, 50, 0, false),
      (c) => c.add(BASE, PMD_PAGES, 0, true),
    );
    expect(pagesOf(counts, 0, MAX_COUNT)).toEqual([]);
    expect(counts.histogram().reduce((sum, n) => sum + n, 0)).toBe(PMD_PAGES);
  });

  test("add() keeps huge units whole, wherever chunks end", () => {
    const gap = 20;
    const counts = scanned((c) => {
      for (let unit = 0; unit < 300; unit++) {
        c.add(BASE + unit * 2 * PMD_PAGES + PMD_PAGES - gap, 7, 0, false);
        c.add(BASE + (unit * 2 + 1) * PMD_PAGES, PMD_PAGES, 0, true);
      }
    });
    const huge = pagesOf(counts).filter(([, pages]) => pages === PMD_PAGES);
    expect(huge).toHaveLength(300);
    expect(pagesOf(counts, 0, 1)).toHaveLength(300 + 300 * 7);
  });

  test("endScan() forgets what a scan did not find, and starts anew when it comes back", () => {
    const counts = scanned(
      (c) => c.add(BASE, 3, 1, false),
      (c) => c.add(BASE + 1, 1, 1, false),
      (c) => c.add(BASE, 3, 1, false),
    );
    expect(pagesOf(counts)).toEqual([[0, 1, 1], [1, 1, 3], [2, 1, 1]]);
  });

  test("distrust() makes what no scan saw count as used, for good", () => {
    const all = (c: PageCounts): void => c.add(BASE, 6, 0, false);
    const counts = scanned(all, (c) => {
      c.add(BASE, 1, 0, false);
      c.distrust(BASE + 1, BASE + 4);
      c.add(BASE + 4, 2, 0, false);
    }, all);
    expect(pagesOf(counts, 0, MAX_COUNT)).toEqual([[0, 1, 0], [4, 1, 0], [5, 1, 0]]);
    expect(pagesOf(counts)).toHaveLength(6);
  });

  test("distrust() holds for pages that are found there only later", () => {
    const counts = scanned(
      (c) => c.distrust(BASE, BASE + 10),
      (c) => c.add(BASE + 5, 10, 0, false),
    );
    expect(pagesOf(counts, 0, 1).map(([page]) => page)).toEqual([10, 11, 12, 13, 14]);
  });

  test("distrust() leaves alone what the scan has counted before", () => {
    const counts = scanned((c) => {
      c.add(BASE, 4, 0, false);
      c.distrust(BASE, BASE + 2);
      c.distrust(BASE + 2, BASE + 6);
      expect(c.position).toBe(BASE + 6);
    });
    expect(pagesOf(counts, 0, 1)).toHaveLength(4);
  });

  test("counts as the model does when parts of scans are distrusted", () => {
    const step = fc.record({
      gap: fc.integer({ min: 0, max: 40 }),
      pages: fc.integer({ min: 1, max: 60 }),
      isDistrusted: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
      type: fc.constantFrom(RUN.pteAccessed, RUN.pteDirty, RUN.pteIdle),
    });
    const anyScans = fc.array(fc.array(step, { maxLength: 20 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(anyScans, (scans) => {
        let counts = new PageCounts();
        const model = new ScanModel(BASE, 20 * 100);
        for (const steps of scans) {
          const distrusted: PageRange[] = [];
          const pieces: { page: number; runs: Run[] }[] = [];
          let page = BASE;
          counts.beginScan();
          for (const { gap, pages, isDistrusted, type } of steps) {
            page += gap;
            if (isDistrusted) {
              counts.distrust(page, page + pages);
              distrusted.push({ from: page, to: page + pages });
            } else {
              counts.add(page, pages, { 0: 1, 3: 3, 5: 0 }[type], false);
              pieces.push({ page, runs: [{ type, units: pages }] });
            }
            page += pages;
          }
          counts.endScan();
          model.scan(pieces, [{ from: BASE, to: BASE + 2 ** 20 }], distrusted);
          expect(model.differences(counts)).toEqual([]);
          counts = PageCounts.fromData(structuredClone(counts.toData()));
        }
      }),
      { numRuns: 150 },
    );
  });

  test("walk() goes on where it was stopped, unit by unit", () => {
    const counts = scanned((c) => {
      c.add(BASE, 5, 0, false);
      c.add(BASE + 5, 2, 1, false);
      c.add(BASE + 100, 3, 0, false);
      c.add(BASE + PMD_PAGES, PMD_PAGES, 0, true);
    });
    const cursor = { segment: 0, index: 0 };
    const visited: number[] = [];
    let isAtEnd = false;
    while (!isAtEnd) {
      let left = 2;
      isAtEnd = counts.walk(cursor, 0, 1, (page) => {
        if (left-- === 0) return false;
        visited.push(page - BASE);
        return true;
      });
    }
    expect(visited).toEqual([0, 1, 2, 3, 4, 100, 101, 102, PMD_PAGES]);
  });

  test("toData() stays below 2 bytes a page when much is present", () => {
    const pages = 2 ** 21;
    const counts = scanned((c) => c.add(BASE, pages, 1, false));
    expect(sizeOf(counts)).toBeLessThan(2 * pages);
  });

  test("toData() follows what is present and not what lies between when memory is almost empty", () => {
    const counts = scanned((c) => {
      for (let i = 0; i < 1000; i++) c.add(BASE + i * 2 ** 18, 1, 1, false);
    });
    expect(pagesOf(counts)).toHaveLength(1000);
    expect(sizeOf(counts)).toBeLessThan(100_000);
  });
});

describe("PageCounts.addScan()", () => {
  const run = fc.record({
    gap: fc.integer({ min: 0, max: 3 * PMD_PAGES }),
    pages: fc.integer({ min: 1, max: 60 }),
    weight: fc.constantFrom(0, 1, 3),
    isHuge: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    isDistrusted: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  });
  const anyScans = fc.array(fc.array(run, { maxLength: 12 }), { minLength: 1, maxLength: 5 });

  test("counts as scans that are added to one another do", () => {
    fc.assert(
      fc.property(anyScans, (scans) => {
        const together = new PageCounts();
        const summed = new PageCounts();
        for (const runs of scans) {
          const alone = new PageCounts();
          for (const counts of [together, alone]) {
            let page = BASE;
            counts.beginScan();
            for (const { gap, pages, weight, isHuge, isDistrusted } of runs) {
              page += gap;
              if (isHuge) page = Math.ceil(page / PMD_PAGES) * PMD_PAGES;
              const size = isHuge ? PMD_PAGES : pages;
              if (isDistrusted) counts.distrust(page, page + size);
              else counts.add(page, size, weight, isHuge);
              page += size;
            }
            counts.endScan();
          }
          summed.addScan(alone);
          expect(pagesOf(summed)).toEqual(pagesOf(together));
        }
      }),
      { numRuns: 300 },
    );
  });
});
