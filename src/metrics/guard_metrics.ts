import type { RoundStatus } from "../status/round_status.ts";
import { gauge, type Metric, ratio, seconds } from "./family.ts";

/** What is said of the guard of a round, see docs/guard.md. */
export const GUARD_METRICS: readonly Metric<RoundStatus>[] = [
  gauge(
    "etmem_task_stall_limit_ratio",
    "Share of time that a process may wait for what was moved: the smallest stall_limit.",
    ({ guard }) => guard === undefined ? undefined : ratio(guard.stall_limit_percent),
  ),
  gauge(
    "etmem_task_stall_ratio",
    "Share of time that the process which waited longest did so in the last round.",
    ({ guard }) => guard === undefined ? undefined : ratio(guard.harm_percent),
  ),
  gauge(
    "etmem_task_age_scans",
    "Scans for which a page has to be idle before it goes; +Inf: none is old enough.",
    ({ guard }) => guard === undefined ? undefined : guard.age_scans ?? Number.POSITIVE_INFINITY,
  ),
  gauge(
    "etmem_task_age_seconds",
    "The time for which a page has to be idle before it goes; +Inf: none is old enough.",
    ({ guard }) => guard === undefined ? undefined : guard.age_seconds ?? Number.POSITIVE_INFINITY,
  ),
  gauge(
    "etmem_task_swap_in_seconds",
    "The longest mean time of a swap-in.",
    ({ guard }) => guard === undefined ? undefined : seconds(guard.swap_in_us),
  ),
  gauge(
    "etmem_task_paused_processes",
    "Processes of which nothing moves until they wait less.",
    ({ guard }) => guard?.paused_processes,
  ),
  gauge(
    "etmem_task_unguarded_processes",
    "Processes of which everything cold may go, since the machine has hardly any memory.",
    ({ guard }) => guard?.unguarded_processes,
  ),
];
