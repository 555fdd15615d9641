import type { RoundStatus } from "../status/round_status.ts";
import { type Metric, ratio, seconds } from "./family.ts";

/** What is said of the guard of a round, see docs/guard.md. */
export const GUARD_METRICS: readonly Metric<RoundStatus>[] = [
  {
    name: "etmem_task_stall_limit_ratio",
    type: "gauge",
    help: "Share of time that a process may wait for what was moved: the smallest stall_limit.",
    values: ({ guard }) => guard === undefined ? undefined : ratio(guard.stall_limit_percent),
  },
  {
    name: "etmem_task_stall_ratio",
    type: "gauge",
    help: "Share of time that the process which waited longest did so in the last round.",
    values: ({ guard }) => guard === undefined ? undefined : ratio(guard.harm_percent),
  },
  {
    name: "etmem_task_age_scans",
    type: "gauge",
    help: "Scans for which a page has to be idle before it goes; +Inf: none is old enough.",
    values: ({ guard }) =>
      guard === undefined ? undefined : guard.age_scans ?? Number.POSITIVE_INFINITY,
  },
  {
    name: "etmem_task_age_seconds",
    type: "gauge",
    help: "The time for which a page has to be idle before it goes; +Inf: none is old enough.",
    values: ({ guard }) =>
      guard === undefined ? undefined : guard.age_seconds ?? Number.POSITIVE_INFINITY,
  },
  {
    name: "etmem_task_swap_in_seconds",
    type: "gauge",
    help: "The longest mean time of a swap-in.",
    values: ({ guard }) => guard === undefined ? undefined : seconds(guard.swap_in_us),
  },
  {
    name: "etmem_task_paused_processes",
    type: "gauge",
    help: "Processes of which nothing moves until they wait less.",
    values: ({ guard }) => guard?.paused_processes,
  },
  {
    name: "etmem_task_unguarded_processes",
    type: "gauge",
    help: "Processes of which everything cold may go, since the machine has hardly any memory.",
    values: ({ guard }) => guard?.unguarded_processes,
  },
];
