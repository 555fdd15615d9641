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
  const sizes = readSizes(dirFd, ["VmRSS", "VmSwap"]);
  return sizes && { rssBytes: sizes[0] ?? 0, swapBytes: sizes[1] ?? 0 };
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
  const sizes = readSizes(dirFd, ["RssFile", "RssShmem"]);
  return sizes && { fileBytes: sizes[0] ?? 0, shmemBytes: sizes[1] ?? 0 };
}

/**
 * Anonymous memory that is present (RssAnon, Linux 4.5).
 * @param dirFd a process's /proc directory.
 * @returns in bytes; undefined when the process is gone.
 */
export function readAnonymousBytes(dirFd: number): number | undefined {
  const sizes = readSizes(dirFd, ["RssAnon"]);
  return sizes && (sizes[0] ?? 0);
}

/**
 * Memory that the kernel does not move to swap: locked, and hugetlb (absent without
 * CONFIG_HUGETLB_PAGE).
 * @param dirFd a process's /proc directory.
 * @returns in bytes; undefined when the process is gone.
 */
export function readUnmovableSizes(dirFd: number): number[] | undefined {
  return readSizes(dirFd, ["VmLck", "HugetlbPages"])?.map((bytes) => bytes ?? 0);
}

/** @returns the sizes of those names, in bytes; undefined when the process is gone. */
function readSizes(dirFd: number, names: readonly string[]): number[] | undefined {
  const text = readText(dirFd, "status");
  return text === undefined ? undefined : pickSizes(text, names, "status");
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
