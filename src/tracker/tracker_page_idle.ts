import { existsSync, readFileSync } from "node:fs";
import { errorCode } from "../../ffi/errno.ts";
import { PAGE_SIZE } from "../../ffi/libc.ts";
import { missingCapabilities } from "../procfs/capabilities.ts";
import { KpageFlags } from "../procfs/kpageflags.ts";
import { WINDOW_ENTRIES } from "../procfs/pagemap.ts";
import { messageOf } from "../text/message_of.ts";
import { FrameSet, type FrameSetData } from "./frame_set.ts";
import { isHugeAt, PMD_PAGES } from "./huge_page.ts";
import { BITMAP, IdleBitmap } from "./idle_bitmap.ts";
import type { PageCounts } from "./page_counts.ts";
import { type PageRange, toPageRanges } from "./page_range.ts";
import type { ScanOutcome, ScanTarget, Tracker, TrackerKind, TrackerMemory } from "./tracker.ts";
import { costsHoles, leaveSparse, SPARSE_BUDGET_BYTES } from "./sparse_vmas.ts";
import { readRanges, readSelected } from "./vma_selection.ts";

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
    const { pagemap } = target;
    const add = (page: number, pages: number): void => {
      const frame = pagemap.frame(page);
      for (let i = 0; i < pages; i++) present.add(frame + i);
    };
    const walked = forEachUnit(target, ranges, flags, add);
    if (walked !== "done") return { state: walked };
    const idle = bitmap.renew(this.#marked, present, flags, target.stopped);
    this.#marked = present;
    const windowStartMs = performance.now();
    const outcome = { state: "scanned", windowStartMs, errors: [], leftAlone } as const;
    if (counts === null) return outcome;
    // What has become present meanwhile is not marked, and counts as used in the next scan, too.
    counts.beginScan();
    const counted = forEachUnit(target, ranges, flags, (page, pages) => {
      counts.add(page, pages, idle.has(pagemap.frame(page)) ? 0 : 1, pages > 1);
    });
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
  readonly leftAlone: ReadonlyMap<string, number>;
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

/** Gives the present base pages and whole huge pages of a process, in ascending order. */
function forEachUnit(
  { pagemap, stopped }: ScanTarget,
  ranges: readonly PageRange[],
  flags: KpageFlags,
  take: (page: number, pages: number) => void,
): "done" | "gone" | "stopped" {
  for (const range of ranges) {
    for (let from = range.from; from < range.to;) {
      if (stopped()) return "stopped";
      // A window ends at a huge page's boundary, so that each is seen whole.
      const read = pagemap.load(
        from,
        Math.min(range.to, from - from % PMD_PAGES + WINDOW_ENTRIES),
      );
      if (read === 0) return "gone";
      const to = from + read;
      let isHole = true;
      for (let page = from; page < to; page++) {
        if (!pagemap.isPresent(page)) continue;
        isHole = false;
        const isHuge = page + PMD_PAGES <= to && isHugeAt(pagemap, flags, page);
        const pages = isHuge ? PMD_PAGES : 1;
        take(page, pages);
        page += pages - 1;
      }
      from = isHole ? pagemap.nextPresent(to, range.to, stopped) : to;
    }
  }
  return "done";
}

function missing(): string | undefined {
  if (!existsSync(BITMAP)) return `this kernel has no ${BITMAP} (CONFIG_IDLE_PAGE_TRACKING)`;
  try {
    new IdleBitmap()[Symbol.dispose]();
    new KpageFlags()[Symbol.dispose]();
    return missingCapabilities(NEEDED);
  } catch (error) {
    return `${messageOf(error)} (${errorCode(error) ?? "?"})`;
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
  missingForSwapFlag: () => "page_idle knows nothing of MADV_SWAPFLAG",
  missing,
  caution,
  create: (memory) => new PageIdleTracker(memory as PageIdleMemory | undefined),
};
