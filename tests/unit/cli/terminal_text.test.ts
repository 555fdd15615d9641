import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { TerminalText } from "../../../src/cli/terminal_text.ts";

function cleaned(path: string, pieces: readonly string[]): string {
  const fd = openSync(path, "r+");
  const text = new TerminalText(fd);
  const bytes = pieces.map((piece) => Buffer.from(text.clean(Buffer.from(piece, "latin1"))));
  closeSync(fd);
  return Buffer.concat(bytes).toString("latin1");
}

test("clean() leaves nothing in the text for a terminal that steers it", () => {
  // /dev/null is a character device, as a terminal is.
  expect(cleaned("/dev/null", ["a\tb\n\x1b[2J\r\0\x7f", "\xc3\xa9"])).toBe("a\tb\n?[2J???\xc3\xa9");
  // U+009B, as a whole and in two pieces.
  expect(cleaned("/dev/null", ["\xc2\x9b1m", "\xc2", "\x9b"])).toBe("\xc2?1m\xc2?");
  expect(Buffer.from(new TerminalText(-1).clean("é\x1b")).toString()).toBe("é\x1b");
});

test("clean() leaves text for a file as it is", () => {
  expect(cleaned(import.meta.path, ["\x1b[2J\r\0"])).toBe("\x1b[2J\r\0");
});
