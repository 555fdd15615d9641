import { atFaults, type Point } from "./equal_faults.ts";
import { percentile } from "./latencies.ts";
import type { Columns } from "./row.ts";
import { lastWindows, type Window } from "./window.ts";

/** A row of the table: what a peer came to, or why there is nothing to say of it. */
export interface Row {
  readonly about: string;
  readonly family: string;
  readonly columns?: Columns;
  /** CPU for a request against that of the untouched workload in its pass: 0.5 is half more. */
  readonly cpuMore?: number | undefined;
  readonly note: string;
}

const HEADING = [
  "",
  "saved %",
  "net of zram %",
  "of oracle %",
  "faults/s",
  "×LRU",
  "CPU",
  "p50 µs",
  "p99 µs",
  "p99.9 ms",
  "longest ms",
  "daemon CPU s",
  "",
];

function number(value: number | undefined, digits: number): string {
  return value === undefined ? "" : value.toFixed(digits);
}

function percent(share: number | undefined): string {
  return share === undefined ? "" : (100 * share).toFixed(0);
}

/** With three digits that count, or none where it has as many before the point. */
function ms(us: number): string {
  const value = us / 1000;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function signed(share: number | undefined): string {
  return share === undefined ? "" : `${share < 0 ? "−" : "+"}${percent(Math.abs(share))} %`;
}

function cells({ about, columns, cpuMore, note }: Row): string[] {
  if (columns === undefined) return [about, ...HEADING.slice(2).map(() => ""), note];
  return [
    about,
    percent(columns.saved),
    percent(columns.net),
    percent(columns.ofOracle),
    number(columns.faults, 0),
    number(columns.timesLru, 2),
    signed(cpuMore),
    number(columns.p50Us, 0),
    number(columns.p99Us, 0),
    ms(columns.p999Us),
    ms(columns.longestUs),
    number(columns.peerCpuSeconds, 1),
    note,
  ];
}

function markdownTable(heading: readonly string[], rows: readonly string[][]): string {
  const widths = heading.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0))
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(heading), line(rule), ...rows.map(line)].join("\n");
}

/** The table of one workload. */
export function tableOf(rows: readonly Row[]): string {
  return markdownTable(HEADING, rows.map(cells));
}

/** The curves of the families that have two settings or more. */
function curvesOf(rows: readonly Row[]): Map<string, Point[]> {
  const curves = new Map<string, Point[]>();
  for (const { family, columns } of rows) {
    if (columns !== undefined) curves.set(family, [...curves.get(family) ?? [], columns]);
  }
  for (const [family, points] of curves) if (points.length < 2) curves.delete(family);
  return curves;
}

/**
 * What the families come to at the faults of each setting of another family;
 * undefined where there is nothing to compare.
 */
export function equalFaultsTable(rows: readonly Row[]): string | undefined {
  const curves = curvesOf(rows);
  const lines = rows.flatMap(({ about, family, columns }) => {
    if (columns === undefined) return [];
    const others = [...curves].filter(([name]) => name !== family).flatMap(([name, points]) => {
      const point = atFaults(points, columns.faults);
      return point === undefined
        ? []
        : [["", `${name}, between two settings`, ...pointCells(point)]];
    });
    if (others.length === 0) return [];
    return [[number(columns.faults, 0), about, ...pointCells(columns)], ...others];
  });
  const heading = ["faults/s", "", "saved %", "p99 µs", "p99.9 ms"];
  return lines.length === 0 ? undefined : markdownTable(heading, lines);
}

function pointCells({ saved, p99Us, p999Us }: Point): string[] {
  return [percent(saved), number(p99Us, 0), ms(p999Us)];
}

/** The windows of one run. @param bytes that the workload has. */
export function windowsTable(
  windows: readonly Window[],
  windowSeconds: number,
  bytes: number,
): string {
  const lines = windows.map((_, i) => {
    const own = lastWindows(windows.slice(0, i + 1), 1);
    return [
      `${(i + 1) * windowSeconds}`,
      percent(own.swap_bytes / bytes),
      number(own.major_faults / (own.wall_ns / 1e9), 0),
      number(own.minor_faults / (own.wall_ns / 1e9), 0),
      number(percentile(own.latencies, 0.99) / 1000, 0),
      ms(percentile(own.latencies, 0.999) / 1000),
      ms(own.longest_ns / 1000),
    ];
  });
  return markdownTable(
    ["to s", "saved %", "faults/s", "minor faults/s", "p99 µs", "p99.9 ms", "longest ms"],
    lines,
  );
}
