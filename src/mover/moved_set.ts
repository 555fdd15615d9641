/** Pages in a block: 16 MiB of 4K pages, 512 bytes of bits. */
const BLOCK_PAGES = 4096;
const BLOCK_WORDS = BLOCK_PAGES / 32;

/** A MovedSet as typed arrays, to be handed to another thread. */
export interface MovedSetData {
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly bits: Uint32Array<ArrayBuffer>;
}

/**
 * Pages of a process, one bit each: those that were moved out and have not been seen to come back,
 * or others.
 */
export class MovedSet {
  readonly #blocks = new Map<number, Uint32Array>();

  static fromData(data: MovedSetData): MovedSet {
    const set = new MovedSet();
    for (const [i, number] of data.numbers.entries()) {
      set.#blocks.set(number, data.bits.subarray(i * BLOCK_WORDS, (i + 1) * BLOCK_WORDS));
    }
    return set;
  }

  toData(): MovedSetData {
    const numbers = new Float64Array(this.#blocks.size);
    const bits = new Uint32Array(this.#blocks.size * BLOCK_WORDS);
    let i = 0;
    for (const [number, words] of this.#blocks) {
      numbers[i] = number;
      bits.set(words, i * BLOCK_WORDS);
      i++;
    }
    return { numbers, bits };
  }

  add(page: number): void {
    const number = Math.floor(page / BLOCK_PAGES);
    let words = this.#blocks.get(number);
    if (words === undefined) {
      words = new Uint32Array(BLOCK_WORDS);
      this.#blocks.set(number, words);
    }
    const index = page % BLOCK_PAGES;
    words[index >>> 5] = words[index >>> 5]! | (1 << (index & 31));
  }

  /** Whether it is in. */
  has(page: number): boolean {
    const words = this.#blocks.get(Math.floor(page / BLOCK_PAGES));
    const index = page % BLOCK_PAGES;
    return words !== undefined && (words[index >>> 5]! & (1 << (index & 31))) !== 0;
  }

  /** Takes the pages in [page, page + pages) out. @returns how many of them were in. */
  takeOut(page: number, pages: number): number {
    let out = 0;
    for (let at = page; at < page + pages;) {
      const number = Math.floor(at / BLOCK_PAGES);
      const end = Math.min((number + 1) * BLOCK_PAGES, page + pages);
      const words = this.#blocks.get(number);
      if (words !== undefined) {
        for (let index = at % BLOCK_PAGES; index <= (end - 1) % BLOCK_PAGES; index++) {
          const bit = 1 << (index & 31);
          const word = words[index >>> 5]!;
          if ((word & bit) === 0) continue;
          words[index >>> 5] = word & ~bit;
          out++;
        }
        if (out > 0 && words.every((word) => word === 0)) this.#blocks.delete(number);
      }
      at = end;
    }
    return out;
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

  get isEmpty(): boolean {
    return this.#blocks.size === 0;
  }
}
