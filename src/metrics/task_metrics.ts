import type { ProjectStatus } from "../status/project_status.ts";
import { TOTAL_FIGURES } from "../status/round_figures.ts";
import type { TaskStatus } from "../status/task_status.ts";
import { counter, gauge, type Metric, ratio, seconds } from "./family.ts";

/** What is said of a project. */
export const PROJECT_METRICS: readonly Metric<ProjectStatus>[] = [
  gauge("etmem_project_started", "1 if the project is started.", ({ started }) => started),
  gauge(
    "etmem_project_waits",
    "1 if the project waits for something that it needs for its start.",
    ({ waits_for: reason }) => reason !== undefined,
  ),
  gauge(
    "etmem_project_dry_run",
    "1 if the project only accounts for what it would move.",
    ({ dry_run: isDry = false }) => isDry,
  ),
  gauge(
    "etmem_project_persistent",
    "1 if the project is back when etmemd is started again.",
    ({ persistent }) => persistent,
  ),
  gauge("etmem_project_scans_per_round", "Scans in a round: the key loop.", ({ loop }) => loop),
  gauge(
    "etmem_project_interval_seconds",
    "Time between two scans of a round: the key interval.",
    ({ interval_us: us }) => seconds(us),
  ),
  gauge(
    "etmem_project_sleep_seconds",
    "Time between two rounds: the key sleep.",
    ({ sleep_us: us }) => seconds(us),
  ),
  gauge(
    "etmem_project_sysmem_threshold_ratio",
    "Share of memory below which pages are moved: the key sysmem_threshold.",
    ({ sysmem_threshold_percent: percent }) => percent === undefined ? undefined : ratio(percent),
  ),
  gauge(
    "etmem_project_swapcache_mark_ratio",
    "Marks of the swap cache as shares of memory: the keys swapcache_high_wmark and " +
      "swapcache_low_wmark.",
    ({ swapcache_wmark: marks }) =>
      marks === undefined ? undefined : [
        { labels: { mark: "high" }, value: ratio(marks.high_percent) },
        { labels: { mark: "low" }, value: ratio(marks.low_percent) },
      ],
  ),
];

/** What is said of a task; of its rounds see `round_metrics.ts`. */
export const TASK_METRICS: readonly Metric<TaskStatus>[] = [
  gauge(
    "etmem_task_info",
    "What the task looks for and by which means it works, as labels; always 1.",
    ({ type, value, tracker = "", mover = "" }) => [
      { labels: { type, value, tracker, mover }, value: 1 },
    ],
  ),
  gauge("etmem_task_started", "1 if the task is started.", ({ started }) => started),
  gauge(
    "etmem_task_failed",
    "1 if the task has failed; etmem status says why.",
    ({ failed }) => failed !== undefined,
  ),
  gauge(
    "etmem_task_warnings",
    "Settings of the task that have no effect on this machine; etmem status says why.",
    ({ warnings = [] }) => warnings.length,
  ),
  counter(
    "etmem_task_rounds",
    "Rounds that the task has done since it was started.",
    ({ total }) => total.rounds,
  ),
  ...TOTAL_FIGURES.map(({ name, meaning }) =>
    counter<TaskStatus>(
      `etmem_task_${name}`,
      `All rounds since the task was started: ${plain(meaning)}.`,
      ({ total }) => total[name],
    )
  ),
];

/** The meaning of a figure without the marks of Markdown. */
export function plain(meaning: string): string {
  return meaning.replaceAll("`", "");
}
