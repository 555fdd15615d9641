import { describe, expect, test } from "bun:test";
import { nearest } from "../../../src/text/nearest.ts";

const KNOWN = ["obj", "project", "engine", "status", "help"];

describe("nearest()", () => {
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
      expect(nearest(word, KNOWN)).toBe(meant);
    });
  }

  test("finds nothing for a beginning that several words have", () => {
    expect(nearest("st", ["start", "stop"])).toBeUndefined();
  });
});
