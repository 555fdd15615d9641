import type { PageRange } from "./page_range.ts";
import { PMD_PAGES } from "./huge_page.ts";
import { SegmentTable, type SegmentTableData } from "./segment_table.ts";

/**
 * One byte for each page: 0 not present, else 1 + the number of accesses (saturated), and in bit 7
 * whether the page is part of a huge unit.
 */
const HUGE = 0x80;
/** The largest count that can be kept is one less, 126: above the largest threshold, 120. */
const COUNT_MASK = 0x7f;

const FIRST_CHUNK = 16 * 1024;
const LARGEST_CHUNK = 1024 * 1024;
/** Bytes behind a chunk's room, for stores that are wider than the run they write. */
const SLACK = 16;
/** Longest hole, in pages, that is kept inside a segment; a new segment costs about as much. */
const INLINE_HOLE = 16;

/** The typed arrays of a PageCounts, to be handed to another thread. */
export interface PageCountsData {
  readonly chunks: Uint8Array<ArrayBuffer>[];
  readonly chunkUsed: number;
  readonly segments: SegmentTableData;
  readonly distrusted: PageRange[];
}

/**
 * Access counts of the present pages of one address space, kept for what is present and not for
 * what is mapped: segments of neighbouring pages, each a range of bytes in a chunk. Pages are named
 * by page number (address / page size). Every scan goes through the address space once, in
 * ascending order, between `beginScan` and `endScan`.
 *
 * A scan asks for the place of a page with `window`, writes to `array` from `offset` on, and says
 * with `take` how many pages it wrote. Where `fresh` is set the bytes are unwritten and take 1 +
 * weight; else they hold the counts so far and are added to.
 *
 * Page numbers are doubles; what is computed from them and used as an index is made an integer
 * (`| 0`), or the engine's compiler would carry doubles through the loops that write (measured: 8
 * times slower).
 */
export class PageCounts {
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #views: DataView[] = [];
  /** Bytes used in the last chunk. */
  #chunkUsed = 0;
  #segments = new SegmentTable();
  /** What a scan could not look at. */
  #distrusted: PageRange[] = [];

  /**
   * Segments that were there when the scan began: sorted,
   * and those after them sorted among themselves.
   */
  #known = 0;
  /** The first known segment that ends behind `#position`. */
  #cursor = 0;
  /** The scan is past all pages below this one. */
  #position = 0;
  /** The segment that `window` answered with. */
  #current = -1;

  /** The answer of `window`. */
  array: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** The same bytes as `array`. */
  view: DataView = new DataView(new ArrayBuffer(0));
  offset = 0;
  fresh = false;

  static fromData(data: PageCountsData): PageCounts {
    const counts = new PageCounts();
    counts.#chunks = data.chunks;
    counts.#views = data.chunks.map((chunk) => new DataView(chunk.buffer));
    counts.#chunkUsed = data.chunkUsed;
    counts.#segments = SegmentTable.fromData(data.segments);
    counts.#distrusted = data.distrusted;
    return counts;
  }

  toData(): PageCountsData {
    return {
      chunks: this.#chunks,
      chunkUsed: this.#chunkUsed,
      segments: this.#segments.toData(),
      distrusted: this.#distrusted,
    };
  }

  beginScan(): void {
    this.#known = this.#segments.count;
    this.#cursor = 0;
    this.#position = 0;
    this.#current = -1;
  }

  /** Everything that the scan did not come by is not present. */
  endScan(): void {
    this.#pass(Number.POSITIVE_INFINITY);
    this.#segments.merge(this.#known);
    this.#known = this.#segments.count;
    for (const { from, to } of this.#distrusted) this.#saturate(from, to);
  }

  /** The first page that may still be counted in this scan. */
  get position(): number {
    return this.#position;
  }

  /** Forgets the pages between the position and `page`: the scan did not find them present. */
  #pass(page: number): void {
    let position = this.#position;
    for (; this.#cursor < this.#known; this.#cursor++) {
      const start = this.#segments.startPage[this.#cursor]!;
      const end = start + this.#segments.length[this.#cursor]!;
      if (start >= page) break;
      const from = Math.max(start, position);
      const to = Math.min(end, page);
      if (from < to) {
        const at = this.#segments.offset[this.#cursor]!;
        this.#chunks[this.#segments.chunk[this.#cursor]!]!.fill(
          0,
          at + from - start,
          at + to - start,
        );
      }
      position = Math.max(position, to);
      if (end > page) break;
    }
    this.#position = page;
  }

  /**
   * Finds the place of `page`, which is not below any page of this scan so far.
   * @param wanted pages that a new place shall have room for; it has less where known pages follow.
   * @returns how many pages, at least 1, can be written there.
   */
  window(page: number, wanted = 1): number {
    if (page > this.#position) this.#pass(page);
    while (
      this.#cursor < this.#known &&
      this.#segments.end(this.#cursor) <= page
    ) this.#cursor++;
    const next = this.#cursor < this.#known ? this.#segments.startPage[this.#cursor]! : Infinity;
    if (next <= page) return this.#existing(this.#cursor, page);
    return Math.min(this.#append(page, wanted), next - page) | 0;
  }

  #existing(segment: number, page: number): number {
    const skipped = (page - this.#segments.startPage[segment]!) | 0;
    const chunk = this.#segments.chunk[segment]!;
    this.#current = -1;
    this.fresh = false;
    this.array = this.#chunks[chunk]!;
    this.view = this.#views[chunk]!;
    this.offset = this.#segments.offset[segment]! + skipped;
    return this.#segments.length[segment]! - skipped;
  }

  /** Makes the last new segment reach `page`, or begins another. */
  #append(page: number, wanted: number): number {
    let chunk = this.#chunks.length - 1;
    const last = this.#segments.count - 1;
    if (chunk >= 0 && last >= this.#known) {
      const hole = Math.min(page - (this.#segments.end(last)), LARGEST_CHUNK) |
        0;
      const room = this.#chunks[chunk]!.length - SLACK - this.#chunkUsed;
      const mayJoin = hole === 0 || (hole <= INLINE_HOLE && this.#cursorIsBehind(page));
      if (mayJoin && hole + wanted <= room && this.#segments.chunk[last] === chunk) {
        if (hole > 0) {
          this.#chunks[chunk]!.fill(0, this.#chunkUsed, this.#chunkUsed + hole);
          this.#chunkUsed += hole;
          this.#segments.length[last] = this.#segments.length[last]! + hole;
        }
        return this.#freshWindow(last, chunk);
      }
    }
    if (chunk < 0 || this.#chunkUsed + wanted > this.#chunks[chunk]!.length - SLACK) {
      chunk = this.#addChunk();
    }
    return this.#freshWindow(this.#segments.add(page, chunk, this.#chunkUsed), chunk);
  }

  /** Whether no known segment lies between the last new one and `page`. */
  #cursorIsBehind(page: number): boolean {
    if (this.#known === 0) return true;
    const last = this.#segments.count - 1;
    const end = this.#segments.end(last);
    const before = this.#cursor - 1;
    const previousEnd = before < 0 ? -1 : this.#segments.end(before);
    return previousEnd <= end && page >= end;
  }

  #freshWindow(segment: number, chunk: number): number {
    this.#current = segment;
    this.fresh = true;
    this.array = this.#chunks[chunk]!;
    this.view = this.#views[chunk]!;
    this.offset = this.#chunkUsed;
    return this.array.length - SLACK - this.#chunkUsed;
  }

  #addChunk(): number {
    const before = this.#chunks.at(-1)?.length ?? 0;
    const room = Math.min(LARGEST_CHUNK, Math.max(FIRST_CHUNK, (before - SLACK) * 2));
    const chunk = new Uint8Array(room + SLACK);
    this.#chunkUsed = 0;
    this.#views.push(new DataView(chunk.buffer));
    return this.#chunks.push(chunk) - 1;
  }

  /** Says that `pages` of the last window were written. */
  take(pages: number): void {
    if (this.fresh) {
      this.#segments.length[this.#current] = this.#segments.length[this.#current]! + pages;
      this.#chunkUsed += pages;
    }
    this.offset += pages;
    this.#position += pages;
  }

  /** Counts one scan's finding for `pages` pages from `page` on. @param weight 0, 1 or 3. */
  add(page: number, pages: number, weight: number, huge: boolean): void {
    const end = page + pages;
    for (let at = page; at < end;) {
      const unit = huge ? PMD_PAGES - at % PMD_PAGES : LARGEST_CHUNK;
      const wanted = Math.min(end - at, unit) | 0;
      const n = Math.min(this.window(at, huge ? wanted : 1), wanted) | 0;
      const { array, offset } = this;
      if (huge && n === PMD_PAGES) this.#writeHuge(array, offset, weight);
      // Of the parts of a unit that lie apart none knows what was counted for the others.
      else if (huge) array.fill(COUNT_MASK, offset, offset + n);
      else if (this.fresh) array.fill(1 + weight, offset, offset + n);
      else addWeight(array, offset, offset + n, weight);
      this.take(n);
      at += n;
    }
  }

  /**
   * A huge unit is one thing: it was used as often as the most used of
   * the pages that it was before.
   */
  #writeHuge(array: Uint8Array, from: number, weight: number): void {
    const to = from + PMD_PAGES;
    let count = 1;
    for (let i = from; i < to && !this.fresh; i++) count = Math.max(count, array[i]! & COUNT_MASK);
    array.fill(HUGE | Math.min(count + weight, COUNT_MASK), from, to);
  }

  /**
   * A scan could not look at the pages in [from, to) that are not behind it: what was or will be
   * counted for them is no evidence that they are cold, so they count as used in every scan.
   */
  distrust(from: number, to: number): void {
    const begin = Math.max(from, this.#position);
    if (begin >= to) return;
    this.#distrusted.push({ from: begin, to });
    this.#pass(begin);
    this.#position = to;
  }

  #saturate(from: number, to: number): void {
    for (let segment = 0; segment < this.#segments.count; segment++) {
      const start = this.#segments.startPage[segment]!;
      if (start >= to) break;
      const array = this.#chunks[this.#segments.chunk[segment]!]!;
      const shift = this.#segments.offset[segment]! - start;
      const end = Math.min(start + this.#segments.length[segment]!, to);
      for (let page = Math.max(start, from); page < end; page++) {
        const value = array[page + shift]!;
        if (value !== 0) array[page + shift] = (value & HUGE) | COUNT_MASK;
      }
    }
  }

  /**
   * How many pages have each count: base pages at [count], pages of huge units at [128 + count].
   */
  histogram(): Float64Array {
    const byValue = new Float64Array(256);
    for (let segment = 0; segment < this.#segments.count; segment++) {
      const array = this.#chunks[this.#segments.chunk[segment]!]!;
      const from = this.#segments.offset[segment]!;
      const to = from + this.#segments.length[segment]!;
      for (let i = from; i < to; i++) {
        const value = array[i]!;
        byValue[value] = byValue[value]! + 1;
      }
    }
    const counts = new Float64Array(256);
    counts.set(byValue.subarray(1, 128), 0);
    counts.set(byValue.subarray(129, 256), 128);
    return counts;
  }

  /** Calls back with runs of present pages, in ascending order. */
  forEachPresent(visit: (page: number, pages: number) => void): void {
    for (let segment = 0; segment < this.#segments.count; segment++) {
      const array = this.#chunks[this.#segments.chunk[segment]!]!;
      const from = this.#segments.offset[segment]!;
      const length = this.#segments.length[segment]!;
      const start = this.#segments.startPage[segment]!;
      for (let i = 0; i < length;) {
        if (array[from + i] === 0) {
          i++;
          continue;
        }
        const first = i;
        while (i < length && array[from + i] !== 0) i++;
        visit(start + first, i - first);
      }
    }
  }

  /**
   * Walks the units (base pages, or whole huge units) whose count is in [low, high), in ascending
   * order, from `cursor` on. A huge unit is taken by its first page; one that is not there whole is
   * taken by pages.
   * @param visit gets the unit's page number, its pages and its count;
   * false stops the walk before the unit.
   * @returns whether the walk came to the end; else `cursor` says where to go on.
   */
  walk(
    cursor: WalkCursor,
    low: number,
    high: number,
    visit: (page: number, pages: number, count: number) => boolean,
  ): boolean {
    for (; cursor.segment < this.#segments.count; cursor.segment++, cursor.index = 0) {
      const array = this.#chunks[this.#segments.chunk[cursor.segment]!]!;
      const from = this.#segments.offset[cursor.segment]!;
      const length = this.#segments.length[cursor.segment]!;
      const start = this.#segments.startPage[cursor.segment]!;
      while (cursor.index < length) {
        const value = array[from + cursor.index]!;
        const count = (value & COUNT_MASK) - 1;
        if (count < low || count >= high) {
          cursor.index++;
          continue;
        }
        const page = start + cursor.index;
        const isWhole = value >= HUGE && page % PMD_PAGES === 0 &&
          cursor.index + PMD_PAGES <= length &&
          array[from + cursor.index + PMD_PAGES - 1] === value;
        const pages = isWhole ? PMD_PAGES : 1;
        if (!visit(page, pages, count)) return false;
        cursor.index += pages;
      }
    }
    return true;
  }
}

/** Where a walk through the counts stands. */
export interface WalkCursor {
  segment: number;
  index: number;
}

/**
 * Adds a weight to the counts of base pages in [from, to); what was
 * not present begins with the weight.
 */
function addWeight(array: Uint8Array, from: number, to: number, weight: number): void {
  for (let i = from; i < to; i++) {
    const sum = ((array[i]! & COUNT_MASK) || 1) + weight;
    array[i] = sum > COUNT_MASK ? COUNT_MASK : sum;
  }
}
