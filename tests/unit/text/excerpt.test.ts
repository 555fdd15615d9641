import { expect, test } from "bun:test";
import { excerpt } from "../../../src/text/excerpt.ts";

test.each([
  ["plain \\ text 数据", "plain \\ text 数据"],
  ["a\nb\r\0\x7f\x85", "a\\x0ab\\x0d\\x00\\x7f\\x85"],
  ["\u2028\u202e\ufeff\u{e0001}", "\\u{2028}\\u{202e}\\u{feff}\\u{e0001}"],
  ["x".repeat(80), "x".repeat(80)],
  ["x".repeat(81), `${"x".repeat(80)}...`],
  [`${"x".repeat(79)}\u{1f600}`, `${"x".repeat(79)}\\u{d83d}...`],
])("excerpt() makes text fit for one line: %#", (text, shown) => {
  expect(excerpt(text)).toBe(shown);
});
