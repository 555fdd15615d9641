import type {
  GroupSearch,
  NamedProcess,
  ProcessQuery,
  ProcessSearch,
} from "../../procfs/find_processes.ts";
import { because, type Reason } from "../../reason/reasons.ts";
import { targetValue } from "../target_value.ts";

/** A reason, and the pids that it is about but does not name. */
export type WhyNone = readonly [reason: Reason, pids: readonly number[]];

const NO_KERNEL_THREAD = because("kernel_thread");
const NO_SERVER = because("server_process");

/** Why a query finds nothing. */
export function whyNone(
  query: ProcessQuery,
  { named, groups }: Pick<ProcessSearch, "named" | "groups">,
): WhyNone[] {
  if (query.type === "pid") return [whyNotPid(query, named[0])];
  const pidsOf = (processes: readonly NamedProcess[]): number[] => processes.map(({ pid }) => pid);
  const reasons: WhyNone[] = [
    [NO_KERNEL_THREAD, pidsOf(named.filter((one) => one.isKernelThread))],
    [NO_SERVER, pidsOf(named.filter((one) => one.isServer && !one.isKernelThread))],
  ];
  const known = reasons.filter(([, pids]) => pids.length > 0);
  if (known.length > 0) return known;
  const value = targetValue(query);
  if (query.type === "name") return [[because("no_such_name", value), []]];
  return groups?.foreign ? [] : [[whyNoneInGroups(value, groups), []]];
}

function whyNoneInGroups(pattern: string, groups: GroupSearch | undefined): Reason {
  if (groups?.areMounted !== true) return because("no_cgroups");
  return groups.matching === 0
    ? because("no_such_cgroup", pattern)
    : because("cgroup_is_empty", pattern);
}

function whyNotPid(
  { pid, startTicks }: ProcessQuery & { type: "pid" },
  process: NamedProcess | undefined,
): WhyNone {
  return [reasonOf(startTicks, process), [pid]];
}

/** @param startTicks of the process that had the pid first; undefined when none has had it. */
function reasonOf(startTicks: number | undefined, process: NamedProcess | undefined): Reason {
  if (process === undefined && startTicks === undefined) return because("no_such_process");
  if (process !== undefined && process.startTicks !== startTicks) {
    return because("pid_reused");
  }
  if (process?.isKernelThread === true) return NO_KERNEL_THREAD;
  return process?.isServer === true ? NO_SERVER : because("process_ended");
}
