import { expect, test } from "bun:test";
import { BadValue } from "../../../src/config/value_form.ts";
import { unescapeString } from "../../../src/config/text_forms.ts";

test("unescapeString() resolves the five escapes and nothing else", () => {
  expect(unescapeString("a\\sb\\nc\\td\\re\\\\n;#")).toBe("a b\nc\td\re\\n;#");
});

test.each([
  ["a\\q", "the escape \\q in it, escapes are \\s \\n \\t \\r \\\\"],
  ["\\;", "the escape \\; in it, escapes are \\s \\n \\t \\r \\\\"],
  ["\\\u{1f600}", "the escape \\\u{1f600} in it, escapes are \\s \\n \\t \\r \\\\"],
  ["\\\n", "the escape \\\\x0a in it, escapes are \\s \\n \\t \\r \\\\"],
  ["\\\\\\", "a single \\ at its end, a backslash is written \\\\"],
])("unescapeString() refuses %p", (text, message) => {
  expect(() => unescapeString(text)).toThrow(new BadValue(message));
});
