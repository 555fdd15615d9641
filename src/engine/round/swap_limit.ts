import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { readSwapRoom } from "../../procfs/swap_room.ts";

/** A round does not begin with a process that has less room: it would scan much to move little. */
const SMALLEST_ROOM_PAGES = 256;

/** How much of a process its control groups let go to swap, and why no more. */
export interface SwapLimit {
  readonly pages: number;
  readonly reason: string;
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
      ? `its control group may not swap: ${limit} is 0`
      : `no swap space left for its control group: ${limit}`,
  };
}

/** @returns why a round need not begin with a process; undefined when it may. */
export function whyNoSwap(dirFd: number, root?: string): string | undefined {
  const limit = readSwapLimit(dirFd, root);
  return limit === undefined || limit.pages >= SMALLEST_ROOM_PAGES ? undefined : limit.reason;
}
