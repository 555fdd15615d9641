import { readdirSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt } from "../../ffi/libc.ts";
import { readProcessStat } from "./process_stat.ts";
import { isGone, readText } from "./read_file.ts";

/** A thread of a process whose first thread has ended. */
interface LivingThread {
  readonly tid: number;
  /** Descriptor of /proc/TID; the caller closes it. */
  readonly dirFd: number;
  /** ProcessStat.memoryId */
  readonly memoryId: string;
}

function threadsOf(dirFd: number): number[] {
  try {
    return readdirSync(`/proc/self/fd/${dirFd}/task`).map(Number);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/**
 * Opens a folder that shows the memory of a process whose first thread has ended: maps, pagemap and
 * others are empty in /proc/PID then, and whole in the folder of a thread that lives. /proc/TID,
 * which no listing shows, has all files of a process; /proc/PID/task/TID lacks those of etmem.
 * @param dirFd descriptor of /proc/PID. @returns undefined when no thread lives.
 * @throws {SystemCallError | ProcfsError}
 */
export function openLivingThread(dirFd: number, pid: number): LivingThread | undefined {
  for (const tid of threadsOf(dirFd)) {
    let fd: number;
    try {
      fd = openAt(AT_FDCWD, `/proc/${tid}`, O_RDONLY);
    } catch (error) {
      if (isGone(error)) continue;
      throw error;
    }
    let isKept = false;
    try {
      const stat = readProcessStat(fd);
      const isAnothers = !isThreadOf(fd, pid) || readProcessStat(dirFd) === undefined;
      if (stat === undefined || stat.hasThreadEnded || isAnothers) continue;
      isKept = true;
      return { tid, dirFd: fd, memoryId: stat.memoryId };
    } finally {
      if (!isKept) close(fd);
    }
  }
  return undefined;
}

function isThreadOf(dirFd: number, pid: number): boolean {
  return /^Tgid:\s*(\d+)$/m.exec(readText(dirFd, "status") ?? "")?.[1] === String(pid);
}
