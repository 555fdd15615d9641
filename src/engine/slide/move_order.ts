import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { dryMover } from "../../mover/dry_mover.ts";
import type { MoveRateData } from "../../mover/move_rate.ts";
import type { MoverKind } from "../../mover/mover.ts";
import { type MoverName, MOVERS } from "../../mover/movers.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import { readProcessSizes } from "../../procfs/process_memory.ts";
import { because, type Reason } from "../../reason/reasons.ts";
import type { ScannedProcess } from "../round/scanned_process.ts";
import { whyNoSwapSpace } from "../round/swap_space.ts";

/** What to do with cold memory after the last scan of a round. */
export interface MoveOrder {
  /** Absent in a dry run where this kernel has none. */
  readonly mover?: MoverName;
  /** Account as if it moved, and move nothing. */
  readonly isDryRun?: boolean;
  /** A page with fewer accesses than this is cold. */
  readonly coldThreshold: number;
  /** Go on only while MemAvailable is below this share of MemTotal. */
  readonly sysmemThresholdPercent?: number;
  /** Resident share of VmRSS + VmSwap to come down to. */
  readonly dramPercent?: number;
  /** Moves are spread over so long, from the last scan on. */
  readonly spreadMs?: number;
  /** How much may move in a second. */
  readonly rates?: readonly MoveRateData[];
  /** The words of the server's MovedTally; absent where no other thread moves. */
  readonly movedByAll?: Int32Array;
  /**
   * What the control groups of the processes protect stays, memory.low and memory.min. The word is
   * shared: base pages that threads of the task are about to move.
   */
  readonly underway?: Int32Array;
}
/**
 * Pages that may go before the resident share is down to `percent`.
 * @param outBytes of what is resident, what counts as moved.
 */
export function dramBudget(dirFd: number, percent: number, outBytes: number): number {
  const sizes = readProcessSizes(dirFd);
  // Gone: the mover will say so.
  if (sizes === undefined) return Number.POSITIVE_INFINITY;
  const target = ((sizes.rssBytes + sizes.swapBytes) * percent) / 100;
  return Math.max(0, Math.ceil((sizes.rssBytes - outBytes - target) / PAGE_SIZE));
}

/** What of a process is present and counts as moved, in bytes: only a dry run has such memory. */
export function dryBytes({ moved }: ScannedProcess, { isDryRun }: MoveOrder): number {
  return isDryRun === true ? moved.pages * PAGE_SIZE : 0;
}

/** Why the rest of the cold memory shall stay. A dry run needs no swap space. */
export function reasonToHold(
  process: ScannedProcess,
  { needsFirstThread }: MoverKind,
  order: MoveOrder,
): Reason | undefined {
  const { pid, tid, stopped } = process;
  const { sysmemThresholdPercent: percent, isDryRun = false } = order;
  if (stopped()) return because("stopped");
  if (tid !== pid && needsFirstThread !== undefined) return needsFirstThread;
  const memory = readMemInfo();
  const full = isDryRun ? undefined : whyNoSwapSpace(memory);
  if (full !== undefined) return full;
  if (percent === undefined) return undefined;
  const availableBytes = memory.availableBytes + dryBytes(process, order);
  if (availableBytes * 100 >= memory.totalBytes * percent) {
    return because("memory_suffices_again");
  }
  return undefined;
}

export function moverOf({ mover, isDryRun }: MoveOrder): MoverKind {
  const kind = MOVERS.find(({ name }) => name === mover);
  return isDryRun === true ? dryMover(kind) : kind!;
}

/** Why what several processes have shall stay; undefined when it need not. */
export function reasonToSpareShared(
  { tracker }: ScannedProcess,
  { leavesShared }: MoverKind,
): Reason | undefined {
  if (leavesShared) return because("shared_with_others");
  // A frame that several processes have is marked idle for each of them, so that none sees what was
  // used before another's mark.
  return tracker.name === "page_idle" ? because("shared_unseen") : undefined;
}
