import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { decodeIdlePages, type StreamEnd } from "../../../src/tracker/idle_pages_stream.ts";
import { PageCounts } from "../../../src/tracker/page_counts.ts";
import type { PageRange } from "../../../src/tracker/page_range.ts";
import { PMD_PAGES, PUD_PAGES } from "../../../src/tracker/huge_page.ts";
import { MAX_COUNT, type Piece, RUN, ScanModel, unitPages } from "./scan_model.ts";
import { encode, setAddress } from "./stream_encoder.ts";

/** High in user space, where a huge page can begin. */
const BASE = 0x7f00_0000_0000 / PAGE_SIZE;
const EVERYTHING: readonly PageRange[] = [{ from: 0, to: 2 ** 52 }];

/** Decodes a stream that was written by hand. */
function decode(
  bytes: readonly number[],
  ranges = EVERYTHING,
): { counts: PageCounts; end: StreamEnd } {
  const counts = new PageCounts();
  counts.beginScan();
  const end = decodeIdlePages(Uint8Array.from(bytes), bytes.length, counts, ranges, 0);
  counts.endScan();
  return { counts, end };
}

/** Every page with its count, in order. */
function pagesOf(counts: PageCounts): [page: number, pages: number, count: number][] {
  const found: [number, number, number][] = [];
  counts.walk({ segment: 0, index: 0 }, 0, MAX_COUNT + 1, (page, pages, count) => {
    found.push([page - BASE, pages, count]);
    return true;
  });
  return found;
}

interface Item {
  readonly gap: number;
  readonly isHuge: boolean;
  readonly runs: readonly { readonly type: number; readonly units: number }[];
}

const baseRuns = (longest: number): fc.Arbitrary<Item["runs"]> =>
  fc.array(
    fc.record({
      type: fc.constantFrom(RUN.pteAccessed, RUN.pteDirty, RUN.pteIdle, RUN.pteIdle, RUN.pteHole),
      units: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: longest })),
    }),
    { minLength: 1, maxLength: 12 },
  );

const hugeRuns: fc.Arbitrary<Item["runs"]> = fc.array(
  fc.record({
    type: fc.constantFrom(
      RUN.pmdAccessed,
      RUN.pmdDirty,
      RUN.pmdIdle,
      RUN.pmdIdlePtes,
      RUN.pmdHole,
    ),
    units: fc.integer({ min: 1, max: 2 }),
  }),
  { minLength: 1, maxLength: 3 },
);

const item = (longest: number): fc.Arbitrary<Item> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        gap: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 1200 })),
        isHuge: fc.constant(false),
        runs: baseRuns(longest),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        gap: fc.integer({ min: 0, max: 600 }),
        isHuge: fc.constant(true),
        runs: hugeRuns,
      }),
    },
  );

/** Lays items out one behind the other, huge ones where huge pages can be. */
function layOut(items: readonly Item[]): Piece[] {
  let page = BASE;
  return items.map(({ gap, isHuge, runs }) => {
    page += gap;
    if (isHuge) page = Math.ceil(page / PMD_PAGES) * PMD_PAGES;
    const piece = { page, runs };
    for (const { type, units } of runs) page += units * unitPages(type);
    return piece;
  });
}

/** VMAs one behind the other, some of one page. */
const ranges: fc.Arbitrary<PageRange[]> = fc.oneof(
  fc.constant<PageRange[]>([{ from: BASE, to: BASE + 2 ** 20 }]),
  fc.array(
    fc.tuple(
      fc.integer({ min: 0, max: 300 }),
      fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 3000 })),
    ),
    { minLength: 1, maxLength: 8 },
  ).map((vmas) => {
    let page = BASE;
    return vmas.map(([gap, pages]) => {
      const from = page + gap + 1;
      page = from + pages;
      return { from, to: page };
    });
  }),
);

interface Scan {
  readonly items: readonly Item[];
  readonly ranges: readonly PageRange[];
  readonly atMost: number;
}

const scans = (longest: number, items: number): fc.Arbitrary<Scan[]> =>
  ranges.chain((first) =>
    fc.array(
      fc.record({
        items: fc.array(item(longest), { maxLength: items }),
        ranges: fc.oneof({ weight: 3, arbitrary: fc.constant(first) }, {
          weight: 1,
          arbitrary: ranges,
        }),
        atMost: fc.oneof(fc.integer({ min: 19, max: 60 }), fc.constant(65536)),
      }),
      { minLength: 1, maxLength: 5 },
    )
  );

/** The page behind the last one of a scan. */
function endOf(pieces: readonly Piece[]): number {
  const last = pieces.at(-1);
  if (last === undefined) return BASE;
  return last.runs.reduce((page, { type, units }) => page + units * unitPages(type), last.page);
}

/**
 * Decodes the scans into the counts and into the model;
 * between scans the counts go to another thread.
 */
function expectAsModel(all: readonly Scan[]): void {
  let counts = new PageCounts();
  const span = Math.max(...all.map(({ items }) => endOf(layOut(items)))) - BASE;
  const model = new ScanModel(BASE, span);
  for (const scan of all) {
    const pieces = layOut(scan.items);
    counts.beginScan();
    for (const answer of encode(pieces, scan.atMost)) {
      expect(decodeIdlePages(answer, answer.length, counts, scan.ranges, 0)).toEqual({});
    }
    counts.endScan();
    model.scan(pieces, scan.ranges);
    expect(model.differences(counts)).toEqual([]);
    counts = PageCounts.fromData(structuredClone(counts.toData()));
  }
}

describe("decodeIdlePages()", () => {
  test("counts as the model does when there are several scans of changing memory", () => {
    fc.assert(fc.property(scans(200, 12), expectAsModel), { numRuns: 100 });
  });

  test("counts as the model does when runs are longer than chunks", () => {
    fc.assert(fc.property(scans(30_000, 4), expectAsModel), { numRuns: 8 });
  });

  test("gives each type its size and weight", () => {
    const huge = 2 * PMD_PAGES;
    const { counts, end } = decode([
      ...setAddress(BASE),
      0x02, // 2 accessed
      0x31, // 1 dirty
      0x53, // 3 idle
      0x81, // 1 hole
      0x51,
      ...setAddress(BASE + huge),
      0x11,
      0x41,
      0x61,
      0x91, // a hole of a PMD
      0x71, // idle base pages
    ]);
    expect(end).toEqual({});
    expect(pagesOf(counts)).toEqual([
      [0, 1, 1],
      [1, 1, 1],
      [2, 1, 3],
      [3, 1, 0],
      [4, 1, 0],
      [5, 1, 0],
      [7, 1, 0],
      [huge, PMD_PAGES, 1],
      [huge + PMD_PAGES, PMD_PAGES, 3],
      [huge + 2 * PMD_PAGES, PMD_PAGES, 0],
      ...Array.from(
        { length: PMD_PAGES },
        (_, i): [number, number, number] => [huge + 4 * PMD_PAGES + i, 1, 0],
      ),
    ]);
  });

  test("takes a PUD as present huge units", () => {
    const page = Math.ceil(BASE / PUD_PAGES) * PUD_PAGES;
    const { counts } = decode([...setAddress(page), 0x21, 0x01]);
    const found = pagesOf(counts).map(([at, pages, count]) => [at + BASE - page, pages, count]);
    expect(found.at(-1)).toEqual([PUD_PAGES, 1, 1]);
    expect(found.slice(0, -1)).toEqual(
      Array.from({ length: PUD_PAGES / PMD_PAGES }, (_, i) => [i * PMD_PAGES, PMD_PAGES, 1]),
    );
  });

  test("drops what lies outside of the ranges, behind them, and what was told before", () => {
    const vmas = [{ from: BASE + 2, to: BASE + 3 }, { from: BASE + 10, to: BASE + 11 }];
    const counts = new PageCounts();
    counts.beginScan();
    const answers = [
      [...setAddress(BASE), 0x5f, 0x5f],
      // The walk went on in the middle of a huge page.
      [...setAddress(BASE), 0x11],
    ];
    for (const answer of answers) {
      const end = decodeIdlePages(Uint8Array.from(answer), answer.length, counts, vmas, 0);
      expect(end).toEqual({});
    }
    counts.endScan();
    expect(pagesOf(counts)).toEqual([[2, 1, 0], [10, 1, 0]]);
  });

  test("takes the answer of an empty read as nothing", () => {
    const { counts, end } = decode([]);
    expect(end).toEqual({});
    expect(pagesOf(counts)).toEqual([]);
  });

  test("ignores an address that the buffer's end cuts, at every byte", () => {
    const whole = [...setAddress(BASE), 0x52, ...setAddress(BASE + 100), 0x51];
    for (let length = 0; length < whole.length; length++) {
      const { counts, end } = decode(whole.slice(0, length));
      expect(end).toEqual({});
      expect(pagesOf(counts)).toEqual(length < 10 ? [] : [[0, 1, 0], [1, 1, 0]]);
    }
  });

  test("says which byte is wrong and keeps what came before when a stream is corrupt", () => {
    const good = [...setAddress(BASE), 0x02];
    const expected = [[0, 1, 1], [1, 1, 1]];
    const commands = Array.from({ length: 15 }, (_, i) => 0xa1 + i);
    const types = Array.from({ length: 80 }, (_, i) => 0xb0 + i);
    for (const byte of [...commands, ...types]) {
      const { counts, end } = decode([...good, byte, 0x5f, 0x5f]);
      expect(end.corrupt).toBe(`byte 10 (0x${byte.toString(16)}): no type of run`);
      expect(pagesOf(counts)).toEqual(expected as [number, number, number][]);
    }
  });

  test("passes over runs of no page", () => {
    for (let type = 0; type < 10; type++) {
      const { counts, end } = decode([...setAddress(BASE), 0x02, type << 4, 0x51]);
      expect(end).toEqual({});
      expect(pagesOf(counts)).toEqual([[0, 1, 1], [1, 1, 1], [2, 1, 0]]);
    }
  });

  test("drops entries of a PMD or PUD at an address that is not aligned to it", () => {
    const entries = [[0x11, PMD_PAGES], [0x41, PMD_PAGES], [0x61, PMD_PAGES], [0x71, PMD_PAGES], [
      0x21,
      PUD_PAGES,
    ]] as const;
    for (const [byte, unit] of entries) {
      const { counts, end } = decode([
        ...setAddress(BASE + 1),
        byte,
        ...setAddress(BASE + 2 + unit),
        0x51,
      ]);
      expect(end).toEqual({});
      expect(pagesOf(counts)).toEqual([[2 + unit, 1, 0]]);
    }
  });

  test("finds a stream corrupt that does not begin with an address", () => {
    const { counts, end } = decode([0x51, ...setAddress(BASE), 0x51]);
    expect(end.corrupt).toBe("byte 0 (0x51): no address before it");
    expect(pagesOf(counts)).toEqual([]);
  });

  test("finds an address corrupt that lies inside a page or below the one before", () => {
    const inside = setAddress(BASE + 5);
    inside[8] = 1;
    const first = [...setAddress(BASE), 0x53];
    const { counts, end } = decode([...first, ...inside, 0x51]);
    expect(end.corrupt).toBe("byte 10: an address inside a page");
    expect(pagesOf(counts)).toHaveLength(3);
    const below = decode([...first, ...setAddress(BASE + 2), 0x51]);
    expect(below.end.corrupt).toBe("byte 10: an address below the one before");
    expect(pagesOf(below.counts)).toHaveLength(3);
  });

  test("never fails and never counts a page outside of the ranges, whatever the bytes are", () => {
    const bytes = fc.oneof(
      fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 }),
      fc.array(
        fc.oneof(
          fc.integer({ min: 0, max: 0x9f }).map((byte) => [byte]),
          fc.integer({ min: 0, max: 4000 }).map((page) => setAddress(BASE + page)),
        ),
        { maxLength: 30 },
      ).map((parts) => parts.flat()),
    );
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 1, maxLength: 4 }), ranges, (answers, some) => {
        const counts = new PageCounts();
        for (const answer of answers) {
          counts.beginScan();
          decodeIdlePages(Uint8Array.from(answer), answer.length, counts, some, 0);
          counts.endScan();
        }
        const isInside = (at: number): boolean =>
          some.some(({ from, to }) => at >= from && at < to);
        let last = -1;
        counts.forEachPresent((page, pages) => {
          if (page <= last) throw new Error(`page ${page} comes after page ${last}`);
          last = page + pages - 1;
          for (let at = page; at <= last; at++) {
            if (!isInside(at)) throw new Error(`page ${at} is in no range`);
          }
        });
      }),
      { numRuns: 300 },
    );
  });
});
