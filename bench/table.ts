import { type Figure, median, meets, type Outcome, ratioOf, type Target } from "./figure.ts";

const HEADING = ["", "median", "unit", "lowest", "highest", "runs", "baseline", "ratio", "target"];
/** Columns of numbers. */
const RIGHT = new Set([1, 3, 4, 5, 7]);

/** A number with three digits that count. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : 2);
}

function verdict(figure: Figure, target: Target): string {
  const sign = target.is === "at least" ? ">=" : "<=";
  const of = target.of === "ratio" ? "ratio " : "";
  return `${of}${sign} ${digits(target.limit)} ${meets(figure, target) ? "met" : "MISSED"}`;
}

function cells(figure: Figure): string[] {
  const { what, unit, values, baseline, targets = [] } = figure;
  const ratio = ratioOf(figure);
  return [
    what,
    digits(median(values)),
    unit,
    digits(Math.min(...values)),
    digits(Math.max(...values)),
    String(values.length),
    baseline === undefined ? "" : `${digits(median(baseline.values))} ${baseline.name}`,
    ratio === undefined ? "" : digits(ratio),
    targets.map((target) => verdict(figure, target)).join(", "),
  ];
}

/** The table of what was measured, and below it what was not. */
export function formatTable(outcomes: readonly Outcome[]): string {
  const figures = outcomes.filter((outcome) => "values" in outcome);
  const rows = [HEADING, ...figures.map(cells)];
  const widths = HEADING.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      RIGHT.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
    ).join("  ").trimEnd()
  );
  const leftOut = outcomes.filter((outcome) => "reason" in outcome).map(({ what, reason }) =>
    `left out: ${what}: ${reason}`
  );
  return [...(figures.length === 0 ? [] : lines), ...leftOut].join("\n");
}

/** Whether every target is met. */
export function allMet(outcomes: readonly Outcome[]): boolean {
  return outcomes.every((outcome) =>
    "reason" in outcome || (outcome.targets ?? []).every((target) => meets(outcome, target))
  );
}
