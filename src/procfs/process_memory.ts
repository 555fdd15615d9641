import { parseIdList } from "./nodes.ts";
import { readText } from "./read_file.ts";
import { pickSizes } from "./size_table.ts";

/** Sizes of /proc/PID/status (proc_pid_status(5)), in bytes. */
export interface ProcessSizes {
  readonly rssBytes: number;
  readonly swapBytes: number;
}

/** @param dirFd a process's /proc directory. @returns undefined when the process is gone. */
export function readProcessSizes(dirFd: number): ProcessSizes | undefined {
  const text = readText(dirFd, "status");
  if (text === undefined) return undefined;
  const [rss = 0, swap = 0] = pickSizes(text, ["VmRSS", "VmSwap"], "status");
  return { rssBytes: rss, swapBytes: swap };
}

/**
 * Nodes that a process's cpuset allows its memory on; move_pages(2) moves nothing of it to others.
 * @param dirFd a process's /proc directory.
 * @returns undefined when the process is gone, or the kernel has no cpusets.
 * @throws {ProcfsError | SystemCallError}
 */
export function readAllowedNodes(dirFd: number): number[] | undefined {
  const list = /^Mems_allowed_list:(.*)$/m.exec(readText(dirFd, "status") ?? "")?.[1];
  return list === undefined ? undefined : parseIdList(list, "status");
}
