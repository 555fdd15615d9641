import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { LineSplitter } from "../../../../src/engine/plugin/line_splitter.ts";

function split(maxBytes: number, pieces: readonly (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter(maxBytes, (line) => lines.push(line));
  for (const piece of pieces) splitter.push(Buffer.from(piece));
  splitter.flush();
  return lines;
}

test("LineSplitter gives out lines when they come in pieces", () => {
  expect(split(100, ["a", "b\nc", "\n\nd"])).toEqual(["ab", "c", "d"]);
  expect(split(100, [])).toEqual([]);
  expect(split(100, [new Uint8Array([0xc3]), new Uint8Array([0xa4, 0xff, 0x0a])])).toEqual([
    "ä\ufffd",
  ]);
});

test("LineSplitter cuts a line that is too long", () => {
  expect(split(3, ["abcdefgh\nij"])).toEqual(["abc", "def", "gh", "ij"]);
  expect(split(3, ["abc\ndef"])).toEqual(["abc", "def"]);
});

test("LineSplitter loses nothing, however the bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-c\n]{0,8}$/)),
      fc.integer({ min: 1, max: 9 }),
      (pieces, max) => {
        const lines = split(max, pieces);
        expect(lines.join("")).toBe(pieces.join("").replaceAll("\n", ""));
        expect(lines.every((line) => line.length > 0 && line.length <= max)).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});
