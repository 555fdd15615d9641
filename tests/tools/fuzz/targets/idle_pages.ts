import * as fc from "fast-check";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { decodeIdlePages } from "../../../../src/tracker/idle_pages_stream.ts";
import { PageCounts } from "../../../../src/tracker/page_counts.ts";
import type { PageRange } from "../../../../src/tracker/page_range.ts";
import { PMD_PAGES } from "../../../../src/tracker/huge_page.ts";
import {
  type Piece,
  RUN,
  type Run,
  ScanModel,
  unitPages,
} from "../../../unit/tracker/scan_model.ts";
import { setAddress } from "../../../unit/tracker/stream_encoder.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

/** High in user space, where a huge page can begin. */
const BASE = 0x7f00_0000_0000 / PAGE_SIZE;
/** Pages that are looked at: what the ranges below lie in. */
const SPAN = 16 * PMD_PAGES;
/** The VMAs that may be scanned, chosen by the first byte of an input. */
const RANGES: readonly (readonly PageRange[])[] = [
  [{ from: BASE, to: BASE + SPAN }],
  [{ from: BASE + 3, to: BASE + 40 }, { from: BASE + 41, to: BASE + 2 * PMD_PAGES + 1 }],
  [{ from: BASE + PMD_PAGES - 1, to: BASE + PMD_PAGES }, {
    from: BASE + 3 * PMD_PAGES,
    to: BASE + SPAN,
  }],
  Array.from({ length: 60 }, (_, i) => ({ from: BASE + 20 * i, to: BASE + 20 * i + 1 + i % 19 })),
];
const ADDRESS = 0xa0;
const NEXT_SCAN = 0xff;
const HUGE = new Set<number>([
  RUN.pmdAccessed,
  RUN.pudPresent,
  RUN.pmdDirty,
  RUN.pmdIdle,
  RUN.pmdIdlePtes,
]);

/**
 * The answers of the scans that an input stands for: the address after 0xa0 has two bytes in it.
 */
function streamsOf(input: Uint8Array): number[][] {
  const streams: number[][] = [[]];
  for (let i = 1; i < input.length; i++) {
    const byte = input[i]!;
    if (byte === NEXT_SCAN) streams.push([]);
    else if (byte === ADDRESS && i + 2 < input.length) {
      streams.at(-1)?.push(...setAddress(BASE + ((input[++i]! << 8) | input[++i]!) % SPAN));
    } else streams.at(-1)?.push(byte);
  }
  return streams;
}

/** What a run is to the model, to which a PUD is the PMDs in it. */
function inModel(type: number, units: number, page: number): Run {
  const unit = unitPages(type);
  // No page table has such an entry: it is dropped.
  if (HUGE.has(type) && page % unit !== 0) return { type: RUN.pteHole, units: units * unit };
  return type === RUN.pudPresent
    ? { type: RUN.pmdAccessed, units: units * (unit / PMD_PAGES) }
    : { type, units };
}

/** A stream, byte by byte in the most obvious way. */
function readStream(
  stream: readonly number[],
): { pieces: Piece[]; isCorrupt: boolean } {
  const pieces: { page: number; runs: Run[] }[] = [];
  let page = Number.NaN;
  const found = (isCorrupt: boolean) => ({ pieces, isCorrupt });
  for (let i = 0; i < stream.length;) {
    const byte = stream[i]!;
    if (byte === ADDRESS) {
      if (i + 9 > stream.length) break;
      const address = stream.slice(i + 1, i + 9).reduce((sum, next) => sum * 256 + next, 0);
      if (address % PAGE_SIZE !== 0 || address / PAGE_SIZE < page) return found(true);
      page = address / PAGE_SIZE;
      pieces.push({ page, runs: [] });
      i += 9;
      continue;
    }
    const [type, units] = [byte >> 4, byte & 15];
    if (Number.isNaN(page) || type > RUN.pmdHole) return found(true);
    const unit = unitPages(type);
    pieces.at(-1)?.runs.push(inModel(type, units, page));
    page += units * unit;
    i++;
  }
  return found(false);
}

const run = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constantFrom(0, 3, 5, 5, 8), fc.integer({ min: 1, max: 15 })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(1, 4, 6, 7, 9), fc.integer({ min: 1, max: 3 })),
  },
).map(([type, units]) => [(type << 4) | units]);
const address = fc.oneof(
  fc.nat(SPAN - 1),
  fc.nat(SPAN / PMD_PAGES - 1).map((unit) => unit * PMD_PAGES),
).map((page) => [ADDRESS, page >> 8, page & 0xff]);
const huge = fc.tuple(
  fc.nat(SPAN / PMD_PAGES - 1),
  fc.constantFrom(0x11, 0x41, 0x61, 0x71, 0x12, 0x91),
).map(
  ([unit, byte]) => [ADDRESS, (unit * PMD_PAGES) >> 8, (unit * PMD_PAGES) & 0xff, byte],
);

/**
 * decodeIdlePages() over several scans against a model that keeps a count a page.
 */
export const IDLE_PAGES: FuzzTarget = {
  name: "idle_pages",
  sources: [
    "src/tracker/idle_pages_stream.ts",
    "src/tracker/page_counts.ts",
    "src/tracker/segment_table.ts",
  ],
  inputs: fc.tuple(
    fc.nat(RANGES.length - 1),
    fc.array(
      fc.oneof(
        { weight: 8, arbitrary: run },
        { weight: 2, arbitrary: address },
        { weight: 2, arbitrary: huge },
        { weight: 1, arbitrary: fc.constant([NEXT_SCAN, ADDRESS, 0, 0]) },
      ),
      { maxLength: 40, size: "max" },
    ),
  ).map(([first, rest]) => Uint8Array.from([first, ADDRESS, 0, 0, ...rest.flat()])),
  tokens: [[ADDRESS], [NEXT_SCAN], [ADDRESS, 2, 0, 0x11], [0x5f], [0x0f, 0x3f], [0x71], [0x21], [
    0xb1,
  ]].map((bytes) => Uint8Array.from(bytes)),
  check(input) {
    const ranges = RANGES[(input[0] ?? 0) % RANGES.length] ?? [];
    const model = new ScanModel(BASE, SPAN);
    let counts = new PageCounts();
    for (const stream of streamsOf(input)) {
      const { pieces, isCorrupt } = readStream(stream);
      counts.beginScan();
      const end = decodeIdlePages(Uint8Array.from(stream), stream.length, counts, ranges, 0);
      counts.endScan();
      if ((end.corrupt !== undefined) !== isCorrupt) {
        throw new Error(`found ${end.corrupt ?? "well"}, it is ${isCorrupt ? "corrupt" : "well"}`);
      }
      model.scan(pieces, ranges);
      const wrong = model.differences(counts);
      if (wrong.length > 0) throw new Error(wrong.join("; "));
      counts.forEachPresent((page, pages) => {
        let at = page;
        for (const { from, to } of ranges) {
          if (at >= from && at < to) at = Math.min(to, page + pages);
        }
        if (at !== page + pages) throw new Error(`page ${at - BASE} is in no VMA`);
      });
      counts = PageCounts.fromData(structuredClone(counts.toData()));
    }
  },
};
