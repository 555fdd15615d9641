import { PageBytes, type PageBytesData } from "./page_bytes.ts";
import type { PageCounts } from "./page_counts.ts";
import type { PageRange } from "./page_range.ts";
import { SegmentTable } from "./segment_table.ts";

/**
 * One byte for each page: 0 not known, else in bits 0 to 6 the generation in which it was used
 * last, and in bit 7 whether it was moved out.
 */
const MOVED = 0x80;
const GENERATION_MASK = 0x7f;
const GENERATIONS = 128;

/** Ages up to this are told apart exactly. */
const EXACT_AGE = 32;
/** Older ones are told apart when one is at least so much larger than the other. */
const AGE_STEP = 1.1;

/** The typed arrays of PageAges, to be handed to another thread. */
export interface PageAgesData extends PageBytesData {
  readonly clock: number;
  readonly generation: number;
  readonly stamps: Float64Array<ArrayBuffer>;
}

/** Pages that were used last in the same scan. */
export interface PagesOfAge {
  /** Scans since then. */
  readonly age: number;
  /** Base pages, present or moved. */
  readonly pages: number;
  /** Of them: moved; absent: none. */
  readonly moved?: number;
}

/** What a scan found of the pages that had the same age before it. */
export interface AgeClass {
  /** Scans without a use, before this one. */
  readonly age: number;
  /** Base pages: present before and after the scan, or moved. */
  readonly pages: number;
  /** Of them: used since the scan before. */
  readonly used: number;
  /** Of them: had been moved, and are present again. */
  readonly returned: number;
  /** Of those that are present again: used since the scan before. */
  readonly readBack: number;
}

/**
 * For each page of a process, present or moved, how many scans ago it was last used. A page that
 * is not used costs no write: it keeps the generation of its last use, and a table says when that
 * was. When the generations are used up, neighbouring old ones become one.
 *
 * The clock counts intervals between scans. A page that a scan finds for the first time was new,
 * and so used, or it is known to be idle since the scan before.
 */
export class PageAges extends PageBytes {
  #clock = 0;
  /** The newest generation, which began at `#clock`. */
  #generation = 1;
  /** When each generation began, by the clock. */
  #stamps = new Float64Array(GENERATIONS);
  /** By generation before the scan that is being added: base pages. */
  readonly #pages = new Uint32Array(GENERATIONS);
  readonly #used = new Uint32Array(GENERATIONS);
  readonly #returned = new Uint32Array(GENERATIONS);
  readonly #readBack = new Uint32Array(GENERATIONS);
  /** Whether what is being added is no scan of all pages. */
  #isLook = false;
  /** Whether what was moved is present all the same: it returns when it is used. */
  #isDryRun = false;
  /** Where the page that was asked for last was found. */
  #found = 0;

  static fromData(data: PageAgesData): PageAges {
    const ages = new PageAges();
    ages.takeOver(data);
    ages.#clock = data.clock;
    ages.#generation = data.generation;
    ages.#stamps = data.stamps;
    return ages;
  }

  toData(): PageAgesData {
    return {
      ...this.bytesData(),
      clock: this.#clock,
      generation: this.#generation,
      stamps: this.#stamps,
    };
  }

  /**
   * A page that was moved stays moved while no scan finds it present. In a dry run it is present
   * until the process gives it up.
   */
  protected override passOver(array: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const byte = array[i]!;
      if ((byte < MOVED || this.#isDryRun) && !this.#isLook) array[i] = 0;
      else this.#pages[byte & GENERATION_MASK]!++;
    }
  }

  /**
   * Adds what one scan found.
   * @param scan the counts of this scan alone. @param intervals what it is about, at least 1: the
   * time since the scan before, in intervals. @param isDryRun what was moved is still present.
   * @returns the pages by the age that they had before; pages that it found for the first time are
   * not among them.
   */
  add(scan: PageCounts, intervals: number, isDryRun = false): AgeClass[] {
    this.#isLook = false;
    this.#isDryRun = isDryRun;
    return this.#add(scan, intervals);
  }

  /**
   * Adds looks that were taken while pages moved: which pages were used. Of the others it is not
   * known whether they were still present when they were moved.
   * @param intervals since the last scan, 0 and more.
   */
  addLook(look: PageCounts, intervals: number): AgeClass[] {
    this.#isLook = true;
    return this.#add(look, intervals);
  }

  #add(scan: PageCounts, intervals: number): AgeClass[] {
    if (this.#generation === GENERATIONS - 1) this.#thin();
    const before = this.#generation;
    const now = before + 1;
    for (const column of [this.#pages, this.#used, this.#returned, this.#readBack]) column.fill(0);
    this.begin();
    scan.forEachSegment((page, pages, found, from) => {
      for (let done = 0; done < pages;) {
        const n = Math.min(this.window(page + done, pages - done), pages - done) | 0;
        if (this.fresh) writeNew(this.array, this.offset, found, from + done, n, before);
        else this.#addTo(this.array, this.offset, found, from + done, n, now);
        this.take(n);
        done += n;
      }
    });
    this.end();
    const classes = this.#classes();
    this.#clock += intervals;
    this.#generation = now;
    this.#stamps[now] = this.#clock;
    return classes;
  }

  /** @param now the generation of what was used. */
  #addTo(
    array: Uint8Array,
    offset: number,
    found: Uint8Array,
    from: number,
    n: number,
    now: number,
  ): void {
    for (let i = 0; i < n; i++) {
      const byte = array[offset + i]!;
      const count = found[from + i]! & GENERATION_MASK;
      const generation = byte & GENERATION_MASK;
      const isUsed = count > 1;
      if (count === 0 || (this.#isLook && !isUsed)) {
        if ((byte < MOVED || this.#isDryRun) && !this.#isLook) array[offset + i] = 0;
        else this.#pages[generation]!++;
        continue;
      }
      if (this.#isDryRun && byte >= MOVED && !isUsed) {
        this.#pages[generation]!++;
        continue;
      }
      if (byte === 0) {
        array[offset + i] = isUsed ? now : now - 1;
        continue;
      }
      this.#pages[generation]!++;
      if (byte >= MOVED) this.#returned[generation]!++;
      if (isUsed && byte >= MOVED) this.#readBack[generation]!++;
      if (isUsed) this.#used[generation]!++;
      array[offset + i] = isUsed ? now : generation;
    }
  }

  #classes(): AgeClass[] {
    const classes: AgeClass[] = [];
    for (let g = this.#generation; g > 0; g--) {
      const pages = this.#pages[g]!;
      if (pages === 0) continue;
      classes.push({
        age: this.#clock - this.#stamps[g]!,
        pages,
        used: this.#used[g]!,
        returned: this.#returned[g]!,
        readBack: this.#readBack[g]!,
      });
    }
    return classes;
  }

  /** Base pages by age, youngest first, as the last scan and the moves since then left them. */
  population(): PagesOfAge[] {
    const byByte = new Float64Array(2 * GENERATIONS);
    this.forEachSegment((_page, length, array, from) => {
      for (let i = from; i < from + length; i++) byByte[array[i]!] = byByte[array[i]!]! + 1;
    });
    const population: PagesOfAge[] = [];
    for (let g = this.#generation; g > 0; g--) {
      const moved = byByte[MOVED | g]!;
      const pages = byByte[g]! + moved;
      if (pages === 0) continue;
      const age = this.#clock - this.#stamps[g]!;
      population.push({ age, pages, ...(moved === 0 ? {} : { moved }) });
    }
    return population;
  }

  /** Scans since a page was last used; undefined when no scan has found it. */
  ageOf(page: number): number | undefined {
    const generation = this.#byteAt(page) & GENERATION_MASK;
    return generation === 0 ? undefined : this.#clock - this.#stamps[generation]!;
  }

  /** Calls back with the pages that have been idle for at least so many scans, ascending. */
  forEachIdle(ageScans: number, visit: (page: number) => void): void {
    this.forEachSegment((page, pages, array, from) => {
      for (let i = 0; i < pages; i++) {
        const generation = array[from + i]! & GENERATION_MASK;
        if (generation !== 0 && this.#clock - this.#stamps[generation]! >= ageScans) {
          visit(page + i);
        }
      }
    });
  }

  /** Whether a page was moved and no scan has found it present since. */
  isMoved(page: number): boolean {
    return this.#byteAt(page) >= MOVED;
  }

  /** Notes that a page was moved out. */
  markMoved(page: number): void {
    const at = this.#place(page);
    if (at === undefined) return;
    const byte = at.array[at.index]!;
    if (byte !== 0) at.array[at.index] = byte | MOVED;
  }

  /** Forgets a page: when a scan finds it, it is new. */
  forget(page: number): void {
    const at = this.#place(page);
    if (at !== undefined) at.array[at.index] = 0;
  }

  /** Forgets all pages. */
  forgetAll(): void {
    this.takeOver({ chunks: [], chunkUsed: 0, segments: new SegmentTable().toData() });
    this.#found = 0;
  }

  /**
   * The first page from `page` on that was moved, or the first of all when there is none behind.
   * @returns undefined when none was moved.
   */
  nextMoved(page: number): number | undefined {
    let first: number | undefined;
    let next: number | undefined;
    this.forEachSegment((start, pages, array, from) => {
      if (next !== undefined || (first !== undefined && start + pages <= page)) return;
      for (let i = 0; i < pages; i++) {
        if (array[from + i]! < MOVED) continue;
        first ??= start + i;
        if (start + i < page) continue;
        next = start + i;
        return;
      }
    });
    return next ?? first;
  }

  /** Forgets pages that are not mapped any more. @param ranges of those that are, ascending. */
  keepOnly(ranges: readonly PageRange[]): void {
    let range = 0;
    this.forEachSegment((page, pages, array, from) => {
      const end = page + pages;
      while (range < ranges.length && ranges[range]!.to <= page) range++;
      let at = page;
      for (let i = range; at < end; i++) {
        const next = ranges[i] ?? { from: end, to: end };
        const gapEnd = Math.min(Math.max(next.from, at), end);
        array.fill(0, from + at - page, from + gapEnd - page);
        at = Math.max(at, next.to);
      }
    });
  }

  #byteAt(page: number): number {
    if (!this.#find(page)) return 0;
    const { segments } = this;
    const row = this.#found;
    const skipped = page - segments.startPage[row]!;
    return this.chunks[segments.chunk[row]!]![segments.offset[row]! + skipped]!;
  }

  /** Whether a page is in the segment `#found` or another, which is that one then. */
  #find(page: number): boolean {
    if (this.#isIn(this.#found, page)) return true;
    if (this.#isIn(this.#found + 1, page)) this.#found++;
    else this.#found = lastAtOrBefore(this.segments, page);
    return this.#isIn(this.#found, page);
  }

  #isIn(row: number, page: number): boolean {
    const { segments } = this;
    return row < segments.count && segments.startPage[row]! <= page && page < segments.end(row);
  }

  /** Where the byte of a page is. Neighbours in ascending order are found at once. */
  #place(page: number): { readonly array: Uint8Array; readonly index: number } | undefined {
    if (!this.#find(page)) return undefined;
    const { segments } = this;
    const skipped = page - segments.startPage[this.#found]!;
    return {
      array: this.chunks[segments.chunk[this.#found]!]!,
      index: segments.offset[this.#found]! + skipped,
    };
  }

  /**
   * Makes room for new generations: of old ones those stay whose ages differ by AGE_STEP, and the
   * pages of the others take the next younger one.
   */
  #thin(): void {
    const map = new Uint8Array(GENERATIONS);
    const kept: number[] = [];
    let keptAge = -1;
    for (let g = this.#generation; g > 0; g--) {
      const age = this.#clock - this.#stamps[g]!;
      if (age <= EXACT_AGE || age >= keptAge * AGE_STEP) {
        kept.push(g);
        keptAge = age;
      }
      map[g] = kept.length;
    }
    const stamps = new Float64Array(GENERATIONS);
    for (const [i, g] of kept.entries()) stamps[kept.length - i] = this.#stamps[g]!;
    for (let g = 1; g <= this.#generation; g++) map[g] = kept.length + 1 - map[g]!;
    this.#stamps = stamps;
    this.#generation = kept.length;
    this.#rebuild(map);
  }

  /** Writes all bytes anew, by generations as `map` says, and without what was forgotten. */
  #rebuild(map: Uint8Array): void {
    const old = { chunks: this.chunks, segments: this.segments };
    this.forgetAll();
    this.begin();
    for (let row = 0; row < old.segments.count; row++) {
      const array = old.chunks[old.segments.chunk[row]!]!;
      const from = old.segments.offset[row]!;
      const length = old.segments.length[row]!;
      const start = old.segments.startPage[row]!;
      for (let i = 0; i < length;) {
        if (array[from + i] === 0) {
          i++;
          continue;
        }
        let end = i;
        while (end < length && array[from + end] !== 0) end++;
        for (; i < end;) {
          const n = Math.min(this.window(start + i, end - i), end - i) | 0;
          for (let k = 0; k < n; k++) {
            const byte = array[from + i + k]!;
            this.array[this.offset + k] = (byte & MOVED) | map[byte & GENERATION_MASK]!;
          }
          this.take(n);
          i += n;
        }
      }
    }
    this.end();
  }
}

/** @param before the generation that ended with the scan before. */
function writeNew(
  array: Uint8Array,
  offset: number,
  found: Uint8Array,
  from: number,
  n: number,
  before: number,
): void {
  for (let i = 0; i < n; i++) {
    const count = found[from + i]! & GENERATION_MASK;
    array[offset + i] = count === 0 ? 0 : count > 1 ? before + 1 : before;
  }
}

/** The last row that begins at or before a page; 0 when none does. */
function lastAtOrBefore({ count, startPage }: SegmentTable, page: number): number {
  let low = 0;
  let high = count;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (startPage[middle]! <= page) low = middle;
    else high = middle;
  }
  return low;
}
