import type { NodePairStatus, RoundStatus } from "../status/round_status.ts";
import {
  CELL_FIGURES,
  type CellFigure,
  cellLabel,
  TOTAL_FIGURES,
} from "../status/round_figures.ts";
import { formatBytes, formatCount, formatDuration } from "../text/quantities.ts";
import type { Line } from "./line.ts";
import type { Scene } from "./scene.ts";
import { shortBytes, shortPercent, shortSeconds } from "./quantities.ts";
import { sparkline } from "./sparkline.ts";
import type { TaskRow } from "./task_row.ts";

const LABEL = 11;
const MOST_BARS = 120;
const CELL = 22;

/** All that is known of the selected task. */
export function taskLines(scene: Scene, width: number): Line[] {
  const row = scene.state.selected?.row;
  if (row === undefined) return [[{ text: "the task is gone", style: "dim" }]];
  const { project, task, running, last } = row.details;
  const isDryRun = project.dry_run === true;
  return [
    [
      { text: `${row.project}/${row.engine}/${row.task}`, style: "bold" },
      { text: `  ${task.type} ${task.value}  ${row.state}` },
    ],
    field("by", [task.tracker, task.mover].filter((name) => name !== undefined).join(", ")),
    field(
      "round",
      `${formatCount(project.loop, "scan", "scans")}, ` +
        `${formatDuration(project.interval_us)} apart, then ${formatDuration(project.sleep_us)}`,
    ),
    ...(task.warnings ?? []).map((warning) => field("warning", warning)),
    ...row.reasons.map((reason, index) => field(index === 0 ? "why" : "", reason)),
    ...barLines(row, scene, width),
    ...(running === undefined ? [] : roundLines("running", running, isDryRun)),
    ...(last === undefined ? [] : roundLines("last", last, isDryRun)),
    [],
    [{ text: "since the task was started", style: "bold" }, {
      text: `  ${formatCount(task.total.rounds, "round", "rounds")}`,
    }],
    ...cells(figureCells(TOTAL_FIGURES, task.total, isDryRun)),
    ...histogramLines(row, scene),
  ];
}

/** Memory by idle age, as `etmem histogram` shows it. */
function histogramLines({ key }: TaskRow, { histogram }: Scene): Line[] {
  if (histogram?.key !== key) return [];
  // the first line names the project, which stands above already
  const [, ...lines] = histogram.text.trimEnd().split("\n");
  return [
    [],
    [{ text: "memory by idle age", style: "bold" }],
    ...(lines.length === 0 ? [histogram.text] : lines).map((text) => [{ text }]),
  ];
}

function field(label: string, text: string): Line {
  return [{ text: label.padEnd(LABEL), style: "dim" }, { text }];
}

/** The last minutes. */
function barLines({ key }: TaskRow, { history, look }: Scene, width: number): Line[] {
  const steps = history.steps(key, Math.max(0, Math.min(MOST_BARS, width - 2 * LABEL)));
  const line = (
    label: string,
    values: readonly (number | undefined)[],
    format: (value: number) => string,
  ): Line => {
    const most = Math.max(0, ...values.map((value) => value ?? 0));
    return [
      { text: label.padEnd(LABEL), style: "dim" },
      { text: sparkline(values, look.unicode) },
      { text: ` ${format(most)}`, style: "dim" },
    ];
  };
  return [
    line("moved", steps.map((step) => step?.moved), shortBytes),
    line("came back", steps.map((step) => step?.cameBack), shortBytes),
    line("wait", steps.map((step) => step?.harm), shortPercent),
  ];
}

function roundLines(what: string, round: RoundStatus, isDryRun: boolean): Line[] {
  const { guard } = round;
  return [
    [],
    [{ text: `${what} round`, style: "bold" }, {
      text: `  ${round.number}, began ${formatDuration(round.age_us)} ago, took ${
        formatDuration(round.duration_us)
      }, ${formatCount(round.processes, "process", "processes")}, CPU ${
        formatDuration(round.cpu_us)
      }`,
    }],
    ...cells(figureCells(CELL_FIGURES, round, isDryRun)),
    ...(guard === undefined ? [] : [
      field(
        "guard",
        `stall_limit ${shortPercent(guard.stall_limit_percent)}, waits ${
          shortPercent(guard.harm_percent)
        }, age ${guard.age_seconds === null ? "none" : shortSeconds(guard.age_seconds)}, swap-in ${
          formatDuration(guard.swap_in_us)
        }`,
      ),
    ]),
    ...(round.node_pairs ?? []).map(pairLine),
  ];
}

function pairLine(pair: NodePairStatus): Line {
  const up = pair.up_hot_bytes + pair.up_cold_bytes;
  const down = pair.down_hot_bytes + pair.down_cold_bytes;
  return field(
    `node ${pair.slow_node}`,
    `to DRAM node ${pair.dram_node} ${formatBytes(up)} (hot ${formatBytes(pair.up_hot_bytes)}), ` +
      `from it ${formatBytes(down)} (cold ${formatBytes(pair.down_cold_bytes)})`,
  );
}

function figureCells<Name extends string>(
  figures: readonly CellFigure<Name>[],
  values: Readonly<Record<Name, number>>,
  isDryRun: boolean,
): (readonly [label: string, value: string])[] {
  return figures.flatMap((figure) => {
    const label = cellLabel(figure, isDryRun);
    return label === undefined ? [] : [[label, formatBytes(values[figure.name])] as const];
  });
}

/** Labels and values, three to a line. */
function cells(pairs: readonly (readonly [label: string, value: string])[]): Line[] {
  const perLine = 3;
  return Array.from(
    { length: Math.ceil(pairs.length / perLine) },
    (_, line): Line =>
      pairs.slice(line * perLine, (line + 1) * perLine).flatMap(([label, value]) => [
        { text: label.padEnd(LABEL), style: "dim" as const },
        { text: value.padEnd(CELL - LABEL) },
      ]),
  );
}
