import type { Availability, ServerStatus } from "../status/server_status.ts";
import { type Metric, type Sample, seconds, timestamp } from "./family.ts";

/** What is said of the server and its machine. */
export const SERVER_METRICS: readonly Metric<ServerStatus>[] = [
  {
    name: "etmem_build_info",
    type: "gauge",
    help: "The version of etmemd, as a label; always 1.",
    values: ({ server }) => [{ labels: { version: server.version }, value: 1 }],
  },
  {
    name: "etmem_server_start_time_seconds",
    type: "gauge",
    help: "When etmemd was started, in seconds since 1970.",
    values: ({ server }) => timestamp(server.started_at),
  },
  {
    name: "etmem_server_uptime_seconds",
    type: "gauge",
    help: "For how long etmemd has run, also when the clock was set.",
    values: ({ server }) => seconds(server.up_us),
  },
  {
    name: "etmem_server_resident_memory_bytes",
    type: "gauge",
    help: "Resident memory of etmemd.",
    values: ({ server }) => server.rss_bytes,
  },
  {
    name: "etmem_server_anonymous_memory_bytes",
    type: "gauge",
    help: "Anonymous part of the resident memory of etmemd.",
    values: ({ server }) => server.rss_anon_bytes,
  },
  {
    name: "etmem_server_cpu_seconds",
    type: "counter",
    help: "User and system time of all threads of etmemd.",
    values: ({ server }) => seconds(server.cpu_us),
  },
  {
    name: "etmem_server_workers",
    type: "gauge",
    help: "Worker threads of etmemd.",
    values: ({ server }) => server.workers,
  },
  {
    name: "etmem_server_held_workers",
    type: "gauge",
    help: "Worker threads of etmemd that the kernel holds.",
    values: ({ server }) => server.held_workers ?? 0,
  },
  {
    name: "etmem_server_work_waits",
    type: "gauge",
    help: "1 while all work waits that needs another thread.",
    values: ({ server }) => server.work_waits !== undefined,
  },
  {
    name: "etmem_conf_dir_readable",
    type: "gauge",
    help: "1 while the folder of --conf-dir can be read.",
    values: ({ conf_dir }) => conf_dir === undefined ? [] : conf_dir.problem === undefined,
  },
  {
    name: "etmem_conf_dir_files",
    type: "gauge",
    help: "Configuration files in the folder of --conf-dir.",
    values: ({ conf_dir }) => conf_dir?.files ?? [],
  },
  {
    name: "etmem_conf_dir_refused_files",
    type: "gauge",
    help: "Those of them that do not count as they are now.",
    values: ({ conf_dir }) => conf_dir?.refused.length ?? [],
  },
  {
    name: "etmem_tracker_available",
    type: "gauge",
    help: "1 if this machine offers the tracker.",
    values: ({ trackers }) => trackers.map((tracker) => available("tracker", tracker)),
  },
  {
    name: "etmem_mover_available",
    type: "gauge",
    help: "1 if this machine offers the mover.",
    values: ({ movers }) => movers.map((mover) => available("mover", mover)),
  },
  {
    name: "etmem_memory_total_bytes",
    type: "gauge",
    help: "MemTotal of the machine.",
    values: ({ memory }) => memory.total_bytes,
  },
  {
    name: "etmem_memory_available_bytes",
    type: "gauge",
    help: "MemAvailable of the machine.",
    values: ({ memory }) => memory.available_bytes,
  },
  {
    name: "etmem_memory_swap_cached_bytes",
    type: "gauge",
    help: "SwapCached of the machine.",
    values: ({ memory }) => memory.swap_cached_bytes,
  },
  {
    name: "etmem_memory_page_size_bytes",
    type: "gauge",
    help: "Size of a page.",
    values: ({ memory }) => memory.page_size_bytes,
  },
  {
    name: "etmem_memory_pmd_size_bytes",
    type: "gauge",
    help: "What one PMD entry maps.",
    values: ({ memory }) => memory.pmd_size_bytes,
  },
];

function available(label: string, { name, available: value }: Availability): Sample {
  return { labels: { [label]: name }, value: Number(value) };
}
