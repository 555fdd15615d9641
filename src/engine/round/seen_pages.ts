import { BLOCK_PAGES, MovedSet } from "../../mover/moved_set.ts";
import type { SeenByOthers } from "../../guard/process_history.ts";
import { PageCounts } from "../../tracker/page_counts.ts";
import type { SeenAccesses } from "./scan_step.ts";

/** More than any count that is kept. */
const ANY_COUNT = 127;

/** Adds the pages that counts say were used to a set. */
export function addUsed(used: MovedSet, counts: PageCounts): void {
  counts.walk({ segment: 0, index: 0 }, 1, ANY_COUNT, (page, pages) => {
    for (let i = page; i < page + pages; i++) used.add(i);
    return true;
  });
}

/** What a step sees, for other tasks. */
export class SeenPages {
  /** Takes what the step moves. */
  readonly moved: MovedSet = new MovedSet();
  /** Takes what the step reads from swap itself. */
  readonly read: MovedSet = new MovedSet();
  readonly #used = new MovedSet();
  #windowStartMs: number | undefined;
  #isWhole = true;

  /** Adds a scan. @param windowStartMs by monotonicMs(): from then on the next sees accesses. */
  add(scan: PageCounts, windowStartMs: number): void {
    addUsed(this.#used, scan);
    this.#windowStartMs = windowStartMs;
  }

  /** A scan has come to no end: nobody knows what it has cleared. */
  lose(): void {
    this.#isWhole = false;
  }

  /** @returns undefined when some of it is not known. */
  toData(): SeenAccesses | undefined {
    if (!this.#isWhole) return undefined;
    return {
      used: this.#used.toData(),
      moved: this.moved.toData(),
      read: this.read.toData(),
      ...(this.#windowStartMs === undefined ? {} : { windowStartMs: this.#windowStartMs }),
    };
  }
}

/**
 * What others have seen, for the history of a process. What they have moved is no memory of a dry
 * run any more, in which other pages count as moved.
 * @returns undefined when they did not scan.
 */
export function fromOthers(
  seen: SeenAccesses | undefined,
  isDryRun: boolean,
): SeenByOthers | undefined {
  if (seen?.windowStartMs === undefined) return undefined;
  return {
    used: countsOfUsed(MovedSet.fromData(seen.used)),
    read: pagesOf(MovedSet.fromData(seen.read)),
    moved: isDryRun ? [] : pagesOf(MovedSet.fromData(seen.moved)),
    seenMs: seen.windowStartMs,
  };
}

/** The pages of a set, ascending. */
function* pagesOf(set: MovedSet): Generator<number> {
  for (const block of set.blocks()) yield* set.pagesOfBlock(block, BLOCK_PAGES);
}

/** Counts of one scan that has found a set of pages, each of them used. */
function countsOfUsed(used: MovedSet): PageCounts {
  const counts = new PageCounts();
  const found = new Uint8Array(BLOCK_PAGES);
  counts.beginScan();
  for (const first of used.blocks()) {
    used.markBlock(first, found);
    for (let i = 0; i < BLOCK_PAGES; i++) found[i] = 2 * found[i]!;
    counts.addEach(first, found, 0, BLOCK_PAGES);
  }
  counts.endScan();
  return counts;
}
