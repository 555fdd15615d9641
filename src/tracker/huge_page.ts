import type { KpageFlags } from "../procfs/kpageflags.ts";
import type { Pagemap } from "../procfs/pagemap.ts";
import { PMD_PAGES } from "./page_size.ts";

/**
 * Whether a huge page is mapped whole from a page number on: aligned alike, frames in a row, and one compound page.
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
