import type { AgeClass, PagesOfAge } from "../tracker/page_ages.ts";

/** Ages up to this, in scans, have a class of their own; from there on an octave has so many. */
const EXACT = 16;
const STEPS_PER_OCTAVE = 4;
/** Of the oldest class: 65536 scans and more. */
const OLDEST = EXACT + STEPS_PER_OCTAVE * 12;
/** Classes of ages. */
const CLASSES = OLDEST + 1;

/**
 * Page-seconds for which a class is taken to behave as the next younger one does, beside what was
 * seen of it. It keeps what three idle pages did in a second from being taken for a law.
 */
const PRIOR_PAGE_SECONDS = 4;

/** A scan, however long its window was, makes the history forget no more than this (28 %). */
const MOST_FORGOTTEN = 1 / 3;

/** The arrays of an AgeHistory, to be handed to another thread. */
export interface AgeHistoryData {
  readonly pageSeconds: Float64Array<ArrayBuffer>;
  readonly uses: Float64Array<ArrayBuffer>;
  /** Time that all of it is about. */
  readonly seconds: number;
}

/** The class of an age. */
function classOf(age: number): number {
  if (age < EXACT) return Math.floor(age);
  return Math.min(EXACT + Math.floor(STEPS_PER_OCTAVE * Math.log2(age / EXACT)), OLDEST);
}

/** The smallest whole age of a class. */
function ageOf(index: number): number {
  return index < EXACT ? index : Math.ceil(EXACT * 2 ** ((index - EXACT) / STEPS_PER_OCTAVE));
}

/** The smallest age that is told apart from a younger one. */
export function nextAge(age: number): number {
  return ageOf(classOf(age) + 1);
}

/** Pages of a class of ages, and how often these and older ones are expected to be used. */
export interface ExpectedUses {
  /** The youngest of these pages, in scans. */
  readonly age: number;
  /** How many there are, and how many of them were moved. */
  readonly pages: number;
  readonly moved: number;
  /** Uses a second of all pages that are as old or older. */
  readonly usesPerSecond: number;
}

/**
 * How often pages of each age were used lately: by class of age the time that pages spent in it,
 * and the uses that ended that.
 */
export class AgeHistory {
  readonly #memorySeconds: number;
  readonly #pageSeconds: Float64Array<ArrayBuffer>;
  readonly #uses: Float64Array<ArrayBuffer>;
  #seconds: number;

  /** @param memorySeconds time constant with which what was seen loses weight. */
  constructor(memorySeconds: number, data?: AgeHistoryData) {
    this.#memorySeconds = memorySeconds;
    this.#pageSeconds = data?.pageSeconds ?? new Float64Array(CLASSES);
    this.#uses = data?.uses ?? new Float64Array(CLASSES);
    this.#seconds = data?.seconds ?? 0;
  }

  toData(): AgeHistoryData {
    return { pageSeconds: this.#pageSeconds, uses: this.#uses, seconds: this.#seconds };
  }

  /** Adds what a scan found. @param seconds the time that it is about. */
  add(classes: readonly AgeClass[], seconds: number): void {
    const kept = Math.exp(-Math.min(seconds / this.#memorySeconds, MOST_FORGOTTEN));
    if (classes.length === 0) return;
    for (let i = 0; i < CLASSES; i++) {
      this.#pageSeconds[i] = this.#pageSeconds[i]! * kept;
      this.#uses[i] = this.#uses[i]! * kept;
    }
    this.#seconds = this.#seconds * kept + seconds;
    for (const { age, pages, used } of classes) {
      const i = classOf(age);
      this.#pageSeconds[i] = this.#pageSeconds[i]! + pages * seconds;
      this.#uses[i] = this.#uses[i]! + used;
    }
  }

  /** Uses a second of a page, by class of age; of an age not seen yet that of the greatest seen. */
  #rates(): Float64Array {
    const rates = new Float64Array(CLASSES);
    let younger = 0;
    for (let i = 0; i < CLASSES; i++) {
      const pageSeconds = this.#pageSeconds[i]!;
      younger = (this.#uses[i]! + younger * PRIOR_PAGE_SECONDS) /
        (pageSeconds + PRIOR_PAGE_SECONDS);
      rates[i] = younger;
    }
    return rates;
  }

  /**
   * Two estimates, of which the larger counts. That pages do what was seen of pages of their age
   * says too little where many pages grew old together beside the few that are used: then there
   * are no less uses than there were.
   * @param population pages by age.
   * @returns for each class of age that there are pages of, oldest first: how often the pages of
   * this and of all older ones are expected to be used. Empty while nothing was seen.
   */
  expect(population: readonly PagesOfAge[]): ExpectedUses[] {
    const pages = new Float64Array(CLASSES);
    const moved = new Float64Array(CLASSES);
    for (const group of population) {
      const i = classOf(group.age);
      pages[i] = pages[i]! + group.pages;
      moved[i] = moved[i]! + (group.moved ?? 0);
    }
    // Nothing was seen yet: anything may be used.
    if (this.#seconds === 0) return [];
    const rates = this.#rates();
    const expected: ExpectedUses[] = [];
    let usesPerSecond = 0;
    let uses = 0;
    for (let i = CLASSES - 1; i >= 0; i--) {
      uses += this.#uses[i]!;
      usesPerSecond += pages[i]! * rates[i]!;
      if (pages[i] === 0) continue;
      const seen = uses / this.#seconds;
      expected.push({
        age: ageOf(i),
        pages: pages[i]!,
        moved: moved[i]!,
        usesPerSecond: Math.max(usesPerSecond, seen),
      });
    }
    return expected;
  }
}
