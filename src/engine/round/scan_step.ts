import type { MovedSetData } from "../../mover/moved_set.ts";
import type { FigureGains } from "../../status/round_figures.ts";
import type { PhaseTimes } from "../../status/round_phases.ts";
import type { PageCountsData } from "../../tracker/page_counts.ts";
import type { ScanFlags, TrackerMemory } from "../../tracker/tracker.ts";
import type { TrackerName } from "../../tracker/trackers.ts";
import type { VmaSelection } from "../../tracker/vma_selection.ts";
import type { ProcessHistoryData } from "../../guard/process_history.ts";
import type { ReadCounters } from "./read_back.ts";
import type { Reason } from "../../reason/reasons.ts";

/**
 * What is kept of a process from one round to the next.
 * Its buffers are handed from thread to thread.
 */
export interface ProcessMemory {
  /** Of the address space that this is about: ProcessStat.memoryId. */
  readonly memoryId: string;
  readonly tracker: TrackerMemory;
  /** Absent in tasks that do without ages. */
  readonly history?: ProcessHistoryData;
  /** From before the last scan; there where `history` is. */
  readonly scanReads?: ReadCounters | undefined;
  readonly moved: MovedSetData;
  /** From before it was last looked what came back; absent while nothing is out. */
  readonly reads?: ReadCounters | undefined;
}

/** What packMemory() makes of that of a small process. */
export interface PackedMemory {
  readonly packed: Uint8Array<ArrayBuffer>;
}

/** As it is kept by the main thread, which does not look into it. */
export type KeptMemory = ProcessMemory | PackedMemory;

/** What a step whose finisher rests hands on. */
export interface RestingStep {
  /** Of the finisher. */
  readonly state: object;
  /** By monotonicMs(): up to then the last scan saw accesses. */
  readonly scannedMs: number;
  /** ProcessStat.faults when that scan had ended. */
  readonly faults: number;
  /** What looks since the last scan have found. */
  readonly looks?: Looks | undefined;
}

/** What looks since the last scan have found. */
export interface Looks {
  readonly counts: PageCountsData;
  /** By monotonicMs(): from then on the next scan sees accesses. */
  readonly windowStartMs: number;
}

/**
 * What scans of one task have found of a process. Other tasks do not find it any more: a scan
 * clears what it sees.
 */
export interface SeenAccesses {
  /** Pages that were used: a bit each. */
  readonly used: MovedSetData;
  /** Pages that the task has moved to swap since. */
  readonly moved: MovedSetData;
  /** Pages that it has read from swap itself, for the time that this takes. */
  readonly read: MovedSetData;
  /** By monotonicMs(): from then on the next scan sees accesses; absent: there was no scan. */
  readonly windowStartMs?: number;
}

/** A process in the middle of a round: its descriptors, and what was counted so far. */
export interface OpenProcess {
  /** Id of the thread that `dirFd` is of: the pid, unless the first thread has ended. */
  readonly tid: number;
  /** Descriptor of /proc/TID. */
  readonly dirFd: number;
  readonly pagemapFd: number;
  readonly counts: PageCountsData | null;
}

/**
 * One step of a round for one process: a scan, and after the last scan what the engine does then.
 * @template Order what the engine's finisher is told.
 */
export interface ScanStepRequest<Order = unknown> {
  readonly pid: number;
  /** With the pid, the identity of the process. */
  readonly startTicks: number;
  readonly tracker: TrackerName;
  readonly selection: VmaSelection;
  readonly flags: ScanFlags;
  /** Interval of the project, for the ages of pages; absent: none are kept. */
  readonly ageIntervalMs?: number;
  /** Leave a process alone that does not have more than this, in the first step of a round. */
  readonly swapThresholdBytes?: number;
  /** What was moved is present all the same: it counts as out until it is used. */
  readonly isDryRun?: boolean;
  /** Leave a process alone that may not swap more, in the first step of a round. */
  readonly needsSwap?: boolean;
  /** Absent in the first step of a round. */
  readonly open?: OpenProcess | undefined;
  /** The smallest stall_limit of all tasks on the process; absent: none has one. */
  readonly stallLimitPercent?: number | undefined;
  /** Absent for a process that was not scanned before. */
  readonly memory?: KeptMemory | undefined;
  /**
   * Another task was the last to scan: the accesses so far do not count in the round, as for a
   * process that was not scanned before.
   */
  readonly isStale: boolean;
  /**
   * What others have seen since this task scanned last, so that the ages go on; absent where it is
   * not known, which voids them.
   */
  readonly seenByOthers?: SeenAccesses | undefined;
  /** Other tasks need to know what this step sees. */
  readonly isFollowed?: boolean;
  /** Present in the last step of a round: the finisher is called if this scan counts. */
  readonly finish?: Order;
  /** The step does not scan: the finisher goes on after a rest. */
  readonly resting?: RestingStep | undefined;
  /** The words of the task's StopFlag. */
  readonly stop: Int32Array;
}

/** Every reply says this. */
interface StepCosts {
  /** Time spent in the step. */
  readonly times: PhaseTimes;
  /** CPU time spent in it, in microseconds. */
  readonly cpuUs: number;
  readonly errors: readonly string[];
  /** What the scan adds to its round; `errors` are not among it. */
  readonly figures: FigureGains;
  /** Where the step is followed: what it has seen; absent when some of it is not known. */
  readonly seen?: SeenAccesses | undefined;
}

/** How a step ended, if not with the result of a finisher. */
export type UnfinishedStep =
  | {
    /** The round goes on for this process. */
    readonly state: "open";
    /** False: accesses of unknown age were forgotten, the round's first scan is still to come. */
    readonly counted: boolean;
    /** Milliseconds ago from which on the next scan sees accesses. */
    readonly windowAgeMs: number;
    readonly open: OpenProcess;
    readonly memory: KeptMemory;
  }
  /** Not scanned in this step. */
  | {
    readonly state: "skipped";
    readonly reason: Reason;
    readonly memory?: KeptMemory | undefined;
  }
  /** Exited, or executes another program. */
  | { readonly state: "gone"; readonly memory?: KeptMemory | undefined }
  | { readonly state: "stopped"; readonly memory?: KeptMemory | undefined };

/** The round is over for a process: what the engine's finisher came to. */
export interface FinishedStep<Result> {
  readonly state: "finished";
  /** Milliseconds since the last scan of the round. */
  readonly windowAgeMs: number;
  readonly result: Result;
  readonly memory: KeptMemory;
}

/** The finisher needs no thread for a while, and goes on then. */
export interface RestStep<Result> {
  readonly state: "resting";
  readonly restMs: number;
  readonly open: OpenProcess;
  readonly memory: KeptMemory;
  readonly resting: RestingStep;
  /** Milliseconds since the last scan of the round. */
  readonly windowAgeMs: number;
  /** What the round comes to if the finisher does not go on. */
  readonly ends: Readonly<Record<"stopped" | "gone", Result>>;
}

/**
 * What a step came to.
 * @template Result that of the engine's finisher.
 */
export type ScanStepReply<Result = unknown> =
  & StepCosts
  & (UnfinishedStep | FinishedStep<Result> | RestStep<Result>);
