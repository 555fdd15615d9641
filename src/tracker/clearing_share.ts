/** Which of the accessed pages of a process a scan clears. */
export interface ClearingShare {
  /** Those before it keep their bits. */
  readonly fromPage: number;
  /** Once the kernel has worked for so long the others keep their bits, too; CPU time in us. */
  readonly budgetUs: number;
}

export const CLEAR_ALL: ClearingShare = { fromPage: 0, budgetUs: Number.POSITIVE_INFINITY };

/**
 * While the kernel clears, the process cannot map memory: it works at most for this share of the
 * time. A thread that only maps and unmaps memory keeps 0.97 of its pace, however large the process
 * is (docs/page_table.md).
 */
const SHARE = 0.01;
/** It may always work for so long, which does for 400 MiB of base pages. */
const LEAST_US = 6000;

/**
 * What a scan may clear that begins `sinceMs` after the last one began. What that left counts as
 * used again, and comes first now.
 */
export function clearingShare(sinceMs: number, fromPage: number): ClearingShare {
  return { fromPage, budgetUs: Math.max(LEAST_US, SHARE * 1000 * sinceMs) };
}
