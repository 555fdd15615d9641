import { dlopen, read as readMemory, toArrayBuffer } from "bun:ffi";
import { lastErrno, PAGE_SIZE } from "./libc.ts";
import { SystemCallError } from "./errno.ts";

const { symbols: libc } = dlopen("libc.so.6", {
  // void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
  mmap: { args: ["ptr", "u64", "i32", "i32", "i32", "i64"], returns: "u64" },
  // int munmap(void *addr, size_t length)
  munmap: { args: ["ptr", "u64"], returns: "i32" },
  // int madvise(void *addr, size_t length, int advice)
  madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
  // int mprotect(void *addr, size_t len, int prot)
  mprotect: { args: ["u64", "u64", "i32"], returns: "i32" },
});

const PROT_NONE = 0;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const MAP_NORESERVE = 0x4000;
const MADV_DONTNEED = 4;
const MADV_NOHUGEPAGE = 15;
/** The processor forgets its translations, and the accessed bits are cleared (Linux 5.4). */
const MADV_COLD = 20;

/** The first page of a file, mapped to be looked up in /proc/self/maps. */
export class FileMapping implements Disposable {
  readonly address: number;

  /** @throws {SystemCallError} */
  constructor(fd: number) {
    const address = libc.mmap(null, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
    if (address === MAP_FAILED) throw new SystemCallError("mmap", lastErrno());
    this.address = Number(address);
  }

  /** munmap(2). */
  [Symbol.dispose](): void {
    libc.munmap(this.address, PAGE_SIZE);
  }
}

/** A page that was read and never written: the kernel maps its page of zeros there. */
export class UnwrittenPage implements Disposable {
  readonly address: number;

  /** @throws {SystemCallError} */
  constructor() {
    const address = libc.mmap(null, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address === MAP_FAILED) throw new SystemCallError("mmap", lastErrno());
    this.address = Number(address);
    readMemory.u8(this.address);
  }

  /** munmap(2). */
  [Symbol.dispose](): void {
    libc.munmap(this.address, PAGE_SIZE);
  }
}

/** New memory of this process, in base pages, of which none is there until it is used. */
export class OwnPages implements Disposable {
  /** A multiple of `alignBytes`. */
  readonly address: number;
  readonly #bytes: Uint8Array;
  readonly #mapped: readonly [address: bigint, sizeBytes: number];

  /** @throws {SystemCallError} */
  constructor(sizeBytes: number, alignBytes: number) {
    const mappedBytes = sizeBytes + alignBytes;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    const mapped = libc.mmap(null, mappedBytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (mapped === MAP_FAILED) throw new SystemCallError("mmap", lastErrno());
    this.#mapped = [mapped, mappedBytes];
    this.address = Math.ceil(Number(mapped) / alignBytes) * alignBytes;
    this.#bytes = new Uint8Array(toArrayBuffer(this.address, 0, sizeBytes));
    // Kernels without huge pages refuse it: then there are base pages anyway.
    libc.madvise(mapped, mappedBytes, MADV_NOHUGEPAGE);
  }

  /** Reads a page. */
  use(page: number): void {
    readMemory.u8(this.address, page * PAGE_SIZE);
  }

  /** Writes to a page. */
  write(page: number): void {
    this.#bytes[page * PAGE_SIZE] = 1;
  }

  /** Clears the accessed bits of the pages (MADV_COLD). @throws {SystemCallError} */
  forgetUse(): void {
    if (libc.madvise(this.address, this.#bytes.length, MADV_COLD) === 0) return;
    throw new SystemCallError("madvise", lastErrno(), "MADV_COLD");
  }

  /** Takes all access rights from a page (mprotect(2), PROT_NONE). @throws {SystemCallError} */
  forbid(page: number): void {
    if (libc.mprotect(this.address + page * PAGE_SIZE, PAGE_SIZE, PROT_NONE) === 0) return;
    throw new SystemCallError("mprotect", lastErrno());
  }

  /** munmap(2); nothing may touch the pages any more. */
  [Symbol.dispose](): void {
    libc.munmap(Number(this.#mapped[0]), this.#mapped[1]);
  }
}

/**
 * Takes pages of program text out of this process (madvise(2), MADV_DONTNEED): those that are
 * executed again are mapped anew from the page cache. Only for mappings of files that nothing was
 * written to.
 * @param start address, a multiple of the page size. @param end first address behind it.
 */
export function releaseText(start: number, end: number): void {
  libc.madvise(start, end - start, MADV_DONTNEED);
}
