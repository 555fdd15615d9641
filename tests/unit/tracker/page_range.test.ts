import { describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { toPageRanges } from "../../../src/tracker/page_range.ts";

const vma = (from: number, to: number): { start: number; end: number } => ({
  start: from * PAGE_SIZE,
  end: to * PAGE_SIZE,
});

describe("toPageRanges()", () => {
  test("joins neighbours and keeps gaps", () => {
    expect(toPageRanges([vma(1, 2), vma(2, 5), vma(6, 7)])).toEqual([
      { from: 1, to: 5 },
      { from: 6, to: 7 },
    ]);
    expect(toPageRanges([])).toEqual([]);
  });

  test("gives ranges that do not overlap when a VMA was listed again while maps was read", () => {
    expect(toPageRanges([vma(1, 3), vma(1, 6), vma(4, 5), vma(9, 10)])).toEqual([
      { from: 1, to: 6 },
      { from: 9, to: 10 },
    ]);
  });

  test("is exact at the end of a 57-bit address space", () => {
    const end = 2 ** 57 / PAGE_SIZE;
    expect(toPageRanges([vma(end - 1, end)])).toEqual([{ from: end - 1, to: end }]);
  });
});
