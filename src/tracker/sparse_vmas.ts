import type { Pagemap } from "../procfs/pagemap.ts";
import type { SmapsVma } from "../procfs/smaps.ts";
import type { PageRange } from "./page_range.ts";
import { because, type Reason } from "../reason/reasons.ts";

/** A VMA is sparse if less than one part in so many of it is present. */
const SPARSE_DIVISOR = 64;
/**
 * So much of sparse VMAs is read all the same: 128 MiB of pagemap, which take a fifth of a second.
 */
export const SPARSE_BUDGET_BYTES = 64 * 2 ** 30;

/** Why a sparse VMA is left alone. */
const SPARSE_REASON = because("sparse");

/** VMAs whose pages are looked for, and what is present of the others. */
export interface DenseVmas {
  readonly vmas: readonly SmapsVma[];
  /** Bytes by reason. */
  readonly leftAlone: ReadonlyMap<Reason, number>;
}

/**
 * Whether finding the present pages costs what the address space has: without PAGEMAP_SCAN pagemap
 * is read over holes too, 2.7 s a TiB.
 * @throws {SystemCallError} ESRCH when the process is gone.
 */
export function costsHoles(pagemap: Pagemap, ranges: readonly PageRange[]): boolean {
  const [first] = ranges;
  return first !== undefined && !pagemap.passesHoles(first.from);
}

/**
 * Leaves out VMAs of which nothing is present, and so many of the sparse ones that reading the rest
 * costs what is present. Anyone can reserve terabytes.
 */
export function leaveSparse(all: readonly SmapsVma[]): DenseVmas {
  let budget = SPARSE_BUDGET_BYTES;
  let leftBytes = 0;
  const vmas = all.filter((vma) => {
    // Rss does not count hugetlb memory.
    if (vma.vmFlags.includes("ht")) return true;
    if (vma.rssBytes === 0) return false;
    const sizeBytes = vma.end - vma.start;
    if (vma.rssBytes * SPARSE_DIVISOR >= sizeBytes) return true;
    if (sizeBytes > budget) {
      leftBytes += vma.rssBytes;
      return false;
    }
    budget -= sizeBytes;
    return true;
  });
  return { vmas, leftAlone: new Map(leftBytes > 0 ? [[SPARSE_REASON, leftBytes]] : []) };
}
