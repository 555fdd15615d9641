import type { MovedSetData } from "../../mover/moved_set.ts";
import type { MoverName } from "../../mover/movers.ts";
import type { FigureGains } from "../../status/round_figures.ts";
import type { PhaseTimes } from "../../status/round_phases.ts";
import type { PageCountsData } from "../../tracker/page_counts.ts";
import type { ScanFlags, TrackerMemory } from "../../tracker/tracker.ts";
import type { TrackerName } from "../../tracker/trackers.ts";
import type { VmaSelection } from "../../tracker/vma_selection.ts";
import type { LocatedPages } from "../cslide/located_pages.ts";

/** What is kept of a process from one round to the next; its buffers are handed from thread to thread. */
export interface ProcessMemory {
  /** Of the address space that this is about: ProcessStat.memoryId. */
  readonly memoryId: string;
  readonly tracker: TrackerMemory;
  readonly moved: MovedSetData;
}

/** A process in the middle of a round: its descriptors, and what was counted so far. */
export interface OpenProcess {
  /** Descriptor of /proc/PID. */
  readonly dirFd: number;
  readonly pagemapFd: number;
  readonly counts: PageCountsData | null;
}

/** What to do with cold memory after the last scan of a round. */
export interface MoveOrder {
  readonly mover: MoverName;
  /** A page with fewer accesses than this is cold. */
  readonly coldThreshold: number;
  /** Go on only while MemAvailable is below this share of MemTotal. */
  readonly sysmemThresholdPercent?: number;
  /** Resident share of VmRSS + VmSwap to come down to. */
  readonly dramPercent?: number;
}

/** One step of a round for one process: a scan, and after the last one the move. */
export interface StepRequest {
  readonly pid: number;
  /** With the pid, the identity of the process. */
  readonly startTicks: number;
  readonly tracker: TrackerName;
  readonly selection: VmaSelection;
  readonly flags: ScanFlags;
  /** Leave a process alone that does not have more than this, in the first step of a round. */
  readonly swapThresholdBytes?: number;
  /** Absent in the first step of a round. */
  readonly open?: OpenProcess | undefined;
  /** Absent for a process that was not scanned before. */
  readonly memory?: ProcessMemory | undefined;
  /** What the memory says of accesses is void: forget those so far, as for a process not scanned before. */
  readonly isStale: boolean;
  /** What follows when this scan, if it counts, is the last of the round. */
  readonly move?: MoveOrder;
  readonly locate?: boolean;
  /** One shared word: not 0 asks to stop. */
  readonly stop: Int32Array;
}

interface StepCommon {
  /** Time spent in the step. */
  readonly times: PhaseTimes;
  /** CPU time spent in it, in microseconds. */
  readonly cpuUs: number;
  readonly errors: readonly string[];
  /** What the step adds to its round; `errors` are not among it. */
  readonly figures: FigureGains;
}

export type StepReply =
  & StepCommon
  & (
    | {
      /** The round goes on for this process. */
      readonly state: "open";
      /** False: accesses of unknown age were forgotten, the round's first scan is still to come. */
      readonly counted: boolean;
      /** Milliseconds ago from which on the next scan sees accesses. */
      readonly windowAgeMs: number;
      readonly open: OpenProcess;
      readonly memory: ProcessMemory;
    }
    /** The round's scans are over, the descriptors stay open. */
    | {
      readonly state: "located";
      readonly pages: LocatedPages;
      readonly open: OpenProcess;
      readonly memory: ProcessMemory;
    }
    | { readonly state: "done"; readonly memory: ProcessMemory }
    /** Not scanned in this step. */
    | {
      readonly state: "skipped";
      readonly reason: string;
      readonly memory?: ProcessMemory | undefined;
    }
    /** Exited, or executes another program. */
    | { readonly state: "gone" }
    | { readonly state: "stopped" }
  );
