import type { KpageFlags } from "../procfs/kpageflags.ts";
import { type Pagemap, WINDOW_ENTRIES } from "../procfs/pagemap.ts";
import { isHugeAt, PMD_PAGES } from "./huge_page.ts";
import type { PageRange } from "./page_range.ts";
import type { ScanTarget } from "./tracker.ts";

/**
 * What a walk through the present pages is for. Pages are named by their number and, so that no
 * loop counts in doubles, by the index of their entry in the pagemap's window.
 */
export interface PresentVisitor {
  /** A whole huge page, of PMD_PAGES entries. */
  huge(page: number, index: number): void;
  /**
   * Entries [from, to), the first one that of `page`: base pages and others that are not present.
   * @returns whether any is present.
   */
  pages(page: number, from: number, to: number): boolean;
}

/** Shows the present base pages and whole huge pages of a process, in ascending order. */
export function walkPresent(
  { pagemap, stopped }: ScanTarget,
  ranges: readonly PageRange[],
  flags: KpageFlags,
  visitor: PresentVisitor,
): "done" | "gone" | "stopped" {
  for (const range of ranges) {
    for (let from = range.from; from < range.to;) {
      if (stopped()) return "stopped";
      // A window ends at a huge page's boundary, so that each is seen whole.
      const end = Math.min(range.to, from - from % PMD_PAGES + WINDOW_ENTRIES);
      const read = pagemap.load(from, end);
      if (read === 0) return "gone";
      const isHole = !showWindow(pagemap, from, read, flags, visitor);
      from = isHole ? pagemap.nextPresent(from + read, range.to, stopped) : from + read;
    }
  }
  return "done";
}

/** Shows what the window holds: `count` entries from page number `page` on. */
function showWindow(
  pagemap: Pagemap,
  page: number,
  count: number,
  flags: KpageFlags,
  visitor: PresentVisitor,
): boolean {
  let isAny = false;
  let shown = 0;
  const show = (to: number): void => {
    if (shown < to && visitor.pages(page + shown, shown, to)) isAny = true;
  };
  const firstWhole = (PMD_PAGES - page % PMD_PAGES) % PMD_PAGES | 0;
  for (let at = firstWhole; at + PMD_PAGES <= count; at += PMD_PAGES) {
    if (!isHugeAt(pagemap, flags, page + at)) continue;
    show(at);
    visitor.huge(page + at, at);
    isAny = true;
    shown = at + PMD_PAGES;
  }
  show(count);
  return isAny;
}
