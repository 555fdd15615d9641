import { errorCode } from "../../../ffi/errno.ts";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { MovePagesBatch } from "../../../ffi/move_pages.ts";
import { KpageFlags } from "../../procfs/kpageflags.ts";
import { runsVirtualMachine } from "../../procfs/kvm.ts";
import { NodeSpans } from "../../procfs/node_spans.ts";
import { readBoundRanges } from "../../procfs/numa_maps.ts";
import { readAllowedNodes } from "../../procfs/process_memory.ts";
import { readSmaps } from "../../procfs/smaps.ts";
import { isHugeAt, PMD_PAGES } from "../../tracker/huge_page.ts";
import type { PageCounts } from "../../tracker/page_counts.ts";
import { type PageRange, toPageRanges } from "../../tracker/page_range.ts";
import { timed } from "../round/timed.ts";
import type { ScannedProcess } from "../round/scanned_process.ts";
import type { OpenProcess } from "../round/scan_step.ts";
import { type LocatedPages, NO_NODE, UNIT } from "./located_pages.ts";
import { MOST_UNITS } from "./plan_size.ts";
import { findFrames } from "./shared_frames.ts";

/** Pages that move_pages(2) is asked about at once. */
const BATCH = 16 * 1024;
/** The kernel is sooner asked for the nodes of fewer units than /proc/zoneinfo is read. */
const FEW_UNITS = 1024;

/** What is located. */
export interface LocateInput
  extends Pick<ScannedProcess, "pid" | "dirFd" | "pagemap" | "counts" | "stopped"> {
  /** Whether the counts of hugetlb memory say something. */
  readonly seesHugetlb: boolean;
  /** Whether base pages may have been counted in huge units, as a virtual machine's are. */
  readonly mayBeSplit: boolean;
  /** No more units than this are listed. */
  readonly mostUnits: number;
}

/** The pages of a process with their nodes, and its descriptors, which the round closes. */
export interface LocatedProcess {
  readonly pages: LocatedPages;
  readonly open: OpenProcess;
  /** Of the address space that was scanned: ProcessStat.memoryId. */
  readonly memoryId: string;
}

/** Ascending ranges of hugetlb memory, and whether its pages are of a size that is moved. */
interface HugetlbRanges {
  readonly movable: readonly PageRange[];
  readonly others: readonly PageRange[];
}

function readHugetlbRanges({ dirFd, seesHugetlb }: LocateInput): HugetlbRanges | undefined {
  const vmas = readSmaps(dirFd)?.filter((vma) => vma.vmFlags.includes("ht"));
  if (vmas === undefined) return undefined;
  const isMovable = ({ kernelPageBytes }: { kernelPageBytes: number }): boolean =>
    seesHugetlb && kernelPageBytes === PMD_PAGES * PAGE_SIZE;
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
  isSplit: (page: number) => boolean,
  visit: (page: number, kind: number, heat: number) => void,
): void {
  const movable = new RangeCursor(hugetlb.movable);
  const others = new RangeCursor(hugetlb.others);
  counts.walk({ segment: 0, index: 0 }, 0, 127, (page, pages, count) => {
    if (movable.has(page)) {
      if (page % PMD_PAGES === 0) visit(page, UNIT.hugetlb, count);
    } else if (others.has(page)) {
      return true;
    } else if (pages === 1) {
      visit(page, UNIT.base, count);
    } else if (isSplit(page)) {
      for (let i = 0; i < pages; i++) visit(page + i, UNIT.base, count);
    } else {
      visit(page, UNIT.thp, count);
    }
    return true;
  });
}

/**
 * Finds the units that the kernel counted as huge although they are base pages: with SCAN_AS_HUGE
 * it reports a virtual machine's small pages at the size of a PMD.
 */
function findSplit({ counts, pagemap }: LocateInput, hugetlb: HugetlbRanges): Set<number> {
  const split = new Set<number>();
  using flags = new KpageFlags();
  forEachUnit(counts, hugetlb, () => false, (page, kind) => {
    if (kind !== UNIT.thp) return;
    const to = page + PMD_PAGES;
    if (!pagemap.holds(page) || !pagemap.holds(to - 1)) pagemap.load(page, to);
    if (!isHugeAt(pagemap, flags, page)) split.add(page);
  });
  pagemap.forget();
  return split;
}

/** The units that were counted, in ascending order, none of them on a node yet. */
function listUnits(input: LocateInput, hugetlb: HugetlbRanges): LocatedPages {
  const split = input.mayBeSplit ? findSplit(input, hugetlb) : new Set<number>();
  const isSplit = (page: number): boolean => split.has(page);
  let units = 0;
  forEachUnit(input.counts, hugetlb, isSplit, () => units++);
  const isTooLarge = units > input.mostUnits;
  if (isTooLarge) units = 0;
  const located: LocatedPages = {
    page: new Float64Array(units),
    kind: new Uint8Array(units),
    heat: new Uint8Array(units),
    node: new Uint16Array(units).fill(NO_NODE),
    allowedNodes: readAllowedNodes(input.dirFd),
    bound: readBoundRanges(input.dirFd),
    isTooLarge,
  };
  if (isTooLarge) return located;
  let at = 0;
  forEachUnit(input.counts, hugetlb, isSplit, (page, kind, heat) => {
    located.page[at] = page;
    located.kind[at] = kind;
    located.heat[at] = heat;
    at++;
  });
  return located;
}

/** Asks the kernel for the nodes of units that have none yet, a batch at a time. */
function askForNodes(
  { pid, pagemap, stopped }: LocateInput,
  { page, node }: LocatedPages,
): "gone" | "stopped" | undefined {
  const batch = new MovePagesBatch(Math.min(BATCH, Math.max(1, page.length)));
  const units = new Uint32Array(batch.capacity);
  for (let next = 0; next < page.length;) {
    if (stopped()) return "stopped";
    batch.clear();
    for (; next < page.length && batch.count < batch.capacity; next++) {
      if (node[next] !== NO_NODE) continue;
      units[batch.count] = next;
      batch.push(page[next]! * PAGE_SIZE);
    }
    if (batch.count === 0) return undefined;
    const first = page[units[0]!]!;
    if (!pagemap.isAlive(first)) return "gone";
    try {
      batch.locate(pid);
    } catch (error) {
      // Of a process that is about to end move_pages(2) says EINVAL: it has no memory any more.
      if (errorCode(error) === "EINVAL" && !pagemap.isAlive(first)) return "gone";
      throw error;
    }
    for (let i = 0; i < batch.count; i++) {
      const status = batch.status[i]!;
      if (status >= 0) node[units[i]!] = status;
    }
  }
  return undefined;
}

/**
 * Finds the node of every page that was counted: units of one base page, of a huge page, and of a
 * hugetlb page of the same size. Hugetlb memory of other sizes is left out, and all of it where its
 * counts say nothing.
 *
 * Which units others have is found by their frames in any case, and those say the node, too, where
 * the server may see them. move_pages(2) costs three times as much again.
 * @throws {SystemCallError | ProcfsError}
 * @internal
 */
export function locatePages(input: LocateInput): LocatedPages | "gone" | "stopped" {
  const { pagemap, stopped } = input;
  const hugetlb = readHugetlbRanges(input);
  if (hugetlb === undefined) return "gone";
  const located = listUnits(input, hugetlb);
  const spans = located.page.length < FEW_UNITS ? undefined : NodeSpans.read();
  let shared = spans === undefined ? undefined : findFrames(located, pagemap, spans, stopped);
  if (typeof shared === "string") return shared;
  const ended = askForNodes(input, located);
  if (ended !== undefined) return ended;
  if (spans === undefined) shared = findFrames(located, pagemap, spans, stopped);
  return typeof shared === "string" ? shared : { ...located, shared };
}

/** The finisher of cslide. @throws {SystemCallError | ProcfsError} */
export function locateScanned(process: ScannedProcess): LocatedProcess | "gone" | "stopped" {
  const pages = timed(process.times, "verify_us", () =>
    locatePages({
      ...process,
      pid: process.tid,
      seesHugetlb: process.tracker.seesHugetlb,
      mayBeSplit: runsVirtualMachine(process.dirFd),
      mostUnits: MOST_UNITS,
    }));
  if (typeof pages === "string") return pages;
  return { pages, open: process.keepOpen(), memoryId: process.memoryId };
}
