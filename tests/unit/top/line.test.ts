import { describe, expect, test } from "bun:test";
import { inColumn, renderLine } from "../../../src/top/line.ts";

const LOOK = { colour: true, unicode: true };

describe("renderLine()", () => {
  test("has styles around its pieces", () => {
    const line = [{ text: "a", style: "bold" as const }, { text: "b" }];
    expect(renderLine(line, 10, LOOK)).toBe("\x1b[1ma\x1b[0mb");
  });

  test("has no colours under NO_COLOR, but what is no colour", () => {
    const line = [{ text: "a", style: "bad" as const }, { text: "b", style: "reverse" as const }];
    expect(renderLine(line, 10, { ...LOOK, colour: false })).toBe("a\x1b[7mb\x1b[0m");
  });

  test("is no wider than the terminal, also of wide characters", () => {
    expect(renderLine([{ text: "abc" }, { text: "def" }], 4, LOOK)).toBe("abcd");
    expect(renderLine([{ text: "猫猫猫" }], 5, LOOK)).toBe("猫猫");
  });

  test("lets no name steer the terminal", () => {
    expect(renderLine([{ text: "a\x1b[2Jb\x9bc" }], 20, LOOK)).toBe("a?[2Jb?c");
    expect(renderLine([{ text: "aüb" }], 20, { ...LOOK, unicode: false })).toBe("a?b");
  });
});

describe("inColumn()", () => {
  test("cuts and fills", () => {
    expect(inColumn("abc", 5)).toBe("abc  ");
    expect(inColumn("abc", 5, "right")).toBe("  abc");
    expect(inColumn("abcdef", 5)).toBe("abcde");
    expect(inColumn("猫猫", 3)).toBe("猫 ");
  });
});
