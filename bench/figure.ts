/** A limit that a figure is held against. */
export interface Target {
  /** The median of the runs, or its ratio to the median of the baseline. */
  readonly of: "median" | "ratio";
  readonly is: "at least" | "at most";
  readonly limit: number;
}

/** What was measured: a line of the table. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  /** One value a run, in the order of the runs. */
  readonly values: readonly number[];
  /** What the figure is compared with, measured in the same unit and in turn with it. */
  readonly baseline?: { readonly name: string; readonly values: readonly number[] };
  readonly targets?: readonly Target[];
}

/** Something of a benchmark that could not be measured here. */
export interface LeftOut {
  readonly what: string;
  readonly reason: string;
}

/** What a benchmark comes to. */
export type Outcome = Figure | LeftOut;

/**
 * The value in the middle, or the mean of the two there. @throws {RangeError} when there is none.
 */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Cannot take the median: no values");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? 0)) / 2 : upper;
}

/** Median by median; undefined without a baseline. */
export function ratioOf({ values, baseline }: Figure): number | undefined {
  return baseline === undefined ? undefined : median(values) / median(baseline.values);
}

/**
 * Whether a figure meets a target.
 * @throws {RangeError} for a ratio to a baseline that is not there.
 */
export function meets(figure: Figure, { of, is, limit }: Target): boolean {
  const value = of === "median" ? median(figure.values) : ratioOf(figure);
  if (value === undefined) throw new RangeError(`Cannot judge "${figure.what}": no baseline`);
  return is === "at least" ? value >= limit : value <= limit;
}
