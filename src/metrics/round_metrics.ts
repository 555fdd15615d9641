import { ROUND_FIGURES } from "../status/round_figures.ts";
import { ROUND_PHASES } from "../status/round_phases.ts";
import type { RoundStatus } from "../status/round_status.ts";
import { bytesByReason, samplesByReason } from "./by_reason.ts";
import { gauge, type Metric, seconds, timestamp } from "./family.ts";
import { GUARD_METRICS } from "./guard_metrics.ts";
import { NODE_PAIR_METRICS } from "./node_pair_metrics.ts";
import { plain } from "./task_metrics.ts";

/** One object of labels for each phase. */
const PHASES = ROUND_PHASES.map(({ name }) => ({
  name,
  labels: { phase: name.replace(/_us$/, "") },
}));

/** What is said of the newest round of a task that has ended. */
export const ROUND_METRICS: readonly Metric<RoundStatus>[] = [
  ...ROUND_FIGURES.map((figure): Metric<RoundStatus> => ({
    name: `etmem_task_round_${
      figure.unit === "bytes by reason" ? `${figure.name}_bytes` : figure.name
    }`,
    type: "gauge",
    help: `Last round: ${plain(figure.meaning)}.`,
    values: (round) =>
      figure.unit === "bytes by reason" ? bytesByReason(round[figure.name]) : round[figure.name],
  })),
  gauge(
    "etmem_task_round_start_time_seconds",
    "Last round: when it began, in seconds since 1970.",
    ({ started_at: time }) => timestamp(time),
  ),
  gauge(
    "etmem_task_round_age_seconds",
    "Last round: for how long it has begun, also when the clock was set.",
    ({ age_us: us }) => seconds(us),
  ),
  gauge(
    "etmem_task_round_number",
    "Last round: its number since the task was started.",
    ({ number }) => number,
  ),
  gauge(
    "etmem_task_round_stopped",
    "1 if the last round was stopped before its end.",
    ({ state }) => state === "stopped",
  ),
  gauge(
    "etmem_task_round_duration_seconds",
    "Last round: how long it took.",
    ({ duration_us: us }) => seconds(us),
  ),
  gauge(
    "etmem_task_round_late_seconds",
    "Last round: by how much moving took longer than the time between two rounds.",
    ({ late_us: us = 0 }) => seconds(us),
  ),
  gauge(
    "etmem_task_round_cpu_seconds",
    "Last round: CPU time of the threads that did the work.",
    ({ cpu_us: us }) => seconds(us),
  ),
  gauge(
    "etmem_task_round_phase_seconds",
    "Last round: time by phase, added up over the processes.",
    ({ phases }) => PHASES.map(({ name, labels }) => ({ labels, value: seconds(phases[name]) })),
  ),
  gauge(
    "etmem_task_round_processes",
    "Last round: processes that were scanned.",
    ({ processes }) => processes,
  ),
  gauge(
    "etmem_task_round_skipped_processes",
    "Last round: processes that were left alone, by reason.",
    ({ skipped }) => samplesByReason(skipped, ({ processes }) => processes),
  ),
  ...GUARD_METRICS,
  ...NODE_PAIR_METRICS,
];
