import type { PageTableLayout } from "./page_table_layout.ts";

/** Slots that one call of the reader fills at most: tables of 1 GiB of base pages. */
export const MOST_SLOTS = 512;

/** What the reader found, ascending by address; all of it is good until it reads again. */
export interface PageTableSlots {
  readonly layout: PageTableLayout;
  /** How many slots are filled. */
  readonly count: number;
  /**
   * Address up to which it looked: what lies below and is in no slot has no tables. The next call
   * begins here. It is `to` of the call when it has looked at everything.
   */
  readonly walkEnd: number;
  /**
   * Entries as two words each, the low one first. Those of slot i begin at word
   * i * 2 * TABLE_ENTRIES: TABLE_ENTRIES of them where its level is 0, else one.
   */
  readonly words: Uint32Array;
  /** Address of the memory behind the slot's first entry; it may lie before `from` of the call. */
  address(slot: number): number;
  /**
   * 0: a table of base pages. 1 or 2: one leaf of that level (entryBytes): a huge page, or its
   * place in swap or in migration. Never an empty entry.
   */
  level(slot: number): number;
  /**
   * The way to the table was another one after it was copied: the slot may hold anything. Look
   * again, or take the pages for used.
   */
  hasChanged(slot: number): boolean;
}

/** Reads page tables of other processes. */
export interface PageTableReading extends PageTableSlots, Disposable {
  /**
   * Fills the slots with what is at [from, to), addresses in bytes.
   * @param pagemapFd descriptor of /proc/PID/pagemap of this process: it stands for the address
   * space, so what is read is that of no other one.
   * @returns false when the address space has no memory any more, its last process has ended; the
   * slots hold nothing then.
   * @throws {SystemCallError}
   */
  read(pagemapFd: number, from: number, to: number): boolean;
}
