/**
 * What a configuration file says, compiled: every range is checked, every default is filled in,
 * units are in the names. The running code sees these objects and never a raw string.
 */

export type TrackerName = "idle_pages" | "page_idle" | "smaps";
export type MoverName = "swap_pages" | "process_madvise";

/** The [project] section. */
export interface ProjectDescription {
  readonly name: string;
  /** Scans in a round, 1 to 120. */
  readonly loop: number;
  /** Seconds between two scans of a round, 1 to 1200. */
  readonly intervalSeconds: number;
  /** Seconds between the end of a round and the next, 1 to 1200. */
  readonly sleepSeconds: number;
  /** Swap only while MemAvailable is below this share of MemTotal, 0 to 100. */
  readonly sysmemThresholdPercent?: number;
  /** Both marks in percent of MemTotal, 1 <= low < high <= 100. */
  readonly swapcacheWmark?: { readonly lowPercent: number; readonly highPercent: number };
  readonly tracker: "auto" | TrackerName;
  readonly mover: "auto" | MoverName;
}

/** The [engine] section of the slide engine: it has no keys of its own. */
export interface SlideEngineDescription {
  readonly kind: "slide";
  readonly project: string;
  readonly name: "slide";
}

/** A pair of node_pair in the order of the file; the machine decides which one is the slow node. */
export type NodePair = readonly [first: number, second: number];

/** The [engine] section of the cslide engine. */
export interface CslideEngineDescription {
  readonly kind: "cslide";
  readonly project: string;
  readonly name: "cslide";
  readonly nodePairs: readonly NodePair[];
  /** Accesses in a round from which a page is hot. */
  readonly hotThreshold: number;
  /** MiB per direction, round and pair. */
  readonly nodeMigQuotaMb: number;
  /** MiB kept free in DRAM for hot memory. */
  readonly nodeHotReserveMb: number;
}

/** The [engine] section of a third-party engine. */
export interface ThirdPartyEngineDescription {
  readonly kind: "thirdparty";
  readonly project: string;
  /** eng_name: what tasks and `etmem engine -e` call it. */
  readonly name: string;
  /** Absolute path of the shared library. */
  readonly libname: string;
  /** Symbol of the struct engine_ops in it. */
  readonly opsName: string;
  /** The key file text its fill_eng_params is handed: [project] if the file has one, and its [engine]. */
  readonly keyFileText: string;
  /** Of that, its [engine] alone: for tasks of other files. */
  readonly groupText: string;
}

export type EngineDescription =
  | SlideEngineDescription
  | CslideEngineDescription
  | ThirdPartyEngineDescription;

/** Which processes a task is about; their descendants count too. */
export type TaskTarget =
  | { readonly type: "pid"; readonly pid: number }
  | { readonly type: "name"; readonly comm: string };

interface TaskCommon {
  readonly project: string;
  readonly engine: string;
  readonly name: string;
  readonly target: TaskTarget;
}

/** A [task] of the slide engine. */
export interface SlideTaskDescription extends TaskCommon {
  readonly kind: "slide";
  /** A page with fewer accesses than this in a round is cold. 0..loop; above loop was taken as loop. */
  readonly coldThreshold: number;
  /** Processes worked on at the same time, 1 to 2 * cores + 1. */
  readonly maxThreads: number;
  /** Swap only a process whose VmRSS is above this. */
  readonly swapThresholdBytes?: number;
  /** Swap only memory that the process marked with MADV_SWAPFLAG. */
  readonly swapFlag: boolean;
  /** Swap only the coldest, down to this resident share of VmRSS + VmSwap, 1 to 100. */
  readonly dramPercent?: number;
}

/** A [task] of the cslide engine. */
export interface CslideTaskDescription extends TaskCommon {
  readonly kind: "cslide";
  /** Two-letter VmFlags that a VMA must all have to be scanned; empty: any VMA. */
  readonly vmFlags: readonly string[];
  readonly anonOnly: boolean;
  readonly ignHost: boolean;
}

/** A [task] of a third-party engine. */
export interface ThirdPartyTaskDescription extends TaskCommon {
  readonly kind: "thirdparty";
  readonly maxThreads: number;
  readonly swapFlag: boolean;
  /**
   * The key file text its fill_task_params is handed: this [task], and [project] and its [engine] if the file has
   * them.
   */
  readonly keyFileText: string;
  /** Its [engine] is in the same file, so that the text has it. */
  readonly hasEngine: boolean;
}

export type TaskDescription =
  | SlideTaskDescription
  | CslideTaskDescription
  | ThirdPartyTaskDescription;
