import type { ProjectStatus } from "../status/project_status.ts";
import { TOTAL_FIGURES } from "../status/round_figures.ts";
import type { TaskStatus } from "../status/task_status.ts";
import { type Metric, ratio, seconds } from "./family.ts";

/** What is said of a project. */
export const PROJECT_METRICS: readonly Metric<ProjectStatus>[] = [
  {
    name: "etmem_project_started",
    type: "gauge",
    help: "1 if the project is started.",
    values: ({ started }) => started,
  },
  {
    name: "etmem_project_waits",
    type: "gauge",
    help: "1 if the project waits for something that it needs for its start.",
    values: ({ waits_for: reason }) => reason !== undefined,
  },
  {
    name: "etmem_project_dry_run",
    type: "gauge",
    help: "1 if the project only accounts for what it would move.",
    values: ({ dry_run: isDry = false }) => isDry,
  },
  {
    name: "etmem_project_persistent",
    type: "gauge",
    help: "1 if the project is back when etmemd is started again.",
    values: ({ persistent }) => persistent,
  },
  {
    name: "etmem_project_scans_per_round",
    type: "gauge",
    help: "Scans in a round: the key loop.",
    values: ({ loop }) => loop,
  },
  {
    name: "etmem_project_interval_seconds",
    type: "gauge",
    help: "Time between two scans of a round: the key interval.",
    values: ({ interval_us: us }) => seconds(us),
  },
  {
    name: "etmem_project_sleep_seconds",
    type: "gauge",
    help: "Time between two rounds: the key sleep.",
    values: ({ sleep_us: us }) => seconds(us),
  },
  {
    name: "etmem_project_sysmem_threshold_ratio",
    type: "gauge",
    help: "Share of memory below which pages are moved: the key sysmem_threshold.",
    values: ({ sysmem_threshold_percent: percent }) =>
      percent === undefined ? undefined : ratio(percent),
  },
  {
    name: "etmem_project_swapcache_mark_ratio",
    type: "gauge",
    help: "Marks of the swap cache as shares of memory: the keys swapcache_high_wmark and " +
      "swapcache_low_wmark.",
    values: ({ swapcache_wmark: marks }) =>
      marks === undefined ? undefined : [
        { labels: { mark: "high" }, value: ratio(marks.high_percent) },
        { labels: { mark: "low" }, value: ratio(marks.low_percent) },
      ],
  },
];

/** What is said of a task; of its rounds see `round_metrics.ts`. */
export const TASK_METRICS: readonly Metric<TaskStatus>[] = [
  {
    name: "etmem_task_info",
    type: "gauge",
    help: "What the task looks for and by which means it works, as labels; always 1.",
    values: ({ type, value, tracker = "", mover = "" }) => [
      { labels: { type, value, tracker, mover }, value: 1 },
    ],
  },
  {
    name: "etmem_task_started",
    type: "gauge",
    help: "1 if the task is started.",
    values: ({ started }) => started,
  },
  {
    name: "etmem_task_failed",
    type: "gauge",
    help: "1 if the task has failed; etmem status says why.",
    values: ({ failed }) => failed !== undefined,
  },
  {
    name: "etmem_task_warnings",
    type: "gauge",
    help: "Settings of the task that have no effect on this machine; etmem status says why.",
    values: ({ warnings = [] }) => warnings.length,
  },
  {
    name: "etmem_task_rounds",
    type: "counter",
    help: "Rounds that the task has done since it was started.",
    values: ({ total }) => total.rounds,
  },
  ...TOTAL_FIGURES.map(({ name, meaning }): Metric<TaskStatus> => ({
    name: `etmem_task_${name}`,
    // What is freed falls when a store grows by more than what moved; a counter never does.
    type: name === "freed_bytes" ? "gauge" : "counter",
    help: `All rounds since the task was started: ${plain(meaning)}.`,
    values: ({ total }) => total[name],
  })),
];

/** The meaning of a figure without the marks of Markdown. */
export function plain(meaning: string): string {
  return meaning.replaceAll("`", "");
}
