import {
  CELL_FIGURES,
  type CellFigure,
  cellLabel,
  type LineContext,
  type MemoryByReason,
  ROUND_FIGURES,
  type RoundFigures,
  TOTAL_FIGURES,
} from "../status/round_figures.ts";
import { ROUND_PHASES } from "../status/round_phases.ts";
import type { GroupStatus } from "../status/group_status.ts";
import type { GuardStatus } from "../status/guard_status.ts";
import type { NodePairStatus, RoundStatus, SkippedProcesses } from "../status/round_status.ts";
import type { TaskStatus } from "../status/task_status.ts";
import { formatBytes, formatCount, formatDuration, formatShare } from "../text/quantities.ts";
import { columns, field, wrap } from "./layout.ts";

const INDENT = "        ";

/** A round of a task for the status table; `pmdBytes` is what one PMD entry maps. */
export function formatRound(round: RoundStatus, pmdBytes: number, isDryRun = false): string {
  const began = `began ${formatDuration(round.age_us)} ago`;
  const head = wrap("      ", [
    `round ${round.number} ${round.state}`,
    ...(round.state === "running" ? [began] : [began, `took ${formatDuration(round.duration_us)}`]),
    ...(round.late_us === undefined ? [] : [`${formatDuration(round.late_us)} too long`]),
    round.groups === undefined
      ? formatCount(round.processes, "process", "processes")
      : formatCount(round.groups.length, "control group", "control groups"),
    `${formatDuration(round.cpu_us)} of CPU`,
  ]);
  const context = { presentBytes: round.present_bytes, pmdBytes };
  return [
    head,
    ...(round.groups?.map(formatGroup) ?? formatRows(ROUND_ROWS, round, isDryRun)),
    ...formatLines("account", round, context),
    ...(round.guard === undefined ? [] : [formatGuard(round.guard)]),
    ...(round.node_pairs ?? []).map(formatNodePair),
    ...round.skipped.map(formatSkipped),
    ...formatLines("faults", round, context),
    formatPhases(round),
  ].join("");
}

/** A control group of psi, in place of the figures that scans come to. */
function formatGroup(group: GroupStatus): string {
  return field(INDENT, "group", [
    `${group.path}: use ${formatBytes(group.use_bytes)}`,
    `limit ${formatBytes(group.limit_bytes)}`,
    `swapped ${formatBytes(group.swapped_bytes)}`,
    `waits for memory ${group.memory_pressure_percent} %`,
    `io ${group.io_pressure_percent} %`,
    `refaults ${group.refault_percent} % (${formatBytes(group.refault_bytes)})`,
    `rate ${group.rate_percent} %`,
    `asked ${formatBytes(group.asked_bytes)}`,
    `reclaimed ${formatBytes(group.reclaimed_bytes)}`,
    ...(group.held === undefined ? [] : [`nothing asked: ${group.held}`]),
  ]);
}

/** Figures by the row that they stand in. */
function rowsOf<Name extends string>(
  figures: readonly CellFigure<Name>[],
): readonly (readonly CellFigure<Name>[])[] {
  return [...Map.groupBy(figures, ({ shown }) => shown.row).values()];
}

const ROUND_ROWS = rowsOf(CELL_FIGURES);
const TOTAL_ROWS = rowsOf(TOTAL_FIGURES);

/** Rows of cells. A figure that came later than the server that answers is not in its document. */
function formatRows<Name extends string>(
  rows: readonly (readonly CellFigure<Name>[])[],
  values: Readonly<Partial<Record<Name, number>>>,
  isDryRun: boolean,
): string[] {
  return rows.map((row) =>
    columns(INDENT, row.flatMap((figure) => formatCells(figure, values, isDryRun)))
  );
}

function formatCells<Name extends string>(
  figure: CellFigure<Name>,
  values: Readonly<Partial<Record<Name, number>>>,
  isDryRun: boolean,
): (readonly [label: string, value: string])[] {
  const { name, shown: { share } } = figure;
  const label = cellLabel(figure, isDryRun);
  const value = values[name];
  if (label === undefined || value === undefined) return [];
  const cell = [label, formatBytes(value)] as const;
  const whole = share === undefined ? undefined : values[share.of];
  if (share === undefined || whole === undefined) return [cell];
  return [cell, [share.label, formatShare(value, whole)]];
}

/** The figures that have lines of their own. */
function formatLines(
  among: "account" | "faults",
  round: Readonly<Partial<RoundFigures>>,
  context: LineContext,
): string[] {
  return ROUND_FIGURES.flatMap((figure): string[] => {
    if (figure.unit === "bytes by reason") {
      if (among !== "account") return [];
      return (round[figure.name] ?? []).map(({ reason, bytes }) =>
        field(INDENT, figure.shown.label, [`${formatBytes(bytes)}: ${reason}`])
      );
    }
    const { name, shown } = figure;
    const value = round[name] ?? 0;
    if (!("among" in shown) || shown.among !== among || value === 0) return [];
    return [field(INDENT, shown.label, [shown.text(value, context)])];
  });
}

function formatGuard(guard: GuardStatus): string {
  const { age_scans: scans, age_seconds: seconds } = guard;
  const count = (processes: number): string => formatCount(processes, "process", "processes");
  return field(INDENT, "guard", [
    `stall_limit ${guard.stall_limit_percent} %`,
    `waited ${guard.harm_percent} % of the time`,
    scans === null || seconds === null
      ? "no page is old enough to go"
      : `pages idle for ${formatCount(scans, "scan", "scans")} (${
        formatDuration(seconds * 1e6)
      }) go`,
    `a swap-in takes ${formatDuration(guard.swap_in_us)}`,
    ...(guard.paused_processes === 0
      ? []
      : [`${count(guard.paused_processes)} above the limit: nothing moves`]),
    ...(guard.unguarded_processes === 0
      ? []
      : [`${count(guard.unguarded_processes)} without a guard: MemAvailable is below 5 %`]),
  ]);
}

function formatNodePair(pair: NodePairStatus): string {
  const reasons = (what: string, list: readonly MemoryByReason[]): string[] =>
    list.map(({ reason, bytes }) => `${formatBytes(bytes)} ${what}: ${reason}`);
  const up = formatBytes(pair.up_hot_bytes + pair.up_cold_bytes);
  const down = formatBytes(pair.down_hot_bytes + pair.down_cold_bytes);
  return field(INDENT, "nodes", [
    `${pair.slow_node} to ${pair.dram_node} (DRAM) ${up}`,
    `${pair.dram_node} to ${pair.slow_node} (slow) ${down}`,
    ...reasons("hot left on the slow node", pair.hot_left),
    ...reasons("missing of node_hot_reserve", pair.reserve_short),
  ]);
}

function formatSkipped({ reason, processes, pids }: SkippedProcesses): string {
  // Not even looked for, for a reason that is about none of them.
  if (processes === 0) return field(INDENT, "skipped", [reason]);
  const more = processes > pids.length ? ", ..." : "";
  const which = pids.length === 0 ? "" : ` (pid ${pids.join(", ")}${more})`;
  const count = formatCount(processes, "process", "processes");
  return field(INDENT, "skipped", [`${count}${which}: ${reason}`]);
}

function formatPhases({ phases }: RoundStatus): string {
  const spent = ROUND_PHASES.filter(({ name }) => phases[name] > 0);
  if (spent.length === 0) return "";
  return field(
    INDENT,
    "time",
    spent.map(({ name, label }) => `${label} ${formatDuration(phases[name])}`),
  );
}

/** What a task has come to since it was started. */
export function formatTotal(
  { total, rounds: last }: Pick<TaskStatus, "total" | "rounds">,
  isDryRun = false,
): string {
  const { rounds } = total;
  if (rounds === 0 && last.length === 0) return "      no round yet\n";
  // A round that was stopped is not counted; what it has moved is.
  const heading = rounds === 0
    ? "no whole round yet"
    : `total of ${formatCount(rounds, "round", "rounds")}`;
  const isEmpty = rounds === 0 && TOTAL_FIGURES.every(({ name }) => !(total[name] > 0));
  return [
    wrap("      ", [heading]),
    ...(isEmpty ? [] : formatRows(TOTAL_ROWS, total, isDryRun)),
  ].join("");
}
