import { missingCapabilities } from "../procfs/capabilities.ts";
import { runsVirtualMachine } from "../procfs/kvm.ts";
import { isGone } from "../procfs/read_file.ts";
import { pageOf } from "../procfs/pagemap.ts";
import { readSmaps, type SmapsVma } from "../procfs/smaps.ts";
import { clearRefs } from "./clear_refs.ts";
import type { PageCounts } from "./page_counts.ts";
import { toPageRanges } from "./page_range.ts";
import { costsHoles, type DenseVmas, leaveSparse } from "./sparse_vmas.ts";
import type { ScanOutcome, ScanTarget, Tracker, TrackerKind } from "./tracker.ts";
import { isSwappable } from "./vma_selection.ts";
import { because, type Reason } from "../reason/reasons.ts";

/** A VMA of which less than one part in so many (5 %) was referenced is idle as a whole. */
const IDLE_DIVISOR = 20;
const NONE: ReadonlyMap<Reason, number> = new Map();

/**
 * Referenced of smaps, on any kernel: it cannot see pages, so a VMA is used as a whole or idle as a
 * whole. Which pages are present comes from pagemap.
 */
class SmapsTracker implements Tracker {
  scan(target: ScanTarget, counts: PageCounts | null): ScanOutcome {
    try {
      return this.#scan(target, counts);
    } catch (error) {
      if (isGone(error)) return { state: "gone" };
      throw error;
    }
  }

  #scan(target: ScanTarget, counts: PageCounts | null): ScanOutcome {
    if (runsVirtualMachine(target.dirFd)) {
      return { state: "unfit", reason: because("guest_unseen_by_smaps") };
    }
    const vmas = counts === null ? [] : readSmaps(target.dirFd, target.stopped);
    if (vmas === undefined) return { state: "gone" };
    if (target.stopped()) return { state: "stopped" };
    // At once: what is used between the two looks is not seen.
    clearRefs(target.dirFd);
    const windowStartMs = performance.now();
    if (counts === null) return { state: "scanned", windowStartMs, errors: [] };
    const { vmas: dense, leftAlone } = this.#selectFrom(target, vmas);
    const state = this.#countAll(target, dense, counts);
    if (state !== "counted") return { state };
    return { state: "scanned", windowStartMs, errors: [], leftAlone };
  }

  #selectFrom({ pagemap }: ScanTarget, all: readonly SmapsVma[]): DenseVmas {
    const vmas = all.filter((vma) => isSwappable(vma) && vma.rssBytes > 0);
    return costsHoles(pagemap, toPageRanges(vmas)) ? leaveSparse(vmas) : { vmas, leftAlone: NONE };
  }

  #countAll(
    { pagemap, stopped }: ScanTarget,
    vmas: readonly SmapsVma[],
    counts: PageCounts,
  ): "counted" | "gone" | "stopped" {
    counts.beginScan();
    for (const vma of vmas) {
      const weight = vma.referencedBytes * IDLE_DIVISOR < vma.rssBytes ? 0 : 1;
      // A VMA that grew while smaps was read may be listed again from its new beginning.
      const from = Math.max(pageOf(vma.start), counts.position);
      const ended = pagemap.forEachPresent(from, pageOf(vma.end), stopped, (page, pages) => {
        counts.add(page, pages, weight, false);
      });
      if (ended !== "done") return ended;
    }
    counts.endScan();
    return "counted";
  }

  memory(): { buffers: ArrayBuffer[] } {
    return { buffers: [] };
  }
}

export const SMAPS: TrackerKind<"smaps"> = {
  name: "smaps",
  granularity: "vma",
  seesHugetlb: false,
  losesMovedPages: false,
  missingForSwapFlag: () => because("no_swapflag", "smaps"),
  // Only the owner of a process may write to its clear_refs.
  missing: () => missingCapabilities(["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"]),
  create: () => new SmapsTracker(),
};
