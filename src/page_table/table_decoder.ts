import { type Bit, type PageTableLayout, TABLE_ENTRIES } from "./page_table_layout.ts";

/** What an entry of the lowest level says of its page. */
export const FOUND = { absent: 0, idle: 1, accessed: 2 } as const;

/** What an entry says. Where it names no page of the process, the other members say nothing. */
export interface Entry {
  /**
   * Whether there is a page, as /proc/PID/pagemap has it: one that nobody may touch is there, one
   * in swap or on its way to another frame is not.
   */
  readonly isPresent: boolean;
  readonly isAccessed: boolean;
  readonly isDirty: boolean;
  /** Page frame number of the first base page. */
  readonly frame: number;
}

const ABSENT: Entry = { isPresent: false, isAccessed: false, isDirty: false, frame: 0 };

/** Reads entries of one layout. */
export class TableDecoder {
  readonly #layout: PageTableLayout;
  /** Bits of the low and of the high word that hold an address. */
  readonly #addressLow: number;
  readonly #addressHigh: number;
  /** The words of the address of the page of zeros; no address has an odd low word. */
  readonly #zeroLow: number = 1;
  readonly #zeroHigh: number = 0;

  /** Of each entry that `decode` looked at last, by its index in the table: one of FOUND. */
  readonly found: Uint8Array<ArrayBuffer> = new Uint8Array(TABLE_ENTRIES);
  /** How many of them are of pages, and of pages that were accessed. */
  present = 0;
  accessed = 0;

  /** @param zeroFrame of the page of zeros, which is no memory of a process; negative: unknown. */
  constructor(layout: PageTableLayout, zeroFrame: number) {
    this.#layout = layout;
    this.#addressLow = Number(layout.addressMask & 0xffff_ffffn) | 0;
    this.#addressHigh = Number(layout.addressMask >> 32n) | 0;
    if (zeroFrame < 0) return;
    const address = BigInt(zeroFrame) << 12n;
    this.#zeroLow = Number(address & 0xffff_ffffn) | 0;
    this.#zeroHigh = Number(address >> 32n) | 0;
  }

  /**
   * Decodes the entries [from, to) of a table into `found`.
   * @param words holds the table from word `at` on, two words an entry, the low one first. The same
   * bytes as unsigned words would be doubles to the engine's compiler, and take twice as long.
   */
  decode(words: Int32Array, at: number, from: number, to: number): void {
    const { found } = this;
    const addressLow = this.#addressLow;
    const zeroLow = this.#zeroLow;
    const { present, accessed } = this.#layout.bits;
    let presentSum = 0;
    let accessedSum = 0;
    for (let i = from; i < to; i++) {
      const low = words[at + 2 * i]!;
      let state: number = FOUND.absent;
      if (((low >>> present) & 1) !== 0) {
        if ((low & addressLow) !== zeroLow || !this.#isZero(words[at + 2 * i + 1]!)) {
          state = FOUND.idle + ((low >>> accessed) & 1);
        }
      } else if (this.#isForbidden(low, words[at + 2 * i + 1]!)) {
        state = FOUND.idle + ((low >>> accessed) & 1);
      }
      found[i] = state;
      presentSum += (state + 1) >> 1;
      accessedSum += state >> 1;
    }
    this.present = presentSum;
    this.accessed = accessedSum;
  }

  #isZero(high: number): boolean {
    return (high & this.#addressHigh) === this.#zeroHigh;
  }

  /** Whether an entry that the processor does not use is of a page all the same. */
  #isForbidden(low: number, high: number): boolean {
    return bitOf(low, high, this.#layout.bits.protNone) !== 0;
  }

  /** One entry that is no table. @param level 0 of a base page, 1 and 2 of huge ones. */
  entry(low: number, high: number, level = 0): Entry {
    const { bits, addressMask } = this.#layout;
    const isUsed = bitOf(low, high, bits.present) !== 0;
    if (!isUsed && !this.#isForbidden(low, high)) return ABSENT;
    const word = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    const address = (!isUsed && bits.invertsProtNoneFrame ? ~word : word) & addressMask;
    const frame = Number(address >> 12n);
    const { dirtyBy } = bits;
    return {
      isPresent: true,
      isAccessed: bitOf(low, high, bits.accessed) !== 0,
      isDirty: bits.dirty.some((bit) => bitOf(low, high, bit) !== 0) ||
        (dirtyBy !== undefined && bitOf(low, high, dirtyBy.set) !== 0 &&
          bitOf(low, high, dirtyBy.clear) === 0),
      // Below the address of a huge page other bits lie, inverted like it.
      frame: frame - frame % TABLE_ENTRIES ** level,
    };
  }
}

function bitOf(low: number, high: number, bit: Bit): number {
  return bit < 32 ? (low >>> bit) & 1 : (high >>> (bit - 32)) & 1;
}
