import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { SwapPagesText } from "../../../src/mover/swap_pages_text.ts";

const LINES = 300;

/** The same by toString. */
function slowly(pages: readonly number[]): string {
  return pages.map((page) => `0x${(BigInt(page) * BigInt(PAGE_SIZE)).toString(16)}\n`).join("");
}

/** Lines without leading zeros: how many there are is of no importance to the kernel. */
function format(text: SwapPagesText, pages: readonly number[]): string {
  text.format(Float64Array.from(pages), 0, pages.length);
  return Buffer.from(text.bytes.subarray(0, text.length)).toString("latin1")
    .replaceAll(/^0x0+(?=[0-9a-f])/gm, "0x");
}

const page = fc.oneof(
  fc.integer({ min: 1, max: 2 ** 20 }),
  fc.maxSafeInteger().map((n) => 1 + Math.abs(n) % (2 ** 56 / PAGE_SIZE - 1)),
  // On both sides of each 4 GiB.
  fc.integer({ min: 1, max: 2 ** 10 }).map((n) => n * (2 ** 32 / PAGE_SIZE)),
  fc.integer({ min: 1, max: 2 ** 10 }).map((n) => n * (2 ** 32 / PAGE_SIZE) - 1),
);

describe("SwapPagesText", () => {
  test("format() writes each address as toString(16) does", () => {
    const text = new SwapPagesText(LINES);
    fc.assert(
      fc.property(fc.array(page, { maxLength: LINES }), (pages) => {
        expect(format(text, pages)).toBe(slowly(pages));
        const sorted = pages.toSorted((a, b) => a - b);
        expect(format(text, sorted)).toBe(slowly(sorted));
      }),
      { numRuns: 200 },
    );
  });

  test("format() takes a part of the pages and begins anew each time", () => {
    const text = new SwapPagesText(LINES);
    text.format(Float64Array.of(1, 2, 3, 4), 1, 2);
    const bytes = Buffer.from(text.bytes.subarray(0, text.length)).toString("latin1");
    expect(bytes.split("\n")).toHaveLength(3);
    expect(bytes.split("\n").slice(0, 2).map((line) => Number.parseInt(line, 16) / PAGE_SIZE))
      .toEqual([2, 3]);
    text.format(Float64Array.of(1), 0, 0);
    expect(text.length).toBe(0);
  });

  test("format() has room for as many of the longest lines as it was made for", () => {
    const text = new SwapPagesText(LINES);
    const pages = Array.from({ length: LINES }, (_, i) => 2 ** 56 / PAGE_SIZE - LINES + i);
    expect(format(text, pages)).toBe(slowly(pages));
  });
});
