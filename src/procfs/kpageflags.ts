import { AT_FDCWD, close, O_RDONLY, openAt, preadFully } from "../../ffi/libc.ts";

/** Of include/uapi/linux/kernel-page-flags.h. */
const KPF_DIRTY = 1 << 4;
const KPF_LRU = 1 << 5;
const KPF_WRITEBACK = 1 << 8;
const KPF_MMAP = 1 << 11;
const KPF_ANON = 1 << 12;
const KPF_SWAPCACHE = 1 << 13;
const KPF_HEAD = 1 << 15;
const KPF_TAIL = 1 << 16;
const KPF_ZERO_PAGE = 1 << 24;

const FILE = "kpageflags";
const ENTRY_BYTES = 8;
/** Frames read at once by who asks for one after its neighbour. */
const NEIGHBOURS = 64;

/**
 * What the frame of an unmapped page is still used for: for a page that cannot be written to swap,
 * for a copy of one that is or will be written, for a page of a file, or for nothing of the page.
 */
export type FrameState = "unwritten" | "swap cache" | "page cache" | "left";

/**
 * /proc/kpageflags: what the kernel says of each page frame
 * (Documentation/admin-guide/mm/pagemap.rst).
 */
export class KpageFlags implements Disposable {
  readonly #fd: number;
  readonly #entry = new Uint32Array(2);
  /** Two words an entry; the flags we look at are in the low one. */
  #window = new Uint32Array(0);
  /** The frames round one that `stateOf` was asked for, from `#near` on, and the one asked last. */
  readonly #neighbours = new Uint32Array(2 * NEIGHBOURS);
  #near = -1;
  #last = -1;

  /** @throws {SystemCallError} */
  constructor(path = "/proc/kpageflags") {
    this.#fd = openAt(AT_FDCWD, path, O_RDONLY);
  }

  #flags(frame: number): number {
    const n = preadFully(this.#fd, this.#entry, ENTRY_BYTES, frame * ENTRY_BYTES, FILE);
    return n === ENTRY_BYTES ? this.#entry[0]! : 0;
  }

  /**
   * Whether `frames` frames from an aligned `frame` on are one compound page. A smaller one in its
   * place would have a head or a single page in the middle.
   * @throws {SystemCallError}
   */
  isCompound(frame: number, frames: number): boolean {
    return (this.#flags(frame) & KPF_HEAD) !== 0 &&
      (this.#flags(frame + frames / 2) & KPF_TAIL) !== 0;
  }

  /** Whether a frame is of a page of zeros, the huge one included. @throws {SystemCallError} */
  isZero(frame: number): boolean {
    return (this.#flags(frame) & KPF_ZERO_PAGE) !== 0;
  }

  /**
   * Reads the flags of `count` frames for `isTail`. @returns how many there are.
   * @throws {SystemCallError}
   */
  load(frame: number, count: number): number {
    if (this.#window.length < 2 * count) this.#window = new Uint32Array(2 * count);
    const bytes = preadFully(
      this.#fd,
      this.#window,
      count * ENTRY_BYTES,
      frame * ENTRY_BYTES,
      FILE,
    );
    return Math.floor(bytes / ENTRY_BYTES);
  }

  /**
   * Whether frame number `index` of those loaded belongs to the compound page that began before it.
   */
  isTail(index: number): boolean {
    return (this.#window[2 * index]! & KPF_TAIL) !== 0;
  }

  /**
   * What an unmapped page's frame is still used for. Frames that follow each other cost little.
   * @throws {SystemCallError}
   */
  stateOf(frame: number): FrameState {
    const flags = this.#flagsNear(frame);
    if ((flags & KPF_SWAPCACHE) !== 0) {
      // After a failed write the kernel marks the page dirty again (mm/page_io.c).
      const failed = (flags & (KPF_DIRTY | KPF_WRITEBACK | KPF_MMAP)) === KPF_DIRTY;
      return failed ? "unwritten" : "swap cache";
    }
    return (flags & (KPF_LRU | KPF_ANON)) === KPF_LRU ? "page cache" : "left";
  }

  /** Drops what `stateOf` has read ahead: it is out of date. */
  forget(): void {
    this.#near = this.#last = -1;
  }

  #flagsNear(frame: number): number {
    const isNear = Math.abs(frame - this.#last) === 1;
    this.#last = frame;
    const near = frame - frame % NEIGHBOURS;
    if (near !== this.#near) {
      if (!isNear) return this.#flags(frame);
      this.#near = near;
      this.#neighbours.fill(0);
      const bytes = NEIGHBOURS * ENTRY_BYTES;
      preadFully(this.#fd, this.#neighbours, bytes, near * ENTRY_BYTES, FILE);
    }
    return this.#neighbours[2 * (frame - near)]!;
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }
}
