import type { TaskStatus } from "./task_status.ts";

/** One project. */
export interface ProjectStatus {
  name: string;
  started: boolean;
  /** It is started and moves nothing; left out when it moves. */
  dry_run?: true;
  /**
   * Why it could not be started with the server. It is tried again when what it lacks may be there;
   * left out when it does not wait.
   */
  waits_for?: string;
  /**
   * All of it comes from files of --conf-dir that are still there, so that it is back when the
   * server is started again.
   */
  persistent: boolean;
  /** Of projects of the engine psi; then `loop` and `sleep_us` say nothing. */
  scan_type?: "psi";
  /** Scans in a round. */
  loop: number;
  /** Between two scans. */
  interval_us: number;
  /** Between two rounds. */
  sleep_us: number;
  sysmem_threshold_percent?: number;
  swapcache_wmark?: { low_percent: number; high_percent: number };
  /** As configured; what was chosen stands with each task. */
  tracker: string;
  mover: string;
  /** Newest first. */
  engines: EngineStatus[];
}

/** One engine of a project. */
export interface EngineStatus {
  name: string;
  kind: string;
  /** Newest first. */
  tasks: TaskStatus[];
}
