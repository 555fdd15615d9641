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
