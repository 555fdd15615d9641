import { IoVector, MADV_COLD, PidFd, processMadvise } from "../../ffi/process_madvise.ts";
import { errorCode } from "../../ffi/errno.ts";
import { monotonicMs } from "../../ffi/libc.ts";
import { keptReader } from "../page_table/open_reader.ts";
import { whyNoPageTables } from "../page_table/why_no_page_tables.ts";
import { missingCapabilities } from "../procfs/capabilities.ts";
import { runsVirtualMachine } from "../procfs/kvm.ts";
import { isGone } from "../procfs/read_file.ts";
import { messageOf } from "../text/message_of.ts";
import { CLEAR_ALL, clearingShare } from "./clearing_share.ts";
import type { PageCounts } from "./page_counts.ts";
import { PageTableScan, toVmaRanges } from "./page_table_scan.ts";
import type { ScanOutcome, ScanTarget, Tracker, TrackerKind, TrackerMemory } from "./tracker.ts";
import { PAGE_IDLE } from "./tracker_page_idle.ts";
import { readVmas } from "./vma_selection.ts";
import { because, type Reason } from "../reason/reasons.ts";

/** What is kept between scans. */
interface PageTableMemory extends TrackerMemory {
  /** Of a process that runs a virtual machine. */
  readonly pageIdle?: TrackerMemory;
  /** Of another one: when the last scan began (monotonic, ms), and where the next one clears. */
  readonly scannedMs?: number;
  readonly fromPage?: number;
}

const NOTHING: PageTableMemory = { buffers: [] };

/**
 * Accessed bits of any kernel that has BPF, read from the page tables of the process; those that
 * were set are cleared. It cannot see the accesses of a KVM guest: page_idle looks at a process
 * that runs one.
 */
class PageTableTracker implements Tracker {
  #memory: PageTableMemory;

  constructor(memory: PageTableMemory = NOTHING) {
    this.#memory = memory;
  }

  scan(target: ScanTarget, counts: PageCounts | null): ScanOutcome {
    try {
      const runsGuest = runsVirtualMachine(target.dirFd);
      return runsGuest ? this.#scanByFrames(target, counts) : this.#scanTables(target, counts);
    } catch (error) {
      if (isGone(error)) return { state: "gone" };
      throw error;
    }
  }

  #scanTables(target: ScanTarget, counts: PageCounts | null): ScanOutcome {
    const nowMs = monotonicMs();
    const { scannedMs, fromPage = 0 } = this.#memory;
    // What was accessed at an unknown time is cleared in one go.
    const clearsAll = counts === null || scannedMs === undefined;
    const share = clearsAll ? CLEAR_ALL : clearingShare(nowMs - scannedMs, fromPage);
    this.#memory = NOTHING;
    const vmas = readVmas(target.dirFd, target.selection);
    if (vmas === undefined) return { state: "gone" };
    using scan = new PageTableScan(target, counts, keptReader(), share);
    const state = scan.run(toVmaRanges(vmas));
    if (state !== "scanned") return { state };
    this.#memory = { buffers: [], scannedMs: nowMs, fromPage: scan.firstKept };
    return { state, windowStartMs: performance.now(), errors: [] };
  }

  #scanByFrames(target: ScanTarget, counts: PageCounts | null): ScanOutcome {
    const why = PAGE_IDLE.missing();
    if (why !== undefined) {
      return { state: "unfit", reason: because("guest_unseen_by_page_table", why) };
    }
    const tracker = PAGE_IDLE.create(this.#memory.pageIdle);
    const outcome = tracker.scan(target, counts);
    const pageIdle = tracker.memory();
    this.#memory = { pageIdle, buffers: pageIdle.buffers };
    return outcome;
  }

  memory(): PageTableMemory {
    return this.#memory;
  }
}

/** For process_madvise and clear_refs; reading page tables takes others. */
const NEEDED = ["CAP_SYS_NICE", "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"] as const;

function missing(): Reason | undefined {
  try {
    using self = new PidFd(process.pid);
    processMadvise(self.fd, new IoVector(), 0, 0, MADV_COLD);
  } catch (error) {
    return errorCode(error) === "ENOSYS"
      ? because("no_process_madvise")
      : missingCapabilities(NEEDED) ?? because("failed", messageOf(error));
  }
  return missingCapabilities(NEEDED) ?? whyNoPageTables();
}

export const PAGE_TABLE: TrackerKind<"page_table"> = {
  name: "page_table",
  granularity: "page",
  seesHugetlb: false,
  // Before Linux 6.1 a page in another frame has its accessed bit set.
  losesMovedPages: true,
  missingForSwapFlag: () => because("no_swapflag", "page_table"),
  missing,
  create: (memory) => new PageTableTracker(memory),
};
