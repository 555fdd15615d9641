import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { readSwapRoom } from "../../procfs/swap_room.ts";
import { because, type Reason } from "../../reason/reasons.ts";

/** A round does not begin with a process that has less room: it would scan much to move little. */
const SMALLEST_ROOM_PAGES = 256;

/** How much of a process its control groups let go to swap, and why no more. */
export interface SwapLimit {
  readonly pages: number;
  readonly reason: Reason;
}

/**
 * @param dirFd a process's /proc directory. @param root where control groups are mounted.
 * @returns undefined when nothing limits it.
 */
export function readSwapLimit(dirFd: number, root?: string): SwapLimit | undefined {
  const room = readSwapRoom(dirFd, root);
  if (room === undefined) return undefined;
  const { bytes, limitBytes, limit } = room;
  return {
    pages: Math.floor(bytes / PAGE_SIZE),
    reason: limitBytes < PAGE_SIZE
      ? because("group_may_not_swap", limit)
      : because("group_swap_full", limit),
  };
}

/** @returns why a round need not begin with a process; undefined when it may. */
export function whyNoSwap(dirFd: number, root?: string): Reason | undefined {
  const limit = readSwapLimit(dirFd, root);
  return limit === undefined || limit.pages >= SMALLEST_ROOM_PAGES ? undefined : limit.reason;
}
