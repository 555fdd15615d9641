import { expect, test } from "bun:test";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { PMD_PAGES, PUD_PAGES } from "../../../src/tracker/huge_page.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/**
 * Bytes that an entry of a page table of the second and of the third
 * level maps (arch/arm64, arch/x86).
 */
const SIZES: Readonly<Record<number, readonly [pmd: number, pud: number]>> = {
  4096: [2 * MIB, GIB],
  16384: [32 * MIB, 64 * GIB],
  65536: [512 * MIB, 4096 * GIB],
};

test("PMD_PAGES and PUD_PAGES are those of the kernel's page size", () => {
  expect([PMD_PAGES * PAGE_SIZE, PUD_PAGES * PAGE_SIZE]).toEqual([...SIZES[PAGE_SIZE] ?? []]);
});
