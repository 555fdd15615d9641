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

/** What VmRSS of /proc/PID/status has that is not anonymous memory (Linux 4.5), in bytes. */
export interface SharedSizes {
  /** Pages of files. */
  readonly fileBytes: number;
  /** Shared memory: tmpfs, memfd, System V and anonymous. */
  readonly shmemBytes: number;
}

/** @param dirFd a process's /proc directory. @returns undefined when the process is gone. */
export function readSharedSizes(dirFd: number): SharedSizes | undefined {
  const text = readText(dirFd, "status");
  if (text === undefined) return undefined;
  const [file = 0, shmem = 0] = pickSizes(text, ["RssFile", "RssShmem"], "status");
  return { fileBytes: file, shmemBytes: shmem };
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
