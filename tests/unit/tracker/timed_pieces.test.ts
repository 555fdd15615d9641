import { describe, expect, test } from "bun:test";
import { TimedPieces } from "../../../src/tracker/timed_pieces.ts";

/** Takes pieces of pages that take so long. @returns their sizes, and all that was rested. */
function scan(pieces: TimedPieces, count: number, pageMs: (page: number) => number) {
  const sizes: number[] = [];
  let restedMs = 0;
  let page = 0;
  for (let i = 0; i < count; i++) {
    const { pages } = pieces;
    sizes.push(pages);
    restedMs += pieces.note(pages, pages * pageMs(page));
    page += pages;
  }
  return { sizes, restedMs, page };
}

describe("TimedPieces", () => {
  test("comes to pieces of a quarter of a millisecond, and rests as long as they took", () => {
    const { sizes, restedMs, page } = scan(new TimedPieces(100, 1e6), 30, () => 1e-4);
    expect(sizes[0]).toBe(100);
    expect(sizes.at(-1)).toBe(2500);
    expect(Math.max(...sizes)).toBe(2500);
    expect(restedMs).toBeCloseTo(page * 1e-4, 6);
  });

  test("gives way at once where pages take longer", () => {
    const { sizes } = scan(new TimedPieces(100, 1e6), 30, (page) => (page < 50_000 ? 1e-5 : 1e-3));
    const first = sizes.findIndex((_size, i) =>
      sizes.slice(0, i).reduce((a, b) => a + b, 0) >= 5e4
    );
    expect(sizes.slice(first + 1).every((size) => size === 250)).toBe(true);
  });

  test("stays in its range", () => {
    const fast = scan(new TimedPieces(100, 5000), 20, () => 1e-9);
    expect(fast.sizes.at(-1)).toBe(5000);
    expect(new Set(scan(new TimedPieces(100, 5000), 20, () => 1).sizes)).toEqual(new Set([100]));
    const pieces = new TimedPieces(100, 5000);
    expect(pieces.note(0, 3)).toBe(3);
    expect(pieces.pages).toBeGreaterThanOrEqual(100);
  });
});
