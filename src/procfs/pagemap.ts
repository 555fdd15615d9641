import { PAGE_SIZE, preadFully } from "../../ffi/libc.ts";
import { PagemapScan } from "../../ffi/pagemap_scan.ts";
import { isZeroFrame, NO_FRAME, zeroFrame } from "./zero_frames.ts";

const FILE = "pagemap";
const ENTRY_BYTES = 8;
/** Entries read at once: 512 KiB of pagemap, 256 MiB of 4K pages. */
export const WINDOW_ENTRIES = 64 * 1024;
/** Pages that PAGEMAP_SCAN looks at in one call: 1 GiB of 4K pages, whole huge pages. @internal */
export const SCAN_PAGES = 256 * 1024;

/** Upper halves of the flags of a pagemap entry (Documentation/admin-guide/mm/pagemap.rst). */
const PRESENT_HIGH = 1 << 31;
const SWAPPED_HIGH = 1 << 30;
const FILE_HIGH = 1 << 29;
const EXCLUSIVE_HIGH = 1 << 24;
/** The upper 23 bits of the 55 bits of a frame number. */
const FRAME_HIGH_MASK = 0x7f_ffff;

/**
 * The entries of one window, two words each, the low one first:
 * the machines we run on are little-endian.
 */
const words = new Uint32Array(2 * WINDOW_ENTRIES);
/** Whose entries those are: the key of a Pagemap. */
let owner: symbol | undefined;

/** Base pages of a huge page: a page table of P bytes has P/8 entries. */
const PMD_PAGES = PAGE_SIZE / ENTRY_BYTES;

/** PAGEMAP_SCAN, once it was asked for; "missing" where the kernel has none. */
let pagemapScan: PagemapScan | "missing" | undefined;

/**
 * A window onto /proc/PID/pagemap; there is one window a thread, which the last to load it has.
 * Held open on one address space: after execve(2) or the end of the process it reads as gone,
 * never as other memory.
 */
export class Pagemap {
  /** Descriptor of /proc/PID/pagemap. */
  readonly fd: number;
  readonly #key = Symbol("pagemap");
  /** Page number of the window's first entry, and how many entries it holds. */
  #from = 0;
  #count = 0;
  /** First frame of the huge page of zeros, if the window shows it. */
  #hugeZero = NO_FRAME;

  constructor(fd: number) {
    this.fd = fd;
  }

  /**
   * Whether the address space is still there. @param page a page number in a VMA of the process.
   */
  isAlive(page: number): boolean {
    owner = undefined;
    const bytes = preadFully(this.fd, words, ENTRY_BYTES, page * ENTRY_BYTES, FILE);
    return bytes === ENTRY_BYTES;
  }

  /**
   * Reads the entries from page number `from` on, at most up to `to` and at most a window.
   * @returns how many were read; 0 when the address space is gone. @throws {SystemCallError}
   */
  load(from: number, to: number): number {
    owner = this.#key;
    const wanted = Math.min(to - from, WINDOW_ENTRIES);
    this.#from = from;
    this.#count = 0;
    const bytes = preadFully(this.fd, words, wanted * ENTRY_BYTES, from * ENTRY_BYTES, FILE);
    this.#count = Math.floor(bytes / ENTRY_BYTES);
    this.#hugeZero = this.#findHugeZero();
    return this.#count;
  }

  /**
   * Looks for the huge page of zeros, of which there is one at a time. It is mapped whole, so only
   * the first entry of each huge page is looked at.
   */
  #findHugeZero(): number {
    const end = this.#from + this.#count;
    let asked = NO_FRAME;
    for (let page = this.#from; page < end; page += PMD_PAGES - page % PMD_PAGES) {
      if (!this.#maybeZero(page)) continue;
      const frame = this.frame(page);
      const head = frame - frame % PMD_PAGES;
      if (head === 0 || head === asked || frame % PMD_PAGES !== page % PMD_PAGES) continue;
      asked = head;
      if (isZeroFrame(head)) return head;
    }
    return NO_FRAME;
  }

  /**
   * Gives runs of present pages in [from, to), ascending;
   * holes cost next to nothing where there is PAGEMAP_SCAN.
   * @param stopped asked now and then.
   * @returns how it ended. @throws {SystemCallError} ESRCH when the address space is gone.
   */
  forEachPresent(
    from: number,
    to: number,
    stopped: () => boolean,
    take: (page: number, pages: number) => void,
  ): "done" | "gone" | "stopped" {
    for (let page = from; page < to;) {
      if (stopped()) return "stopped";
      const regions = this.#scan(page, to);
      if (regions === undefined) {
        const read = this.load(page, to);
        if (read === 0) return "gone";
        this.#giveLoaded(take);
        page += read;
      } else {
        const scan = pagemapScan as PagemapScan;
        for (let i = 0; i < regions; i++) {
          const first = scan.start(i) / PAGE_SIZE;
          take(first, scan.end(i) / PAGE_SIZE - first);
        }
        page = scan.walkEnd / PAGE_SIZE;
      }
    }
    return "done";
  }

  /**
   * Whether holes cost next to nothing: the kernel has PAGEMAP_SCAN.
   * @param page a page number in a VMA of the process.
   * @throws {SystemCallError} ESRCH when the address space is gone.
   */
  passesHoles(page: number): boolean {
    return this.#scan(page, page + 1) !== undefined;
  }

  /**
   * Passes over a hole, for next to nothing where there is PAGEMAP_SCAN.
   * @param stopped asked now and then.
   * @returns the first present page in [from, to), `to` when there is none; how far it came when it
   * was stopped; `from` where the kernel cannot tell.
   * @throws {SystemCallError} ESRCH when the address space is gone.
   */
  nextPresent(from: number, to: number, stopped: () => boolean): number {
    let page = from;
    while (page < to) {
      if (stopped()) return page;
      const regions = this.#scan(page, to);
      if (regions === undefined) return page;
      const scan = pagemapScan as PagemapScan;
      if (regions > 0) return scan.start(0) / PAGE_SIZE;
      page = scan.walkEnd / PAGE_SIZE;
    }
    return to;
  }

  /**
   * Looks at a bounded part: the kernel keeps others from mapping memory in the process for as long
   * as it looks for the first present page (pagemap_scan_walk in fs/proc/task_mmu.c),
   * and swapped out ones cost 2 ms a GiB.
   * @returns regions of present pages; undefined where the kernel has no PAGEMAP_SCAN.
   */
  #scan(from: number, to: number): number | undefined {
    if (pagemapScan === "missing") return undefined;
    pagemapScan ??= new PagemapScan();
    const end = Math.min(to, from - from % SCAN_PAGES + SCAN_PAGES);
    const regions = pagemapScan.findPresent(this.fd, from * PAGE_SIZE, end * PAGE_SIZE);
    if (regions === undefined) pagemapScan = "missing";
    return regions;
  }

  /** Runs of present pages in the window. */
  #giveLoaded(take: (page: number, pages: number) => void): void {
    const end = this.#from + this.#count;
    for (let page = this.#from; page < end; page++) {
      if (!this.isPresent(page)) continue;
      const first = page;
      while (page < end && this.isPresent(page)) page++;
      take(first, page - first);
    }
  }

  /** Drops the window: what it holds is out of date. */
  forget(): void {
    owner = undefined;
  }

  /** Whether the window holds this page number. */
  holds(page: number): boolean {
    return owner === this.#key && page >= this.#from && page < this.#from + this.#count;
  }

  #high(page: number): number {
    return words[2 * (page - this.#from) + 1] ?? 0;
  }

  /** The same as isPresent(), of entry number `index` of the window: without doubles. */
  isPresentAt(index: number): boolean {
    const high = words[2 * index + 1] ?? 0;
    if ((high & PRESENT_HIGH) === 0) return false;
    return (high & EXCLUSIVE_HIGH) !== 0 || this.#isMemory(this.frameAt(index));
  }

  /** The same as frame(), of entry number `index` of the window: without doubles. */
  frameAt(index: number): number {
    const low = words[2 * index] ?? 0;
    const high = (words[2 * index + 1] ?? 0) & FRAME_HIGH_MASK;
    return high === 0 ? low : high * 0x1_0000_0000 + low;
  }

  #isMemory(frame: number): boolean {
    return frame === 0 || (frame !== zeroFrame() && frame - frame % PMD_PAGES !== this.#hugeZero);
  }

  /**
   * Whether there is memory of the process. The page of zeros, which the kernel maps where nothing
   * was written yet, is none; without CAP_SYS_ADMIN nothing tells it from other pages.
   */
  isPresent(page: number): boolean {
    return this.isPresentAt(page - this.#from);
  }

  /** Whether the page of zeros stands there, as far as that can be told. */
  isZeros(page: number): boolean {
    return (this.#high(page) & PRESENT_HIGH) !== 0 && !this.isPresent(page);
  }

  /** Present, and not marked as of this address space only: no page of zeros is. */
  #maybeZero(page: number): boolean {
    return (this.#high(page) & (PRESENT_HIGH | EXCLUSIVE_HIGH)) === PRESENT_HIGH;
  }

  isSwapped(page: number): boolean {
    return (this.#high(page) & SWAPPED_HIGH) !== 0;
  }

  /** A page of a file, or of shared anonymous memory. */
  isFile(page: number): boolean {
    return (this.#high(page) & FILE_HIGH) !== 0;
  }

  /** Mapped by this address space only (Linux 4.2 and later). */
  isExclusive(page: number): boolean {
    return (this.#high(page) & EXCLUSIVE_HIGH) !== 0;
  }

  /** The page frame number of a present page; 0 without CAP_SYS_ADMIN. */
  frame(page: number): number {
    return this.frameAt(page - this.#from);
  }
}

/** Page number of an address. */
export function pageOf(address: number): number {
  return address / PAGE_SIZE;
}
