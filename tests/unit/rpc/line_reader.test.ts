import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { LineReader, MAX_LINE_BYTES } from "../../../src/rpc/line_reader.ts";

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Cuts a text into chunks at the given places. */
function chunks(text: string, cuts: readonly number[]): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b)];
  return places.map((place, index) => bytes.subarray(place, places[index + 1]));
}

describe("LineReader", () => {
  test("push() finds the same lines however the bytes are cut", () => {
    const lines = fc.array(fc.stringMatching(/^[a-zé{}]*$/));
    fc.assert(
      fc.property(lines, fc.stringMatching(/^[a-z]*$/), fc.array(fc.nat()), (whole, rest, cuts) => {
        const reader = new LineReader();
        const text = whole.map((line) => `${line}\n`).join("") + rest;
        const found = chunks(text, cuts).flatMap((chunk) => reader.push(chunk));
        expect(found.map(decode)).toEqual(whole);
        expect(reader.push(new TextEncoder().encode("\n")).map(decode)).toEqual([rest]);
      }),
    );
  });

  test("push() does not keep the caller's memory", () => {
    const reader = new LineReader();
    const chunk = new TextEncoder().encode("abc");
    reader.push(chunk);
    chunk.fill(0);
    expect(reader.push(new TextEncoder().encode("\n")).map(decode)).toEqual(["abc"]);
  });

  test("push() takes a line of 64 KiB with its newline and throws for a longer one", () => {
    const longest = `${"x".repeat(MAX_LINE_BYTES - 1)}\n`;
    expect(new LineReader().push(new TextEncoder().encode(longest))).toHaveLength(1);
    const longer = new TextEncoder().encode(`x${longest}`);
    expect(() => new LineReader().push(longer)).toThrow(RangeError);
    const reader = new LineReader();
    reader.push(longer.subarray(0, MAX_LINE_BYTES));
    expect(() => reader.push(longer.subarray(MAX_LINE_BYTES))).toThrow(RangeError);
  });

  test("push() throws before the newline comes when a line can only be too long", () => {
    const reader = new LineReader();
    expect(() => reader.push(new Uint8Array(MAX_LINE_BYTES + 1).fill(0x78))).toThrow(RangeError);
  });
});
