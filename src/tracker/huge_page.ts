import { PAGE_SIZE } from "../../ffi/libc.ts";
import type { KpageFlags } from "../procfs/kpageflags.ts";
import type { Pagemap } from "../procfs/pagemap.ts";

const PAGE_SHIFT = Math.log2(PAGE_SIZE);

/**
 * Base pages in a huge page of one and of two page-table levels, since a page table of P bytes has
 * P/8 entries: 512 and 262 144 with 4K pages, 8192 and 67 108 864 with 64K pages.
 */
export const PMD_PAGES = 2 ** (PAGE_SHIFT - 3);
export const PUD_PAGES = 2 ** ((PAGE_SHIFT - 3) * 2);

/**
 * Whether a huge page is mapped whole from a page number on: aligned alike, frames in a row,
 * and one compound page.
 * @param pagemap holds all of its pages. @throws {SystemCallError}
 */
export function isHugeAt(pagemap: Pagemap, flags: KpageFlags, page: number): boolean {
  if (page % PMD_PAGES !== 0 || !pagemap.isPresent(page)) return false;
  const frame = pagemap.frame(page);
  if (frame % PMD_PAGES !== 0) return false;
  for (let i = 1; i < PMD_PAGES; i++) {
    if (!pagemap.isPresent(page + i) || pagemap.frame(page + i) !== frame + i) return false;
  }
  return flags.isCompound(frame, PMD_PAGES);
}
