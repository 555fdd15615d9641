import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { OptionTable } from "../../../src/options/option.ts";
import { parseOptions } from "../../../src/options/parse_options.ts";
import { UsageError } from "../../../src/options/usage_error.ts";
import { integerKind, pathKind, SOCKET_NAME } from "../../../src/options/value_kinds.ts";

const TABLE = {
  socket: {
    long: "socket",
    short: "s",
    value: SOCKET_NAME,
    required: true,
    once: true,
    about: "socket",
  },
  level: { long: "log-level", short: "l", value: integerKind("LEVEL", 0, 3), about: "level" },
  folder: { long: "conf-dir", value: pathKind("DIR"), about: "folder" },
  service: { long: "mode-systemctl", short: "m", about: "as a service" },
  json: { long: "json", about: "JSON" },
} as const satisfies OptionTable;

function parse(...args: string[]): unknown {
  return parseOptions("etmemd", TABLE, args);
}

function mistakeOf(...args: string[]): string {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error("no mistake");
}

const NOTHING = { socket: "x", service: false, json: false };

describe("parseOptions()", () => {
  const levelForms = [["-l0"], ["-l", "0"], ["--log-level=0"], ["--log-level", "0"]];
  const socketForms = [["-sx"], ["-s", "x"], ["--socket=x"], ["--socket", "x"]];
  for (const level of levelForms) {
    for (const socket of socketForms) {
      test(`reads ${[...level, ...socket].join(" ")} in any order`, () => {
        const expected = { options: { ...NOTHING, level: 0 } } as const;
        expect(parse(...level, ...socket)).toEqual(expected);
        expect(parse(...socket, ...level)).toEqual(expected);
      });
    }
  }

  test("fills in false for flags and leaves out values that were not given", () => {
    expect(parse("-s", "x")).toEqual({ options: NOTHING });
  });

  test("reads flags together with a value at their end", () => {
    expect(parse("-ml2", "-s", "x")).toEqual({
      options: { ...NOTHING, service: true, level: 2 },
    });
    expect(parse("-ms", "x")).toEqual({ options: { ...NOTHING, service: true } });
  });

  test("takes the rest after a short option as its value, = included", () => {
    expect(parse("-s=x")).toEqual({ options: { ...NOTHING, socket: "=x" } });
  });

  test("takes a value with = in it, and one that begins with - when it is joined", () => {
    expect(parse("--socket=a=b")).toEqual({ options: { ...NOTHING, socket: "a=b" } });
    expect(parse("--socket=-x")).toEqual({ options: { ...NOTHING, socket: "-x" } });
    expect(parse("-s-x")).toEqual({ options: { ...NOTHING, socket: "-x" } });
  });

  test("takes an option by the beginning of its name, as long as no other begins so", () => {
    expect(parse("--so", "x")).toEqual({ options: { ...NOTHING, socket: "x" } });
    expect(parse("--s=x", "--mode", "--j")).toEqual({
      options: { ...NOTHING, socket: "x", service: true, json: true },
    });
    expect(parse("--h")).toEqual({ info: "help" });
    expect(parse("--vers")).toEqual({ info: "version" });
  });

  test("takes the last one of an option that may be given again", () => {
    expect(parse("-s", "x", "-l0", "-l", "+2", "-mm", "--json", "--json")).toEqual({
      options: { ...NOTHING, socket: "x", level: 2, service: true, json: true },
    });
  });

  test('takes "-" and blanks for a value, and nothing after "--"', () => {
    expect(parse("-s", "-")).toEqual({ options: { ...NOTHING, socket: "-" } });
    expect(parse("-s", "a b", "--")).toEqual({
      options: { ...NOTHING, socket: "a b" },
    });
  });

  for (const help of [["-h"], ["--help"], ["-mh"], ["-h", "--bogus"], ["-l0", "-h", "-l9"]]) {
    test(`asks for help by ${help.join(" ")}`, () => {
      expect(parse(...help)).toEqual({ info: "help" });
    });
  }

  for (const version of [["-V"], ["--version"], ["-mV"], ["-V", "-h"], ["-l0", "-V", "-l9"]]) {
    test(`asks for the version by ${version.join(" ")}`, () => {
      expect(parse(...version)).toEqual({ info: "version" });
    });
  }

  test("reports a mistake before -h", () => {
    expect(mistakeOf("-l9", "-h")).toBe('Cannot set "-l" to "9": allowed is 0 to 3');
  });

  const has = "it has -s, --socket NAME; -l, --log-level LEVEL; --conf-dir DIR; " +
    "-m, --mode-systemctl; --json; -h, --help; -V, --version";
  const mistakes: readonly (readonly [string[], string])[] = [
    [[], 'Cannot run "etmemd": -s, --socket NAME is missing'],
    [["-s"], 'Cannot use "-s": its NAME is missing, allowed is a name of 1 to 106 bytes'],
    [
      ["--socket"],
      'Cannot use "--socket": its NAME is missing, allowed is a name of 1 to 106 bytes',
    ],
    [["-s", ""], 'Cannot set "-s" to "": allowed is a name of 1 to 106 bytes'],
    [["--socket="], 'Cannot set "--socket" to "": allowed is a name of 1 to 106 bytes'],
    [["-s", "x", "-s", "y"], 'Cannot use "-s" a second time: -s, --socket NAME is allowed once'],
    [
      ["-s", "x", "--socket=x"],
      'Cannot use "--socket" a second time: -s, --socket NAME is allowed once',
    ],
    [["-l", "0", "-l", "9"], 'Cannot set "-l" to "9": allowed is 0 to 3'],
    [["-l", "9", "-l", "0"], 'Cannot set "-l" to "9": allowed is 0 to 3'],
    [
      ["--=x"],
      'Cannot use "--": it may be --socket or --log-level or --conf-dir or --mode-systemctl or --json or --help or --version',
    ],
    [
      ["-s", "-l", "0"],
      'Cannot use "-s": "-l" follows where its NAME is expected, ' +
      'a value that begins with "-" is written --socket=NAME',
    ],
    [
      ["--socket", "--"],
      'Cannot use "--socket": "--" follows where its NAME is expected, ' +
      'a value that begins with "-" is written --socket=NAME',
    ],
    [["-l", "4"], 'Cannot set "-l" to "4": allowed is 0 to 3'],
    [["-l", "-1"], 'Cannot set "-l" to "-1": allowed is 0 to 3'],
    [["-l-1"], 'Cannot set "-l" to "-1": allowed is 0 to 3'],
    [["-l", "1.0"], 'Cannot set "-l" to "1.0": allowed is 0 to 3'],
    [["-l", "0x1"], 'Cannot set "-l" to "0x1": allowed is 0 to 3'],
    [["-l", " 1"], 'Cannot set "-l" to " 1": allowed is 0 to 3'],
    [["-l", ""], 'Cannot set "-l" to "": allowed is 0 to 3'],
    [["--log-level=info"], 'Cannot set "--log-level" to "info": allowed is 0 to 3'],
    [["-l1000000000000"], 'Cannot set "-l" to "1000000000000": allowed is 0 to 3'],
    [["--json=yes"], 'Cannot set "--json" to "yes": it takes no value'],
    [["--json="], 'Cannot set "--json" to "": it takes no value'],
    [["--version=x"], 'Cannot set "--version" to "x": it takes no value'],
    [["--help=x"], 'Cannot set "--help" to "x": it takes no value'],
    [["-x"], `Cannot use "-x": "etmemd" has no such option, ${has}`],
    [["-mx"], `Cannot use "-x" in "-mx": "etmemd" has no such option, ${has}`],
    [["-ü"], `Cannot use "-ü": "etmemd" has no such option, ${has}`],
    [["--colour"], `Cannot use "--colour": "etmemd" has no such option, ${has}`],
    [["--colour=red"], `Cannot use "--colour": "etmemd" has no such option, ${has}`],
    [
      ["--sokcet", "x"],
      'Cannot use "--sokcet": "etmemd" has no such option, did you mean "--socket"',
    ],
    [["--log"], 'Cannot use "--log": its LEVEL is missing, allowed is 0 to 3'],
    [
      ["--lgo-level=1"],
      'Cannot use "--lgo-level": "etmemd" has no such option, did you mean "--log-level"',
    ],
    [["x"], 'Cannot use "x": "etmemd" takes options only, did you mean "-s x"'],
    [["-s", "a", "0"], 'Cannot use "0": "etmemd" takes options only, did you mean "-l 0"'],
    [["0", "-s", "a"], 'Cannot use "0": "etmemd" takes options only, did you mean "-l 0"'],
    [["0", "--socket=a"], 'Cannot use "0": "etmemd" takes options only, did you mean "-l 0"'],
    [["-s", "a", "b"], 'Cannot use "b": "etmemd" takes options only'],
    [["-l0", "-s", "a", "1"], 'Cannot use "1": "etmemd" takes options only'],
    [[""], 'Cannot use "": "etmemd" takes options only'],
    [["-"], 'Cannot use "-": "etmemd" takes options only'],
    [["--", "-m"], 'Cannot use "-m": "etmemd" takes options only'],
    [
      ["a\nb\u007f"],
      'Cannot use "a\\nb\\u007f": "etmemd" takes options only, did you mean "-s a\\nb\\u007f"',
    ],
  ];
  for (const [args, message] of mistakes) {
    test(`refuses ${JSON.stringify(args)}`, () => expect(mistakeOf(...args)).toBe(message));
  }

  test("names all options that are missing", () => {
    const table = {
      a: { long: "aa", value: SOCKET_NAME, required: true, about: "a" },
      b: { long: "bb", value: SOCKET_NAME, required: true, about: "b" },
    } as const;
    expect(() => parseOptions("x", table, [])).toThrow(
      'Cannot run "x": --aa NAME and --bb NAME are missing',
    );
  });

  test("refuses whatever it refuses by one line", () => {
    const arg = fc.oneof(
      fc.constantFrom("-s", "-l", "-m", "-h", "--socket", "--log-level=", "--", "--json", "0", "x"),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(fc.array(arg, { maxLength: 6 }), (args) => {
        try {
          const parsed = parseOptions("etmemd", TABLE, args);
          if (parsed.info === undefined) expect(parsed.options.socket).toBeString();
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect(String(error)).not.toMatch(/\p{Cc}/u);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("SOCKET_NAME", () => {
  test("takes 1 to 106 bytes of UTF-8", () => {
    expect(SOCKET_NAME.parse("x".repeat(106))).toBe("x".repeat(106));
    expect(SOCKET_NAME.parse("ü".repeat(53))).toBe("ü".repeat(53));
    expect(SOCKET_NAME.parse("x".repeat(107))).toBeUndefined();
    expect(SOCKET_NAME.parse("ü".repeat(54))).toBeUndefined();
    expect(SOCKET_NAME.parse("")).toBeUndefined();
  });
});
