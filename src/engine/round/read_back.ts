import { SystemCallError } from "../../../ffi/errno.ts";
import type { MovedSet } from "../../mover/moved_set.ts";
import { runsVirtualMachine } from "../../procfs/kvm.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import { readProcessStat } from "../../procfs/process_stat.ts";
import { ProcfsError } from "../../procfs/read_file.ts";
import { readSwaps } from "../../procfs/swaps.ts";
import { readSwapCounters, type SwapCounters } from "../../procfs/vmstat.ts";
import type { PageCounts } from "../../tracker/page_counts.ts";
import type { ScanTarget } from "../../tracker/tracker.ts";

/** What the kernel counts that tells memory that was read back from memory that is new. */
export interface ReadCounters {
  /** Of the process: ProcessStat.majorFaults. */
  readonly majorFaults: number;
  /** Of the machine; absent where the kernel does not count, and where they cannot be read. */
  readonly machine?: SwapCounters | undefined;
  /** Absent where it cannot be read. */
  readonly swap?: SwapSpace | undefined;
}

/**
 * Swap space of the machine. While swapoff(8) reads all of it back, an area is in /proc/swaps still
 * and no longer part of SwapTotal (mm/swapfile.c).
 */
interface SwapSpace {
  /** By /proc/swaps. */
  readonly areaBytes: number;
  /** SwapTotal of /proc/meminfo. */
  readonly totalBytes: number;
}

/**
 * @param dirFd a process's /proc directory. @param root where procfs is mounted.
 * @returns undefined when the process is gone. @throws {SystemCallError | ProcfsError}
 */
export function readReadCounters(dirFd: number, root?: string): ReadCounters | undefined {
  const stat = readProcessStat(dirFd);
  if (stat === undefined) return undefined;
  return {
    majorFaults: stat.majorFaults,
    machine: readable(() => readSwapCounters(root)),
    swap: readable(() => ({
      areaBytes: readSwaps(root).reduce((sum, { bytes }) => sum + bytes, 0),
      totalBytes: readMemInfo(root).swapTotalBytes,
    })),
  };
}

/** What cannot be read keeps nothing from moving. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SystemCallError || error instanceof ProcfsError) return undefined;
    throw error;
  }
}

/**
 * The most pages of a process that were read back from swap between two looks. A page that was
 * given up and written anew stands where one was swapped out, and nothing that the kernel shows of
 * it says which it is. But it cost no read:
 * - What the process itself reads back costs a major fault a page.
 * - Some pages are read without a fault of their own: with others (read-ahead), and by swapoff(8).
 *   Of those the kernel counts only all of the machine.
 * - The machine has read no less than one process.
 * @param readsAsOthers the kernel reads for it in threads of its own, whose faults are not counted
 * as the process's (asynchronous page faults of KVM). Asked only when it matters.
 * @internal
 */
export function mostReadBack(
  present: number,
  before: ReadCounters,
  now: ReadCounters,
  readsAsOthers: () => boolean,
): number {
  const own = now.majorFaults - before.majorFaults;
  if (before.machine === undefined || now.machine === undefined) {
    return present <= own || readsAsOthers() ? present : own;
  }
  const read = now.machine.readPages - before.machine.readPages;
  const faults = now.machine.majorFaults - before.machine.majorFaults;
  const most = Math.min(present, read);
  const known = own + Math.max(0, read - faults);
  return most <= known || readsAsOthers() ? most : known;
}

/**
 * The most of them that the process has waited for. It waits for nothing that swapoff(8) reads.
 * @param readsAsOthers as above.
 */
export function mostWaitedFor(
  present: number,
  before: ReadCounters,
  now: ReadCounters,
  readsAsOthers: () => boolean,
): number {
  const most = mostReadBack(present, before, now, readsAsOthers);
  const wasTaken = before.swap !== undefined && now.swap !== undefined &&
    now.swap.totalBytes < before.swap.areaBytes;
  return wasTaken ? Math.min(most, now.majorFaults - before.majorFaults) : most;
}

/**
 * Takes pages out of those that a dry run has moved that were used, and so are present again.
 * @returns how many.
 */
export function takePresent(moved: MovedSet, counts: PageCounts): number {
  let out = 0;
  counts.forEachPresent((first, pages) => out += moved.takeOut(first, pages).out);
  return out;
}

/**
 * Takes pages out of those that were moved that are present again. One that is in the frame that it
 * was in when it moved comes from the swap cache, and cost no read.
 * @param dirFd a process's /proc directory. @param before from before the look before this one.
 * @returns how many of them are the pages that were moved; undefined when the process is gone.
 * @throws {SystemCallError | ProcfsError}
 */
export function takeReturned(
  moved: MovedSet,
  counts: PageCounts,
  { dirFd, pagemap }: Pick<ScanTarget, "dirFd" | "pagemap">,
  before: ReadCounters,
): number | undefined {
  let fromCache = 0;
  let others = 0;
  counts.forEachPresent((first, pages) => {
    const { out, sameFrame } = moved.takeOut(first, pages, (page) => {
      if (!pagemap.holds(page)) pagemap.load(page, first + pages);
      return pagemap.holds(page) ? pagemap.frame(page) : 0;
    });
    fromCache += sameFrame;
    others += out - sameFrame;
  });
  const now = readReadCounters(dirFd);
  if (now === undefined) return undefined;
  return fromCache + mostReadBack(others, before, now, () => runsVirtualMachine(dirFd));
}
