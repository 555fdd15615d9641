import { describe, expect, test } from "bun:test";
import { formatOptionList, formatSynopsis } from "../../../src/options/format_options.ts";
import { integerKind, SOCKET_NAME } from "../../../src/options/value_kinds.ts";

const TABLE = {
  socket: { long: "socket", short: "s", value: SOCKET_NAME, required: true, about: "its name" },
  other: { long: "other", value: { ...SOCKET_NAME, placeholder: "OTHER" }, about: "another" },
  level: { long: "level", short: "l", value: integerKind("LEVEL", 0, 3), about: "how much" },
  json: { long: "json", about: "as JSON" },
} as const;

describe("formatSynopsis()", () => {
  test("brackets what may be left out", () => {
    expect(formatSynopsis(TABLE)).toBe(
      "-s|--socket NAME [--other OTHER] [-l|--level LEVEL] [--json]",
    );
  });
});

describe("formatOptionList()", () => {
  test("lists options, -h, -V, and below each kind of value once", () => {
    expect(formatOptionList(Object.values(TABLE))).toBe(
      "  -s, --socket NAME  its name\n" +
        "  --other OTHER      another\n" +
        "  -l, --level LEVEL  how much\n" +
        "  --json             as JSON\n" +
        "  -h, --help         print this help\n" +
        "  -V, --version      print the version\n" +
        "\nValues:\n" +
        "  NAME, OTHER  a name of 1 to 106 bytes\n" +
        "  LEVEL        0 to 3\n",
    );
  });

  test("names the option where a placeholder stands for several kinds of value", () => {
    const level = { long: "high", value: integerKind("LEVEL", 4, 9), about: "how much more" };
    expect(formatOptionList([TABLE.level, level, TABLE.socket])).toEndWith(
      "\nValues:\n" +
        "  LEVEL of --level  0 to 3\n" +
        "  LEVEL of --high   4 to 9\n" +
        "  NAME              a name of 1 to 106 bytes\n",
    );
  });

  test("lists -h and -V alone when there are no options", () => {
    expect(formatOptionList([])).toBe(
      "  -h, --help     print this help\n  -V, --version  print the version\n",
    );
  });
});
