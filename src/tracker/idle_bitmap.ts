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
    if (last !== undefined && word <= last[1] + 1) last[1] = word + 1;
    else runs.push([word, word + 1]);
  }
  return runs;
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
   * Marks frames idle. A 1 marks a frame, a 0 changes nothing;
   * frames that are on no LRU list are passed over by the kernel.
   * @param stopped asked between blocks. @throws {SystemCallError}
   */
  mark(frames: FrameSet, stopped: () => boolean): void {
    for (const [number, bits] of frames.blocks()) {
      if (stopped()) return;
      for (const [from, to] of runsOf(bits)) {
        const run = bits.subarray(2 * from, 2 * to);
        try {
          const position = number * BLOCK_BYTES + from * WORD_BYTES;
          pwrite(this.#fd, run, run.byteLength, position, FILE);
        } catch (error) {
          // Memory of a device, behind the last frame that the bitmap knows.
          if (errorCode(error) !== "ENXIO") throw error;
        }
      }
    }
  }

  /**
   * Which of the marked frames were not used since they were marked. A frame that has left the LRU
   * lists, or that never was on one, counts as used.
   * @param stopped asked between blocks. @throws {SystemCallError}
   */
  idleOf(marked: FrameSet, flags: KpageFlags, stopped: () => boolean): FrameSet {
    const idle: [number, Uint32Array<ArrayBuffer>][] = [];
    for (const [number, bits] of marked.blocks()) {
      if (stopped()) break;
      const answer = new Uint32Array(bits.length);
      for (const run of runsOf(bits)) this.#read(number, run, bits, answer, flags);
      idle.push([number, answer]);
    }
    return new FrameSet(idle);
  }

  #read(
    number: number,
    [from, to]: Run,
    marked: Uint32Array,
    idle: Uint32Array<ArrayBuffer>,
    flags: KpageFlags,
  ): void {
    const run = idle.subarray(2 * from, 2 * to);
    preadFully(
      this.#fd,
      run,
      run.byteLength,
      number * BLOCK_BYTES + from * WORD_BYTES,
      FILE,
    );
    let doubtful = false;
    for (let i = 2 * from; i < 2 * to; i++) {
      // What others have marked says nothing about our time.
      idle[i] = idle[i]! & marked[i]!;
      if (idle[i] !== marked[i]) doubtful = true;
    }
    if (doubtful) resolveTails(flags, number, [from, to], marked, idle);
  }
}

/**
 * A huge page is idle when its head is: gives each tail of ours what
 * its head frame, if it is ours, says.
 */
function resolveTails(
  flags: KpageFlags,
  number: number,
  [from, to]: Run,
  marked: Uint32Array,
  idle: Uint32Array,
): void {
  const first = from * WORD_FRAMES;
  const known = flags.load(number * BLOCK_FRAMES + first, (to - from) * WORD_FRAMES);
  let headIsIdle = false;
  for (let i = 0; i < known; i++) {
    const index = first + i;
    if (!flags.isTail(i)) headIsIdle = hasBit(idle, index);
    else if (headIsIdle && hasBit(marked, index)) setBit(idle, index);
  }
}
