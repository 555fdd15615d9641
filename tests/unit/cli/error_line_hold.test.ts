import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { ErrorLineHold } from "../../../src/cli/error_line_hold.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What is printed after each piece, and what is held at the end. */
function pass(...pieces: string[]): { printed: string[]; held: string } {
  const hold = new ErrorLineHold();
  const printed = pieces.map((piece) => decode(hold.push(encode(piece))));
  return { printed, held: decode(hold.held) };
}

describe("ErrorLineHold", () => {
  const cases: readonly (readonly [string[], string[], string])[] = [
    [["abc"], ["abc"], ""],
    [["e", "rror", ": ", "x"], ["", "", "", ""], "error: x"],
    [["e", "rx"], ["", "erx"], ""],
    [["error: x\n"], [""], "error: x\n"],
    [["error: x\n", "y"], ["", "error: x\ny"], ""],
    [["error: x\n", "error: y"], ["", "error: x\n"], "error: y"],
    [["a\nerror: x"], ["a\n"], "error: x"],
    [["a\nerr", "or: x\n"], ["a\n", ""], "error: x\n"],
    [["a", "error: x"], ["a", "error: x"], ""],
    [["a", "\n", "error: x"], ["a", "\n", ""], "error: x"],
    [["a", "\nerr", "or: x"], ["a", "\n", ""], "error: x"],
    [["a\n\n"], ["a\n\n"], ""],
    [["", ""], ["", ""], ""],
    [["no error: x\n"], ["no error: x\n"], ""],
    [["error:x\n"], ["error:x\n"], ""],
  ];
  for (const [pieces, printed, held] of cases) {
    test(`push() of ${JSON.stringify(pieces)} holds ${JSON.stringify(held)}`, () => {
      expect(pass(...pieces)).toEqual({ printed, held });
    });
  }

  test("push() lets a line of more than 64 KiB go", () => {
    const { held } = pass("error: ", "x".repeat(70_000));
    expect(held).toBe("");
  });

  test("push() loses and reorders nothing", () => {
    const piece = fc.constantFrom(
      "error: ",
      "e",
      "rror",
      "\n",
      "x",
      ": ",
      "\n\n",
      "error: y\n",
      "",
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const { printed, held } = pass(...pieces);
        expect(printed.join("") + held).toBe(pieces.join(""));
        const lastLine = /(?:^|\n)(error: [^\n]*\n?)$/.exec(pieces.join(""))?.[1];
        if (lastLine !== undefined) expect(held).toBe(lastLine);
      }),
      { numRuns: 1000 },
    );
  });
});
