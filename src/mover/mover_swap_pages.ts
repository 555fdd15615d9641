import { existsSync } from "node:fs";
import { AT_FDCWD, close, O_WRONLY, openAt, write } from "../../ffi/libc.ts";
import { errorCode, SystemCallError } from "../../ffi/errno.ts";
import { missingCapabilities } from "../procfs/capabilities.ts";
import { messageOf } from "../text/message_of.ts";
import type { Mover, MoverKind, MoveTarget, OutrightRefusal, PageBatch } from "./mover.ts";
import { SwapPagesText } from "./swap_pages_text.ts";
import { because, type Reason } from "../reason/reasons.ts";

const FILE = "swap_pages";
/**
 * Lines of one write(2). The kernel copies the text to contiguous memory, of which it finds up to
 * 32 KiB at any time (PAGE_ALLOC_COSTLY_ORDER with 4K pages).
 */
const TEXT_LINES = 1024;

let text: SwapPagesText | undefined;

const ESRCH = 3;

/** Page-out by etmem_swap. The descriptor stays with the address space that it was opened on. */
class SwapPagesMover implements Mover {
  readonly #fd: number;

  constructor(target: MoveTarget) {
    const fd = openAt(target.dirFd, FILE, O_WRONLY);
    try {
      // The process had the address space when the file was opened, if it has it now.
      if (!target.space.isThere(0)) throw new SystemCallError("open", ESRCH, FILE);
    } catch (error) {
      close(fd);
      throw error;
    }
    this.#fd = fd;
  }

  /**
   * A write has to hold whole lines. The kernel passes over what it cannot move, and does not say.
   */
  pageOut(batch: PageBatch): OutrightRefusal[] {
    text ??= new SwapPagesText(TEXT_LINES);
    for (let from = 0; from < batch.count; from += TEXT_LINES) {
      text.format(batch.page, from, Math.min(TEXT_LINES, batch.count - from));
      write(this.#fd, text.bytes, text.length, FILE);
    }
    return [];
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }
}

function missing(): Reason | undefined {
  const path = `/proc/self/${FILE}`;
  if (!existsSync(path)) return because("no_swap_pages");
  try {
    close(openAt(AT_FDCWD, path, O_WRONLY));
    // It is its process's owner who may write to it.
    return missingCapabilities(["CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"]);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENODEV") return because("etmem_swap_not_loaded");
    if (code === "EPERM" || code === "EACCES") return because("file_needs_sys_admin", FILE);
    return because("failed", messageOf(error));
  }
}

export const SWAP_PAGES: MoverKind<"swap_pages"> = {
  name: "swap_pages",
  trimsSwapCache: true,
  leavesShared: false,
  missing,
  open: (target) => new SwapPagesMover(target),
};
