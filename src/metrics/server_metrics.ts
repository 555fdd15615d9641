import type { Availability, ServerStatus } from "../status/server_status.ts";
import { counter, gauge, type Metric, type Sample, seconds, timestamp } from "./family.ts";

/** What is said of the server and its machine. */
export const SERVER_METRICS: readonly Metric<ServerStatus>[] = [
  gauge(
    "etmem_build_info",
    "The version of etmemd, as a label; always 1.",
    ({ server }) => [{ labels: { version: server.version }, value: 1 }],
  ),
  gauge(
    "etmem_server_start_time_seconds",
    "When etmemd was started, in seconds since 1970.",
    ({ server }) => timestamp(server.started_at),
  ),
  gauge(
    "etmem_server_uptime_seconds",
    "For how long etmemd has run, also when the clock was set.",
    ({ server }) => seconds(server.up_us),
  ),
  gauge(
    "etmem_server_resident_memory_bytes",
    "Resident memory of etmemd.",
    ({ server }) => server.rss_bytes,
  ),
  gauge(
    "etmem_server_anonymous_memory_bytes",
    "Anonymous part of the resident memory of etmemd.",
    ({ server }) => server.rss_anon_bytes,
  ),
  counter(
    "etmem_server_cpu_seconds",
    "User and system time of all threads of etmemd.",
    ({ server }) => seconds(server.cpu_us),
  ),
  gauge("etmem_server_workers", "Worker threads of etmemd.", ({ server }) => server.workers),
  gauge(
    "etmem_server_held_workers",
    "Worker threads of etmemd that the kernel holds.",
    ({ server }) => server.held_workers ?? 0,
  ),
  gauge(
    "etmem_server_work_waits",
    "1 while all work waits that needs another thread.",
    ({ server }) => server.work_waits !== undefined,
  ),
  gauge(
    "etmem_conf_dir_readable",
    "1 while the folder of --conf-dir can be read.",
    ({ conf_dir }) => conf_dir === undefined ? [] : conf_dir.problem === undefined,
  ),
  gauge(
    "etmem_conf_dir_files",
    "Configuration files in the folder of --conf-dir.",
    ({ conf_dir }) => conf_dir?.files ?? [],
  ),
  gauge(
    "etmem_conf_dir_refused_files",
    "Those of them that do not count as they are now.",
    ({ conf_dir }) => conf_dir?.refused.length ?? [],
  ),
  gauge(
    "etmem_tracker_available",
    "1 if this machine offers the tracker.",
    ({ trackers }) => trackers.map((tracker) => available("tracker", tracker)),
  ),
  gauge(
    "etmem_mover_available",
    "1 if this machine offers the mover.",
    ({ movers }) => movers.map((mover) => available("mover", mover)),
  ),
  gauge("etmem_memory_total_bytes", "MemTotal of the machine.", ({ memory }) => memory.total_bytes),
  gauge(
    "etmem_memory_available_bytes",
    "MemAvailable of the machine.",
    ({ memory }) => memory.available_bytes,
  ),
  gauge(
    "etmem_memory_swap_cached_bytes",
    "SwapCached of the machine.",
    ({ memory }) => memory.swap_cached_bytes,
  ),
  gauge("etmem_memory_page_size_bytes", "Size of a page.", ({ memory }) => memory.page_size_bytes),
  gauge(
    "etmem_memory_pmd_size_bytes",
    "What one PMD entry maps.",
    ({ memory }) => memory.pmd_size_bytes,
  ),
];

function available(label: string, { name, available: value }: Availability): Sample {
  return { labels: { [label]: name }, value: Number(value) };
}
