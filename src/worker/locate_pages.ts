import { PAGE_SIZE } from "../../ffi/libc.ts";
import { MovePagesBatch } from "../../ffi/move_pages.ts";
import type { Pagemap } from "../procfs/pagemap.ts";
import { readSmaps } from "../procfs/smaps.ts";
import type { PageCounts } from "../scan/page_counts.ts";
import { type PageRange, toPageRanges } from "../scan/page_range.ts";
import { PMD_PAGES } from "../scan/page_size.ts";

/** Kinds of units, as `LocatedPages.kind` has them. */
export const UNIT = { base: 0, thp: 1, hugetlb: 2 } as const;

/** A unit that is on no node: not present any more, or the kernel does not say. */
export const NO_NODE = 0xffff;

/** Pages that move_pages(2) is asked about at once. */
const BATCH = 16 * 1024;

/** The units of a process, in columns: where they are and how often they were used in the round. */
export interface LocatedPages {
  /** Page number of the unit's first base page. */
  readonly page: Float64Array<ArrayBuffer>;
  readonly kind: Uint8Array<ArrayBuffer>;
  readonly heat: Uint8Array<ArrayBuffer>;
  readonly node: Uint16Array<ArrayBuffer>;
}

/** What is located. */
export interface LocateInput {
  readonly pid: number;
  readonly dirFd: number;
  readonly pagemap: Pagemap;
  readonly counts: PageCounts;
  readonly stopped: () => boolean;
}

/** Ascending ranges of hugetlb memory, and whether its pages are of a size that is moved. */
interface HugetlbRanges {
  readonly movable: readonly PageRange[];
  readonly others: readonly PageRange[];
}

function readHugetlbRanges(dirFd: number): HugetlbRanges | undefined {
  const vmas = readSmaps(dirFd)?.filter((vma) => vma.vmFlags.includes("ht"));
  if (vmas === undefined) return undefined;
  const isMovable = ({ kernelPageBytes }: { kernelPageBytes: number }): boolean =>
    kernelPageBytes === PMD_PAGES * PAGE_SIZE;
  return {
    movable: toPageRanges(vmas.filter(isMovable)),
    others: toPageRanges(vmas.filter((vma) => !isMovable(vma))),
  };
}

/** Tells for ascending pages whether they are in a range. */
class RangeCursor {
  readonly #ranges: readonly PageRange[];
  #at = 0;

  constructor(ranges: readonly PageRange[]) {
    this.#ranges = ranges;
  }

  has(page: number): boolean {
    while (this.#at < this.#ranges.length && this.#ranges[this.#at]!.to <= page) this.#at++;
    const range = this.#ranges[this.#at];
    return range !== undefined && range.from <= page;
  }
}

/** Calls back with every unit that can be moved between nodes, in ascending order. */
function forEachUnit(
  counts: PageCounts,
  hugetlb: HugetlbRanges,
  visit: (page: number, kind: number, heat: number) => void,
): void {
  const movable = new RangeCursor(hugetlb.movable);
  const others = new RangeCursor(hugetlb.others);
  counts.walk({ segment: 0, index: 0 }, 0, 127, (page, pages, count) => {
    if (movable.has(page)) {
      if (page % PMD_PAGES === 0) visit(page, UNIT.hugetlb, count);
    } else if (!others.has(page)) {
      visit(page, pages === 1 ? UNIT.base : UNIT.thp, count);
    }
    return true;
  });
}

/**
 * Finds the node of every page that was counted: units of one base page, of a huge page, and of a hugetlb page
 * of the same size. Hugetlb memory of other sizes is left out.
 * @throws {SystemCallError | ProcfsError}
 */
export function locatePages(input: LocateInput): LocatedPages | "gone" | "stopped" {
  const hugetlb = readHugetlbRanges(input.dirFd);
  if (hugetlb === undefined) return "gone";
  let units = 0;
  forEachUnit(input.counts, hugetlb, () => units++);
  const located: LocatedPages = {
    page: new Float64Array(units),
    kind: new Uint8Array(units),
    heat: new Uint8Array(units),
    node: new Uint16Array(units).fill(NO_NODE),
  };
  let at = 0;
  forEachUnit(input.counts, hugetlb, (page, kind, heat) => {
    located.page[at] = page;
    located.kind[at] = kind;
    located.heat[at] = heat;
    at++;
  });
  const batch = new MovePagesBatch(Math.min(BATCH, Math.max(1, units)));
  for (let from = 0; from < units; from += batch.capacity) {
    if (input.stopped()) return "stopped";
    if (!input.pagemap.isAlive(located.page[from]!)) return "gone";
    batch.clear();
    const to = Math.min(units, from + batch.capacity);
    for (let i = from; i < to; i++) batch.push(located.page[i]! * PAGE_SIZE);
    batch.locate(input.pid);
    for (let i = from; i < to; i++) {
      const status = batch.status[i - from]!;
      if (status >= 0) located.node[i] = status;
    }
  }
  return located;
}
