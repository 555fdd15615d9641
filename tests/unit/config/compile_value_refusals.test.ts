import { describe, expect, test } from "bun:test";
import { UNSUPPORTED_ENGINES } from "../../../src/config/engines.ts";
import {
  ALLOWED,
  CSLIDE,
  ENGINE_KINDS,
  lineOf,
  put,
  refusal,
  SLIDE,
  THIRD_PARTY,
} from "./config_text.ts";

const NAME = "1 to 63 bytes without blanks, not -";
const COMM = "1 to 15 bytes, as in /proc/PID/comm";
const NODES = "pairs A,B;C,D of node ids 0 to 1023, each once";
const FLAGS = "flags of two small letters, separated by blanks, in fewer than 256 bytes";
const NATURAL = "0 to 2147483647";
const T_MAX = "0 to 3 * loop, that is 0 to 9";
const YES_NO = "yes or no";
const COMMENT = "comments need a line of their own";
const long = (n: number): string => "x".repeat(n);

/** Each: base file, group, line that is wrong, problem, what is allowed. */
type Case = readonly [base: string, group: string, line: string, problem: string, allowed: string];

/** The kinds of mistake that any integer can have. */
function integerMistakes(base: string, group: string, key: string, allowed: string): Case[] {
  return [
    ["", "no value"],
    ["1.5", "not a whole number"],
    ["0x10", "not decimal"],
    ["1abc", '"abc" after the number'],
    ["1 2", '" 2" after the number'],
    ["abc", "not a number"],
    ["-", "not a number"],
    ["2147483648", "beyond 32 bits"],
    ["-2147483649", "beyond 32 bits"],
    ["1 # one", COMMENT],
    ["1# one", COMMENT],
    ["1 // one", COMMENT],
    ["# one", COMMENT],
  ].map(([value, problem]) => [base, group, `${key}=${value}`, problem ?? "", allowed]);
}

function outOfRange(
  base: string,
  group: string,
  key: string,
  values: readonly number[],
  allowed: string,
): Case[] {
  return values.map((value) => [base, group, `${key}=${value}`, "out of range", allowed]);
}

function nameMistakes(
  base: string,
  group: string,
  key: string,
  allowed: string = NAME,
  longest = 64,
): Case[] {
  return [
    ["", "no value"],
    ["-", "stands for no name"],
    ["a b", "a blank or control character in it"],
    ["a\\tb", "a blank or control character in it"],
    ["a ", "a blank at its end"],
    [long(longest + 1), `${longest + 1} bytes long`],
    ["é".repeat(36), "72 bytes long"],
    ["a\\q", "the escape \\q in it, escapes are \\s \\n \\t \\r \\\\"],
    ["a\\", "a single \\ at its end, a backslash is written \\\\"],
    ["a # b", COMMENT],
  ].map(([value, problem]) => [base, group, `${key}=${value}`, problem ?? "", allowed]);
}

function wordMistakes(base: string, group: string, key: string, allowed: string): Case[] {
  return [
    ["", "no value"],
    ["maybe", "unknown"],
    [`${allowed.split(/,? /)[0]} `, "a blank at its end"],
    [(allowed.split(/,? /)[0] ?? "").toUpperCase(), "unknown"],
    [`${allowed.split(/,? /)[0]} # x`, COMMENT],
    ["a\\q", "the escape \\q in it, escapes are \\s \\n \\t \\r \\\\"],
  ].map(([value, problem]) => [base, group, `${key}=${value}`, problem ?? "", allowed]);
}

const unsupported = (base: string, group: string, line: string, allowed: string): Case => [
  base,
  group,
  line,
  "not supported by this version",
  allowed,
];

const ENG_NAME = `${NAME}, not the name of another engine`;
const THREADS = "1 to 2 * cores + 1";
const LIBRARY = "an absolute path of fewer than 256 bytes";
const SYMBOL = "a symbol of fewer than 256 bytes, without blanks";
const SIZE = "0 to 2147483647, with g or G behind";

const cases: Readonly<Record<string, readonly Case[]>> = {
  project: [
    ...nameMistakes(SLIDE, "project", "name"),
    ...integerMistakes(SLIDE, "project", "loop", "1 to 120"),
    ...outOfRange(SLIDE, "project", "loop", [0, -1, 121, 2147483647], "1 to 120"),
    ...integerMistakes(SLIDE, "project", "interval", "1 to 1200"),
    ...outOfRange(SLIDE, "project", "interval", [0, -5, 1201], "1 to 1200"),
    ...integerMistakes(SLIDE, "project", "sleep", "1 to 1200"),
    ...outOfRange(SLIDE, "project", "sleep", [0, -5, 1201], "1 to 1200"),
    ...integerMistakes(SLIDE, "project", "sysmem_threshold", "0 to 100"),
    ...outOfRange(SLIDE, "project", "sysmem_threshold", [-1, 101], "0 to 100"),
    ...integerMistakes(SLIDE, "project", "swapcache_high_wmark", "1 to 100"),
    ...outOfRange(SLIDE, "project", "swapcache_high_wmark", [0, -1, 101], "1 to 100"),
    ...outOfRange(SLIDE, "project", "swapcache_low_wmark", [0, -1, 101], "1 to 100"),
    ...outOfRange(SLIDE, "project", "swapcache_low_vmark", [0, 101], "1 to 100"),
    ...wordMistakes(SLIDE, "project", "scan_type", "page or psi"),
    unsupported(SLIDE, "project", "scan_type=region", "page or psi"),
    ...wordMistakes(SLIDE, "project", "tracker", ALLOWED.tracker),
    ...wordMistakes(SLIDE, "project", "mover", ALLOWED.mover),
  ],
  engine: [
    ...wordMistakes(SLIDE, "engine", "name", ALLOWED.engine),
    ...UNSUPPORTED_ENGINES.map((name) =>
      unsupported(SLIDE, "engine", `name=${name}`, ALLOWED.engine)
    ),
    ...nameMistakes(SLIDE, "engine", "project"),
  ],
  "engine of cslide": [
    ...nameMistakes(CSLIDE, "engine", "project"),
    ...["hot_threshold", "node_mig_quota", "node_hot_reserve"].flatMap((key) =>
      integerMistakes(CSLIDE, "engine", key, NATURAL).concat(
        outOfRange(CSLIDE, "engine", key, [-1], NATURAL),
      )
    ),
    [CSLIDE, "engine", "node_pair=", "no value", NODES],
    [CSLIDE, "engine", "node_pair=2", '"2" is not a pair of nodes', NODES],
    [CSLIDE, "engine", "node_pair=2,", '"2," is not a pair of nodes', NODES],
    [CSLIDE, "engine", "node_pair=2,0;", '"" is not a pair of nodes', NODES],
    [CSLIDE, "engine", "node_pair=2,0,1", '"2,0,1" is not a pair of nodes', NODES],
    [CSLIDE, "engine", "node_pair=2;0", '"2" is not a pair of nodes', NODES],
    [CSLIDE, "engine", "node_pair=2:0", '"2:0" is not a pair of nodes', NODES],
    [CSLIDE, "engine", "node_pair=a,b", '"a,b" is not a pair of nodes', NODES],
    [CSLIDE, "engine", "node_pair=-1,0", '"-1,0" is not a pair of nodes', NODES],
    [CSLIDE, "engine", "node_pair=1024,0", '"1024,0" is not a pair of nodes', NODES],
    [CSLIDE, "engine", "node_pair=2,0 # AEP", COMMENT, NODES],
    [CSLIDE, "engine", "node_pair=1,1", "node 1 stands there twice", NODES],
    [CSLIDE, "engine", "node_pair=2,0;3,0", "node 0 stands there twice", NODES],
  ],
  "engine of thirdparty": [
    ...nameMistakes(THIRD_PARTY, "engine", "project"),
    ...nameMistakes(THIRD_PARTY, "engine", "eng_name", ENG_NAME),
    ...[...ENGINE_KINDS, ...UNSUPPORTED_ENGINES].map((
      name,
    ): Case => [THIRD_PARTY, "engine", `eng_name=${name}`, "reserved", ENG_NAME]),
    [THIRD_PARTY, "engine", "libname=", "no value", LIBRARY],
    [THIRD_PARTY, "engine", "libname=mine.so", "not an absolute path", LIBRARY],
    [THIRD_PARTY, "engine", `libname=/${long(255)}`, "256 bytes long", LIBRARY],
    [THIRD_PARTY, "engine", "libname=/mine.so ", "a blank at its end", LIBRARY],
    [THIRD_PARTY, "engine", "ops_name=", "no value", SYMBOL],
    [THIRD_PARTY, "engine", `ops_name=${long(256)}`, "256 bytes long", SYMBOL],
    [THIRD_PARTY, "engine", "ops_name=a b", "a blank or control character in it", SYMBOL],
  ],
  task: [
    ...[SLIDE, CSLIDE, THIRD_PARTY].flatMap((base) =>
      nameMistakes(base, "task", "name", NAME, 71).concat(
        nameMistakes(base, "task", "project"),
        wordMistakes(base, "task", "type", "pid, name or cgroup"),
        integerMistakes(base, "task", "value", "1 to 4194303"),
        outOfRange(base, "task", "value", [0, -1, 4194304], "1 to 4194303"),
      )
    ),
    ...nameMistakes(SLIDE, "task", "engine", ALLOWED.engineOfTask),
    ...UNSUPPORTED_ENGINES.map((name) =>
      unsupported(SLIDE, "task", `engine=${name}`, ALLOWED.engineOfTask)
    ),
  ],
  "task of slide": [
    ...integerMistakes(SLIDE, "task", "T", "0 to 3 * loop"),
    ...outOfRange(SLIDE, "task", "T", [-1, 10, 2147483647], T_MAX),
    ...integerMistakes(SLIDE, "task", "max_threads", THREADS),
    ...wordMistakes(SLIDE, "task", "swap_flag", YES_NO),
    ...integerMistakes(SLIDE, "task", "dram_percent", "1 to 100"),
    ...integerMistakes(SLIDE, "task", "move_rate", "1 to 100000"),
    ...outOfRange(SLIDE, "task", "move_rate", [0, 100_001], "1 to 100000"),
    [SLIDE, "task", "swap_threshold=", "no value", SIZE],
    [SLIDE, "task", "swap_threshold=10", "no unit", SIZE],
    [SLIDE, "task", "swap_threshold=10m", "another unit", SIZE],
    [SLIDE, "task", "swap_threshold=10 g", "another unit", SIZE],
    [SLIDE, "task", "swap_threshold=10gb", "another unit", SIZE],
    [SLIDE, "task", "swap_threshold=g", "not a number of GiB", SIZE],
    [SLIDE, "task", "swap_threshold=-1g", "not a number of GiB", SIZE],
    [SLIDE, "task", "swap_threshold=1.5g", "not a whole number", SIZE],
    [SLIDE, "task", "swap_threshold=2147483648g", "out of range", SIZE],
    [SLIDE, "task", "swap_threshold=10g ", "a blank at its end", SIZE],
    [SLIDE, "task", "swap_threshold=10g # GiB", COMMENT, SIZE],
    [SLIDE, "task", "swap_threshold=10g# GiB", COMMENT, SIZE],
  ],
  "task of cslide": [
    ...wordMistakes(CSLIDE, "task", "anon_only", YES_NO),
    ...wordMistakes(CSLIDE, "task", "ign_host", YES_NO),
    [CSLIDE, "task", "vm_flags=", "no flag, leave the key out to scan every VMA", FLAGS],
    [CSLIDE, "task", "vm_flags=h", '"h" is not a flag', FLAGS],
    [CSLIDE, "task", "vm_flags=ht,rd", '"ht,rd" is not a flag', FLAGS],
    [CSLIDE, "task", "vm_flags=HT", '"HT" is not a flag', FLAGS],
    [CSLIDE, "task", "vm_flags=ht # huge", COMMENT, FLAGS],
    [CSLIDE, "task", `vm_flags=${"ht ".repeat(85)}h`, "256 bytes long", FLAGS],
  ],
  "task of a third-party engine": [
    ...integerMistakes(THIRD_PARTY, "task", "max_threads", THREADS),
    ...wordMistakes(THIRD_PARTY, "task", "swap_flag", YES_NO),
  ],
};

for (const [what, list] of Object.entries(cases)) {
  describe(`compileConfig() refuses a wrong value of ${what}`, () => {
    test.each(list.map((one) => [`${one[2].slice(0, 60)} (${one[3].slice(0, 40)})`, one] as const))(
      "%s",
      (_, [base, group, line, problem, allowed]) => {
        const text = put(base, group, line);
        const cut = line.length - line.indexOf("=") - 1 > 80
          ? `${line.slice(0, line.indexOf("=") + 81)}...`
          : line;
        expect(refusal(text)).toBe(
          `line ${lineOf(text, line)}: [${group}] ${cut}: ${problem}, allowed is ${allowed}`,
        );
      },
    );
  });
}

test("compileConfig() knows engines of the original program that it does not have", () => {
  expect(UNSUPPORTED_ENGINES).toEqual(expect.arrayContaining(["memdcd", "damon"]) as string[]);
});

test.each([
  ["1234567890123456", "16 bytes long"],
  ["數據庫數據庫", "18 bytes long"],
  ["my\\csql", "the escape \\c in it, escapes are \\s \\n \\t \\r \\\\"],
  ["mysql ", "a blank at its end"],
  ["mysql # db", COMMENT],
  ["", "no value"],
])("compileConfig() refuses the process name %p", (name, problem) => {
  const text = put(put(SLIDE, "task", "type=name"), "task", `value=${name}`);
  expect(refusal(text)).toBe(`line 14: [task] value=${name}: ${problem}, allowed is ${COMM}`);
});

const CGROUP = "a path or glob below the cgroup root, 1 to 4095 bytes, without ..";

test.each([
  ["", "no value"],
  ["/", "names no group"],
  ["a/../b", ".. in it"],
  ["..", ".. in it"],
  [".", ". in it"],
  ["a/b[0-9", 'a [ without ] in "b[0-9"'],
  ["a[/]b", 'a [ without ] in "a["'],
  ["/sys/fs/cgroup/a", "not below the cgroup root"],
  ["a ", "a blank at its end"],
  ["a\\x2db", "the escape \\x in it, escapes are \\s \\n \\t \\r \\\\"],
  ["a\\nb", "a control character in it"],
])("compileConfig() refuses the control group %p", (path, problem) => {
  const text = put(put(SLIDE, "task", "type=cgroup"), "task", `value=${path}`);
  expect(refusal(text)).toBe(`line 14: [task] value=${path}: ${problem}, allowed is ${CGROUP}`);
});

test("compileConfig() refuses a control group of 4096 bytes", () => {
  const refusedAt = (bytes: number): string =>
    refusal(put(put(SLIDE, "task", "type=cgroup"), "task", `value=${long(bytes)}`));
  expect(refusedAt(4095)).toBe("accepted");
  expect(refusedAt(4096)).toEndWith(`...: 4096 bytes long, allowed is ${CGROUP}`);
});

test("compileConfig() refuses the control groups of a third-party engine", () => {
  const text = put(put(THIRD_PARTY, "task", "type=cgroup"), "task", "value=a");
  expect(refusal(text)).toBe(
    "line 11: [task] type=cgroup: third-party engines do not know it, allowed is pid or name",
  );
});
