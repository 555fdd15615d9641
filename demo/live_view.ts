import type { ProcessSizes } from "../src/procfs/process_memory.ts";
import type { TaskStatus } from "../src/status/task_status.ts";
import { formatBytes } from "../src/text/quantities.ts";
import type { Latencies } from "./latencies.ts";

/** What is known after a second of a phase of the demo. */
export interface Moment {
  /** Since the phase began. */
  readonly second: number;
  /** Of the store. */
  readonly sizes: ProcessSizes;
  /** Of the requests of this second. */
  readonly load: Latencies;
  /** Absent before etmemd is started. */
  readonly task?: TaskStatus;
}

const COLUMNS = [
  ["time", 5],
  ["resident", 9],
  ["swapped", 9],
  ["moved", 9],
  ["freed", 9],
  ["came back", 9],
  ["requests", 9],
  ["slowest", 9],
] as const;

function line(cells: readonly string[], last: string): string {
  const padded = cells.map((cell, i) => cell.padStart(COLUMNS[i]?.[1] ?? 0));
  return `${padded.join("  ")}  ${last}`;
}

/** The names of the columns of `formatMoment`. */
export function liveHeading(): string {
  return line(COLUMNS.map(([name]) => name), "etmemd");
}

/** What came of what a task moved, the round in hand included. */
interface MovedSums {
  readonly movedBytes: number;
  /** DRAM that this made free: less what compressed copies take. */
  readonly freedBytes: number;
  readonly cameBackBytes: number;
}

/** Memory that a task moved, what that freed, and what came back since. */
export function sumsOf(task: TaskStatus): MovedSums {
  const [newest] = task.rounds;
  const running = newest?.state === "running" ? newest : undefined;
  return {
    movedBytes: task.total.moved_bytes + (running?.moved_bytes ?? 0),
    freedBytes: task.total.freed_bytes + (running?.freed_bytes ?? 0),
    cameBackBytes: task.total.came_back_bytes + (running?.came_back_bytes ?? 0),
  };
}

/** One line of the live view. */
export function formatMoment({ second, sizes, load, task }: Moment): string {
  const sums = task && sumsOf(task);
  const cells = [
    `${second} s`,
    formatBytes(sizes.rssBytes),
    formatBytes(sizes.swapBytes),
    sums === undefined ? "-" : formatBytes(sums.movedBytes),
    sums === undefined ? "-" : formatBytes(sums.freedBytes),
    sums === undefined ? "-" : formatBytes(sums.cameBackBytes),
    String(load.requests),
    `${load.slowestMs.toFixed(1)} ms`,
  ];
  const work = task === undefined
    ? "not running"
    : `${task.tracker ?? "no tracker"}, round ${task.rounds[0]?.number ?? 0}`;
  return line(cells, work);
}
