import { PAGE_SIZE } from "../../ffi/libc.ts";
import { errorCode, SystemCallError } from "../../ffi/errno.ts";
import {
  IoVector,
  MADV_PAGEOUT,
  MAX_RANGES,
  PidFd,
  processMadvise,
} from "../../ffi/process_madvise.ts";
import { missingCapabilities } from "../procfs/capabilities.ts";
import { pageOf } from "../procfs/pagemap.ts";
import { readMaps } from "../procfs/maps.ts";
import { readProcessStat } from "../procfs/process_stat.ts";
import { messageOf } from "../text/message_of.ts";
import type { Mover, MoverKind, MoveTarget, OutrightRefusal, PageBatch } from "./mover.ts";
import { because, type Reason } from "../reason/reasons.ts";

const ESRCH = 3;

/** pidfd_get_task() always takes the first thread of a process. Once ended, it has no memory. */
const NO_FIRST_THREAD = because("no_first_thread");

const vector = new IoVector();

/** What a failed advice of one range means (stock kernels: madvise_cold_or_pageout). */
function reasonOf(error: unknown): Reason {
  switch (errorCode(error)) {
    case "EINVAL":
      return because("locked");
    case "ENOMEM":
      return because("not_mapped");
    default:
      return because("failed", errorCode(error) ?? String(error));
  }
}

/**
 * The page numbers at which a VMA begins where another ends, ascending.
 * @returns undefined when the process is gone.
 */
function readSeams(dirFd: number): number[] | undefined {
  const vmas = readMaps(dirFd);
  return vmas?.filter((vma, i) => vmas[i - 1]?.end === vma.start).map((vma) => pageOf(vma.start));
}

/**
 * MADV_PAGEOUT of stock kernels. Neighbouring units of a VMA go as one range. The kernel stops at
 * the first VMA that it cannot page out (a locked one), so a range never reaches into the next.
 * A pidfd stays valid when its process executes another program, which has another address space.
 * A batch may take many calls, so before each of them the mover looks whether the address space is
 * still there.
 */
class ProcessMadviseMover implements Mover {
  readonly #target: MoveTarget;
  readonly #pidFd: PidFd;
  readonly #seams: readonly number[];

  constructor(target: MoveTarget) {
    const seams = readSeams(target.dirFd);
    const pidFd = new PidFd(target.pid);
    try {
      // The pid was still the selected process's when the descriptor was made, if it is there now.
      if (seams === undefined || readProcessStat(target.dirFd) === undefined) {
        throw new SystemCallError("pidfd_open", ESRCH, String(target.pid));
      }
    } catch (error) {
      pidFd[Symbol.dispose]();
      throw error;
    }
    this.#target = target;
    this.#pidFd = pidFd;
    this.#seams = seams;
  }

  pageOut(batch: PageBatch): OutrightRefusal[] {
    const refused: OutrightRefusal[] = [];
    let seam = 0;
    for (let unit = 0; unit < batch.count;) {
      let ranges = 0;
      while (unit < batch.count && ranges < MAX_RANGES) {
        const from = batch.page[unit]!;
        let to = from + batch.size[unit]!;
        while (seam < this.#seams.length && this.#seams[seam]! < to) seam++;
        const end = this.#seams[seam] ?? Number.POSITIVE_INFINITY;
        for (unit++; unit < batch.count && to < end && batch.page[unit] === to; unit++) {
          to += batch.size[unit]!;
        }
        vector.set(ranges++, from * PAGE_SIZE, (to - from) * PAGE_SIZE);
      }
      this.#advise(ranges, refused);
    }
    return refused;
  }

  /**
   * Has the kernel page ranges out, and goes on behind each one that it cannot. A call says why
   * only of the first range.
   */
  #advise(ranges: number, refused: OutrightRefusal[]): void {
    for (let from = 0; from < ranges;) {
      const first = from;
      let why = because("kernel_stopped");
      const { pid, space } = this.#target;
      if (!space.isThere(vector.address(from) / PAGE_SIZE)) {
        throw new SystemCallError("process_madvise", ESRCH, String(pid));
      }
      try {
        let bytes = processMadvise(this.#pidFd.fd, vector, from, ranges - from, MADV_PAGEOUT);
        while (from < ranges && bytes >= vector.bytes(from)) bytes -= vector.bytes(from++);
      } catch (error) {
        if (errorCode(error) === "ESRCH") throw this.#reachesNothing() ?? error;
        why = reasonOf(error);
      }
      if (from > first) continue;
      const page = vector.address(from) / PAGE_SIZE;
      refused.push({ reason: why, page, pages: vector.bytes(from) / PAGE_SIZE });
      from++;
    }
  }

  /** What to say of a process that lives although the kernel finds no memory of it. */
  #reachesNothing(): Error | undefined {
    const stat = readProcessStat(this.#target.dirFd);
    const lives = stat !== undefined && stat.hasThreadEnded && !stat.isDead;
    return lives ? new Error(NO_FIRST_THREAD) : undefined;
  }

  [Symbol.dispose](): void {
    this.#pidFd[Symbol.dispose]();
  }
}

/** The kernel asks for both only of another process: a try on this one says nothing of them. */
const NEEDED = ["CAP_SYS_NICE", "CAP_SYS_PTRACE"] as const;

function missing(): Reason | undefined {
  try {
    using self = new PidFd(process.pid);
    processMadvise(self.fd, vector, 0, 0, MADV_PAGEOUT);
    return missingCapabilities(NEEDED);
  } catch (error) {
    if (errorCode(error) === "ENOSYS") return because("no_process_madvise");
    return missingCapabilities(NEEDED) ?? because("failed", messageOf(error));
  }
}

export const PROCESS_MADVISE: MoverKind<"process_madvise"> = {
  name: "process_madvise",
  trimsSwapCache: false,
  leavesShared: true,
  needsFirstThread: NO_FIRST_THREAD,
  missing,
  open: (target) => new ProcessMadviseMover(target),
};
