import { SystemCallError } from "../../ffi/errno.ts";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE, preadFully } from "../../ffi/libc.ts";
import { UnwrittenPage } from "../../ffi/own_mappings.ts";
import { KpageFlags } from "./kpageflags.ts";

/** Stands for a frame that is not there or not known. */
export const NO_FRAME = -1;

const ENTRY_BYTES = 8;
/** Of the upper half of a pagemap entry: the upper 23 bits of the frame number. */
const FRAME_HIGH_MASK = 0x7f_ffff;

/** What was found; the page of zeros never moves. */
let found: number | undefined;

/**
 * The frame of the kernel's page of zeros, of base size.
 * @returns NO_FRAME where the server may not see frames.
 */
export function zeroFrame(): number {
  return found ??= findZeroFrame();
}

function findZeroFrame(): number {
  try {
    using page = new UnwrittenPage();
    const entry = new Uint32Array(2);
    const fd = openAt(AT_FDCWD, "/proc/self/pagemap", O_RDONLY);
    try {
      preadFully(fd, entry, ENTRY_BYTES, page.address / PAGE_SIZE * ENTRY_BYTES, "pagemap");
    } finally {
      close(fd);
    }
    const frame = (entry[1]! & FRAME_HIGH_MASK) * 0x1_0000_0000 + entry[0]!;
    return frame !== 0 && isZeroFrame(frame) ? frame : NO_FRAME;
  } catch (error) {
    if (error instanceof SystemCallError) return NO_FRAME;
    throw error;
  }
}

/**
 * Whether a frame is of a page of zeros, as /proc/kpageflags has it. A huge one may go and come as
 * other frames, so that the answer is good for the moment only.
 * @returns false where the server may not read kpageflags.
 */
export function isZeroFrame(frame: number): boolean {
  try {
    using flags = new KpageFlags();
    return flags.isZero(frame);
  } catch (error) {
    if (error instanceof SystemCallError) return false;
    throw error;
  }
}
