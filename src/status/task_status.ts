/**
 * The numbers that `etmem status` shows. Field names are those of the JSON document and stay as they
 * are: sizes end in `_bytes`, times in `_us` (microseconds), times of day are ISO 8601 in UTC,
 * everything else is a count.
 */

/** Memory that did not move, and why. */
export interface MemoryByReason {
  /** For example "shared", "locked", "no swap space", "busy". */
  reason: string;
  bytes: number;
}

/** Processes that were left alone in a round, and why. */
export interface SkippedProcesses {
  reason: string;
  processes: number;
  /** Some of them, at most 8. */
  pids: number[];
}

/** Time of a round by phase, added up over its processes. */
export interface PhaseTimes {
  /** Reading maps and thresholds. */
  vmas_us: number;
  scan_us: number;
  classify_us: number;
  move_us: number;
  /** Looking afterwards where the pages are. */
  verify_us: number;
  swapcache_us: number;
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
export interface RoundStatus {
  /** 1 for the first round since the task was started. */
  number: number;
  state: "running" | "done" | "stopped";
  started_at: string;
  /** Since it began, whatever became of the clock. */
  age_us: number;
  duration_us: number;
  processes: number;
  skipped: SkippedProcesses[];
  /** Memory looked at, added up over the scans that count. */
  scanned_bytes: number;
  /** Present in the last scan; hot + cold. */
  present_bytes: number;
  hot_bytes: number;
  cold_bytes: number;
  /** Of hot_bytes: in units of a PMD (2 MB with 4K pages), where one access makes the whole unit hot. */
  hot_huge_bytes: number;
  /**
   * Cold memory that the mover was not asked for, and why: dram_percent reached, MemAvailable high enough again,
   * no swap space, stopped, gone before its turn. cold_bytes = asked_bytes + these.
   * Of the cslide engine: hot or cold memory that the kernel kept in an earlier round.
   */
  spared: MemoryByReason[];
  /** Handed to the mover. */
  asked_bytes: number;
  /** Of asked_bytes: found in swap (on the other node) afterwards. */
  moved_bytes: number;
  /** The rest of asked_bytes: still there afterwards. */
  refused: MemoryByReason[];
  /** Moved in an earlier round and present again at the beginning of this one. */
  came_back_bytes: number;
  /** Of the cslide engine. */
  node_pairs?: NodePairStatus[];
  /** Streams that broke off, reads that failed. */
  scan_errors: number;
  phases: PhaseTimes;
  /** CPU time of the threads that did the work. */
  cpu_us: number;
}

/** One task. */
export interface TaskStatus {
  name: string;
  engine: string;
  /** As in the file: `pid` or `name`. */
  type: "pid" | "name";
  value: string;
  started: boolean;
  /** Why the task failed, when it did. */
  failed?: string;
  tracker?: string;
  mover?: string;
  /** Sums since the task was started. */
  total: { rounds: number; asked_bytes: number; moved_bytes: number; came_back_bytes: number };
  /** Newest first; the last 16. */
  rounds: RoundStatus[];
}
