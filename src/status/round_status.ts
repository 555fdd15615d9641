import type { GroupStatus } from "./group_status.ts";
import type { GuardStatus } from "./guard_status.ts";
import type { MemoryByReason, RoundFigures } from "./round_figures.ts";
import type { PhaseTimes } from "./round_phases.ts";

/** Processes that were left alone in a round, and why. */
export interface SkippedProcesses {
  reason: string;
  processes: number;
  /** Some of them, at most 8. */
  pids: number[];
}

/** What moved between the two nodes of a pair in a round of the cslide engine. */
export interface NodePairStatus {
  slow_node: number;
  dram_node: number;
  /** Of this task: to DRAM and to the slow node, really moved. */
  up_hot_bytes: number;
  up_cold_bytes: number;
  down_hot_bytes: number;
  down_cold_bytes: number;
  /** Of all tasks of the engine, as planned: charged to node_mig_quota, an exchange twice. */
  up_quota_used_bytes: number;
  down_quota_used_bytes: number;
  /** Of all tasks: hot memory that stays on the slow node, and why. */
  hot_left: MemoryByReason[];
  /** Of all tasks: what is missing of node_hot_reserve, and why. */
  reserve_short: MemoryByReason[];
}

/** One round of one task. */
export interface RoundStatus extends RoundFigures {
  /** 1 for the first round since the task was started. */
  number: number;
  state: "running" | "done" | "stopped";
  started_at: string;
  /** Since it began, also when the clock was set. */
  age_us: number;
  duration_us: number;
  /** By so much moving took longer than the time between two rounds. */
  late_us?: number;
  processes: number;
  skipped: SkippedProcesses[];
  /** Of tasks with a stall_limit. */
  guard?: GuardStatus;
  /** Of the cslide engine. */
  node_pairs?: NodePairStatus[];
  /** Of the psi engine. */
  groups?: GroupStatus[];
  phases: PhaseTimes;
  /** CPU time of the threads that did the work. */
  cpu_us: number;
}
