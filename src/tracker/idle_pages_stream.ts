import { PAGE_SIZE } from "../../ffi/libc.ts";
import type { PageCounts } from "./page_counts.ts";
import type { PageRange } from "./page_range.ts";
import { PMD_PAGES, PUD_PAGES } from "./huge_page.ts";

/**
 * The byte stream of /proc/PID/idle_pages (kernel: etmem_scan): each byte is (type << 4) | pages,
 * the byte 0xA0 is followed by a big-endian address.
 */
const PTE_ACCESSED = 0;
const PMD_ACCESSED = 1;
const PUD_PRESENT = 2;
const PTE_DIRTY = 3;
const PMD_DIRTY = 4;
const PTE_IDLE = 5;
const PMD_IDLE = 6;
const PMD_IDLE_PTES = 7;
const PTE_HOLE = 8;
const PMD_HOLE = 9;
const SET_ADDRESS = 0xa0;
const SET_ADDRESS_BYTES = 9;

const DIRTY_WEIGHT = 3;
const LONGEST_RUN = 15;

/** For a byte that is a run of base pages that are present: 1 + weight; else 0. */
const BASE_PAGE_VALUE = new Uint8Array(256);
for (let run = 1; run <= LONGEST_RUN; run++) {
  BASE_PAGE_VALUE[(PTE_ACCESSED << 4) | run] = 1 + 1;
  BASE_PAGE_VALUE[(PTE_DIRTY << 4) | run] = 1 + DIRTY_WEIGHT;
  BASE_PAGE_VALUE[(PTE_IDLE << 4) | run] = 1;
}

/** How a stream ended. */
export interface StreamEnd {
  /** What is wrong with it, with the byte's place; what came before is counted. */
  readonly corrupt?: string;
}

const WELL: StreamEnd = {};

/** Where the fast loop below got to in the array it wrote. */
let reached = 0;

/**
 * Writes runs of base pages to unwritten bytes, until there are fewer than 15 left in the window or
 * another kind of byte comes. Each run of more than one page is written by stores of 16 bytes; what
 * they write behind the run is overwritten by what comes next.
 * @returns the place in the stream; `reached` is the place in the array.
 */
function writeRuns(
  stream: Uint8Array,
  from: number,
  end: number,
  array: Uint8Array,
  view: DataView,
  offset: number,
  limit: number,
): number {
  let i = from;
  let at = offset;
  const last = limit - LONGEST_RUN;
  while (i < end && at <= last) {
    const byte = stream[i]!;
    const value = BASE_PAGE_VALUE[byte]!;
    if (value === 0) break;
    const run = byte & 15;
    if (run === 1) {
      array[at] = value;
    } else {
      const four = Math.imul(value, 0x0101_0101);
      view.setInt32(at, four, true);
      view.setInt32(at + 4, four, true);
      view.setInt32(at + 8, four, true);
      view.setInt32(at + 12, four, true);
    }
    at += run;
    i++;
  }
  reached = at;
  return i;
}

/** The same for bytes that hold counts: adds, saturating at 126 accesses. */
function addRuns(
  stream: Uint8Array,
  from: number,
  end: number,
  array: Uint8Array,
  offset: number,
  limit: number,
): number {
  let i = from;
  let at = offset;
  const last = limit - LONGEST_RUN;
  while (i < end && at <= last) {
    const byte = stream[i]!;
    const value = BASE_PAGE_VALUE[byte]!;
    if (value === 0) break;
    const stop = at + (byte & 15);
    const weight = value - 1;
    for (; at < stop; at++) {
      const sum = ((array[at]! & 0x7f) || 1) + weight;
      array[at] = sum > 0x7f ? 0x7f : sum;
    }
    i++;
  }
  reached = at;
  return i;
}

/**
 * Decodes the answer of one read(2) into `counts`. Pages outside of the ranges are dropped, and so
 * are those that an answer before has told of: a huge page is reported whole even when the walk
 * began in its middle.
 * @param stream the answer in its first `length` bytes.
 * @param ranges what is scanned, ascending.
 * @param first index of the first range that may be met; those before it are behind the scan.
 */
// oxlint-disable-next-line max-lines-per-function -- millions of bytes a second: no call for each
export function decodeIdlePages(
  stream: Uint8Array,
  length: number,
  counts: PageCounts,
  ranges: readonly PageRange[],
  first: number,
): StreamEnd {
  let i = 0;
  let range = first;
  let page = Number.NaN;
  while (i < length) {
    const byte = stream[i]!;
    if (byte === SET_ADDRESS) {
      if (i + SET_ADDRESS_BYTES > length) return WELL;
      const next = readPage(stream, i + 1);
      if (!Number.isInteger(next)) return { corrupt: `byte ${i}: an address inside a page` };
      if (next < page) return { corrupt: `byte ${i}: an address below the one before` };
      page = next;
      i += SET_ADDRESS_BYTES;
      continue;
    }
    const run = byte & 15;
    if (Number.isNaN(page) || byte > SET_ADDRESS) {
      const what = Number.isNaN(page) ? "no address before it" : "no type of run";
      return { corrupt: `byte ${i} (0x${byte.toString(16)}): ${what}` };
    }
    while (range < ranges.length && ranges[range]!.to <= page) range++;
    const bounds = ranges[range];
    if (
      BASE_PAGE_VALUE[byte] !== 0 && bounds !== undefined && page >= bounds.from &&
      page >= counts.position
    ) {
      const room = Math.min(counts.window(page), bounds.to - page) | 0;
      const { array, view, offset } = counts;
      const next = counts.fresh
        ? writeRuns(stream, i, length, array, view, offset, offset + room)
        : addRuns(stream, i, length, array, offset, offset + room);
      if (next > i) {
        const pages = reached - offset;
        counts.take(pages);
        page += pages;
        i = next;
        continue;
      }
    }
    page = addRun(counts, ranges, range, page, byte >> 4, run);
    i++;
  }
  return WELL;
}

/** The page number of a big-endian address; not an integer where the address lies inside a page. */
function readPage(stream: Uint8Array, at: number): number {
  let value = 0;
  for (let k = 0; k < 8; k++) value = value * 256 + stream[at + k]!;
  return value / PAGE_SIZE;
}

/** Base pages in one unit of a type. */
function unitPages(type: number): number {
  switch (type) {
    case PMD_ACCESSED:
    case PMD_DIRTY:
    case PMD_IDLE:
    case PMD_IDLE_PTES:
    case PMD_HOLE:
      return PMD_PAGES;
    case PUD_PRESENT:
      return PUD_PAGES;
    default:
      return 1;
  }
}

/** Any run, clipped to the ranges. @returns the page behind it. */
function addRun(
  counts: PageCounts,
  ranges: readonly PageRange[],
  firstRange: number,
  page: number,
  type: number,
  run: number,
): number {
  const unit = unitPages(type);
  const end = page + run * unit;
  // A page table has no entry of a PMD or PUD at an address that is not aligned to it.
  if (type === PTE_HOLE || type === PMD_HOLE || page % unit !== 0) return end;
  const huge = type !== PTE_ACCESSED && type !== PTE_DIRTY && type !== PTE_IDLE &&
    type !== PMD_IDLE_PTES;
  for (let range = firstRange; range < ranges.length; range++) {
    const from = Math.max(page, ranges[range]!.from, counts.position);
    const to = Math.min(end, ranges[range]!.to);
    if (ranges[range]!.from >= end) break;
    if (from < to) counts.add(from, to - from, weightOf(type), huge);
  }
  return end;
}

function weightOf(type: number): number {
  switch (type) {
    case PTE_IDLE:
    case PMD_IDLE:
    case PMD_IDLE_PTES:
      return 0;
    case PTE_DIRTY:
    case PMD_DIRTY:
      return DIRTY_WEIGHT;
    default:
      return 1;
  }
}
