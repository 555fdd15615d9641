import { existsSync, readFileSync } from "node:fs";
import { errorCode } from "../../ffi/errno.ts";
import { PAGE_SIZE } from "../../ffi/libc.ts";
import { missingCapabilities } from "../procfs/capabilities.ts";
import { KpageFlags } from "../procfs/kpageflags.ts";
import { type Pagemap, WINDOW_ENTRIES } from "../procfs/pagemap.ts";
import { messageOf } from "../text/message_of.ts";
import { FrameSet, type FrameSetData } from "./frame_set.ts";
import { PMD_PAGES } from "./huge_page.ts";
import { BITMAP, IdleBitmap } from "./idle_bitmap.ts";
import type { PageCounts } from "./page_counts.ts";
import { type PageRange, toPageRanges } from "./page_range.ts";
import type { ScanOutcome, ScanTarget, Tracker, TrackerKind, TrackerMemory } from "./tracker.ts";
import { costsHoles, leaveSparse, SPARSE_BUDGET_BYTES } from "./sparse_vmas.ts";
import { readRanges, readSelected } from "./vma_selection.ts";
import { type PresentVisitor, walkPresent } from "./walk_present.ts";
import { because, type Reason } from "../reason/reasons.ts";

/** Collects the frames of what is present. */
class FrameCollector implements PresentVisitor {
  readonly #pagemap: Pagemap;
  readonly #frames: FrameSet;

  constructor(pagemap: Pagemap, frames: FrameSet) {
    this.#pagemap = pagemap;
    this.#frames = frames;
  }

  huge(_page: number, index: number): void {
    const frame = this.#pagemap.frameAt(index);
    for (let i = 0; i < PMD_PAGES; i++) this.#frames.add(frame + i);
  }

  pages(_page: number, from: number, to: number): boolean {
    let isAny = false;
    for (let i = from; i < to; i++) {
      if (!this.#pagemap.isPresentAt(i)) continue;
      isAny = true;
      this.#frames.add(this.#pagemap.frameAt(i));
    }
    return isAny;
  }
}

/** Counts what is present: as idle where its frame is. */
class IdleCounter implements PresentVisitor {
  readonly #pagemap: Pagemap;
  readonly #idle: FrameSet;
  readonly #counts: PageCounts;
  /** What PageCounts.addEach() takes, one byte for each entry of the window. */
  readonly #found = new Uint8Array(WINDOW_ENTRIES);

  constructor(pagemap: Pagemap, idle: FrameSet, counts: PageCounts) {
    this.#pagemap = pagemap;
    this.#idle = idle;
    this.#counts = counts;
  }

  huge(page: number, index: number): void {
    const isIdle = this.#idle.has(this.#pagemap.frameAt(index));
    this.#counts.add(page, PMD_PAGES, isIdle ? 0 : 1, true);
  }

  pages(page: number, from: number, to: number): boolean {
    let isAny = false;
    for (let i = from; i < to; i++) {
      const isPresent = this.#pagemap.isPresentAt(i);
      if (isPresent) isAny = true;
      const state = !isPresent ? 0 : this.#idle.has(this.#pagemap.frameAt(i)) ? 1 : 2;
      this.#found[i] = state;
    }
    if (isAny) this.#counts.addEach(page, this.#found, from, to);
    return isAny;
  }
}

/** What is kept between scans. */
interface PageIdleMemory extends TrackerMemory {
  readonly marked: FrameSetData;
}

/**
 * Accessed bits of stock kernels, by page frame: a scan finds the frames that are present now.
 * A few at a time, it reads which of those that it marked are still idle, and marks all of them.
 * A page whose frame was not marked has moved or is new, and counts as used.
 */
class PageIdleTracker implements Tracker {
  #marked: FrameSet;

  constructor(memory: PageIdleMemory | undefined) {
    this.#marked = memory === undefined ? new FrameSet() : FrameSet.fromData(memory.marked);
  }

  scan(target: ScanTarget, counts: PageCounts | null): ScanOutcome {
    const found = readFewRanges(target);
    if (found === undefined) return { state: "gone" };
    const { ranges, leftAlone } = found;
    using flags = new KpageFlags();
    using bitmap = new IdleBitmap();
    const present = new FrameSet();
    const walked = walkPresent(target, ranges, flags, new FrameCollector(target.pagemap, present));
    if (walked !== "done") return { state: walked };
    const idle = bitmap.renew(this.#marked, present, flags, target.stopped);
    this.#marked = present;
    const windowStartMs = performance.now();
    const outcome = { state: "scanned", windowStartMs, errors: [], leftAlone } as const;
    if (counts === null) return outcome;
    // What has become present meanwhile is not marked, and counts as used in the next scan, too.
    counts.beginScan();
    const counter = new IdleCounter(target.pagemap, idle, counts);
    const counted = walkPresent(target, ranges, flags, counter);
    if (counted !== "done") return { state: counted };
    counts.endScan();
    return outcome;
  }

  memory(): PageIdleMemory {
    const marked = this.#marked.toData();
    return { marked, buffers: [marked.numbers.buffer, marked.lengths.buffer, marked.units.buffer] };
  }
}

/** The pages to look at, and what is left alone: bytes by reason. */
interface FewRanges {
  readonly ranges: readonly PageRange[];
  readonly leftAlone: ReadonlyMap<Reason, number>;
}

/** Reads smaps only where the VMAs are so large that looking at all of their pages takes long. */
function readFewRanges({ dirFd, pagemap, selection }: ScanTarget): FewRanges | undefined {
  const ranges = readRanges(dirFd, selection);
  if (ranges === undefined) return undefined;
  const pages = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  if (pages * PAGE_SIZE <= SPARSE_BUDGET_BYTES || !costsHoles(pagemap, ranges)) {
    return { ranges, leftAlone: new Map() };
  }
  const selected = readSelected(dirFd, selection);
  if (selected === undefined) return undefined;
  const { vmas, leftAlone } = leaveSparse(selected);
  return { ranges: toPageRanges(vmas), leftAlone };
}

/** Without the first, pagemap has no frame numbers, and no error either. */
const NEEDED = [
  "CAP_SYS_ADMIN",
  "CAP_SYS_PTRACE",
  ["CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"],
] as const;

function missing(): Reason | undefined {
  if (!existsSync(BITMAP)) return because("no_idle_bitmap", BITMAP);
  try {
    new IdleBitmap()[Symbol.dispose]();
    new KpageFlags()[Symbol.dispose]();
    return missingCapabilities(NEEDED);
  } catch (error) {
    return because("failed", `${messageOf(error)} (${errorCode(error) ?? "?"})`);
  }
}

function caution(): string | undefined {
  const switchFile = "/proc/sys/kernel/numa_balancing";
  if (!existsSync(switchFile) || readFileSync(switchFile, "latin1").trim() === "0") {
    return undefined;
  }
  return "numa_balancing is on: pages that it moves count as used";
}

export const PAGE_IDLE: TrackerKind<"page_idle"> = {
  name: "page_idle",
  granularity: "page",
  seesHugetlb: false,
  losesMovedPages: true,
  missingForSwapFlag: () => because("no_swapflag", "page_idle"),
  missing,
  caution,
  create: (memory) => new PageIdleTracker(memory as PageIdleMemory | undefined),
};
