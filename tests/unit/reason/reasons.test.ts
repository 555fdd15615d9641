import { describe, expect, test } from "bun:test";
import { findReason } from "../../../src/reason/find_reason.ts";
import { because, REASONS } from "../../../src/reason/reasons.ts";

/** How a reason looks with details that hold a `{}` and what patterns give a meaning to. */
function withDetails(text: string): { readonly text: string; readonly details: string[] } {
  const parts = text.split("{}");
  const details = parts.slice(1).map((_, i) => `(a.${i}) [{}] $& b`);
  return { text: parts.reduce((all, part, i) => all + details[i - 1]! + part), details };
}

describe("because()", () => {
  test("puts details where they belong, as they are", () => {
    expect(String(because("swap_nearly_full"))).toBe("swap space is nearly full");
    expect(String(because("no_such_name", "a{}$&b"))).toBe('there is no process named "a{}$&b"');
    expect(String(because("pinned_part_does_not_fit", "mover", "mover", "x", "x: y"))).toBe(
      "no mover can be used (mover=x in [project]): x: y",
    );
  });
});

describe("findReason()", () => {
  for (const [name, pattern] of REASONS) {
    test(`finds ${name} by its text`, () => {
      const { text, details } = withDetails(pattern);
      expect(findReason(text)).toEqual({ name, details });
    });
  }

  test("leaves what looks like the text to the last detail", () => {
    expect(findReason("paused for 4 s: no swap space left for its control group: x: y")).toEqual({
      name: "paused",
      details: ["4 s", "no swap space left for its control group: x: y"],
    });
  });

  test("takes what it does not know for a failure", () => {
    expect(findReason("write: EIO\nand more")).toEqual({
      name: "failed",
      details: ["write: EIO\nand more"],
    });
  });
});
