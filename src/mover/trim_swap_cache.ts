import { AT_FDCWD, close, ioctl, O_WRONLY, openAt } from "../../ffi/libc.ts";
import { errorCode } from "../../ffi/errno.ts";

/** _IOW(0x77, n, unsigned int) of etmem_swap. */
const RECLAIM_SWAPCACHE_OFF = 0x4004_7700;
const RECLAIM_SWAPCACHE_ON = 0x4004_7701;
const SET_SWAPCACHE_WMARK = 0x4004_7702;

/** The marks to set first, in percent of MemTotal; then whether the kernel shall reclaim. */
export interface SwapCacheRequest {
  readonly wmark?: { readonly lowPercent: number; readonly highPercent: number };
  readonly reclaim: boolean;
}

/** Why the kernel did not take it; undefined when it did. */
export interface SwapCacheReply {
  readonly refused?: string;
  readonly us: number;
}

/**
 * Steers the kernel's reclaim of the swap cache. There is one switch for the machine: the file of
 * any process reaches it.
 */
export function trimSwapCache(request: SwapCacheRequest): SwapCacheReply {
  const begin = performance.now();
  const us = (): number => (performance.now() - begin) * 1000;
  const fd = openAt(AT_FDCWD, "/proc/self/swap_pages", O_WRONLY);
  try {
    const { wmark } = request;
    if (wmark !== undefined) {
      const marks = (wmark.lowPercent & 0xff) | ((wmark.highPercent << 8) & 0xff00);
      ioctl(fd, SET_SWAPCACHE_WMARK, new Uint32Array([marks]));
    }
    const command = request.reclaim ? RECLAIM_SWAPCACHE_ON : RECLAIM_SWAPCACHE_OFF;
    ioctl(fd, command, new Uint32Array(1));
    return { us: us() };
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    const why = errorCode(error) === "ENOTTY"
      ? "this kernel's swap_pages cannot reclaim the swap cache"
      : String(error);
    return { refused: why, us: us() };
  } finally {
    close(fd);
  }
}
