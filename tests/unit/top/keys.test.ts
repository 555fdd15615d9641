import { describe, expect, test } from "bun:test";
import { type Key, parseKeys } from "../../../src/top/keys.ts";

describe("parseKeys()", () => {
  const keys: readonly (readonly [string, readonly Key[]])[] = [
    ["q", [{ text: "q" }]],
    ["\x1b[A\x1bOB", ["up", "down"]],
    ["\x1b[5~\x1b[6~\x1b[H\x1b[4~", ["page up", "page down", "home", "end"]],
    ["\x1b", ["escape"]],
    ["\r\x7f\x03\x1a\x0c", ["enter", "backspace", "interrupt", "suspend", "redraw"]],
    ["ü猫", [{ text: "ü" }, { text: "猫" }]],
    ["\x1b[1;5Cx", [{ text: "x" }]],
    ["\x00\x07", []],
    ["", []],
  ];
  for (const [input, expected] of keys) {
    test(`reads ${JSON.stringify(input)}`, () => expect(parseKeys(input)).toEqual([...expected]));
  }
});
