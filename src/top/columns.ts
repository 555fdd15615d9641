import { inColumn, type Span, type Style } from "./line.ts";
import { shortBytes, shortPercent, shortSeconds } from "./quantities.ts";
import type { TaskRow, TaskState } from "./task_row.ts";

/** A column of the table. */
export interface Column {
  readonly title: string;
  readonly width: number;
  readonly align: "left" | "right";
  readonly text: (row: TaskRow) => string;
  readonly style?: (row: TaskRow) => Style;
  /** Rows are sorted by it: texts from A on, numbers from the greatest on. */
  readonly order: (row: TaskRow) => number | string;
}

/** The most urgent first. */
const STATES: readonly TaskState[] = ["fails", "waits", "pauses", "works", "sleeps", "stopped"];
const STATE_STYLES: Readonly<Record<TaskState, Style>> = {
  fails: "bad",
  waits: "warning",
  pauses: "warning",
  works: "good",
  sleeps: "plain",
  stopped: "dim",
};
const NUMBER_WIDTH = 6;
const STATE_WIDTH = 7;

function number(
  title: string,
  value: (row: TaskRow) => number | undefined,
  format: (value: number) => string,
  style?: (row: TaskRow) => Style,
): Column {
  return {
    title,
    width: Math.max(NUMBER_WIDTH, title.length),
    align: "right",
    text: (row) => {
      const known = value(row);
      return known === undefined ? "-" : format(known);
    },
    order: (row) => -(value(row) ?? Number.NEGATIVE_INFINITY),
    ...(style === undefined ? {} : { style }),
  };
}

/** All columns but the name, which takes what is left of the width, and the sparklines. */
export const COLUMNS: readonly Column[] = [
  {
    title: "STATE",
    width: STATE_WIDTH,
    align: "left",
    text: ({ state }) => state,
    style: ({ state }) => STATE_STYLES[state],
    order: ({ state }) => STATES.indexOf(state),
  },
  number("RES", ({ present }) => present, shortBytes),
  number("MOVED", ({ moved }) => moved, shortBytes),
  number("FREED", ({ freed }) => freed, shortBytes),
  number("BACK", ({ cameBack }) => cameBack, shortBytes),
  number(
    "WAIT",
    ({ harm }) => harm,
    shortPercent,
    ({ harm = 0, details: { last } }) =>
      harm > (last?.guard?.stall_limit_percent ?? Infinity) ? "bad" : "plain",
  ),
  number(
    "AGE",
    ({ age }) => age,
    (age) => age === Number.POSITIVE_INFINITY ? "none" : shortSeconds(age),
  ),
];

/** The column of names, of this width. */
export function nameColumn(width: number): Column {
  return {
    title: "PROJECT/TASK",
    width,
    align: "left",
    text: ({ project, task }) => `${project}/${task}`,
    order: ({ key }) => key,
  };
}

/** Rows in the order of a column; equal ones by their names. */
export function sortRows(
  rows: readonly TaskRow[],
  column: Column,
  reverse: boolean,
): readonly TaskRow[] {
  const sorted = rows.toSorted((a, b) =>
    compare(column.order(a), column.order(b)) || compare(a.key, b.key)
  );
  return reverse ? sorted.reverse() : sorted;
}

function compare<T extends number | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The cell of a row. */
export function cellOf(column: Column, row: TaskRow): Span {
  const style = column.style?.(row) ?? "plain";
  return { text: inColumn(column.text(row), column.width, column.align), style };
}
