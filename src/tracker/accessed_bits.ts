import { errorCode, SystemCallError } from "../../ffi/errno.ts";
import { PAGE_SIZE, threadCpuUs } from "../../ffi/libc.ts";
import {
  IoVector,
  MADV_COLD,
  MAX_RANGES,
  PidFd,
  processMadvise,
} from "../../ffi/process_madvise.ts";
import { FOUND } from "../page_table/table_decoder.ts";
import { CLEAR_ALL, type ClearingShare } from "./clearing_share.ts";

/**
 * Pages that one call goes over at most. It holds the process's mmap_lock, for reading, which keeps
 * the process from mapping memory: 0.2 to 1 ms.
 */
const PIECE_PAGES = 16_384;
/**
 * After so many pages the worker lets others run for so long, in ms: who sleeps now and then is not
 * taken from the processor while it holds the lock. Each pause costs 0.05 ms of CPU.
 */
const PAUSE_PAGES = 2 * PIECE_PAGES;
const PAUSE_MS = 0.3;
/**
 * So many pages that were not accessed may lie inside a range: another range costs as much as to go
 * over 8 to 10 pages (0.4 us, 0.05 us a page).
 */
const MOST_GAP = 8;

const vector = new IoVector();
const never = new Int32Array(new SharedArrayBuffer(4));

/**
 * Clears the accessed bits of chosen pages of another process by MADV_COLD, which flushes the
 * processor's cached translations, too. The kernel passes over pages that several processes map,
 * and refuses locked, hugetlb and device memory (madvise_cold_or_pageout_pte_range() and
 * can_madv_lru_vma() of mm/madvise.c).
 *
 * A pidfd is a process, whichever address space that has: in another one, bits of other pages are
 * cleared, which harms nothing.
 */
export class AccessedBits implements Disposable {
  /** Undefined: the process is gone, or has no first thread any more. */
  readonly #pidFd: PidFd | undefined;
  /** The range that grows, by page number. */
  #from = 0;
  #to = 0;
  /** Ranges in the vector, and their pages. */
  #ranges = 0;
  #pages = 0;
  readonly #share: ClearingShare;
  #usedUs = 0;
  #unpausedPages = 0;
  #isReached = true;
  #refusedPages = 0;
  #firstKept = 0;

  /** @throws {SystemCallError} */
  constructor(pid: number, share: ClearingShare = CLEAR_ALL) {
    this.#share = share;
    this.#pidFd = openProcess(pid);
    this.#isReached = this.#pidFd !== undefined;
  }

  /** Whether the kernel finds the memory of the process by its pid. */
  get isReached(): boolean {
    return this.#isReached;
  }

  /** Pages that the kernel would not clear. */
  get refusedPages(): number {
    return this.#refusedPages;
  }

  /** The first page that kept its bit because there was no time left; 0: there is none. */
  get firstKept(): number {
    return this.#firstKept;
  }

  /**
   * Takes what was found from `from` to `to`, for pages in a row from `page` on, all of one VMA.
   * @param found of each page one of FOUND. @throws {SystemCallError}
   */
  addEach(page: number, found: Uint8Array, from: number, to: number): void {
    const shift = page - from;
    for (let i = from; i < to;) {
      if (found[i] !== FOUND.accessed) {
        i++;
        continue;
      }
      const end = endOfRange(found, i, to);
      const begin = Math.max(shift + i, this.#share.fromPage);
      if (begin < shift + end) this.#extend(begin, shift + end - begin);
      i = end;
    }
  }

  /** Takes accessed pages, of one VMA; a huge page all at once. @throws {SystemCallError} */
  add(page: number, pages: number): void {
    // The kernel would split a huge page of which it is given a part.
    if (page >= this.#share.fromPage) this.#extend(page, pages);
  }

  #extend(page: number, pages: number): void {
    if (page !== this.#to || this.#to - this.#from >= PIECE_PAGES) {
      this.#endRange();
      this.#from = page;
    }
    this.#to = page + pages;
  }

  /** What comes next is of another VMA. @throws {SystemCallError} */
  endVma(): void {
    this.#endRange();
    this.#from = this.#to = 0;
  }

  /** Clears what was taken and is not cleared yet. @throws {SystemCallError} */
  flush(): void {
    this.endVma();
    this.#advise();
  }

  #endRange(): void {
    const pages = this.#to - this.#from;
    if (pages === 0) return;
    vector.set(this.#ranges++, this.#from * PAGE_SIZE, pages * PAGE_SIZE);
    this.#pages += pages;
    if (this.#ranges === MAX_RANGES || this.#pages >= PIECE_PAGES) this.#advise();
  }

  #advise(): void {
    const ranges = this.#ranges;
    const pages = this.#pages;
    this.#ranges = this.#pages = 0;
    if (ranges === 0 || this.#firstKept > 0) return;
    if (this.#usedUs >= this.#share.budgetUs) {
      this.#firstKept = vector.address(0) / PAGE_SIZE;
      return;
    }
    const begin = threadCpuUs();
    this.#adviseEach(ranges);
    this.#usedUs += threadCpuUs() - begin;
    this.#unpausedPages += pages;
    if (this.#unpausedPages < PAUSE_PAGES) return;
    this.#unpausedPages = 0;
    Atomics.wait(never, 0, 0, PAUSE_MS);
  }

  /** A call stops at the first range that the kernel cannot do: goes on behind it. */
  #adviseEach(ranges: number): void {
    for (let at = 0; at < ranges && this.#isReached;) {
      const begun = at;
      try {
        let bytes = processMadvise(this.#pidFd!.fd, vector, at, ranges - at, MADV_COLD);
        while (at < ranges && bytes >= vector.bytes(at)) bytes -= vector.bytes(at++);
      } catch (error) {
        this.#refuse(error, at);
      }
      if (at === begun) at++;
    }
  }

  /** @throws the error when it is none that a range explains. */
  #refuse(error: unknown, range: number): void {
    switch (errorCode(error)) {
      // Locked, hugetlb or device memory; not mapped any more.
      case "EINVAL":
      case "ENOMEM":
        this.#refusedPages += vector.bytes(range) / PAGE_SIZE;
        break;
      case "ESRCH":
        this.#isReached = false;
        break;
      default:
        throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#pidFd?.[Symbol.dispose]();
  }
}

/** Where the range ends that begins at an accessed page: behind its last one before a long gap. */
function endOfRange(found: Uint8Array, from: number, to: number): number {
  let end = from + 1;
  for (let i = end; i < to && i - end <= MOST_GAP; i++) {
    if (found[i] === FOUND.accessed) end = i + 1;
  }
  return end;
}

function openProcess(pid: number): PidFd | undefined {
  try {
    return new PidFd(pid);
  } catch (error) {
    if (error instanceof SystemCallError && errorCode(error) === "ESRCH") return undefined;
    throw error;
  }
}
