import type { ProjectStatus } from "./project_status.ts";

/**
 * The JSON document of `etmem status --json`, described in docs/status.md. Names of fields stay as
 * they are; new fields may be added. Sizes end in `_bytes`, times in `_us` (microseconds), shares
 * in `_percent`; times of day are ISO 8601 in UTC; everything else is a count.
 * What is not known is left out. Names of engines, trackers and movers are plain text: a client
 * shows also those that it does not know.
 */
export interface ServerStatus {
  /** Of this document. */
  version: 1;
  /** When these numbers were taken. */
  taken_at: string;
  server: ServerProcessStatus;
  /** Best first, as they are chosen. */
  trackers: Availability[];
  movers: Availability[];
  memory: {
    /** MemTotal, MemAvailable and SwapCached of /proc/meminfo. */
    total_bytes: number;
    available_bytes: number;
    swap_cached_bytes: number;
    page_size_bytes: number;
    /** What one PMD entry maps: 2 MiB with pages of 4 KiB. */
    pmd_size_bytes: number;
  };
  swap: {
    /** SwapTotal and SwapFree of /proc/meminfo. */
    total_bytes: number;
    free_bytes: number;
    /** /sys/kernel/mm/swap/kernel_swap_enable, where there is one. */
    kernel_swap_enable?: boolean;
    /** DRAM that zram devices in use as swap take, and zswap. */
    store_bytes?: number;
    /** The swap areas, in the order in which the kernel fills them. */
    areas?: SwapAreaStatus[];
    /** Where it is switched on, or still holds pages. */
    zswap?: ZswapStatus;
  };
  /** The files of --conf-dir; left out without it. */
  conf_dir?: ConfDirStatus;
  /** Newest first. */
  projects: ProjectStatus[];
}

/** The folder of --conf-dir. */
export interface ConfDirStatus {
  path: string;
  /** Why it cannot be read: what it held stays as it is. */
  problem?: string;
  /** Configuration files in it. */
  files: number;
  /** Those that do not count as they are now. */
  refused: RefusedFile[];
}

/** A file of --conf-dir that does not count as it is now. */
export interface RefusedFile {
  file: string;
  problem: string;
  /** What it said before counts instead. */
  earlier_version_counts: boolean;
}

/** Worker threads of the server. */
export interface WorkersStatus {
  /** Alive. */
  workers: number;
  /** Of them those that the kernel holds; left out when there are none. */
  held_workers?: number;
  /** Why all work waits that needs another thread; left out when none does. */
  work_waits?: string;
}

/** The server itself. */
export interface ServerProcessStatus extends WorkersStatus {
  /** Of the program. */
  version: string;
  pid: number;
  /** The name given with -s. */
  socket: string;
  /** With --move-rate: what all tasks of slide together may move in a second. */
  move_rate_bytes?: number;
  started_at: string;
  /** Since it was started, also when the clock was set. */
  up_us: number;
  /** VmRSS and RssAnon of /proc/self/status. */
  rss_bytes: number;
  rss_anon_bytes: number;
  /** User and system time of all its threads. */
  cpu_us: number;
}

/** A swap device or file. */
export interface SwapAreaStatus {
  /** Blanks of /proc/swaps are `\\040`. */
  path: string;
  kind: "zram" | "disk" | "rotating disk" | "file";
  /** The greatest is filled first. */
  priority: number;
  total_bytes: number;
  used_bytes: number;
  /** Of a zram device. */
  zram?: ZramStatus;
}

/** Swap space in compressed memory. */
export interface ZramStatus {
  algorithm?: string;
  /** The block device that it may write to. */
  backing_device?: string;
  /** Of what was stored, before compression. */
  stored_bytes: number;
  /** DRAM that it takes. */
  store_bytes: number;
  /** The most DRAM that it may take. */
  limit_bytes?: number;
}

/** The compressed cache in front of the swap areas that are no zram device. */
export interface ZswapStatus {
  enabled: boolean;
  compressor?: string;
  /** The most DRAM that it may take, in percent of the machine's. */
  max_pool_percent?: number;
  /** Of what it holds, before compression. */
  stored_bytes: number;
  /** DRAM that it takes. */
  store_bytes: number;
}

/** A tracker or mover, and whether this machine offers it. */
export interface Availability {
  name: string;
  available: boolean;
  /** Why not. */
  reason?: string;
}
