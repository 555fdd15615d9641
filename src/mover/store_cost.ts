import { PAGE_SIZE } from "../../ffi/libc.ts";
import { growthOf, readSwapStores, type SwapStores } from "../procfs/swap_stores.ts";

/**
 * Counts the pages that all threads of a server move to swap, so that they can share out what the
 * stores of compressed copies grow by meanwhile. Its word is shared: a tally that a thread makes of
 * it is the same tally.
 */
export class MovedTally {
  /** Base pages, modulo 2^32. */
  readonly words: Int32Array;

  /** @param words those of the tally in another thread; without them it is a new tally. */
  constructor(words?: Int32Array) {
    this.words = words ?? new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  }

  add(pages: number): void {
    Atomics.add(this.words, 0, pages);
  }

  get pages(): number {
    return Atomics.load(this.words, 0);
  }
}

/**
 * What pages that one thread moves cost: zram and zswap keep a compressed copy of each in DRAM. It
 * is the thread's share of what these stores grew by meanwhile, by the pages that it moved, those
 * that other threads moved, and those that the kernel stored of its own accord.
 */
export class StoreCost {
  readonly #tally: MovedTally;
  readonly #read: () => SwapStores;
  /** From before the first page. */
  #before: { readonly stores: SwapStores; readonly tallied: number } | undefined;
  #pages = 0;
  /** Of those, the ones that the tally has. */
  #told = 0;

  constructor(tally: MovedTally, read: () => SwapStores = readSwapStores) {
    this.#tally = tally;
    this.#read = read;
  }

  /** To be called before the first page moves. @throws {ProcfsError | SystemCallError} */
  begin(): void {
    this.#before ??= { stores: this.#read(), tallied: this.#tally.pages };
  }

  /** Takes note of a page that has moved to swap. */
  addPage(): void {
    this.#pages++;
  }

  /** Lets the other threads know what has moved. */
  tell(): void {
    this.#tally.add(this.#pages - this.#told);
    this.#told = this.#pages;
  }

  /** DRAM that the pages so far cost, in bytes. @throws {ProcfsError | SystemCallError} */
  bytes(): number {
    if (this.#before === undefined || this.#pages === 0) return 0;
    this.tell();
    const { stores, tallied } = this.#before;
    const grown = growthOf(stores, this.#read());
    const byAll = (this.#tally.pages - tallied) >>> 0;
    const all = Math.max(this.#pages, byAll, grown.storedBytes / PAGE_SIZE);
    return Math.max(0, grown.storeBytes) * this.#pages / all;
  }
}
