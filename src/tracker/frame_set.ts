/** Frames in a block: 128 MiB of 4K pages, 4 KiB of bits. */
const BLOCK_SHIFT = 15;
export const BLOCK_FRAMES = 1 << BLOCK_SHIFT;
const BLOCK_WORDS = BLOCK_FRAMES / 32;
/** The lower bits of a frame number, whatever its size: its place in its block. */
const INDEX_MASK = BLOCK_FRAMES - 1;
/** 16-bit units in a block's bits. */
const BLOCK_UNITS = BLOCK_FRAMES / 16;

/**
 * A FrameSet to be kept or handed to another thread, in at most 2 bytes a frame besides 10 a block:
 * of each block the bits or, where that is shorter, the list of its frames.
 */
export interface FrameSetData {
  /** First frame / BLOCK_FRAMES. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** 16-bit units of each block; BLOCK_UNITS of them are bits, fewer are a list. */
  readonly lengths: Uint16Array<ArrayBuffer>;
  readonly units: Uint16Array<ArrayBuffer>;
}

/** A set of page frame numbers: one bit each, in blocks that are there where frames are. */
export class FrameSet {
  readonly #blocks: Map<number, Uint32Array<ArrayBuffer>>;
  #lastNumber = -1;
  #lastBlock: Uint32Array<ArrayBuffer> | undefined;

  constructor(blocks: Iterable<readonly [number, Uint32Array<ArrayBuffer>]> = []) {
    this.#blocks = new Map(blocks);
  }

  static fromData({ numbers, lengths, units }: FrameSetData): FrameSet {
    let at = 0;
    return new FrameSet(Array.from(numbers, (number, i) => {
      const content = units.subarray(at, at += lengths[i]!);
      const bits = new Uint32Array(BLOCK_WORDS);
      if (content.length === BLOCK_UNITS) new Uint16Array(bits.buffer).set(content);
      else for (const index of content) setBit(bits, index);
      return [number, bits] as const;
    }));
  }

  toData(): FrameSetData {
    const blocks = this.blocks();
    const numbers = Float64Array.from(blocks, ([number]) => number);
    const lengths = Uint16Array.from(blocks, ([, bits]) => Math.min(countBits(bits), BLOCK_UNITS));
    const units = new Uint16Array(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const [i, [, bits]] of blocks.entries()) {
      const length = lengths[i]!;
      if (length === BLOCK_UNITS) units.set(new Uint16Array(bits.buffer), at);
      else listBits(bits, units, at);
      at += length;
    }
    return { numbers, lengths, units };
  }

  /** Blocks in ascending order: its number (first frame / BLOCK_FRAMES) and its bits. */
  blocks(): [number, Uint32Array<ArrayBuffer>][] {
    return [...this.#blocks].sort((a, b) => a[0] - b[0]);
  }

  #block(number: number): Uint32Array<ArrayBuffer> | undefined {
    if (number !== this.#lastNumber) {
      this.#lastNumber = number;
      this.#lastBlock = this.#blocks.get(number);
    }
    return this.#lastBlock;
  }

  add(frame: number): void {
    const number = blockOf(frame);
    let block = this.#block(number);
    if (block === undefined) {
      block = new Uint32Array(BLOCK_WORDS);
      this.#blocks.set(number, block);
      this.#lastBlock = block;
    }
    setBit(block, frame & INDEX_MASK);
  }

  /** Adds all frames of another set. @returns how many of them were in. */
  addAll(other: FrameSet): number {
    let known = 0;
    for (const [number, bits] of other.#blocks) {
      const own = this.#block(number);
      if (own === undefined) {
        this.#blocks.set(number, bits.slice());
        this.#lastNumber = -1;
        continue;
      }
      known += countBits(bits.map((word, i) => word & own[i]!));
      for (let i = 0; i < BLOCK_WORDS; i++) own[i] = own[i]! | bits[i]!;
    }
    return known;
  }

  has(frame: number): boolean {
    const block = this.#block(blockOf(frame));
    return block !== undefined && hasBit(block, frame & INDEX_MASK);
  }
}

/** Without doubles for the frames of the first 2^31, which are all on most machines. */
function blockOf(frame: number): number {
  return (frame | 0) === frame ? frame >> BLOCK_SHIFT : Math.floor(frame / BLOCK_FRAMES);
}

/** Whether a bit is set in a block's words. */
export function hasBit(words: Uint32Array, index: number): boolean {
  return (words[index >>> 5]! & (1 << (index & 31))) !== 0;
}

/** Sets a bit in a block's words. */
export function setBit(words: Uint32Array, index: number): void {
  words[index >>> 5] = words[index >>> 5]! | (1 << (index & 31));
}

function countBits(words: Uint32Array): number {
  let count = 0;
  for (let i = 0; i < words.length; i++) {
    // Sums of 2, 4 and 8 bits side by side; the product has the sum of the four in its upper byte.
    const word = words[i]! | 0;
    const pairs = word - ((word >>> 1) & 0x5555_5555) | 0;
    const fours = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333) | 0;
    count += Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
  }
  return count;
}

function listBits(words: Uint32Array, into: Uint16Array, from: number): void {
  let at = from;
  for (let word = 0; word < words.length; word++) {
    for (let rest = words[word]!; rest !== 0; rest &= rest - 1) {
      into[at++] = word * 32 + 31 - Math.clz32(rest & -rest);
    }
  }
}
