import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { editDistance, meantWord, nearestWord } from "../../../src/text/nearest_word.ts";

test.each([
  ["", "", 0],
  ["", "abc", 3],
  ["loop", "loop", 0],
  ["lop", "loop", 1],
  ["looop", "loop", 1],
  ["lopp", "loop", 1],
  ["lopo", "loop", 1],
  ["ca", "abc", 3],
  ["vm_flag", "vm_flags", 1],
  ["swapcache_high_vmark", "swapcache_high_wmark", 1],
  ["kitten", "sitting", 3],
])("editDistance() of %p and %p is %i", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
});

test("editDistance() is a distance: 0 for the same only, symmetric, at most the longer length", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
  fc.assert(fc.property(word, word, (a, b) => {
    const distance = editDistance(a, b);
    expect(distance).toBe(editDistance(b, a));
    expect(distance === 0).toBe(a === b);
    expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
    expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
  }));
});

test("nearestWord() takes the first of equals, and undefined of none", () => {
  expect(nearestWord("lop", ["sleep", "loop", "lopo"])).toBe("loop");
  const none: string[] = [];
  expect(nearestWord("a", none)).toBeUndefined();
});

test.each([
  ["T", ["type", "T"], "T"],
  ["t", ["type", "T"], "T"],
  ["LOOP", ["name", "loop"], "loop"],
  ["slp", ["sleep"], undefined],
  ["slep", ["sleep"], "sleep"],
  ["x", ["T", "name"], undefined],
  ["", ["T", "name"], undefined],
  ["swapthreshhold", ["swap_threshold"], "swap_threshold"],
  ["x".repeat(1_000_000), ["a", "b"], undefined],
  [`name${"x".repeat(1_000_000)}`, ["name"], undefined],
])(
  "nearestWord() takes what is one slip in three letters away at most: %#",
  (word, all, nearest) => {
    expect(nearestWord(word, all)).toBe(nearest);
  },
);

const KNOWN = ["obj", "project", "engine", "status", "help"];

describe("meantWord()", () => {
  for (
    const [word, meant] of [
      ["projcet", "project"],
      ["proj", "project"],
      ["ob", "obj"],
      ["object", undefined],
      ["stats", "status"],
      ["s", "status"],
      ["", undefined],
      ["x", undefined],
      ["completely-else", undefined],
    ] as const
  ) {
    test(`finds ${meant ?? "nothing"} for "${word}"`, () => {
      expect(meantWord(word, KNOWN)).toBe(meant);
    });
  }

  test("finds nothing for a beginning that several words have", () => {
    expect(meantWord("st", ["start", "stop"])).toBeUndefined();
  });
});
