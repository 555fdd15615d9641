import { AT_FDCWD, close, O_RDONLY, openAt } from "../../../ffi/libc.ts";
import { readProcessStat } from "../../procfs/process_stat.ts";
import { isGone } from "../../procfs/read_file.ts";
import type { OpenProcess, ScanStepRequest } from "./scan_step.ts";

/** The process went away between two looks at it. */
export class Gone extends Error {}

/** Closes the descriptors of a process. */
export function closeProcess({ pagemapFd, dirFd }: Omit<OpenProcess, "counts">): void {
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

/** Opens a process for a step, or goes on with what the step before left open. */
export class OpenedProcess {
  readonly dirFd: number;
  readonly pagemapFd: number;
  /** Of its address space: ProcessStat.memoryId. */
  readonly memoryId: string;

  /**
   * @throws {Gone} when the process is another one by now, or executes another program since its
   * round began; nothing is open then.
   * @throws {SystemCallError | ProcfsError} when it cannot be opened; nothing is open then.
   */
  constructor(request: ScanStepRequest) {
    this.dirFd = request.open?.dirFd ?? openProcFile(AT_FDCWD, `/proc/${request.pid}`);
    let pagemapFd = request.open?.pagemapFd ?? -1;
    try {
      if (pagemapFd < 0) pagemapFd = openProcFile(this.dirFd, "pagemap");
      this.memoryId = currentMemoryId(this.dirFd, request);
    } catch (error) {
      close(this.dirFd);
      if (pagemapFd >= 0) close(pagemapFd);
      throw error;
    }
    this.pagemapFd = pagemapFd;
  }
}

/** @throws {Gone} when the request is about another process, or about another address space. */
function currentMemoryId(dirFd: number, { startTicks, open, memory }: ScanStepRequest): string {
  const stat = readProcessStat(dirFd);
  if (stat === undefined || stat.startTicks !== startTicks || stat.isDead) throw new Gone();
  if (open !== undefined && memory?.memoryId !== stat.memoryId) throw new Gone();
  return stat.memoryId;
}
