import { SegmentTable, type SegmentTableData } from "./segment_table.ts";

const FIRST_CHUNK = 16 * 1024;
/** The most bytes of a chunk. */
export const LARGEST_CHUNK = 1024 * 1024;
/** Bytes behind a chunk's room, for stores that are wider than the run they write. */
const SLACK = 16;
/** Longest hole, in pages, that is kept inside a segment; a new segment costs about as much. */
export const INLINE_HOLE = 16;

/** The typed arrays of PageBytes, to be handed to another thread. */
export interface PageBytesData {
  readonly chunks: Uint8Array<ArrayBuffer>[];
  readonly chunkUsed: number;
  readonly segments: SegmentTableData;
}

/**
 * One byte for each page of some pages of an address space, 0 for a page that is not among them.
 * They are kept for pages that are present, not for all that are mapped: segments of neighbouring
 * pages, each a range of bytes in a chunk. Pages are named by page number (address / page size).
 * Every pass goes through the address space once, in ascending order, between `begin` and `end`.
 *
 * A pass asks for the place of a page with `window`, writes to `array` from `offset` on, and says
 * with `take` how many pages it wrote. Where `fresh` is set the bytes are unwritten; else they hold
 * what was written before.
 *
 * Page numbers are doubles; what is computed from them and used as an index is made an integer
 * (`| 0`), or the engine's compiler would carry doubles through the loops that write (measured: 8
 * times slower).
 */
export abstract class PageBytes {
  protected chunks: Uint8Array<ArrayBuffer>[] = [];
  #views: DataView[] = [];
  /** Bytes used in the last chunk. */
  #chunkUsed = 0;
  protected segments = new SegmentTable();

  /**
   * Segments that were there when the pass began: sorted,
   * and those after them sorted among themselves.
   */
  #known = 0;
  /** The first known segment that ends behind `#position`. */
  #cursor = 0;
  /** The pass is past all pages below this one. */
  #position = 0;
  /** The segment that `window` answered with. */
  #current = -1;

  /** The answer of `window`. */
  array: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** The same bytes as `array`. */
  view: DataView = new DataView(new ArrayBuffer(0));
  offset = 0;
  fresh = false;

  /** Takes over what `bytesData` gave in another thread. */
  protected takeOver({ chunks, chunkUsed, segments }: PageBytesData): void {
    this.chunks = chunks;
    this.#views = chunks.map((chunk) => new DataView(chunk.buffer));
    this.#chunkUsed = chunkUsed;
    this.segments = SegmentTable.fromData(segments);
  }

  protected bytesData(): PageBytesData {
    return {
      chunks: this.chunks,
      chunkUsed: this.#chunkUsed,
      segments: this.segments.toData(),
    };
  }

  /** A pass does not come by the bytes in [from, to) of `array`: writes what becomes of them. */
  protected abstract passOver(array: Uint8Array, from: number, to: number): void;

  protected begin(): void {
    this.#known = this.segments.count;
    this.#cursor = 0;
    this.#position = 0;
    this.#current = -1;
  }

  /** The pass does not come by what is left. */
  protected end(): void {
    this.pass(Number.POSITIVE_INFINITY);
    this.segments.merge(this.#known);
    this.#known = this.segments.count;
  }

  /** The first page that may still be counted in this pass. */
  get position(): number {
    return this.#position;
  }

  /** Goes on to `page`. */
  protected pass(page: number): void {
    let position = this.#position;
    for (; this.#cursor < this.#known; this.#cursor++) {
      const start = this.segments.startPage[this.#cursor]!;
      const end = start + this.segments.length[this.#cursor]!;
      if (start >= page) break;
      const from = Math.max(start, position);
      const to = Math.min(end, page);
      if (from < to) {
        const at = this.segments.offset[this.#cursor]!;
        const chunk = this.chunks[this.segments.chunk[this.#cursor]!]!;
        this.passOver(chunk, at + from - start, at + to - start);
      }
      position = Math.max(position, to);
      if (end > page) break;
    }
    this.#position = page;
  }

  /** Goes on to `page`, and leaves what is before it as it is. */
  protected skipTo(page: number): void {
    this.#position = page;
  }

  /**
   * Finds the place of `page`, which is not below any page of this pass so far.
   * @param wanted pages that a new place shall have room for; it has less where known pages follow.
   * @returns how many pages, at least 1, can be written there.
   */
  window(page: number, wanted = 1): number {
    if (page > this.#position) this.pass(page);
    while (
      this.#cursor < this.#known &&
      this.segments.end(this.#cursor) <= page
    ) this.#cursor++;
    const next = this.#cursor < this.#known ? this.segments.startPage[this.#cursor]! : Infinity;
    if (next <= page) return this.#existing(this.#cursor, page);
    return Math.min(this.#append(page, wanted), next - page) | 0;
  }

  #existing(segment: number, page: number): number {
    const skipped = (page - this.segments.startPage[segment]!) | 0;
    const chunk = this.segments.chunk[segment]!;
    this.#current = -1;
    this.fresh = false;
    this.array = this.chunks[chunk]!;
    this.view = this.#views[chunk]!;
    this.offset = this.segments.offset[segment]! + skipped;
    return this.segments.length[segment]! - skipped;
  }

  /** Makes the last new segment reach `page`, or begins another. */
  #append(page: number, wanted: number): number {
    let chunk = this.chunks.length - 1;
    const last = this.segments.count - 1;
    if (chunk >= 0 && last >= this.#known) {
      const hole = Math.min(page - (this.segments.end(last)), LARGEST_CHUNK) |
        0;
      const room = this.chunks[chunk]!.length - SLACK - this.#chunkUsed;
      const mayJoin = hole === 0 || (hole <= INLINE_HOLE && this.#cursorIsBehind(page));
      if (mayJoin && hole + wanted <= room && this.segments.chunk[last] === chunk) {
        if (hole > 0) {
          this.chunks[chunk]!.fill(0, this.#chunkUsed, this.#chunkUsed + hole);
          this.#chunkUsed += hole;
          this.segments.length[last] = this.segments.length[last]! + hole;
        }
        return this.#freshWindow(last, chunk);
      }
    }
    if (chunk < 0 || this.#chunkUsed + wanted > this.chunks[chunk]!.length - SLACK) {
      chunk = this.#addChunk();
    }
    return this.#freshWindow(this.segments.add(page, chunk, this.#chunkUsed), chunk);
  }

  /** Whether no known segment lies between the last new one and `page`. */
  #cursorIsBehind(page: number): boolean {
    if (this.#known === 0) return true;
    const last = this.segments.count - 1;
    const end = this.segments.end(last);
    const before = this.#cursor - 1;
    const previousEnd = before < 0 ? -1 : this.segments.end(before);
    return previousEnd <= end && page >= end;
  }

  #freshWindow(segment: number, chunk: number): number {
    this.#current = segment;
    this.fresh = true;
    this.array = this.chunks[chunk]!;
    this.view = this.#views[chunk]!;
    this.offset = this.#chunkUsed;
    return this.array.length - SLACK - this.#chunkUsed;
  }

  #addChunk(): number {
    const before = this.chunks.at(-1)?.length ?? 0;
    const room = Math.min(LARGEST_CHUNK, Math.max(FIRST_CHUNK, (before - SLACK) * 2));
    const chunk = new Uint8Array(room + SLACK);
    this.#chunkUsed = 0;
    this.#views.push(new DataView(chunk.buffer));
    return this.chunks.push(chunk) - 1;
  }

  /** Says that `pages` of the last window were written. */
  take(pages: number): void {
    if (this.fresh) {
      this.segments.length[this.#current] = this.segments.length[this.#current]! + pages;
      this.#chunkUsed += pages;
    }
    this.offset += pages;
    this.#position += pages;
  }

  /** Calls back with each segment, in ascending order: its bytes begin at array[from]. */
  forEachSegment(
    visit: (page: number, pages: number, array: Uint8Array, from: number) => void,
  ): void {
    const { count, startPage, length, chunk, offset } = this.segments;
    for (let row = 0; row < count; row++) {
      visit(startPage[row]!, length[row]!, this.chunks[chunk[row]!]!, offset[row]!);
    }
  }
}
