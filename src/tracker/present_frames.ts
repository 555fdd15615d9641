import type { Pagemap } from "../procfs/pagemap.ts";
import { FrameSet } from "./frame_set.ts";
import { PMD_PAGES } from "./huge_page.ts";
import type { PageCounts } from "./page_counts.ts";
import { SegmentTable } from "./segment_table.ts";
import type { PresentVisitor } from "./walk_present.ts";

/** Words of a chunk; a run of pages lies in one. */
const CHUNK_WORDS = 16 * 1024;
/** A longer hole ends a run; another run costs as much. */
const MOST_HOLE = 4;
/**
 * A page that is not present. One in 16 TiB has this lower half of a frame number: it is left out,
 * and never moves.
 */
const ABSENT = 0;
/**
 * What a run begins with: the upper half of its frame numbers, times 2; plus 1 if it is a huge
 * page, of which the first frame follows.
 */
const HEAD_WORDS = 1;

/** What the entries of the pagemap's window say. */
type WindowEntries = Pick<Pagemap, "isPresentAt" | "frameAt">;

/**
 * The frames of what a walk has shown, and of which pages they are, so that the kernel need not be
 * asked again: 4 bytes a page, 24 where each page lies alone.
 */
export class PresentFrames implements PresentVisitor, Disposable {
  readonly set = new FrameSet();
  readonly #pagemap: WindowEntries;
  readonly #chunks: Uint32Array<ArrayBuffer>[] = [];
  readonly #runs = new SegmentTable();
  /** Words of the last chunk that are written. */
  #used = CHUNK_WORDS;

  constructor(pagemap: WindowEntries) {
    this.#pagemap = pagemap;
  }

  huge(page: number, index: number): void {
    const frame = this.#pagemap.frameAt(index);
    for (let i = 0; i < PMD_PAGES; i++) this.set.add(frame + i);
    const words = this.#begin(page, headOf(frame, true));
    words[this.#used] = frame >>> 0;
    this.#end(1);
  }

  pages(page: number, from: number, to: number): boolean {
    let isAny = false;
    for (let i = from; i < to;) {
      if (!this.#pagemap.isPresentAt(i)) {
        i++;
        continue;
      }
      isAny = true;
      i += this.#addRun(page + (i - from), i, to);
    }
    return isAny;
  }

  /** Adds entries from a present one on. @returns how many. */
  #addRun(page: number, from: number, to: number): number {
    const pagemap = this.#pagemap;
    const head = headOf(pagemap.frameAt(from), false);
    const words = this.#begin(page, head);
    const shift = this.#used - from;
    const last = Math.min(to, CHUNK_WORDS - shift) | 0;
    let end = from;
    for (let i = from; i < last && i - end <= MOST_HOLE; i++) {
      // What is passed over is ABSENT: words behind the last run are 0.
      if (!pagemap.isPresentAt(i)) continue;
      const frame = pagemap.frameAt(i);
      if (headOf(frame, false) !== head) break;
      this.set.add(frame);
      words[shift + i] = frame >>> 0;
      end = i + 1;
    }
    this.#end(end - from);
    return end - from;
  }

  /** Begins a run, which has room for a word at least. @returns the chunk that it lies in. */
  #begin(page: number, head: number): Uint32Array<ArrayBuffer> {
    if (this.#used + HEAD_WORDS >= CHUNK_WORDS) {
      this.#chunks.push(new Uint32Array(CHUNK_WORDS));
      this.#used = 0;
    }
    const words = this.#chunks.at(-1)!;
    words[this.#used] = head;
    this.#used += HEAD_WORDS;
    this.#runs.add(page, this.#chunks.length - 1, this.#used);
    return words;
  }

  /** Ends it: so many words were written. */
  #end(words: number): void {
    this.#runs.length[this.#runs.count - 1] = words;
    this.#used += words;
  }

  /** Counts the pages: as idle where their frames are. */
  count(idle: FrameSet, counts: PageCounts): void {
    const { count, startPage, length, chunk, offset } = this.#runs;
    const found = new Uint8Array(CHUNK_WORDS);
    for (let run = 0; run < count; run++) {
      const words = this.#chunks[chunk[run]!]!;
      const from = offset[run]!;
      const head = words[from - HEAD_WORDS]!;
      if ((head & 1) !== 0) {
        const isIdle = idle.has(frameOf(head, words[from]!));
        counts.add(startPage[run]!, PMD_PAGES, isIdle ? 0 : 1, true);
        continue;
      }
      const to = length[run]!;
      for (let i = 0; i < to; i++) {
        const low = words[from + i]!;
        found[i] = low === ABSENT ? 0 : idle.has(frameOf(head, low)) ? 1 : 2;
      }
      counts.addEach(startPage[run]!, found, 0, to);
    }
  }

  /** Gives the memory back, but for the set: the collector would let that of two scans pile up. */
  [Symbol.dispose](): void {
    for (const { buffer } of this.#chunks.splice(0)) buffer.transfer(0);
  }
}

function headOf(frame: number, isHuge: boolean): number {
  const high = frame < 0x1_0000_0000 ? 0 : Math.floor(frame / 0x1_0000_0000);
  return high * 2 + (isHuge ? 1 : 0);
}

function frameOf(head: number, low: number): number {
  return head < 2 ? low : (head >>> 1) * 0x1_0000_0000 + low;
}
