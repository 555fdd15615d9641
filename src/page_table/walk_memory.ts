import { entryBytes, TABLE_ENTRIES } from "./page_table_layout.ts";
import { MOST_SLOTS } from "./page_table_slots.ts";

/** Bytes of a table, and so of a slot. */
export const TABLE_BYTES = 8 * TABLE_ENTRIES;

/**
 * The value that the walk program and we have in common: orders, answers, notes of the program,
 * then the table of level 1 that it works on, the heads of the slots and the slots. Offsets in
 * bytes; from `position` on members are 64 bits wide.
 */
export const WALK = {
  /** In: the descriptor of a pagemap. */
  pagemapFd: 0,
  /** In: `levels` of the layout. */
  levels: 4,
  /** Out: one of WALK_STATE. */
  state: 8,
  /** In: 0. Out: how many slots are filled. */
  slots: 12,
  /** In: the first address. Out: the one up to which it looked. */
  position: 16,
  /** In: the address behind the last. */
  end: 24,
  /** In: where the kernel has memory mapped from physical address 0 on. */
  directMap: 32,
  /** In: `addressMask` of the layout. */
  addressMask: 40,
  /** Out: the kernel's address of the top table. */
  topTable: 48,
  /** In: NO_WINDOW. Then the GiB of addresses whose table of level 1 was copied. */
  window: 56,
  /** That table's own address. */
  windowTable: 64,
  /** The kernel's address of the address space. */
  addressSpace: 72,
  windowEntries: 4096,
  heads: 8192,
  tables: 16384,
} as const;

/** The head of a slot: 16 bytes. */
export const HEAD = { sizeBytes: 16, address: 0, level: 8, changed: 12 } as const;

export const WALK_BYTES = WALK.tables + MOST_SLOTS * TABLE_BYTES;

/** No address is in it. */
export const NO_WINDOW = 0xffff_ffff_ffff_ffffn;

/** What the program came to; it was not run when it is 0. */
export const WALK_STATE = { notRun: 0, noFile: 1, gone: 2, read: 3 } as const;

/** log2 of the bytes behind an entry of a level. */
export function levelShift(level: number): number {
  return Math.log2(entryBytes(level));
}
