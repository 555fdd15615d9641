import { dlopen } from "bun:ffi";

const { symbols: libc } = dlopen("libc.so.6", {
  // int madvise(void *addr, size_t length, int advice)
  madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
});

const MADV_DONTNEED = 4;

/**
 * Takes pages of program text out of this process (madvise(2), MADV_DONTNEED): those that are executed again are
 * mapped anew from the page cache. Only for mappings of files that nothing was written to.
 * @param start address, a multiple of the page size. @param end first address behind it.
 */
export function releaseText(start: number, end: number): void {
  libc.madvise(start, end - start, MADV_DONTNEED);
}
