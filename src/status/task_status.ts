import { TOTAL_FIGURES, type TotalName } from "./round_figures.ts";
import type { RoundStatus } from "./round_status.ts";

/** Which rounds of a task its status has, the newest; without a field, all that are known. */
export interface RoundsWanted {
  /** No more than so many. */
  readonly rounds?: number;
  /** No more than so many that have ended; the one that is running comes besides. */
  readonly endedRounds?: number;
}

/** What the rounds of a task came to since it was started. */
export interface TaskTotal extends Record<TotalName, number> {
  /** Without those that were stopped. */
  rounds: number;
}

/** One task. */
export interface TaskStatus {
  name: string;
  engine: string;
  /** As in the file: `pid`, `name` or `cgroup`. */
  type: "pid" | "name" | "cgroup";
  value: string;
  started: boolean;
  /** Why the task failed, when it did. */
  failed?: string;
  /** What of its configuration has no effect here, and why; left out when everything has. */
  warnings?: string[];
  tracker?: string;
  mover?: string;
  /** With move_rate: what it may move in a second. */
  move_rate_bytes?: number;
  total: TaskTotal;
  /** Newest first; the last 16. */
  rounds: RoundStatus[];
}

/** The total of a task that has had no round. */
export function noTotal(): TaskTotal {
  const figures = Object.fromEntries(TOTAL_FIGURES.map(({ name }) => [name, 0]));
  return { rounds: 0, ...figures as Record<TotalName, number> };
}

/** Adds a round that is over; what a stopped round has moved counts, the round does not. */
export function addRound(total: TaskTotal, round: RoundStatus): void {
  if (round.state === "done") total.rounds++;
  for (const { name } of TOTAL_FIGURES) total[name] += round[name];
}
