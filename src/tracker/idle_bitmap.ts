import { AT_FDCWD, close, O_RDWR, openAt, preadFully, pwrite } from "../../ffi/libc.ts";
import { errorCode } from "../../ffi/errno.ts";
import type { KpageFlags } from "../procfs/kpageflags.ts";
import { BLOCK_FRAMES, FrameSet, hasBit, setBit } from "./frame_set.ts";

export const BITMAP = "/sys/kernel/mm/page_idle/bitmap";
const FILE = "page_idle/bitmap";

/** The bitmap is read and written in words of 64 frames, two of a block's words each. */
const WORD_FRAMES = 64;
const WORD_BYTES = 8;
const BLOCK_BYTES = BLOCK_FRAMES / 8;
/** Words that are read before their frames are marked: a huge page of 64K pages. */
const MOST_WORDS = 128;

const NO_FRAMES = new Uint32Array(BLOCK_FRAMES / 32);

/** Words of a block that are dealt with by one call, the first and the one behind the last. */
type Run = readonly [from: number, to: number];

/**
 * The words of a block in which there are frames. One empty word between two costs less than
 * another call; more do not, for the kernel looks at all frames of a word that is read.
 */
function runsOf(bits: Uint32Array): Run[] {
  const runs: [from: number, to: number][] = [];
  for (let word = 0; word < bits.length / 2; word++) {
    if (bits[2 * word] === 0 && bits[2 * word + 1] === 0) continue;
    const last = runs.at(-1);
    const isNear = last !== undefined && word <= last[1] + 1 && word % MOST_WORDS !== 0;
    if (isNear) last[1] = word + 1;
    else runs.push([word, word + 1]);
  }
  return runs;
}

function hasFrames(bits: Uint32Array, [from, to]: Run): boolean {
  return bits.subarray(2 * from, 2 * to).some((word) => word !== 0);
}

/** The kernel's idle flags of page frames (Documentation/admin-guide/mm/idle_page_tracking.rst). */
export class IdleBitmap implements Disposable {
  readonly #fd: number;

  /** @throws {SystemCallError} */
  constructor(path: string = BITMAP) {
    this.#fd = openAt(AT_FDCWD, path, O_RDWR);
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }

  /**
   * Which of the marked frames were not used since they were marked, and marks those that are there
   * now: a few right after they were read, so that no use falls between. A 1 marks a frame,
   * a 0 changes nothing. A frame that has left the LRU lists, or that never was on one,
   * is passed over by the kernel and counts as used.
   * @param stopped asked between blocks. @throws {SystemCallError}
   */
  renew(marked: FrameSet, present: FrameSet, flags: KpageFlags, stopped: () => boolean): FrameSet {
    const idle: [number, Uint32Array<ArrayBuffer>][] = [];
    const before = new Map(marked.blocks());
    const now = new Map(present.blocks());
    const numbers = [...new Set([...before.keys(), ...now.keys()])].sort((a, b) => a - b);
    for (const number of numbers) {
      if (stopped()) break;
      const was = before.get(number) ?? NO_FRAMES;
      const is = now.get(number) ?? NO_FRAMES;
      const answer = new Uint32Array(NO_FRAMES.length);
      for (const run of runsOf(was.map((bits, i) => bits | is[i]!))) {
        const isKnown = hasFrames(was, run);
        if (isKnown) this.#read(number, run, answer);
        if (hasFrames(is, run)) this.#mark(number, run, is);
        if (isKnown) keepOwn(number, run, was, answer, flags);
      }
      idle.push([number, answer]);
    }
    return new FrameSet(idle);
  }

  /**
   * Does something with a frame that is marked and was not used since, such as reading it, which
   * would count as a use: it is marked again behind that.
   * @returns whether it was idle; nothing is done else. @throws {SystemCallError}
   */
  whileIdle(frame: number, work: () => void): boolean {
    const word = new BigUint64Array(1);
    const position = Math.floor(frame / WORD_FRAMES) * WORD_BYTES;
    const bit = 1n << BigInt(frame % WORD_FRAMES);
    preadFully(this.#fd, word, WORD_BYTES, position, FILE);
    if ((word[0]! & bit) === 0n) return false;
    try {
      work();
    } finally {
      word[0] = bit;
      pwrite(this.#fd, word, WORD_BYTES, position, FILE);
    }
    return true;
  }

  #mark(number: number, [from, to]: Run, frames: Uint32Array<ArrayBuffer>): void {
    const run = frames.subarray(2 * from, 2 * to);
    try {
      const position = number * BLOCK_BYTES + from * WORD_BYTES;
      pwrite(this.#fd, run, run.byteLength, position, FILE);
    } catch (error) {
      // Memory of a device, behind the last frame that the bitmap knows.
      if (errorCode(error) !== "ENXIO") throw error;
    }
  }

  #read(number: number, [from, to]: Run, idle: Uint32Array<ArrayBuffer>): void {
    const run = idle.subarray(2 * from, 2 * to);
    const position = number * BLOCK_BYTES + from * WORD_BYTES;
    preadFully(this.#fd, run, run.byteLength, position, FILE);
  }
}

/** Takes out of what was read as idle what others have marked: that says nothing of our time. */
function keepOwn(
  number: number,
  [from, to]: Run,
  marked: Uint32Array,
  idle: Uint32Array,
  flags: KpageFlags,
): void {
  // A tail that is to be resolved is among ours, reads as used, and lies behind an idle head.
  let firstIdle = 2 * to;
  let lastUsed = -1;
  for (let i = 2 * from; i < 2 * to; i++) {
    const own = marked[i]! | 0;
    const idleOwn = idle[i]! & own;
    idle[i] = idleOwn;
    if (idleOwn !== 0 && i < firstIdle) firstIdle = i;
    if (idleOwn !== own) lastUsed = i;
  }
  if (firstIdle > lastUsed) return;
  resolveTails(flags, number, [firstIdle >> 1, (lastUsed >> 1) + 1], marked, idle);
}

/**
 * A huge page is idle when its head is: gives each tail of ours what its head frame, if it is ours,
 * says. Only a frame that is not idle and follows one that is may be such a tail: flags are read,
 * 64 at a time, where there is one.
 */
function resolveTails(
  flags: KpageFlags,
  number: number,
  [from, to]: Run,
  marked: Uint32Array,
  idle: Uint32Array,
): void {
  let headIsIdle = false;
  for (let word = from; word < to; word++) {
    const low = idle[2 * word]! | 0;
    const high = idle[2 * word + 1]! | 0;
    const behindLow: number = (low << 1 | (headIsIdle ? 1 : 0)) & ~low;
    const behindHigh: number = (high << 1 | low >>> 31) & ~high;
    headIsIdle = (behindLow | behindHigh) === 0
      ? high < 0
      : resolveWord(flags, number, word, headIsIdle, marked, idle);
  }
}

/** @returns whether the last frame of the word is of an idle page. */
function resolveWord(
  flags: KpageFlags,
  number: number,
  word: number,
  beginsIdle: boolean,
  marked: Uint32Array,
  idle: Uint32Array,
): boolean {
  const first = word * WORD_FRAMES;
  const known = flags.load(number * BLOCK_FRAMES + first, WORD_FRAMES);
  let headIsIdle = beginsIdle;
  for (let i = 0; i < known; i++) {
    const index = first + i;
    if (!flags.isTail(i)) headIsIdle = hasBit(idle, index);
    else if (headIsIdle && hasBit(marked, index)) setBit(idle, index);
  }
  return headIsIdle;
}
