import { errorCode } from "../../ffi/errno.ts";
import { PAGE_SIZE } from "../../ffi/libc.ts";
import { IoVector, MAX_RANGES } from "../../ffi/process_madvise.ts";
import { readBytes } from "../../ffi/process_vm_readv.ts";
import type { HeldAddressSpace } from "../procfs/held_address_space.ts";
import type { Pagemap } from "../procfs/pagemap.ts";
import { BLOCK_PAGES, type MovedSet } from "./moved_set.ts";

/** The process whose memory is looked for in swap. */
export interface SwappedProcess {
  /** Id of a thread that lives: process_vm_readv(2) takes that, too. */
  readonly tid: number;
  readonly space: HeldAddressSpace;
  readonly pagemap: Pagemap;
  /** Pages that were moved. Those that are not in swap any more are taken out. */
  readonly moved: MovedSet;
}

/** What is to come back, and when to stop. */
export interface BringBackOrder {
  /** Page number from which on to look. */
  readonly from: number;
  /**
   * Asked before each request.
   * @returns how many pages may come back at once, or why none may.
   */
  readonly allow: () => number | string;
}

/** What came of it. */
export interface BringBackAccount {
  /** Pages that were in swap, and are present now. */
  readonly back: number;
  /** Pages that are still in swap although they were asked for: why, and how many. */
  readonly refused: ReadonlyMap<string, number>;
  /** Where to go on, and why it stopped there; absent when all was looked at. */
  readonly rest?: { readonly from: number; readonly why: string };
}

/** The process has ended, or executes another program. */
export class AddressSpaceGone extends Error {}

const vector = new IoVector();

/**
 * Has the kernel read pages of a process back from swap, by reading a byte of each: this takes the
 * same way as a page fault of the process itself. pagemap says afterwards which are present.
 * @throws {AddressSpaceGone} what came back until then is back. @throws {SystemCallError}
 */
export function bringBack(
  process: SwappedProcess,
  { from, allow }: BringBackOrder,
): BringBackAccount {
  const refused = new Map<string, number>();
  let back = 0;
  for (const first of process.moved.blocks()) {
    for (let at = Math.max(first, from); at < first + BLOCK_PAGES;) {
      const allowed = allow();
      if (typeof allowed === "string") return { back, refused, rest: { from: at, why: allowed } };
      const pages = process.moved.pagesOfBlock(at, Math.min(allowed, MAX_RANGES));
      const last = pages.at(-1);
      if (last === undefined) break;
      back += bringPagesBack(process, inSwap(process, pages), refused);
      at = last + 1;
    }
  }
  return { back, refused };
}

/**
 * Counts pages that are in swap. After `mostMs` those that are left count without a look.
 * @returns how many, and whether all were looked at. @throws {AddressSpaceGone | SystemCallError}
 */
export function countInSwap(
  process: SwappedProcess,
  mostMs: number,
): { readonly pages: number; readonly isWhole: boolean } {
  const begin = performance.now();
  let pages = 0;
  let isWhole = true;
  for (const first of process.moved.blocks()) {
    const moved = process.moved.pagesOfBlock(first, BLOCK_PAGES);
    isWhole &&= performance.now() - begin < mostMs;
    pages += isWhole ? inSwap(process, moved).length : moved.length;
  }
  return { pages, isWhole };
}

/** Those of some pages that are in swap; the others are taken out of the set. */
function inSwap({ pagemap, moved }: SwappedProcess, pages: readonly number[]): number[] {
  load(pagemap, pages);
  return pages.filter((page) => {
    if (pagemap.isSwapped(page)) return true;
    moved.takeOut(page, 1);
    return false;
  });
}

/** Loads what pagemap says of pages of one block. */
function load(pagemap: Pagemap, pages: readonly number[]): void {
  const [first] = pages;
  const last = pages.at(-1);
  if (first === undefined || last === undefined) return;
  if (pagemap.load(first, last + 1) < last + 1 - first) throw new AddressSpaceGone();
}

/** @param pages in swap, of one block. @returns how many are present now. */
function bringPagesBack(
  process: SwappedProcess,
  pages: readonly number[],
  refused: Map<string, number>,
): number {
  const { pagemap, moved } = process;
  const failures = read(process, pages);
  load(pagemap, pages);
  let back = 0;
  for (const page of pages) {
    if (!pagemap.isSwapped(page)) {
      moved.takeOut(page, 1);
      if (pagemap.isPresent(page)) back++;
      continue;
    }
    const why = failures.get(page) ?? "went to swap again";
    refused.set(why, (refused.get(why) ?? 0) + 1);
  }
  return back;
}

/** Reads a byte of each page. @returns the pages that could not be read, and why. */
function read({ tid, space }: SwappedProcess, pages: readonly number[]): Map<number, string> {
  const failures = new Map<number, string>();
  const [first] = pages;
  if (first === undefined) return failures;
  for (const [i, page] of pages.entries()) vector.set(i, page * PAGE_SIZE, 1);
  if (!space.isThere(first)) throw new AddressSpaceGone();
  for (let done = 0; done < pages.length;) {
    try {
      done += readBytes(tid, vector, done, pages.length - done);
    } catch (error) {
      if (errorCode(error) === "ESRCH") throw new AddressSpaceGone();
      if (errorCode(error) !== "EFAULT") throw error;
      failures.set(pages[done]!, "cannot be read: a failing device, or memory without access");
      done++;
    }
  }
  return failures;
}
