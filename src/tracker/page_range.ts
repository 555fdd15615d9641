import { PAGE_SIZE } from "../../ffi/libc.ts";

/** A range of pages to scan, by page number. */
export interface PageRange {
  readonly from: number;
  /** First page behind it. */
  readonly to: number;
}

/**
 * The VMAs to scan as ranges of pages, neighbours joined, in ascending order and without overlaps:
 * a VMA that the kernel joined with the one before while maps was read is listed again from its new
 * beginning.
 */
export function toPageRanges(
  vmas: readonly { readonly start: number; readonly end: number }[],
): PageRange[] {
  const ranges: { from: number; to: number }[] = [];
  for (const vma of vmas) {
    const from = vma.start / PAGE_SIZE;
    const to = vma.end / PAGE_SIZE;
    const last = ranges.at(-1);
    if (last === undefined || last.to < from) ranges.push({ from, to });
    else last.to = Math.max(last.to, to);
  }
  return ranges;
}
