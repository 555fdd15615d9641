import { PMD_PAGES } from "./huge_page.ts";
import { INLINE_HOLE, LARGEST_CHUNK, PageBytes, type PageBytesData } from "./page_bytes.ts";
import type { PageRange } from "./page_range.ts";

/**
 * One byte for each page: 0 not present, else 1 + the number of accesses (saturated), and in bit 7
 * whether the page is part of a huge unit.
 */
const HUGE = 0x80;
/** The largest count that can be kept is one less, 126: above the largest threshold, 120. */
const COUNT_MASK = 0x7f;

/** The typed arrays of a PageCounts, to be handed to another thread. */
export interface PageCountsData extends PageBytesData {
  readonly distrusted: PageRange[];
}

/**
 * Access counts of the present pages of one address space. A scan is a pass: where `fresh` is set
 * the bytes take 1 + weight; else they hold the counts so far and are added to.
 */
export class PageCounts extends PageBytes {
  /** What a scan could not look at. */
  #distrusted: PageRange[] = [];

  static fromData(data: PageCountsData): PageCounts {
    const counts = new PageCounts();
    counts.takeOver(data);
    counts.#distrusted = data.distrusted;
    return counts;
  }

  toData(): PageCountsData {
    return { ...this.bytesData(), distrusted: this.#distrusted };
  }

  /** What a scan does not come by is not present. */
  protected override passOver(array: Uint8Array, from: number, to: number): void {
    array.fill(0, from, to);
  }

  beginScan(): void {
    this.begin();
  }

  endScan(): void {
    this.end();
    for (const { from, to } of this.#distrusted) this.#saturate(from, to);
  }

  /** Adds what one scan found. @param scan the counts of this scan alone. */
  addScan(scan: PageCounts): void {
    const distrusted = scan.#distrusted.values();
    let unseen = distrusted.next().value;
    const distrustBefore = (page: number): void => {
      for (; unseen !== undefined && unseen.from < page; unseen = distrusted.next().value) {
        this.distrust(unseen.from, unseen.to);
      }
    };
    this.beginScan();
    scan.forEachSegment((page, pages, found, from) => {
      distrustBefore(page);
      for (let done = 0; done < pages;) {
        const value = found[from + done]!;
        const isHuge = value >= HUGE;
        let end = done + 1;
        if (isHuge) { while (end < pages && found[from + end] === value) end++; }
        else while (end < pages && found[from + end]! < HUGE) end++;
        if (isHuge) this.add(page + done, end - done, (value & COUNT_MASK) - 1, true);
        else this.addEach(page + done, found, from + done, from + end);
        done = end;
      }
    });
    distrustBefore(Number.POSITIVE_INFINITY);
    this.endScan();
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
   * Counts one scan's finding for base pages in a row from `page` on.
   * @param found has from `from` to `to` for each page 0 when it is not present, else 1 + weight.
   */
  addEach(page: number, found: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to;) {
      if (found[at] === 0) {
        at++;
        continue;
      }
      const room = this.window(page + (at - from), to - at);
      let end = Math.min(to, at + room) | 0;
      if (this.fresh) {
        end = endOfRun(found, at, end);
        copyFound(this.array, this.offset, found, at, end);
      } else {
        addFound(this.array, this.offset, found, at, end);
      }
      this.take(end - at);
      at = end;
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
    const begin = Math.max(from, this.position);
    if (begin >= to) return;
    this.#distrusted.push({ from: begin, to });
    this.pass(begin);
    this.skipTo(to);
  }

  #saturate(from: number, to: number): void {
    for (let segment = 0; segment < this.segments.count; segment++) {
      const start = this.segments.startPage[segment]!;
      if (start >= to) break;
      const array = this.chunks[this.segments.chunk[segment]!]!;
      const shift = this.segments.offset[segment]! - start;
      const end = Math.min(start + this.segments.length[segment]!, to);
      for (let page = Math.max(start, from); page < end; page++) {
        const value = array[page + shift]!;
        if (value !== 0) array[page + shift] = (value & HUGE) | COUNT_MASK;
      }
    }
  }

  /**
   * Takes pages for not present that were not used and that are out, in a scan of a dry run. Of a
   * huge unit of which only a part is out, the rest counts as base pages.
   */
  hideIdle(isOut: (page: number) => boolean): void {
    this.forEachSegment((start, pages, array, from) => {
      for (let i = 0; i < pages;) {
        const value = array[from + i]!;
        if (value !== 1 && value !== (HUGE | 1)) {
          i++;
          continue;
        }
        const unit = value === 1 ? 1 : PMD_PAGES - (start + i) % PMD_PAGES;
        const end = Math.min(i + unit, pages);
        const isAnyOut = (): boolean => {
          for (let k = i; k < end; k++) if (isOut(start + k)) return true;
          return false;
        };
        if (isAnyOut()) {
          for (let k = i; k < end; k++) {
            array[from + k] = isOut(start + k) ? 0 : 1;
          }
        }
        i = end;
      }
    });
  }

  /**
   * How many pages have each count: base pages at [count], pages of huge units at [128 + count].
   */
  histogram(): Float64Array {
    const byValue = new Float64Array(256);
    for (let segment = 0; segment < this.segments.count; segment++) {
      const array = this.chunks[this.segments.chunk[segment]!]!;
      const from = this.segments.offset[segment]!;
      const to = from + this.segments.length[segment]!;
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
    for (let segment = 0; segment < this.segments.count; segment++) {
      const array = this.chunks[this.segments.chunk[segment]!]!;
      const from = this.segments.offset[segment]!;
      const length = this.segments.length[segment]!;
      const start = this.segments.startPage[segment]!;
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
    for (; cursor.segment < this.segments.count; cursor.segment++, cursor.index = 0) {
      const array = this.chunks[this.segments.chunk[cursor.segment]!]!;
      const from = this.segments.offset[cursor.segment]!;
      const length = this.segments.length[cursor.segment]!;
      const start = this.segments.startPage[cursor.segment]!;
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

/** The end of what `addEach` keeps in one segment: behind the last page before a long hole. */
function endOfRun(found: Uint8Array, from: number, to: number): number {
  let end = from + 1;
  for (let i = end; i < to && i - end <= INLINE_HOLE; i++) if (found[i] !== 0) end = i + 1;
  return end;
}

/** Copies [from, to) of what was found to `offset`. */
function copyFound(
  array: Uint8Array,
  offset: number,
  found: Uint8Array,
  from: number,
  to: number,
): void {
  const shift = offset - from;
  for (let i = from; i < to; i++) array[shift + i] = found[i]!;
}

/** Adds what was found from `from` to `to` to the counts that are at `offset` and behind it. */
function addFound(
  array: Uint8Array,
  offset: number,
  found: Uint8Array,
  from: number,
  to: number,
): void {
  const shift = offset - from;
  for (let i = from; i < to; i++) {
    const state = found[i]!;
    const sum = ((array[shift + i]! & COUNT_MASK) || 1) + state - 1;
    array[shift + i] = state === 0 ? 0 : sum > COUNT_MASK ? COUNT_MASK : sum;
  }
}
