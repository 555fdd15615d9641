import { LARGEST_BATCH_PAGES } from "../../mover/page_out.ts";
import type { PageBatch } from "../../mover/mover.ts";
import type { PageAges } from "../../tracker/page_ages.ts";
import type { PageCounts, WalkCursor } from "../../tracker/page_counts.ts";
import type { UsedSinceScan } from "./used_since_scan.ts";

/** Which units are cold, and which of them go. */
export interface ColdUnitsOrder {
  readonly counts: PageCounts;
  readonly ages: PageAges;
  readonly used: UsedSinceScan;
  /** Units with fewer accesses in the round are cold. */
  readonly coldThreshold: number;
  /** Younger ones stay, in scans; Infinity: all stay. */
  readonly ageScans: number;
  /** Base pages that may move in all; undefined: all that are cold. The oldest go first then. */
  readonly budget: number | undefined;
}

/** Ages in [low, high). */
interface AgeRange {
  readonly low: number;
  readonly high: number;
}

/** Where a ColdUnits stands, as plain data. */
export interface ColdUnitsData {
  readonly passes: readonly AgeRange[];
  readonly cursor: WalkCursor;
  readonly sparedUsed: number;
}

/** Walks cold units in the order in which they go: by address, or the oldest first in a budget. */
export class ColdUnits {
  readonly #order: ColdUnitsOrder;
  /** Ranges of ages, one after the other. */
  readonly #passes: AgeRange[];
  #cursor: WalkCursor;
  /** Base pages that were passed over, since they were used meanwhile. */
  sparedUsed: number;

  /** @param data where it stood; without it, it begins. */
  constructor(order: ColdUnitsOrder, data?: ColdUnitsData) {
    this.#order = order;
    this.#cursor = data?.cursor ?? { segment: 0, index: 0 };
    this.sparedUsed = data?.sparedUsed ?? 0;
    if (data !== undefined) {
      this.#passes = [...data.passes];
      return;
    }
    if (order.ageScans === Number.POSITIVE_INFINITY) {
      this.#passes = [];
      return;
    }
    const all = { low: order.ageScans, high: Number.POSITIVE_INFINITY };
    this.#passes = order.budget === undefined ? [all] : this.#oldestFirst(order.budget);
  }

  toData(): ColdUnitsData {
    return { passes: this.#passes, cursor: this.#cursor, sparedUsed: this.sparedUsed };
  }

  /** Base pages by age of the cold units that are old enough, oldest first. */
  #byAge(): [age: number, pages: number][] {
    const { counts, ages, coldThreshold, ageScans } = this.#order;
    const pagesOf = new Map<number, number>();
    counts.walk({ segment: 0, index: 0 }, 0, coldThreshold, (page, size) => {
      const age = ages.ageOf(page) ?? 0;
      if (age >= ageScans) pagesOf.set(age, (pagesOf.get(age) ?? 0) + size);
      return true;
    });
    return [...pagesOf].sort(([a], [b]) => b - a);
  }

  /**
   * The ages that fit the budget whole are one pass. Each younger one is a pass of its own: those
   * are needed when units of the older ones are refused.
   */
  #oldestFirst(budget: number): AgeRange[] {
    const passes: AgeRange[] = [];
    let whole: AgeRange | undefined;
    let left = budget;
    for (const [age, pages] of this.#byAge()) {
      left -= pages;
      const high = passes.at(-1)?.low ?? whole?.low ?? Number.POSITIVE_INFINITY;
      if (left >= 0) whole = { low: age, high: Number.POSITIVE_INFINITY };
      else passes.push({ low: age, high });
    }
    return whole === undefined ? passes : [whole, ...passes];
  }

  /** Base pages of cold units that are too young to go. @param cold of all cold units. */
  tooYoung(cold: number): number {
    const { counts, ages, coldThreshold, ageScans } = this.#order;
    if (ageScans === 0) return 0;
    if (ageScans === Number.POSITIVE_INFINITY) return cold;
    let young = 0;
    counts.walk({ segment: 0, index: 0 }, 0, coldThreshold, (page, size) => {
      if ((ages.ageOf(page) ?? 0) < ageScans) young += size;
      return true;
    });
    return young;
  }

  /**
   * Fills an empty batch with units of at most `pages` base pages, but at least one unit. Refused
   * pages do not count against the budget: the next ones go in their place.
   * @param moved base pages that have moved so far.
   */
  next(batch: PageBatch, pages: number, moved: number): void {
    const { counts, ages, used, coldThreshold, budget = Number.POSITIVE_INFINITY } = this.#order;
    const left = budget - moved;
    for (let pass = this.#passes[0]; pass !== undefined; pass = this.#passes[0]) {
      const { low, high } = pass;
      const isAnyAge = low === 0 && high === Number.POSITIVE_INFINITY;
      let isSpent = false;
      const atEnd = counts.walk(this.#cursor, 0, coldThreshold, (page, size) => {
        if (!isAnyAge) {
          const age = ages.ageOf(page) ?? 0;
          if (age < low || age >= high) return true;
        }
        if (used.has(page, size)) {
          this.sparedUsed += size;
          return true;
        }
        isSpent = batch.pages + size > left;
        if (isSpent || batch.pages + size > (batch.count === 0 ? LARGEST_BATCH_PAGES : pages)) {
          return false;
        }
        batch.page[batch.count] = page;
        batch.size[batch.count] = size;
        batch.count++;
        batch.pages += size;
        return true;
      });
      if (atEnd) {
        this.#passes.shift();
        this.#cursor = { segment: 0, index: 0 };
      } else if (isSpent && batch.count === 0) {
        this.#passes.length = 0;
      }
      // The next pass begins at lower addresses again: not in the same batch.
      if (batch.count > 0) return;
    }
  }

  /** Empties a batch of one unit if that was used since next() has put it there. */
  dropUsed(batch: PageBatch): void {
    const size = batch.size[0]!;
    if (!this.#order.used.has(batch.page[0]!, size)) return;
    this.sparedUsed += size;
    batch.count = batch.pages = 0;
  }
}
