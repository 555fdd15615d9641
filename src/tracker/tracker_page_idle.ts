import { existsSync, readFileSync } from "node:fs";
import { errorCode } from "../../ffi/errno.ts";
import { PAGE_SIZE } from "../../ffi/libc.ts";
import { missingCapabilities } from "../procfs/capabilities.ts";
import { KpageFlags } from "../procfs/kpageflags.ts";
import { messageOf } from "../text/message_of.ts";
import { FrameSet, type FrameSetData } from "./frame_set.ts";
import { BITMAP, IdleBitmap } from "./idle_bitmap.ts";
import type { PageCounts } from "./page_counts.ts";
import { type PageRange, toPageRanges } from "./page_range.ts";
import { PresentFrames } from "./present_frames.ts";
import type { ScanOutcome, ScanTarget, Tracker, TrackerKind, TrackerMemory } from "./tracker.ts";
import { costsHoles, leaveSparse, SPARSE_BUDGET_BYTES } from "./sparse_vmas.ts";
import { readRanges, readSelected } from "./vma_selection.ts";
import { walkPresent } from "./walk_present.ts";
import { because, type Reason } from "../reason/reasons.ts";

/** What is kept between scans. */
interface PageIdleMemory extends TrackerMemory {
  readonly marked: FrameSetData;
}

/**
 * Accessed bits of stock kernels, by page frame: a scan finds the frames that are present now.
 * A few at a time, it reads which of those that it marked are still idle, and marks all of them.
 * A page whose frame was not marked has moved or is new, and counts as used. One that comes during
 * the scan is not among them yet.
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
    using present = new PresentFrames(target.pagemap);
    const walked = walkPresent(target, ranges, flags, present);
    if (walked !== "done") return { state: walked };
    const idle = bitmap.renew(this.#marked, present.set, flags, target.stopped);
    if (target.stopped()) return { state: "stopped" };
    this.#marked = present.set;
    const windowStartMs = performance.now();
    if (counts !== null) {
      counts.beginScan();
      present.count(idle, counts);
      counts.endScan();
    }
    return { state: "scanned", windowStartMs, errors: [], leftAlone };
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
