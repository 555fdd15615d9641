import * as fc from "fast-check";

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
/** Lines of all kinds put together, most of them well-formed. */
export const textFile = fc.tuple(
  fc.constantFrom("", "[a]\n", "[a]\n", "# top\n\n[a]\r\n", "\ufeff[a]\n"),
  fc.array(fc.tuple(line, ending), { maxLength: 8 }),
  fc.oneof(fc.constant(""), line),
).map(([head, lines, last]) => head + lines.map((parts) => parts.join("")).join("") + last);

const validLine = fc.oneof(
  fc.tuple(fc.constantFrom("a", "b", "c d"), value).map(([k, v]) =>
    `${k}=${v.replaceAll(/[\n\0]/g, "")}\n`
  ),
  fc.constantFrom("[a]\n", "[b]\n", " # c\n", "\n"),
);

/** Files of which every line is well-formed. */
export const validFile = fc.array(validLine, { maxLength: 12 }).map((lines) =>
  `[a]\n${lines.join("")}`
);
