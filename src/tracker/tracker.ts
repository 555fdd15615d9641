import type { Pagemap } from "../procfs/pagemap.ts";
import type { PageCounts } from "./page_counts.ts";
import type { VmaSelection } from "./vma_selection.ts";
import type { Reason } from "../reason/reasons.ts";

/** How a scan looks at memory; only idle_pages heeds these. */
export interface ScanFlags {
  /** Only memory that the process marked with MADV_SWAPFLAG. */
  readonly swapFlag: boolean;
  /** Of a virtual machine, ignore the accesses of the host itself. */
  readonly ignoreHost: boolean;
}

/** A process under the tracker's eyes; its descriptors stay those of one address space. */
export interface ScanTarget {
  readonly pid: number;
  /** Descriptor of /proc/PID, or of the folder of a thread where the first one has ended. */
  readonly dirFd: number;
  readonly pagemap: Pagemap;
  readonly selection: VmaSelection;
  readonly flags: ScanFlags;
  /** Asked between two system calls; true ends the scan early. */
  readonly stopped: () => boolean;
  /** Waits for so many milliseconds, between two pieces of a scan; absent: there are no pauses. */
  readonly rest?: (ms: number) => void;
}

/** What one scan came to. */
export type ScanOutcome =
  | {
    readonly state: "scanned";
    /** Monotonic time in ms from which on the next scan will see accesses. */
    readonly windowStartMs: number;
    /** VMAs of which a part could not be looked at; their pages count as used. */
    readonly errors: readonly string[];
    /** Present memory of the selection that the tracker did not look at: bytes by reason. */
    readonly leftAlone?: ReadonlyMap<Reason, number>;
  }
  | { readonly state: "gone" | "stopped" }
  /** The tracker cannot judge this process. */
  | { readonly state: "unfit"; readonly reason: Reason };

/** What a tracker keeps between two scans of a process: plain data with transferable buffers. */
export interface TrackerMemory {
  readonly buffers: readonly ArrayBuffer[];
}

/**
 * Observes which pages of a process are used. One object for one process; it moves between threads.
 */
export interface Tracker {
  /**
   * One scan: what was used since the scan before is added to the counts,
   * and the next scan's window is opened.
   * @param counts null: the accesses so far are of unknown age; they are forgotten,
   * only the window opens.
   * @throws {SystemCallError | ProcfsError} when the process cannot be looked at at all.
   */
  scan(target: ScanTarget, counts: PageCounts | null): ScanOutcome;
  memory(): TrackerMemory;
}

/** An entry of the tracker table. */
export interface TrackerKind<Name extends string = string> {
  /** What `tracker` of a project calls it. */
  readonly name: Name;
  /** What it tells apart: single pages, or only whole VMAs. */
  readonly granularity: "page" | "vma";
  /**
   * Whether it sees accesses to hugetlb memory; if not, that memory seems to be used all the time.
   */
  readonly seesHugetlb: boolean;
  /** Whether a page that was moved to another frame seems to be used in the next scan. */
  readonly losesMovedPages: boolean;
  /**
   * @returns why it cannot limit itself to memory marked with MADV_SWAPFLAG; undefined when it can.
   */
  readonly missingForSwapFlag: () => Reason | undefined;
  /** @returns why this kernel cannot do it; undefined when it can. */
  readonly missing: () => Reason | undefined;
  /** Said in the log when it is chosen. */
  readonly caution?: () => string | undefined;
  /** @param memory what the same kind's tracker kept of the process. */
  readonly create: (memory: TrackerMemory | undefined) => Tracker;
}
