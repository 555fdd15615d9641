import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type KeyFile, KeyFileError, parseKeyFile } from "../../../src/config/key_file.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** Line and message of the refusal. */
function refusal(file: Uint8Array): string {
  try {
    parseKeyFile(file);
  } catch (error) {
    if (error instanceof KeyFileError) return `${error.line}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

test("parseKeyFile() keeps groups, entries, lines and sources in file order", () => {
  expect(
    parseKeyFile(
      bytes("# top\n\n# of a\n[a]\nk = v \n\n# of k\nk=w\n# of a too\n\n# of b\n[b]\r\n[a]"),
    ),
  ).toEqual({
    preamble: ["# top", ""],
    groups: [
      {
        name: "a",
        line: 4,
        entries: [{ key: "k", value: "v ", line: 5 }, { key: "k", value: "w", line: 8 }],
        source: ["# of a", "[a]", "k = v ", "", "# of k", "k=w", "# of a too", ""],
      },
      { name: "b", line: 12, entries: [], source: ["# of b", "[b]\r"] },
      { name: "a", line: 13, entries: [], source: ["[a]"] },
    ],
  });
});

const lines = (file: KeyFile): string =>
  [...file.preamble, ...file.groups.flatMap((group) => group.source)].join("\n");

test("parseKeyFile() keeps every line whatever the file is", () => {
  const line = fc.constantFrom("# c", "", " ", "[a]", "[b]", "k=v", "k = v\r", "#", "\t[a] ");
  fc.assert(fc.property(fc.array(line), (text) => {
    const file = ["[x]", ...text].join("\n");
    expect(lines(parseKeyFile(bytes(file)))).toBe(file);
  }));
});

test.each([
  ["key", "[a]\nkey", '2: "key" is no [group], no key=value and no # comment'],
  ["semicolon", "[a]\n; x", '2: "; x" is no comment, comments start with #'],
  ["no key", "[a]\n=1", '2: "=1" has no key before the ='],
  ["blank key", "[a]\n =1", '2: "=1" has no key before the ='],
  ["open group", "[a\n", '1: "[a" is no [group]: the ] is missing'],
  ["text after a group", "[a] # c\n", '1: "[a] # c" is no [group]: something follows the ]'],
  ["entry after a group", "[a]\n[b] k=1\n", '2: "[b] k=1" is no [group]: something follows the ]'],
  [
    "carriage return after the last group",
    "[a]\r",
    '1: "[a]\\x0d" is no [group]: something follows the ]',
  ],
  ["two brackets", "[[a]]", '1: "[[a]]" is no [group]: something follows the ]'],
  ["bracket in a group", "[a[b]", '1: "a[b" cannot be a group name'],
  ["control character in a group", "[a\x7f]", '1: "a\\x7f" cannot be a group name'],
  ["empty group", "[]", "1: [] has no name"],
  ["entry first", "k=1\n[a]", '1: "k=1" stands before the first [group]'],
  ["bracket in a key", "[a]\nk]=1", '2: "k]" cannot be a key'],
  ["space before a locale", "[a]\nk [de]=1", '2: "k [de]" cannot be a key'],
  ["text after a locale", "[a]\nk[de]x=1", '2: "k[de]x" cannot be a key'],
  ["byte order mark", "\ufeff[a]\n", "1: a byte order mark, allowed is UTF-8 without one"],
  ["encoding", "[a]\nEncoding=GBK", "2: Encoding=GBK: allowed is UTF-8"],
  [
    "encoding in the first group again",
    "[a]\n[b]\n[a]\nEncoding=",
    "4: Encoding=: allowed is UTF-8",
  ],
  [
    "long line",
    `[a]\n${"x".repeat(100)}`,
    `2: "${"x".repeat(80)}..." is no [group], no key=value and no # comment`,
  ],
])("parseKeyFile() says what the line is when it has %s", (_, text, message) => {
  expect(refusal(bytes(text))).toBe(message);
});

test("parseKeyFile() refuses NUL bytes, which GLib would cut the line at", () => {
  const message = "a NUL byte, this is not a text file";
  expect(refusal(bytes("[a]\nk=1\0x"))).toBe(`2: ${message}`);
  expect(refusal(bytes("# a\0"))).toBe(`1: ${message}`);
});

test("parseKeyFile() takes bytes that are not UTF-8 in comments only", () => {
  const file = parseKeyFile(latin1("# \xe9 \xff\r\n[a]\r\nk=1"));
  expect(file.groups[0]?.source).toEqual(["# \ufffd \ufffd\r", "[a]\r", "k=1"]);
  expect(file.groups[0]?.entries).toEqual([{ key: "k", value: "1", line: 3 }]);
  expect(lines(parseKeyFile(latin1("[a]\n#\xe9\n")))).toBe("[a]\n#\ufffd\n");
  expect(refusal(latin1("[a]\nk=\xe9"))).toBe("2: not UTF-8");
  expect(refusal(latin1("[a]\n\xe9=k"))).toBe("2: not UTF-8");
  expect(refusal(latin1("[a]\n#\n[\xe9]"))).toBe("3: not UTF-8");
  expect(refusal(bytes("[a]\nk=\ufffd\n[\u00e9]"))).toBe("accepted");
});

test("parseKeyFile() takes millions of lines", () => {
  const many = 300_000;
  expect(parseKeyFile(bytes("#\n".repeat(many))).preamble).toHaveLength(many + 1);
  expect(parseKeyFile(bytes(`${"#\n".repeat(many)}[a]`)).groups[0]?.source).toHaveLength(many + 1);
});
