import { AT_FDCWD, close, O_RDONLY, openAt, preadFully } from "../../ffi/libc.ts";

/** Of include/uapi/linux/kernel-page-flags.h. */
const KPF_HEAD = 1 << 15;
const KPF_TAIL = 1 << 16;
const KPF_ZERO_PAGE = 1 << 24;

const FILE = "kpageflags";
const ENTRY_BYTES = 8;

/**
 * /proc/kpageflags: what the kernel says of each page frame
 * (Documentation/admin-guide/mm/pagemap.rst).
 */
export class KpageFlags implements Disposable {
  readonly #fd: number;
  readonly #entry = new Uint32Array(2);
  /** Two words an entry; the flags we look at are in the low one. */
  #window = new Uint32Array(0);

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

  [Symbol.dispose](): void {
    close(this.#fd);
  }
}
