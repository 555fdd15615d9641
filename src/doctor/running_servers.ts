import { readlinkSync } from "node:fs";
import { AT_FDCWD } from "../../ffi/libc.ts";
import { parseServerOptions } from "../daemon/server_options.ts";
import { UsageError } from "../options/usage_error.ts";
import { sweepProcesses } from "../procfs/find_processes.ts";
import { readText } from "../procfs/read_file.ts";
import type { RunningServer } from "./patient.ts";

/** The etmemd servers of this machine, as far as this PID namespace shows them. */
export function runningServers(proc: string): RunningServer[] {
  const [search] = sweepProcesses([{ type: "name", comm: "etmemd" }], { proc });
  return (search?.named ?? []).map(({ pid }) => serverOf(proc, pid));
}

function serverOf(proc: string, pid: number): RunningServer {
  const server = optionsOf(proc, pid);
  return isElsewhere(proc, pid) ? { ...server, isElsewhere: true } : server;
}

/** Whether a process has another network namespace; false where that cannot be seen. */
function isElsewhere(proc: string, pid: number): boolean {
  try {
    return readlinkSync(`${proc}/${pid}/ns/net`) !== readlinkSync(`${proc}/self/ns/net`);
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

/** Of `etmemd …`, `etmem etmemd …` and of a runtime that runs the program from its sources. */
function optionsOf(proc: string, pid: number): RunningServer {
  const words = (readText(AT_FDCWD, `${proc}/${pid}/cmdline`) ?? "").split("\0").slice(1, -1);
  const first = words.findIndex((word) => word.startsWith("-"));
  if (first < 0) return { pid };
  try {
    const parsed = parseServerOptions(words.slice(first));
    if (parsed.info !== undefined) return { pid };
    const { socket, confDir } = parsed.options;
    return { pid, socket, ...(confDir === undefined ? {} : { confDir }) };
  } catch (error) {
    if (error instanceof UsageError) return { pid };
    throw error;
  }
}
