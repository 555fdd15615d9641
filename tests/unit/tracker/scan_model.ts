import type { PageCounts } from "../../../src/tracker/page_counts.ts";
import type { PageRange } from "../../../src/tracker/page_range.ts";
import { PMD_PAGES, PUD_PAGES } from "../../../src/tracker/huge_page.ts";

/** The largest count that PageCounts keeps. */
export const MAX_COUNT = 126;

/** Types of runs in an answer of idle_pages, as the kernel's interface numbers them. */
export const RUN = {
  pteAccessed: 0,
  pmdAccessed: 1,
  pudPresent: 2,
  pteDirty: 3,
  pmdDirty: 4,
  pteIdle: 5,
  pmdIdle: 6,
  pmdIdlePtes: 7,
  pteHole: 8,
  pmdHole: 9,
} as const;

/** Units of one type in a row. */
export interface Run {
  readonly type: number;
  readonly units: number;
}

/** Runs that follow one another, from page number `page` on. */
export interface Piece {
  readonly page: number;
  readonly runs: readonly Run[];
}

const PMD_TYPES: ReadonlySet<number> = new Set<number>([
  RUN.pmdAccessed,
  RUN.pmdDirty,
  RUN.pmdIdle,
  RUN.pmdIdlePtes,
  RUN.pmdHole,
]);
const HUGE_TYPES: ReadonlySet<number> = new Set<number>([
  RUN.pmdAccessed,
  RUN.pudPresent,
  RUN.pmdDirty,
  RUN.pmdIdle,
]);
const WEIGHTS = new Map<number, number>([
  [RUN.pteAccessed, 1],
  [RUN.pmdAccessed, 1],
  [RUN.pudPresent, 1],
  [RUN.pteDirty, 3],
  [RUN.pmdDirty, 3],
  [RUN.pteIdle, 0],
  [RUN.pmdIdle, 0],
  [RUN.pmdIdlePtes, 0],
]);

/** Base pages in a unit of a type. */
export function unitPages(type: number): number {
  if (type === RUN.pudPresent) return PUD_PAGES;
  return PMD_TYPES.has(type) ? PMD_PAGES : 1;
}

/** States of a page besides its count. */
const HUGE = 1;
/**
 * It became part of a huge page after it was something else:
 * it may also count as used in every scan.
 */
const MIXED = 2;

const ABSENT = -1;

/**
 * What scans find, kept page by page in the most obvious way, for the pages [base, base + span).
 */
export class ScanModel {
  readonly #base: number;
  readonly #span: number;
  /** By page: accesses, or ABSENT. */
  #counts: Int16Array;
  #states: Uint8Array;
  readonly #distrusted: Uint8Array;
  /**
   * By page, for the first one of each huge unit: what was there first,
   * one whole huge page or anything else.
   */
  readonly #isWhole: Uint8Array;
  readonly #isMixed: Uint8Array;

  /** @param base where a huge page can begin. */
  constructor(base: number, span: number) {
    this.#base = base;
    this.#span = Math.ceil(span / PMD_PAGES) * PMD_PAGES;
    this.#counts = new Int16Array(this.#span).fill(ABSENT);
    this.#states = new Uint8Array(this.#span);
    this.#distrusted = new Uint8Array(this.#span);
    this.#isWhole = new Uint8Array(this.#span);
    this.#isMixed = new Uint8Array(this.#span);
  }

  #marked(
    ranges: readonly PageRange[],
    marks: Uint8Array = new Uint8Array(this.#span),
  ): Uint8Array {
    for (const { from, to } of ranges) {
      marks.fill(1, Math.max(0, from - this.#base), Math.max(0, to - this.#base));
    }
    return marks;
  }

  /**
   * One scan: `pieces` are what the kernel answers, in order; what lies outside of the ranges does
   * not count, and of what is distrusted nothing is seen.
   */
  scan(
    pieces: readonly Piece[],
    ranges: readonly PageRange[],
    distrusted: readonly PageRange[] = [],
  ): void {
    const counts = this.#counts;
    const states = this.#states;
    this.#counts = new Int16Array(this.#span).fill(ABSENT);
    this.#states = new Uint8Array(this.#span);
    const unseen = this.#marked(distrusted);
    const seen = this.#marked(ranges).map((mark, i) => mark === 1 && unseen[i] === 0 ? 1 : 0);
    for (const { page: first, runs } of pieces) {
      let page = first - this.#base;
      for (const { type, units } of runs) {
        for (let unit = 0; unit < units; unit++) {
          const weight = WEIGHTS.get(type);
          if (weight === undefined) page += unitPages(type);
          else if (HUGE_TYPES.has(type)) {
            this.#huge(page, counts, states, seen, weight);
            page += unitPages(type);
          } else {
            for (let i = 0; i < unitPages(type); i++) {
              this.#single(page++, counts, states, seen, weight);
            }
          }
        }
      }
    }
    this.#marked(distrusted, this.#distrusted);
    for (let page = 0; page < this.#span; page++) {
      if (unseen[page] === 1) {
        this.#counts[page] = counts[page]!;
        this.#states[page] = states[page]!;
      }
      const isKnown = this.#counts[page] !== ABSENT;
      if (isKnown && this.#distrusted[page] === 1) this.#counts[page] = MAX_COUNT;
    }
  }

  #single(
    page: number,
    counts: Int16Array,
    states: Uint8Array,
    seen: Uint8Array,
    weight: number,
  ): void {
    if (seen[page] !== 1) return;
    this.#isMixed[page - page % PMD_PAGES] = 1;
    this.#counts[page] = Math.min(Math.max(counts[page]!, 0) + weight, MAX_COUNT);
    this.#states[page] = states[page]! & MIXED;
  }

  #huge(
    unit: number,
    counts: Int16Array,
    states: Uint8Array,
    seen: Uint8Array,
    weight: number,
  ): void {
    const end = unit + PMD_PAGES;
    const isWhole = seen.subarray(unit, end).every((mark) => mark === 1);
    if (this.#isMixed[unit] === 0 && isWhole) this.#isWhole[unit] = 1;
    if (this.#isWhole[unit] === 0) this.#isMixed[unit] = 1;
    let most = 0;
    let mixed = this.#isMixed[unit] === 1 ? MIXED : 0;
    for (let page = unit; page < end; page++) {
      most = Math.max(most, counts[page]!);
      mixed |= states[page]! & MIXED;
    }
    for (let page = unit; page < end; page++) {
      if (seen[page] !== 1) continue;
      this.#counts[page] = isWhole ? Math.min(most + weight, MAX_COUNT) : MAX_COUNT;
      this.#states[page] = HUGE | mixed;
    }
  }

  /** What differs between the model and the counts; empty when nothing does. */
  differences(counts: PageCounts): string[] {
    const wrong: string[] = [];
    const found = new Int16Array(this.#span).fill(ABSENT);
    const units = new Uint32Array(this.#span);
    let end = 0;
    counts.walk({ segment: 0, index: 0 }, 0, MAX_COUNT + 1, (page, unit, count) => {
      const at = page - this.#base;
      if (at < end) wrong.push(`page ${at} comes after page ${end - 1}`);
      end = at + unit;
      found.fill(count, at, end);
      units.fill(unit, at, end);
      return true;
    });
    const present = new Uint8Array(this.#span);
    counts.forEachPresent((page, pages) => {
      present.fill(1, page - this.#base, page - this.#base + pages);
    });
    const histogram = new Float64Array(256);
    for (let page = 0; page < this.#span; page++) {
      const answer = found[page]!;
      const isPresent = answer !== ABSENT;
      if (isPresent !== (present[page] === 1)) wrong.push(`page ${page} is present or not`);
      const error = this.#difference(page, answer, units[page]!);
      if (error !== undefined) wrong.push(`page ${page} ${error}`);
      if (isPresent) {
        const at = (units[page] === 1 ? 0 : 128) + answer;
        histogram[at] = histogram[at]! + 1;
      }
    }
    const answer = counts.histogram();
    if (!histogram.every((pages, i) => pages === answer[i])) wrong.push("the histogram is another");
    return wrong.slice(0, 8);
  }

  #difference(page: number, answer: number, unit: number): string | undefined {
    const count = this.#counts[page]!;
    const isMixed = (this.#states[page]! & MIXED) !== 0;
    const isHuge = (this.#states[page]! & HUGE) !== 0;
    if (answer !== count && !(isMixed && answer === MAX_COUNT)) {
      return `has count ${answer}, not ${count}`;
    }
    if (count === ABSENT || isMixed || count === MAX_COUNT) return undefined;
    const expected = isHuge ? PMD_PAGES : 1;
    return unit === expected ? undefined : `is in a unit of ${unit} pages, not ${expected}`;
  }
}
