import type { ProcessHistory } from "../../guard/process_history.ts";
import type { MovedSet } from "../../mover/moved_set.ts";
import type { Pagemap } from "../../procfs/pagemap.ts";
import type { PhaseTimes } from "../../status/round_phases.ts";
import type { PageCounts } from "../../tracker/page_counts.ts";
import type { TrackerKind } from "../../tracker/tracker.ts";
import type { OpenProcess } from "./scan_step.ts";
import type { Reason } from "../../reason/reasons.ts";

/** A process after the last scan of its round, as a finisher gets it. */
export interface ScannedProcess {
  readonly pid: number;
  /** Id of a thread that lives: the pid, unless the first thread has ended. */
  readonly tid: number;
  /** Descriptor of that thread's folder, /proc/TID. */
  readonly dirFd: number;
  /** Of its address space when it was opened: ProcessStat.memoryId. */
  readonly memoryId: string;
  readonly pagemap: Pagemap;
  readonly tracker: TrackerKind;
  readonly counts: PageCounts;
  /** Of the counts: base pages at [count], pages of huge units at [128 + count]. */
  readonly histogram: Float64Array;
  /** ProcessStat.faults when the last scan began. */
  readonly faults: number;
  /** By monotonicMs(): up to then the last scan saw accesses. */
  readonly scannedMs: number;
  /** CPU time of the last scan, in milliseconds; 0 after a rest. */
  readonly scanCpuMs: number;
  /**
   * One more scan, which does not count: what was used since the one before.
   * @returns why there is none. @throws {SystemCallError | ProcfsError}
   */
  readonly lookAgain: () => PageCounts | Reason;
  /** Of its pages, from earlier rounds; empty in a task that does without ages. */
  readonly history: ProcessHistory;
  /**
   * The most that it shall wait for what was moved, in percent of its time: the smallest limit of
   * all tasks that work on it; undefined: none has one.
   */
  readonly stallLimitPercent: number | undefined;
  /** What earlier rounds moved and did not come back; takes what the finisher moves. */
  readonly moved: MovedSet;
  /** Takes what the finisher moves, and what it reads from swap, for other tasks. */
  readonly forOthers: Record<"moved" | "read", Pick<MovedSet, "add">>;
  /** Present memory of the process that the counts leave out: bytes by reason. */
  readonly leftAlone: ReadonlyMap<Reason, number>;
  /** Takes the time that the finisher spends. */
  readonly times: PhaseTimes;
  /** Takes what failed without ending the step. */
  readonly errors: string[];
  /** Whether the task is to stop. */
  readonly stopped: () => boolean;
  /** Waits for so many milliseconds, or until the task is to stop. */
  readonly rest: (ms: number) => void;
  /** Keeps the descriptors open beyond the step; the receiver of the reply closes them. */
  readonly keepOpen: () => OpenProcess;
}

/** A finisher that is not over and needs no thread for a while. */
export interface Rest<Result> {
  readonly restMs: number;
  /** What it needs to go on, as plain data. */
  readonly state: object;
  /** What it comes to if it does not go on: the task stops, or the process is gone. */
  readonly ends: Readonly<Record<"stopped" | "gone", Result>>;
}

/**
 * What an engine does with a process after the last scan of a round, in the thread that scanned it.
 * After a rest it goes on in any thread.
 * @param state that of its last rest; absent at the beginning.
 * @throws {SystemCallError | ProcfsError} when the process cannot be worked on.
 */
export type Finisher<Order, Result extends object> = (
  process: ScannedProcess,
  order: Order,
  state?: object,
) => Result | Rest<Result> | "gone" | "stopped";
