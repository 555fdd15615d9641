import { SystemCallError } from "../../ffi/errno.ts";
import { PAGE_SIZE } from "../../ffi/libc.ts";
import type { PageTableReading, PageTableSlots } from "../page_table/page_table_slots.ts";
import { TABLE_ENTRIES } from "../page_table/page_table_layout.ts";
import { FOUND, TableDecoder } from "../page_table/table_decoder.ts";
import { type Pagemap, pageOf } from "../procfs/pagemap.ts";
import { readProcessStat } from "../procfs/process_stat.ts";
import { isZeroFrame, zeroFrame } from "../procfs/zero_frames.ts";
import { AccessedBits } from "./accessed_bits.ts";
import { clearRefs } from "./clear_refs.ts";
import type { ClearingShare } from "./clearing_share.ts";
import { PMD_PAGES } from "./huge_page.ts";
import type { PageCounts } from "./page_counts.ts";
import type { PageRange } from "./page_range.ts";
import { PageSample } from "./page_sample.ts";
import type { ScanTarget } from "./tracker.ts";

/**
 * Pages that are read at once, 128 MiB: they are cleared right after that, in 20 ms at most. What
 * is accessed in between is not seen.
 */
const PIECE_PAGES = 64 * TABLE_ENTRIES;
/** A longer hole between two VMAs is not read. */
const MOST_HOLE_PAGES = 32 * TABLE_ENTRIES;
/**
 * What the kernel clears only with everything else is cleared so where no more than this is present
 * (512 MiB): then the process waits for 6 ms at most.
 */
const SMALL_PAGES = 128 * 1024;
/**
 * Fewer than one accessed page in so many is not worth it: every process has a few that MADV_COLD
 * refuses ([vvar]), and some of files that others map, too.
 */
const FEW_DIVISOR = 16;
/** Of the accessed pages of a table, one in so many is looked at for whether it is shared. */
const SAMPLE_STEP = 64;

const ESRCH = 3;

/** One scan of a process: each piece of its page tables is read, counted and cleared. */
export class PageTableScan implements Disposable {
  readonly #target: ScanTarget;
  readonly #counts: PageCounts | null;
  readonly #slots: PageTableReading;
  readonly #decoder: TableDecoder;
  readonly #words: Int32Array;
  readonly #bits: AccessedBits;
  readonly #accessed = new PageSample();
  #presentPages = 0;
  #accessedPages = 0;
  /** The first VMA, by page numbers, that does not end before what was counted. */
  #vmas: readonly PageRange[] = [];
  #cursor = 0;

  /**
   * @param counts null: nothing is counted, only cleared.
   * @param share what is cleared. @throws {SystemCallError}
   */
  constructor(
    target: ScanTarget,
    counts: PageCounts | null,
    slots: PageTableReading,
    share: ClearingShare,
  ) {
    this.#target = target;
    this.#counts = counts;
    this.#slots = slots;
    this.#decoder = new TableDecoder(slots.layout, zeroFrame());
    const { buffer, byteOffset, length } = slots.words;
    this.#words = new Int32Array(buffer, byteOffset, length);
    this.#bits = new AccessedBits(target.pid, share);
  }

  /**
   * @param vmas to look at, in ascending order. @throws {SystemCallError} ESRCH or ENOENT when the
   * process is gone.
   */
  run(vmas: readonly PageRange[]): "scanned" | "gone" | "stopped" {
    // The pid was still that of the process when AccessedBits opened it, if it is there now.
    if (readProcessStat(this.#target.dirFd) === undefined) return "gone";
    this.#vmas = vmas;
    this.#counts?.beginScan();
    for (let page = 0; this.#cursor < vmas.length;) {
      const from = Math.max(page, vmas[this.#cursor]!.from);
      const piece = from - from % PIECE_PAGES + PIECE_PAGES;
      const to = Math.min(piece, this.#endOfNear(piece));
      if (this.#target.stopped()) return "stopped";
      const isThere = this.#slots.read(
        this.#target.pagemap.fd,
        from * PAGE_SIZE,
        to * PAGE_SIZE,
      );
      if (!isThere) return "gone";
      for (let slot = 0; slot < this.#slots.count; slot++) this.#takeSlot(this.#slots, slot);
      this.#bits.flush();
      page = this.#slots.walkEnd / PAGE_SIZE;
      this.#passVmas(page);
    }
    this.#clearRest();
    this.#counts?.endScan();
    return "scanned";
  }

  /** The first accessed page that kept its bit because clearing took too long; 0: there is none. */
  get firstKept(): number {
    return this.#bits.firstKept;
  }

  /** Where the VMAs from the cursor on end that follow each other without a long hole. */
  #endOfNear(enough: number): number {
    let end = this.#vmas[this.#cursor]!.to;
    for (let i = this.#cursor + 1; i < this.#vmas.length && end < enough; i++) {
      const vma = this.#vmas[i]!;
      if (vma.from - end > MOST_HOLE_PAGES) break;
      end = vma.to;
    }
    return end;
  }

  #passVmas(page: number): void {
    while (this.#cursor < this.#vmas.length && this.#vmas[this.#cursor]!.to <= page) this.#cursor++;
  }

  #takeSlot(slots: PageTableSlots, slot: number): void {
    const first = slots.address(slot) / PAGE_SIZE;
    const level = slots.level(slot);
    const end = first + (level < 2 ? TABLE_ENTRIES : TABLE_ENTRIES ** level);
    this.#passVmas(first);
    for (let i = this.#cursor; i < this.#vmas.length && this.#vmas[i]!.from < end; i++) {
      const from = Math.max(first, this.#vmas[i]!.from);
      const to = Math.min(end, this.#vmas[i]!.to);
      if (slots.hasChanged(slot)) this.#counts?.distrust(from, to);
      else if (level === 0) this.#takeTable(slot, first, from, to);
      else this.#takeLeaf(slot, from, to, to - from === end - first);
      if (to < end) this.#bits.endVma();
    }
  }

  #takeTable(slot: number, first: number, from: number, to: number): void {
    const decoder = this.#decoder;
    const begin = (from - first) | 0;
    const end = (to - first) | 0;
    decoder.decode(this.#words, slot * 2 * TABLE_ENTRIES, begin, end);
    if (decoder.present === 0) return;
    this.#presentPages += decoder.present;
    this.#counts?.addEach(from, decoder.found, begin, end);
    if (decoder.accessed === 0) return;
    this.#accessedPages += decoder.accessed;
    this.#bits.addEach(from, decoder.found, begin, end);
    const accessed = decoder.found.indexOf(FOUND.accessed, begin);
    for (let i = accessed; i < end; i += SAMPLE_STEP) {
      if (decoder.found[i] === FOUND.accessed) this.#accessed.add(first + i);
    }
  }

  /** @param isWhole a part of a huge page, as of a VMA that is another by now, counts as used. */
  #takeLeaf(slot: number, from: number, to: number, isWhole: boolean): void {
    const at = slot * 2 * TABLE_ENTRIES;
    const level = this.#slots.level(slot);
    const entry = this.#decoder.entry(this.#words[at]!, this.#words[at + 1]!, level);
    // Nobody writes to the huge page of zeros.
    if (!entry.isPresent || (!entry.isDirty && isZeroFrame(entry.frame))) return;
    this.#presentPages += to - from;
    if (!isWhole) {
      this.#counts?.add(from, to - from, 1, false);
      return;
    }
    this.#counts?.add(from, to - from, entry.isAccessed ? 1 : 0, true);
    if (!entry.isAccessed) return;
    this.#accessedPages += to - from;
    this.#accessed.add(from);
    for (let page = from; page < to; page += PMD_PAGES) this.#bits.add(page, PMD_PAGES);
  }

  /**
   * Clears what the process's accessed pages are not cleared of yet. Where that takes too long they
   * keep their bits, and count as used.
   */
  #clearRest(): void {
    const { dirFd, pagemap } = this.#target;
    if (this.#accessedPages === 0) return;
    if (!this.#bits.isReached) {
      // Its first thread has ended, or the process: clearRefs() tells.
      clearRefs(dirFd);
      return;
    }
    if (this.#presentPages <= SMALL_PAGES && this.#hasUncleared(pagemap)) clearRefs(dirFd);
  }

  /** Whether many accessed pages are refused, or passed over since other processes have them. */
  #hasUncleared(pagemap: Pagemap): boolean {
    if (this.#bits.refusedPages * FEW_DIVISOR >= this.#accessedPages) return true;
    const shared = this.#accessed.pages.filter((page) => {
      if (pagemap.load(page, page + 1) === 0) throw new SystemCallError("read", ESRCH, "pagemap");
      return pagemap.isPresent(page) && !pagemap.isExclusive(page);
    });
    return shared.length * FEW_DIVISOR >= this.#accessed.pages.length;
  }

  [Symbol.dispose](): void {
    this.#bits[Symbol.dispose]();
  }
}

/** VMAs by page numbers, in ascending order and without overlaps, as toPageRanges() has them. */
export function toVmaRanges(
  vmas: readonly { readonly start: number; readonly end: number }[],
): PageRange[] {
  let position = 0;
  return vmas.flatMap(({ start, end }) => {
    const from = Math.max(pageOf(start), position);
    const to = pageOf(end);
    position = Math.max(position, to);
    return from < to ? [{ from, to }] : [];
  });
}
