import { AT_FDCWD, close, O_RDONLY, openAt } from "../../../ffi/libc.ts";
import { openLivingThread } from "../../procfs/living_thread.ts";
import { type ProcessStat, readProcessStat } from "../../procfs/process_stat.ts";
import { isGone } from "../../procfs/read_file.ts";
import type { OpenProcess, ProcessMemory, ScanStepRequest } from "./scan_step.ts";

/** The process went away between two looks at it. */
export class Gone extends Error {}

/** Closes the descriptors of a process. */
export function closeProcess({ pagemapFd, dirFd }: Omit<OpenProcess, "counts" | "tid">): void {
  close(pagemapFd);
  close(dirFd);
}

function openProcFile(dirFd: number, path: string): number {
  try {
    return openAt(dirFd, path, O_RDONLY);
  } catch (error) {
    if (isGone(error)) throw new Gone();
    throw error;
  }
}

/** The folder of a thread that has the process's memory. */
interface Folder {
  readonly tid: number;
  readonly dirFd: number;
  readonly memoryId: string;
}

/** What of a step's request says which process is to be opened. */
type OpenRequest = Pick<ScanStepRequest, "pid" | "startTicks" | "open"> & {
  readonly memory?: ProcessMemory | undefined;
};

/** Opens a process for a step, or goes on with what the step before left open. */
export class OpenedProcess {
  /** Id of the thread that `dirFd` is of: the first one's, the pid, unless that has ended. */
  readonly tid: number;
  readonly dirFd: number;
  readonly pagemapFd: number;
  /** Of its address space: ProcessStat.memoryId. */
  readonly memoryId: string;

  /**
   * @throws {Gone} when the process is another one by now, or executes another program since its
   * round began; nothing is open then.
   * @throws {SystemCallError | ProcfsError} when it cannot be opened; nothing is open then.
   */
  constructor(request: OpenRequest) {
    let pagemapFd = request.open?.pagemapFd ?? -1;
    let dirFd = -1;
    try {
      const folder = goOn(request) ?? openFolder(request);
      dirFd = folder.dirFd;
      if (request.open !== undefined && request.memory?.memoryId !== folder.memoryId) {
        throw new Gone();
      }
      if (pagemapFd < 0) pagemapFd = openProcFile(dirFd, "pagemap");
      this.tid = folder.tid;
      this.memoryId = folder.memoryId;
    } catch (error) {
      if (dirFd >= 0) close(dirFd);
      if (pagemapFd >= 0) close(pagemapFd);
      throw error;
    }
    this.dirFd = dirFd;
    this.pagemapFd = pagemapFd;
  }
}

/**
 * The folder that the step before left open.
 * @returns undefined when there is none, or when its thread has ended: then it is closed.
 */
function goOn({ open }: OpenRequest): Folder | undefined {
  if (open === undefined) return undefined;
  const { tid, dirFd } = open;
  let stat: ProcessStat | undefined;
  try {
    stat = readProcessStat(dirFd);
  } catch (error) {
    close(dirFd);
    throw error;
  }
  if (stat !== undefined && !stat.hasThreadEnded) return { tid, dirFd, memoryId: stat.memoryId };
  close(dirFd);
  return undefined;
}

/** @throws {Gone} when the pid is another process's, or no thread lives. */
function openFolder({ pid, startTicks }: OpenRequest): Folder {
  const dirFd = openProcFile(AT_FDCWD, `/proc/${pid}`);
  let isKept = false;
  try {
    const stat = readProcessStat(dirFd);
    if (stat === undefined || stat.startTicks !== startTicks || stat.isDead) throw new Gone();
    if (!stat.hasThreadEnded) {
      isKept = true;
      return { tid: pid, dirFd, memoryId: stat.memoryId };
    }
    // The first thread has ended: procfs shows the memory in the folders of the others.
    const thread = openLivingThread(dirFd, pid);
    if (thread === undefined) throw new Gone();
    return thread;
  } finally {
    if (!isKept) close(dirFd);
  }
}
