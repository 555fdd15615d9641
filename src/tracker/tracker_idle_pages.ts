import {
  AT_FDCWD,
  close,
  ioctl,
  O_RDONLY,
  openAt,
  PAGE_SIZE,
  read,
  seek,
  tell,
} from "../../ffi/libc.ts";
import { errorCode } from "../../ffi/errno.ts";
import { runsVirtualMachine } from "../procfs/kvm.ts";
import { isGone } from "../procfs/read_file.ts";
import { messageOf } from "../text/message_of.ts";
import { decodeIdlePages } from "./idle_pages_stream.ts";
import type { PageCounts } from "./page_counts.ts";
import type { PageRange } from "./page_range.ts";
import type { ScanOutcome, ScanTarget, Tracker, TrackerKind } from "./tracker.ts";
import { TimedPieces } from "./timed_pieces.ts";
import { missingCapabilities } from "../procfs/capabilities.ts";
import { readRanges } from "./vma_selection.ts";
import { because, type Reason } from "../reason/reasons.ts";

/** _IOW(0x66, 0 and 2, unsigned int) of etmem_scan. */
const IDLE_SCAN_ADD_FLAGS = 0x4004_6600;
const VMA_SCAN_ADD_FLAGS = 0x4004_6602;
const VMA_SCAN_FLAG = 0x1000;
/** A virtual machine's small pages are reported at the size of a PMD. */
const SCAN_AS_HUGE = 0x100_0000;
const SCAN_IGN_HOST = 0x200_0000;

/** A read(2) walks 8 pages for each byte of its buffer: 2 GiB of 4K pages for this one. */
const BUFFER_BYTES = 64 * 1024;
const PAGES_PER_BYTE = 8;
/** Of the smallest piece: as much as an entry of a PMD maps. */
const LEAST_BYTES = 64;
const LEAST_REST_MS = 0.2;
/** The kernel answers EINVAL to less. */
const SMALLEST_READ = 19;

/**
 * With how many bytes the end of user space is read from further below, and how often;
 * see #readToEnd.
 */
const END_READ = 512;
const END_READS = 64;

const buffer = new Uint8Array(BUFFER_BYTES);

/**
 * A process of which so many parts cannot be looked at is not looked at any further in this scan.
 */
const MOST_ERRORS = 16;

/** What one read(2) came to. */
interface Walk {
  /** The kernel has looked at the pages below; or may have, where the walk failed. */
  readonly to: number;
  /** Why the answer, or the rest of it, cannot be used. */
  readonly failure?: string;
}

/** One open of idle_pages: reads every range to its end. */
class IdlePagesScan {
  readonly errors: string[] = [];
  readonly #target: ScanTarget;
  readonly #fd: number;
  readonly #ranges: readonly PageRange[];
  readonly #counts: PageCounts | null;
  readonly #pieces = new TimedPieces(
    LEAST_BYTES * PAGES_PER_BYTE,
    BUFFER_BYTES * PAGES_PER_BYTE,
  );

  #owedMs = 0;

  constructor(
    target: ScanTarget,
    fd: number,
    ranges: readonly PageRange[],
    counts: PageCounts | null,
  ) {
    this.#target = target;
    this.#fd = fd;
    this.#ranges = ranges;
    this.#counts = counts;
  }

  /** The kernel's answers may reach past a range: the next range goes on where they ended. */
  run(): "scanned" | "gone" | "stopped" {
    let page = 0;
    /** Page at which the file stands; -1: unknown. */
    let position = -1;
    for (const [index, range] of this.#ranges.entries()) {
      page = Math.max(page, range.from);
      if (page < range.to && page !== position) seek(this.#fd, page * PAGE_SIZE);
      while (page < range.to) {
        if (this.#target.stopped()) return "stopped";
        const { to, failure } = this.#walk(page, range, index);
        if (failure === undefined) {
          page = position = to;
          continue;
        }
        if (!this.#target.pagemap.isAlive(range.from)) return "gone";
        this.#report(page, failure);
        // The walk has cleared accessed bits that no scan will ever see:
        // nothing there can be called idle.
        const isLast = this.errors.length === MOST_ERRORS;
        const end = isLast ? Number.POSITIVE_INFINITY : Math.max(to, range.to);
        this.#counts?.distrust(page, end);
        if (isLast) return "scanned";
        page = end;
        position = -1;
      }
    }
    return "scanned";
  }

  /** Rests for as long as the kernel took, but not after each small VMA. */
  #rest(ms: number): void {
    this.#owedMs += ms;
    if (this.#owedMs < LEAST_REST_MS) return;
    this.#target.rest?.(this.#owedMs);
    this.#owedMs = 0;
  }

  #walk(page: number, range: PageRange, index: number): Walk {
    const wanted = Math.ceil((range.to - page) / PAGES_PER_BYTE);
    const most = Math.floor(this.#pieces.pages / PAGES_PER_BYTE);
    const count = Math.min(Math.max(wanted, SMALLEST_READ), most);
    const begin = performance.now();
    const walk = this.#read(page, count, this.#ranges, index);
    this.#rest(this.#pieces.note(walk.to - page, performance.now() - begin));
    if (walk.to > page || walk.failure !== undefined) return walk;
    if (count >= wanted) return this.#readToEnd(page, range.to, count);
    return { to: page, failure: "no progress" };
  }

  /**
   * Reads on in a range that ends where user space does, as the stack does without address space
   * randomization: the kernel answers nothing to a read that reaches further, and the smallest one
   * reaches 152 pages. So these reads end with the range and begin below the page; what they tell
   * of the pages below is dropped. One is enough unless that fills its answer. Then the next begins
   * far below, where there is mostly nothing to tell of and its answer has more room, and each
   * after that where the last one ended. Where none comes past the page, the kernel cannot tell of
   * the rest, which counts as used.
   */
  #readToEnd(page: number, end: number, firstCount: number): Walk {
    let count = firstCount;
    for (let reads = 0; reads < END_READS; reads++) {
      const from = Math.max(0, end - count * PAGES_PER_BYTE);
      seek(this.#fd, from * PAGE_SIZE);
      const walk = this.#read(from, count, [{ from: page, to: end }], 0);
      if (walk.to > page || walk.failure !== undefined) return walk;
      if (walk.to <= from) return { to: page, failure: "no progress" };
      count = Math.ceil((end - walk.to) / PAGES_PER_BYTE);
      if (count < SMALLEST_READ) count = END_READ;
    }
    this.#counts?.distrust(page, end);
    return { to: end };
  }

  /** One read(2) from `page` on, where the file stands. */
  #read(page: number, count: number, ranges: readonly PageRange[], first: number): Walk {
    let bytes: number;
    try {
      bytes = read(this.#fd, buffer, count);
    } catch (error) {
      const why = errorCode(error) ?? String(error);
      return { to: page + count * PAGES_PER_BYTE, failure: `read: ${why}` };
    }
    const to = tell(this.#fd) / PAGE_SIZE;
    if (this.#counts === null || bytes === 0) return { to };
    const { corrupt } = decodeIdlePages(buffer, bytes, this.#counts, ranges, first);
    return corrupt === undefined ? { to } : { to, failure: corrupt };
  }

  #report(page: number, what: string): void {
    this.errors.push(`idle_pages at 0x${(page * PAGE_SIZE).toString(16)}: ${what}`);
  }
}

/** Flags belong to the open file; unknown ones are ignored by the kernel. */
function setFlags(fd: number, { dirFd, selection, flags }: ScanTarget): void {
  if (flags.swapFlag) ioctl(fd, VMA_SCAN_ADD_FLAGS, new Uint32Array([VMA_SCAN_FLAG]));
  let idleScan = flags.ignoreHost ? SCAN_IGN_HOST : 0;
  if (selection.kind === "flagged" && runsVirtualMachine(dirFd)) idleScan |= SCAN_AS_HUGE;
  if (idleScan !== 0) ioctl(fd, IDLE_SCAN_ADD_FLAGS, new Uint32Array([idleScan]));
}

/**
 * Accessed bits by the etmem_scan module: every page, at the price of one walk of the page tables.
 */
class IdlePagesTracker implements Tracker {
  scan(target: ScanTarget, counts: PageCounts | null): ScanOutcome {
    const ranges = readRanges(target.dirFd, target.selection);
    if (ranges === undefined) return { state: "gone" };
    let fd: number;
    try {
      fd = openAt(target.dirFd, "idle_pages", O_RDONLY);
    } catch (error) {
      if (isGone(error)) return { state: "gone" };
      throw error;
    }
    const scan = new IdlePagesScan(target, fd, ranges, counts);
    let state: ReturnType<IdlePagesScan["run"]>;
    try {
      setFlags(fd, target);
      counts?.beginScan();
      state = scan.run();
    } finally {
      // Closing flushes the TLB of the process: only then is an access seen again.
      close(fd);
    }
    const windowStartMs = performance.now();
    if (state !== "scanned") return { state };
    counts?.endScan();
    return { state, windowStartMs, errors: scan.errors };
  }

  memory(): { buffers: ArrayBuffer[] } {
    return { buffers: [] };
  }
}

/** Tries something on our own file. @returns why it failed. */
function failureOf(attempt: (fd: number) => void): Reason | undefined {
  let fd = -1;
  try {
    fd = openAt(AT_FDCWD, "/proc/self/idle_pages", O_RDONLY);
    attempt(fd);
    return undefined;
  } catch (error) {
    switch (errorCode(error)) {
      case "ENOENT":
        return because("no_idle_pages");
      case "ENODEV":
        return because("etmem_scan_not_loaded");
      case "EPERM":
      case "EACCES":
        return because("file_needs_sys_admin", "idle_pages");
      case "ENOTTY":
        return because("no_vma_scan_flags");
      default:
        return because("failed", messageOf(error));
    }
  } finally {
    if (fd >= 0) close(fd);
  }
}

function missing(): Reason | undefined {
  const dac = ["CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"] as const;
  return failureOf(() => {}) ?? missingCapabilities(["CAP_SYS_ADMIN", "CAP_SYS_PTRACE", dac]);
}

function missingForSwapFlag(): Reason | undefined {
  return failureOf((fd) => ioctl(fd, VMA_SCAN_ADD_FLAGS, new Uint32Array([VMA_SCAN_FLAG])));
}

export const IDLE_PAGES: TrackerKind<"idle_pages"> = {
  name: "idle_pages",
  granularity: "page",
  seesHugetlb: true,
  losesMovedPages: false,
  missingForSwapFlag,
  missing,
  create: () => new IdlePagesTracker(),
};
