/** What came of looking for a configuration. */
export type AdviceState = "advised" | "nothing_to_move" | "too_little_seen";

/** What to do with a task. */
export interface TaskAdvice {
  name: string;
  state: AdviceState;
  /** Why, in words; left out where there is advice. */
  reason?: string;
  /** After so long enough will have been seen; left out where enough was. */
  wait_us?: number;
  /** All memory whose age is known, in DRAM or moved. */
  memory_bytes: number;
  /** The most that a process shall wait, in percent of its time. */
  stall_limit_percent: number;
  /** Time of a swap-in that this counts with, where it takes longest: twice what was measured. */
  swap_in_us: number;
  /** The least share of a process that stays in DRAM; left out where the tracker cannot keep it. */
  dram_percent?: number;
  /** What would be out of DRAM. */
  saved_bytes: number;
  /** How much of that is expected to come back. */
  returned_bytes_per_minute: number;
  /** How long the process that is worst off is expected to wait for it, in percent of its time. */
  harm_percent: number;
}

/** What `etmem advise --json` prints. */
export interface AdviceDocument {
  /** Raised when a field changes its meaning. */
  version: 1;
  taken_at: string;
  project: string;
  /** "advised" when there is advice for a task. */
  state: AdviceState;
  /** Newest first. */
  tasks: TaskAdvice[];
  /** A configuration file, line by line; empty without advice. */
  lines: string[];
}
