import { noFigures } from "../../../src/status/round_figures.ts";
import { noPhases } from "../../../src/status/round_phases.ts";
import type { RoundStatus } from "../../../src/status/round_status.ts";
import type { ServerStatus } from "../../../src/status/server_status.ts";
import { noTotal } from "../../../src/status/task_status.ts";

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

export const SAMPLE_ROUND: RoundStatus = {
  number: 12,
  state: "done",
  started_at: "2026-03-01T11:59:50Z",
  age_us: 10_000_000,
  duration_us: 3_250_000,
  processes: 4,
  skipped: [{
    reason: "had no memory present that is moved, and no page fault since",
    processes: 9,
    pids: [101, 102, 103, 104, 105, 106, 107, 108],
  }],
  ...noFigures(),
  scanned_bytes: 3 * GiB,
  present_bytes: GiB,
  hot_bytes: 256 * MiB,
  cold_bytes: 768 * MiB,
  hot_huge_bytes: 4 * MiB,
  spared: [{ reason: "dram_percent reached", bytes: 68 * MiB }],
  asked_bytes: 700 * MiB,
  moved_bytes: 690 * MiB,
  refused: [{ reason: "shared", bytes: 8 * MiB }, {
    reason: "locked, hugetlb or device memory",
    bytes: 2 * MiB,
  }],
  came_back_bytes: MiB,
  freed_bytes: 510 * MiB,
  scan_errors: 1,
  phases: {
    ...noPhases(),
    vmas_us: 850,
    scan_us: 41_200,
    classify_us: 3100,
    move_us: 180_000,
    verify_us: 9000,
  },
  cpu_us: 233_000,
};

/** A status with something of everything. */
export const SAMPLE_STATUS: ServerStatus = {
  version: 1,
  taken_at: "2026-03-01T12:00:00Z",
  server: {
    version: "1.0.0",
    pid: 4711,
    socket: "etmemd_socket",
    started_at: "2026-03-01T09:47:00Z",
    up_us: 7_980_000_000,
    rss_bytes: 40_062_976,
    rss_anon_bytes: 9_535_488,
    cpu_us: 1_230_000,
    workers: 3,
  },
  trackers: [
    {
      name: "idle_pages",
      available: false,
      reason: "this kernel has no /proc/PID/idle_pages",
    },
    { name: "page_idle", available: true },
    { name: "smaps", available: true },
  ],
  movers: [
    { name: "swap_pages", available: false, reason: "this kernel has no /proc/PID/swap_pages" },
    { name: "process_madvise", available: true },
  ],
  memory: {
    total_bytes: 16 * GiB,
    available_bytes: 4 * GiB,
    swap_cached_bytes: 12 * MiB,
    page_size_bytes: 4096,
    pmd_size_bytes: 2 * MiB,
  },
  swap: {
    total_bytes: 8 * GiB,
    free_bytes: 6 * GiB,
    kernel_swap_enable: false,
    store_bytes: 380 * MiB,
    areas: [
      {
        path: "/dev/zram0",
        kind: "zram",
        priority: 100,
        total_bytes: 4 * GiB,
        used_bytes: GiB,
        zram: {
          algorithm: "lzo-rle",
          backing_device: "/dev/vdc",
          stored_bytes: GiB,
          store_bytes: 300 * MiB,
          limit_bytes: 2 * GiB,
        },
      },
      {
        path: "/dev/vdb",
        kind: "disk",
        priority: -2,
        total_bytes: 4 * GiB,
        used_bytes: GiB,
      },
    ],
    zswap: {
      enabled: true,
      compressor: "lz4",
      max_pool_percent: 20,
      stored_bytes: 200 * MiB,
      store_bytes: 80 * MiB,
    },
  },
  conf_dir: {
    path: "/etc/etmem/conf.d",
    files: 3,
    refused: [
      {
        file: "/etc/etmem/conf.d/db.conf",
        problem: "line 3: [project] loop=0: out of range, allowed is 1 to 120",
        earlier_version_counts: true,
      },
    ],
  },
  projects: [
    {
      name: "test",
      started: true,
      persistent: true,
      loop: 3,
      interval_us: 60_000_000,
      sleep_us: 1_000_000,
      sysmem_threshold_percent: 50,
      swapcache_wmark: { low_percent: 6, high_percent: 10 },
      tracker: "page_idle",
      mover: "auto",
      engines: [
        {
          name: "my_engine",
          kind: "thirdparty",
          tasks: [{
            name: "background_third",
            engine: "my_engine",
            type: "pid",
            value: "12345",
            started: false,
            failed: "engine my_engine: died of SIGSEGV",
            total: noTotal(),
            rounds: [],
          }],
        },
        {
          name: "slide",
          kind: "slide",
          tasks: [{
            name: "background_slide",
            engine: "slide",
            type: "name",
            value: "mysql",
            started: true,
            tracker: "page_idle",
            mover: "process_madvise",
            total: {
              ...noTotal(),
              rounds: 12,
              asked_bytes: 2 * GiB,
              moved_bytes: 2 * GiB,
              freed_bytes: 1.5 * GiB,
              came_back_bytes: 120 * MiB,
            },
            rounds: [
              {
                ...SAMPLE_ROUND,
                number: 13,
                state: "running",
                started_at: "2026-03-01T11:59:58.500Z",
                age_us: 1_500_000,
                processes: 1,
                skipped: [],
                ...noFigures(),
                scanned_bytes: 3 * GiB,
                present_bytes: GiB,
                hot_bytes: 256 * MiB,
                cold_bytes: 768 * MiB,
                phases: noPhases(),
              },
              SAMPLE_ROUND,
              { ...SAMPLE_ROUND, number: 11 },
            ],
          }],
        },
      ],
    },
    {
      name: "empty",
      started: false,
      persistent: false,
      loop: 1,
      interval_us: 1_000_000,
      sleep_us: 1_000_000,
      tracker: "auto",
      mover: "auto",
      engines: [{ name: "cslide", kind: "cslide", tasks: [] }],
    },
  ],
};
