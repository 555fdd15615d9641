/** Pages in a block: 16 MiB of 4K pages, 512 bytes of bits. */
export const BLOCK_PAGES = 4096;
const BLOCK_WORDS = BLOCK_PAGES / 32;
const WORD = 2 ** 32;

/** A MovedSet as typed arrays, to be handed to another thread. */
export interface MovedSetData {
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly bits: Uint32Array<ArrayBuffer>;
  /** Of the blocks that have them: their numbers, and a word for each page. */
  readonly frames?: {
    readonly numbers: Float64Array<ArrayBuffer>;
    readonly words: Uint32Array<ArrayBuffer>;
  };
}

interface Block {
  readonly bits: Uint32Array;
  /** Lower half of each page's frame number, 0 where none is known; made when one is. */
  frames: Uint32Array | undefined;
}

/**
 * Pages of a process, one bit each: those that were moved out and have not been seen to come back,
 * or others. Pages may have the frame with them that they were in, which takes 4 bytes a page.
 */
export class MovedSet {
  readonly #blocks = new Map<number, Block>();

  static fromData({ numbers, bits, frames }: MovedSetData): MovedSet {
    const set = new MovedSet();
    for (const [i, number] of numbers.entries()) {
      const words = bits.subarray(i * BLOCK_WORDS, (i + 1) * BLOCK_WORDS);
      set.#blocks.set(number, { bits: words, frames: undefined });
    }
    for (const [i, number] of frames?.numbers.entries() ?? []) {
      const words = frames!.words.subarray(i * BLOCK_PAGES, (i + 1) * BLOCK_PAGES);
      set.#blocks.get(number)!.frames = words;
    }
    return set;
  }

  toData(): MovedSetData {
    const blocks = [...this.#blocks];
    const framed = blocks.filter(([, { frames }]) => frames !== undefined);
    const bits = new Uint32Array(blocks.length * BLOCK_WORDS);
    for (const [i, [, block]] of blocks.entries()) bits.set(block.bits, i * BLOCK_WORDS);
    const words = new Uint32Array(framed.length * BLOCK_PAGES);
    for (const [i, [, block]] of framed.entries()) words.set(block.frames!, i * BLOCK_PAGES);
    return {
      numbers: numbersOf(blocks),
      bits,
      ...(framed.length === 0 ? {} : { frames: { numbers: numbersOf(framed), words } }),
    };
  }

  /** @param frame that the page may still be in; 0: none. */
  add(page: number, frame = 0): void {
    const number = Math.floor(page / BLOCK_PAGES);
    let block = this.#blocks.get(number);
    if (block === undefined) {
      block = { bits: new Uint32Array(BLOCK_WORDS), frames: undefined };
      this.#blocks.set(number, block);
    }
    const index = page % BLOCK_PAGES;
    block.bits[index >>> 5] = block.bits[index >>> 5]! | (1 << (index & 31));
    if (frame !== 0) block.frames ??= new Uint32Array(BLOCK_PAGES);
    if (block.frames !== undefined) block.frames[index] = frame % WORD;
  }

  /** Whether it is in. */
  has(page: number): boolean {
    const block = this.#blocks.get(Math.floor(page / BLOCK_PAGES));
    const index = page % BLOCK_PAGES;
    return block !== undefined && (block.bits[index >>> 5]! & (1 << (index & 31))) !== 0;
  }

  /**
   * Takes the pages in [page, page + pages) out.
   * @param frameOf where a page is now; asked of those that have a frame with them.
   * @returns how many of them were in, and how many of those are in that frame again.
   */
  takeOut(
    page: number,
    pages: number,
    frameOf: (page: number) => number = () => 0,
  ): { out: number; sameFrame: number } {
    const taken = { out: 0, sameFrame: 0 };
    for (let at = page; at < page + pages;) {
      const number = Math.floor(at / BLOCK_PAGES);
      const end = Math.min((number + 1) * BLOCK_PAGES, page + pages);
      const block = this.#blocks.get(number);
      if (block !== undefined) {
        for (; at < end; at++) {
          if (!isTakenOut(block, at % BLOCK_PAGES)) continue;
          taken.out++;
          const frame = block.frames?.[at % BLOCK_PAGES] ?? 0;
          if (frame !== 0 && frameOf(at) % WORD === frame) taken.sameFrame++;
        }
        if (block.bits.every((word) => word === 0)) this.#blocks.delete(number);
      }
      at = end;
    }
    return taken;
  }

  /** Forgets blocks outside what is mapped. @param ranges of the pages that are, ascending. */
  keepOnly(ranges: readonly { readonly from: number; readonly to: number }[]): void {
    const numbers = [...this.#blocks.keys()].sort((a, b) => a - b);
    let range = 0;
    for (const number of numbers) {
      const from = number * BLOCK_PAGES;
      while (range < ranges.length && ranges[range]!.to <= from) range++;
      if (range === ranges.length || ranges[range]!.from >= from + BLOCK_PAGES) {
        this.#blocks.delete(number);
      }
    }
  }

  /** Takes in all pages of another set, without their frames. */
  addAll(other: MovedSet): void {
    for (const [number, { bits }] of other.#blocks) {
      const mine = this.#blocks.get(number)?.bits;
      if (mine === undefined) this.#blocks.set(number, { bits: bits.slice(), frames: undefined });
      else for (let i = 0; i < bits.length; i++) mine[i] = mine[i]! | bits[i]!;
    }
  }

  /** Forgets in which frames pages were. */
  forgetFrames(): void {
    for (const block of this.#blocks.values()) block.frames = undefined;
  }

  /** First pages of the blocks that hold any, ascending; blocks have BLOCK_PAGES pages. */
  blocks(): number[] {
    return [...this.#blocks.keys()].sort((a, b) => a - b).map((number) => number * BLOCK_PAGES);
  }

  /** Writes for each page of a block 1 when it is in, else 0. @param first of the block. */
  markBlock(first: number, marks: Uint8Array): void {
    const bits = this.#blocks.get(first / BLOCK_PAGES)?.bits;
    for (let i = 0; i < BLOCK_PAGES; i++) {
      marks[i] = bits === undefined ? 0 : (bits[i >>> 5]! >>> (i & 31)) & 1;
    }
  }

  /** Pages of the block that `from` is in, from `from` on and at most so many, ascending. */
  pagesOfBlock(from: number, most: number): number[] {
    const pages: number[] = [];
    const bits = this.#blocks.get(Math.floor(from / BLOCK_PAGES))?.bits;
    if (bits === undefined) return pages;
    const first = from - from % BLOCK_PAGES;
    for (let index = from - first; index < BLOCK_PAGES && pages.length < most;) {
      const word = bits[index >>> 5]! >>> (index & 31);
      if (word === 0) {
        index = (index | 31) + 1;
        continue;
      }
      if ((word & 1) !== 0) pages.push(first + index);
      index++;
    }
    return pages;
  }

  /** How many are in. */
  get pages(): number {
    let pages = 0;
    for (const { bits } of this.#blocks.values()) {
      for (let word of bits) for (; word !== 0; word &= word - 1) pages++;
    }
    return pages;
  }

  get isEmpty(): boolean {
    return this.#blocks.size === 0;
  }
}

/** Takes a page out of a block. @returns whether it was in. */
function isTakenOut({ bits }: Block, index: number): boolean {
  const bit = 1 << (index & 31);
  const word = bits[index >>> 5]!;
  bits[index >>> 5] = word & ~bit;
  return (word & bit) !== 0;
}

function numbersOf(blocks: readonly (readonly [number, Block])[]): Float64Array<ArrayBuffer> {
  return Float64Array.from(blocks, ([number]) => number);
}
