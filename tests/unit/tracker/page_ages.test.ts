import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type AgeClass, PageAges } from "../../../src/tracker/page_ages.ts";
import { PageCounts } from "../../../src/tracker/page_counts.ts";

const BASE = 2 ** 30;

/** What one scan finds: runs of pages, used or idle, one behind the other with holes between. */
interface Found {
  readonly hole: number;
  readonly pages: number;
  readonly isUsed: boolean;
}

function scanOf(runs: readonly Found[], base = BASE): PageCounts {
  const counts = new PageCounts();
  let page = base;
  counts.beginScan();
  for (const { hole, pages, isUsed } of runs) {
    page += hole;
    counts.add(page, pages, isUsed ? 1 : 0, false);
    page += pages;
  }
  counts.endScan();
  return counts;
}

const used = (pages: number, hole = 0): Found => ({ hole, pages, isUsed: true });
const idle = (pages: number, hole = 0): Found => ({ hole, pages, isUsed: false });

function agesOf(ages: PageAges, pages: number): (number | undefined)[] {
  return Array.from({ length: pages }, (_, i) => ages.ageOf(BASE + i));
}

/** The same by a map of pages: when each was last used, and whether it was moved. */
class Model {
  readonly pages = new Map<number, { usedAt: number; isMoved: boolean }>();
  clock = 0;

  add(runs: readonly Found[], intervals: number): Map<number, AgeClass> {
    const classes = new Map<number, AgeClass>();
    const present = new Map<number, boolean>();
    let page = BASE;
    for (const run of runs) {
      page += run.hole;
      for (let i = 0; i < run.pages; i++) present.set(page++, run.isUsed);
    }
    for (const [number, { usedAt, isMoved }] of this.pages) {
      const isPresent = present.has(number);
      if (!isPresent && !isMoved) continue;
      const age = this.clock - usedAt;
      const before = classes.get(age) ?? { age, pages: 0, used: 0, returned: 0, readBack: 0 };
      classes.set(age, {
        age,
        pages: before.pages + 1,
        used: before.used + (present.get(number) === true ? 1 : 0),
        returned: before.returned + (isPresent && isMoved ? 1 : 0),
        readBack: before.readBack + (isMoved && present.get(number) === true ? 1 : 0),
      });
    }
    const earlier = this.clock;
    this.clock += intervals;
    for (const [number, { isMoved }] of this.pages) {
      if (!present.has(number) && !isMoved) this.pages.delete(number);
    }
    for (const [number, isUsed] of present) {
      const usedAt = isUsed ? this.clock : this.pages.get(number)?.usedAt ?? earlier;
      this.pages.set(number, { usedAt, isMoved: false });
    }
    return classes;
  }

  ageOf(page: number): number | undefined {
    const known = this.pages.get(page);
    return known === undefined ? undefined : this.clock - known.usedAt;
  }
}

function byAge(classes: readonly AgeClass[]): Map<number, AgeClass> {
  return new Map(classes.map((entry) => [entry.age, entry]));
}

const anyRuns = fc.array(
  fc.record({
    hole: fc.integer({ min: 0, max: 40 }),
    pages: fc.integer({ min: 1, max: 60 }),
    isUsed: fc.boolean(),
  }),
  { maxLength: 15 },
);

describe("PageAges", () => {
  test("a page that is idle grows older by the length of each window, a used one is young", () => {
    const ages = new PageAges();
    expect(ages.add(scanOf([used(1), idle(2)]), 1)).toEqual([]);
    expect(agesOf(ages, 4)).toEqual([0, 1, 1, undefined]);
    expect(ages.add(scanOf([idle(2), used(1)]), 5)).toEqual([
      { age: 0, pages: 1, used: 0, returned: 0, readBack: 0 },
      { age: 1, pages: 2, used: 1, returned: 0, readBack: 0 },
    ]);
    expect(agesOf(ages, 3)).toEqual([5, 6, 0]);
    expect(ages.population()).toEqual([
      { age: 0, pages: 1 },
      { age: 5, pages: 1 },
      { age: 6, pages: 1 },
    ]);
  });

  test("a page that was moved goes on to grow older, and its return is a use at that age", () => {
    const ages = new PageAges();
    ages.add(scanOf([idle(3)]), 1);
    ages.markMoved(BASE + 1);
    ages.markMoved(BASE + 2);
    expect(ages.isMoved(BASE + 1)).toBe(true);
    expect(ages.add(scanOf([idle(1)]), 1)).toEqual([{
      age: 1,
      pages: 3,
      used: 0,
      returned: 0,
      readBack: 0,
    }]);
    expect(agesOf(ages, 3)).toEqual([2, 2, 2]);
    // one is read by the process, the other comes along with it
    expect(ages.add(scanOf([idle(1), used(1), idle(1)]), 1)).toEqual([
      { age: 2, pages: 3, used: 1, returned: 2, readBack: 1 },
    ]);
    expect(ages.isMoved(BASE + 1)).toBe(false);
    expect(agesOf(ages, 3)).toEqual([3, 0, 3]);
  });

  test("a page that is not present and was not moved is forgotten", () => {
    const ages = new PageAges();
    ages.add(scanOf([idle(3)]), 1);
    ages.add(scanOf([idle(1), idle(1, 1)]), 1);
    expect(agesOf(ages, 3)).toEqual([2, undefined, 2]);
    ages.add(scanOf([idle(3)]), 1);
    expect(agesOf(ages, 3)).toEqual([3, 1, 3]);
  });

  test("a page that is to be forgotten counts as new", () => {
    const ages = new PageAges();
    ages.add(scanOf([idle(2)]), 1);
    ages.markMoved(BASE);
    ages.forget(BASE);
    expect(ages.add(scanOf([used(1), idle(1)]), 1)).toEqual([
      { age: 1, pages: 1, used: 0, returned: 0, readBack: 0 },
    ]);
  });

  test("keepOnly() forgets what is not mapped any more", () => {
    const ages = new PageAges();
    ages.add(scanOf([idle(10)]), 1);
    for (let i = 0; i < 10; i++) ages.markMoved(BASE + i);
    ages.keepOnly([{ from: 0, to: 5 }, { from: BASE + 2, to: BASE + 4 }, {
      from: BASE + 9,
      to: BASE + 20,
    }]);
    const known = agesOf(ages, 10).map((age) => age !== undefined);
    expect(known).toEqual([false, false, true, true, false, false, false, false, false, true]);
    ages.keepOnly([]);
    expect(ages.population()).toEqual([]);
  });

  test("tells old ages apart by a tenth, over more scans than there are generations", () => {
    const ages = new PageAges();
    const scans = 5000;
    // page i is last used in scan 2 ** i
    const lastUse = Array.from({ length: 13 }, (_, i) => 2 ** i);
    for (let scan = 1; scan <= scans; scan++) {
      ages.add(scanOf(lastUse.map((last) => scan <= last ? used(1) : idle(1))), 1);
    }
    for (const [i, last] of lastUse.entries()) {
      const age = ages.ageOf(BASE + i)!;
      expect(age).toBeLessThanOrEqual(scans - last);
      expect(age).toBeGreaterThan((scans - last) * 0.8);
    }
  });

  test("keeps two bytes a page at most, whatever comes and goes", () => {
    const ages = new PageAges();
    let page = BASE;
    for (let scan = 0; scan < 400; scan++) {
      ages.add(scanOf([idle(20_000)], page), 1);
      page += 100_000;
    }
    const { chunks } = ages.toData();
    expect(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(2 ** 22);
  });

  test("says what the model says", () => {
    const anyScans = fc.array(
      fc.record({
        runs: anyRuns,
        intervals: fc.integer({ min: 1, max: 3 }),
        moved: fc.array(fc.integer({ min: 0, max: 800 }), { maxLength: 40 }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(anyScans, (scans) => {
        let ages = new PageAges();
        const model = new Model();
        for (const { runs, intervals, moved } of scans) {
          const classes = byAge(ages.add(scanOf(runs), intervals));
          expect(classes).toEqual(model.add(runs, intervals));
          for (const page of moved) {
            ages.markMoved(BASE + page);
            const known = model.pages.get(BASE + page);
            if (known !== undefined) known.isMoved = true;
          }
          for (let page = BASE; page < BASE + 1600; page++) {
            expect(ages.ageOf(page)).toBe(model.ageOf(page));
          }
          ages = PageAges.fromData(structuredClone(ages.toData()));
        }
      }),
      { numRuns: 150 },
    );
  });
});
