import { dlopen, read as readMemory } from "bun:ffi";
import { lastErrno, PAGE_SIZE } from "./libc.ts";
import { SystemCallError } from "./errno.ts";

const { symbols: libc } = dlopen("libc.so.6", {
  // void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
  mmap: { args: ["ptr", "u64", "i32", "i32", "i32", "i64"], returns: "u64" },
  // int munmap(void *addr, size_t length)
  munmap: { args: ["ptr", "u64"], returns: "i32" },
  // int madvise(void *addr, size_t length, int advice)
  madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
});

const PROT_READ = 1;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const MADV_DONTNEED = 4;

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

/**
 * Takes pages of program text out of this process (madvise(2), MADV_DONTNEED): those that are
 * executed again are mapped anew from the page cache. Only for mappings of files that nothing was
 * written to.
 * @param start address, a multiple of the page size. @param end first address behind it.
 */
export function releaseText(start: number, end: number): void {
  libc.madvise(start, end - start, MADV_DONTNEED);
}
