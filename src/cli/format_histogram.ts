import type { AgeBar, HistogramDocument, TaskHistogram } from "../status/histogram.ts";
import { formatBytes, formatCount, formatDuration } from "../text/quantities.ts";
import { wrap } from "./layout.ts";
import { readDocument } from "./read_document.ts";
import type { TerminalStyle } from "./terminal_style.ts";

const INDENT = "    ";
/** The last column of the terminal stays free: some wrap when it is written. */
const RIGHT_MARGIN = 1;
const SMALLEST_BAR = 4;
const GAP = "  ";

/** What bars are drawn with: memory in DRAM, and memory that is out. */
const CELLS = { utf8: { here: "█", out: "░" }, ascii: { here: "#", out: "." } } as const;

/**
 * What `etmem histogram` prints. No line is longer than the terminal is wide, unless that is too
 * narrow for any bar; nothing is coloured.
 * @param document the text of a HistogramDocument.
 * @throws {SyntaxError} when it is none of the version known here; `message` says what it "is".
 */
export function formatHistogram(document: string, style: TerminalStyle): string {
  return readDocument(document, ({ project, dry_run, tasks }: HistogramDocument) =>
    [
      wrap("", [`project ${project}`, ...(dry_run === true ? ["dry run: nothing is moved"] : [])]),
      tasks.length === 0 ? "  no task\n" : "",
      ...tasks.map((task) => formatTask(task, dry_run === true, style)),
    ].join(""));
}

function formatTask(task: TaskHistogram, isDryRun: boolean, style: TerminalStyle): string {
  const { ages, missing } = task;
  if (ages === undefined) {
    return wrap("  ", [`task ${task.name}: ${missing ?? "nothing is known"}`]);
  }
  return [
    wrap("  ", [
      `task ${task.name}`,
      formatCount(task.processes ?? 0, "process", "processes"),
      formatBytes(task.memory_bytes ?? 0),
      `${formatBytes(task.out_bytes ?? 0)} of it ${isDryRun ? "would be " : ""}out of DRAM`,
      `followed for ${formatDuration(task.observed_us ?? 0)}`,
      `a swap-in takes ${formatDuration(task.swap_in_us ?? 0)}`,
    ]),
    formatAges(ages, style),
    ...formatCompression(task, ages),
  ].join("");
}

/** The cells of a line: age and memory in front of the bar, the prediction behind it. */
type Line = readonly [left: readonly string[], right: readonly string[]];

const HEADINGS: Line = [["idle scans", "time", "memory"], ["saves", "back/min", "waits"]];

function formatAges(ages: readonly AgeBar[], { columns, isUtf8 }: TerminalStyle): string {
  const lines = ages.map((bar, i): Line => [
    [
      rangeOf(bar, ages[i + 1]),
      bar.age_us === 0 ? "0 s" : formatDuration(bar.age_us),
      formatBytes(bar.bytes),
    ],
    [
      formatBytes(bar.saved_bytes),
      formatBytes(bar.returned_bytes_per_minute),
      `${bar.harm_percent} %`,
    ],
  ]);
  const texts = [HEADINGS, ...lines];
  const left = pad(texts.map(([cells]) => cells));
  const right = pad(texts.map(([, cells]) => cells));
  const taken = INDENT.length + left[0]!.length + right[0]!.length + 2 * GAP.length + RIGHT_MARGIN;
  const width = Math.max(SMALLEST_BAR, columns - taken);
  const most = Math.max(1, ...ages.map(({ bytes }) => bytes));
  const bars = ages.map((bar) => drawBar(bar, width / most, isUtf8 ? CELLS.utf8 : CELLS.ascii));
  return ["", ...bars].map((bar, i) =>
    `${INDENT}${left[i]}${GAP}${bar.padEnd(width)}${GAP}${right[i]}`.trimEnd() + "\n"
  ).join("");
}

function rangeOf({ age_scans: from }: AgeBar, next: AgeBar | undefined): string {
  if (next === undefined) return `${from} or more`;
  return next.age_scans === from + 1 ? `${from}` : `${from} to ${next.age_scans - 1}`;
}

/** Right-aligned columns. */
function pad(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join(GAP));
}

/** @param scale cells a byte. */
function drawBar(
  { bytes, out_bytes }: AgeBar,
  scale: number,
  { here, out }: { readonly here: string; readonly out: string },
): string {
  const cells = bytes === 0 ? 0 : Math.max(1, Math.round(bytes * scale));
  const outCells = bytes === 0 ? 0 : Math.round((cells * out_bytes) / bytes);
  return here.repeat(cells - outCells) + out.repeat(outCells);
}

function formatCompression({ compression }: TaskHistogram, ages: readonly AgeBar[]): string[] {
  if (compression === undefined) return [];
  if ("missing" in compression) {
    return [wrap(INDENT, [`compression is not estimated: ${compression.missing}`])];
  }
  const { pages, same_filled_pages, stored_percent } = compression;
  const [, idle] = ages;
  const saved = idle?.saved_bytes ?? 0;
  const net = saved * (1 - stored_percent / 100);
  return [
    wrap(INDENT, [
      `estimate: compressed, cold memory takes ${stored_percent} % of its size`,
      `so ${formatBytes(saved)} free ${formatBytes(net)} with zram or zswap ` +
      `(of ${formatCount(pages, "page", "pages")} read, ${same_filled_pages} hold one value)`,
    ]),
  ];
}
