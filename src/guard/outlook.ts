import { type ExpectedUses, nextAge } from "./age_history.ts";

/** Numbers of a class of ages in the rows of an Outlook. */
const COLUMNS = 4;

/** What is expected of the memory of a process, as plain data: one array for each process. */
export interface OutlookData {
  /** For each class of ages, oldest first, the fields of ExpectedUses. */
  readonly rows: Float64Array<ArrayBuffer>;
  readonly swapInSeconds: number;
  /** How long the pages have been followed without a gap. */
  readonly observedSeconds: number;
}

/** What moving all memory of an age and older would come to. */
export interface Prediction {
  /** Base pages: those that would be out, and those that are already. */
  readonly pages: number;
  readonly moved: number;
  /** How many of them would come back. */
  readonly returnsPerSecond: number;
  /** Share of its time that the process would wait for them, in percent. */
  readonly harmPercent: number;
}

/** Share of time, in percent, in which a process waits for what it reads back. */
export function harmPercent(returnsPerSecond: number, swapInSeconds: number): number {
  return 100 * returnsPerSecond * swapInSeconds;
}

/**
 * The youngest pages that may go.
 * @param expected oldest first. @returns undefined when none are old enough.
 */
export function youngestToGo(
  expected: Iterable<ExpectedUses>,
  swapInSeconds: number,
  limitPercent: number,
): ExpectedUses | undefined {
  let youngest: ExpectedUses | undefined;
  for (const entry of expected) {
    if (harmPercent(entry.usesPerSecond, swapInSeconds) > limitPercent) break;
    youngest = entry;
  }
  return youngest;
}

/**
 * The least age at which pages may go: they may, and somewhat younger ones may not, or there are
 * none.
 * @param expected oldest first. @returns Infinity when no pages are old enough.
 */
export function leastAgeToGo(
  expected: Iterable<ExpectedUses>,
  swapInSeconds: number,
  limitPercent: number,
): number {
  let isAny = false;
  for (const { age, usesPerSecond } of expected) {
    if (harmPercent(usesPerSecond, swapInSeconds) > limitPercent) {
      return isAny ? nextAge(age) : Number.POSITIVE_INFINITY;
    }
    isAny = true;
  }
  return isAny ? 0 : Number.POSITIVE_INFINITY;
}

/** Makes an outlook of what is expected, oldest first. */
export function toOutlook(
  expected: readonly ExpectedUses[],
  swapInSeconds: number,
  observedSeconds: number,
): OutlookData {
  const rows = new Float64Array(COLUMNS * expected.length);
  for (const [i, { age, pages, moved, usesPerSecond }] of expected.entries()) {
    rows.set([age, pages, moved, usesPerSecond], COLUMNS * i);
  }
  return { rows, swapInSeconds, observedSeconds };
}

/** What is expected of each class of ages, oldest first. */
export function* expectedOf({ rows }: OutlookData): Generator<ExpectedUses> {
  for (let i = 0; i < rows.length; i += COLUMNS) {
    yield {
      age: rows[i]!,
      pages: rows[i + 1]!,
      moved: rows[i + 2]!,
      usesPerSecond: rows[i + 3]!,
    };
  }
}

/** What moving all memory of a process that is at least so old would come to. */
export function predict(outlook: OutlookData, ageScans: number): Prediction {
  let pages = 0;
  let moved = 0;
  let returnsPerSecond = 0;
  for (const entry of expectedOf(outlook)) {
    if (entry.age < ageScans) break;
    pages += entry.pages;
    moved += entry.moved;
    returnsPerSecond = entry.usesPerSecond;
  }
  return {
    pages,
    moved,
    returnsPerSecond,
    harmPercent: harmPercent(returnsPerSecond, outlook.swapInSeconds),
  };
}
