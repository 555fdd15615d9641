import { readFileSync } from "node:fs";

/** What a thread has had so far, in ms. */
export interface ThreadClock {
  /** It was on a CPU. */
  readonly cpuMs: number;
  /** It could have run, and others had the CPUs. */
  readonly waitedMs: number;
}

/** Reads /proc/PID/task/TID/schedstat (Documentation/scheduler/sched-stats.rst), in ns. */
export function threadClock(pid: number, tid: number): ThreadClock {
  const [cpu = "", waited = ""] = readFileSync(`/proc/${pid}/task/${tid}/schedstat`, "latin1")
    .split(" ");
  return { cpuMs: Number(cpu) / 1e6, waitedMs: Number(waited) / 1e6 };
}
