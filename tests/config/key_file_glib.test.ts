import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { disagreement, ourOutcome } from "./glib_comparison.ts";

const top = join(import.meta.dir, "../..");
const samples = ["conf", "tests/fixtures/document"].flatMap((folder) =>
  readdirSync(join(top, folder)).map((name) =>
    new Uint8Array(readFileSync(join(top, folder, name)))
  )
);

const blank = fc.constantFrom("", "", "", " ", "\t", "\r", "\f", "\v", " \t ");
const word = fc.oneof(
  fc.constantFrom("project", "engine", "name", "loop", "Encoding", "UTF-8", "utf-8", "slide"),
  fc.constantFrom(
    "a",
    "b[C]",
    "c[de]",
    "d[]",
    "e[de_DE.UTF-8@euro]",
    "f[é]",
    "g[",
    "h]",
    "[",
    "a b",
  ),
  fc.constantFrom("é", "\u00a0x", "数据", "\u{1f600}", "\ufeff", "\u2028", "\x7f", "\x85", "\x01"),
  fc.string({ unit: "binary-ascii", maxLength: 6 }),
);
const integer = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom("+5", "-0", "007", "2147483647", "2147483648", "-2147483648", "-2147483649"),
  fc.constantFrom("1.5", "0x10", "1abc", "", "1 2", "1 ", "+", "- 1", "99999999999999999999", "１"),
);
const escaped = fc.array(
  fc.constantFrom("\\s", "\\n", "\\t", "\\r", "\\\\", "\\", "\\q", "\\;", "x", ";", "#", " ", "é"),
  { maxLength: 6 },
).map((parts) => parts.join(""));
const value = fc.oneof(integer, escaped, word);
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(blank, word, blank, blank, value, blank).map(([a, k, b, c, v, d]) =>
      `${a}${k}${b}=${c}${v}${d}`
    ),
  },
  { weight: 3, arbitrary: fc.tuple(blank, word, blank).map(([a, name, b]) => `${a}[${name}]${b}`) },
  {
    weight: 1,
    arbitrary: fc.tuple(blank, fc.constantFrom("#", ";", "", "//"), word).map((parts) =>
      parts.join("")
    ),
  },
  { weight: 1, arbitrary: fc.tuple(word, value).map((parts) => parts.join("")) },
);
const ending = fc.constantFrom("\n", "\n", "\n", "\r\n", "\r\r\n", "\r");
const textFile = fc.tuple(
  fc.constantFrom("", "[a]\n", "[a]\n", "# top\n\n[a]\r\n", "\ufeff[a]\n"),
  fc.array(fc.tuple(line, ending), { maxLength: 8 }),
  fc.oneof(fc.constant(""), line),
).map(([head, lines, last]) => head + lines.map((parts) => parts.join("")).join("") + last);

const encoder = new TextEncoder();
const validLine = fc.oneof(
  fc.tuple(fc.constantFrom("a", "b", "c d"), value).map(([k, v]) =>
    `${k}=${v.replaceAll(/[\n\0]/g, "")}\n`
  ),
  fc.constantFrom("[a]\n", "[b]\n", " # c\n", "\n"),
);
const validFile = fc.array(validLine, { maxLength: 12 }).map((lines) => `[a]\n${lines.join("")}`);

/** A file with some bytes overwritten, inserted or taken away. */
function mutated(original: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof(fc.constantFrom(...encoder.encode("\n\r\t =[]#;\\\0x1é")), fc.nat(255));
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.nat(3),
    put: fc.array(byte, { maxLength: 3 }),
  });
  return fc.tuple(original, fc.array(change, { minLength: 1, maxLength: 6 })).map((
    [file, changes],
  ) =>
    changes.reduce((bytes, { at, drop, put }) => {
      const position = Math.floor(at * bytes.length);
      return Uint8Array.from([
        ...bytes.subarray(0, position),
        ...put,
        ...bytes.subarray(position + drop),
      ]);
    }, file)
  );
}

test("parseKeyFile() agrees with GLib when lines of all kinds are put together", () => {
  fc.assert(
    fc.property(textFile, (text) => {
      expect(disagreement(encoder.encode(text))).toBeUndefined();
    }),
    { numRuns: 1500 },
  );
});

test("parseKeyFile() agrees with GLib when every line is well-formed", () => {
  fc.assert(
    fc.property(validFile, (text) => {
      expect(disagreement(encoder.encode(text))).toBeUndefined();
      expect(typeof ourOutcome(encoder.encode(text))).toBe("object");
    }),
    { numRuns: 500 },
  );
});

test("parseKeyFile() agrees with GLib when samples and files are mutated", () => {
  const original = fc.oneof(
    fc.constantFrom(...samples),
    textFile.map((text) => encoder.encode(text)),
  );
  fc.assert(
    fc.property(mutated(original), (bytes) => {
      expect(disagreement(bytes)).toBeUndefined();
    }),
    { numRuns: 700 },
  );
});

test("parseKeyFile() agrees with GLib when the file is a sample", () => {
  for (const sample of samples) {
    expect(disagreement(sample)).toBeUndefined();
    expect(typeof ourOutcome(sample)).toBe("object");
  }
});
