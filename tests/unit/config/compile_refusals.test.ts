import { describe, expect, test } from "bun:test";
import { compileConfig } from "../../../src/config/compile.ts";
import { ConfigError } from "../../../src/config/config_error.ts";
import {
  ALLOWED,
  CSLIDE,
  lineOf,
  put,
  refusal,
  SLIDE,
  THIRD_PARTY,
  without,
} from "./config_text.ts";
import { PINNABLE_NAMES } from "../../tools/fixtures/pinnable_names.ts";

const NAME = "1 to 63 bytes without blanks, not -";
const ENG_NAME = `${NAME}, not the name of another engine`;
const NODES = "pairs A,B;C,D of node ids 0 to 1023, each once";
const NATURAL = "0 to 2147483647";
const TARGET = "for type=pid 1 to 4194303, for type=name 1 to 15 bytes, as in /proc/PID/comm, " +
  "for type=cgroup a path or glob below the cgroup root, 1 to 4095 bytes, without ..";

describe("compileConfig() names the mandatory key that is missing", () => {
  const mandatory = [
    [SLIDE, "project", "name", NAME],
    [SLIDE, "project", "loop", "1 to 120"],
    [SLIDE, "project", "interval", "1 to 1200"],
    [SLIDE, "project", "sleep", "1 to 1200"],
    [SLIDE, "engine", "name", ALLOWED.engine],
    [SLIDE, "engine", "project", NAME],
    [CSLIDE, "engine", "project", NAME],
    [CSLIDE, "engine", "node_pair", NODES],
    [CSLIDE, "engine", "hot_threshold", NATURAL],
    [CSLIDE, "engine", "node_mig_quota", NATURAL],
    [CSLIDE, "engine", "node_hot_reserve", NATURAL],
    [THIRD_PARTY, "engine", "project", NAME],
    [THIRD_PARTY, "engine", "eng_name", ENG_NAME],
    [THIRD_PARTY, "engine", "libname", "an absolute path of fewer than 256 bytes"],
    [THIRD_PARTY, "engine", "ops_name", "a symbol of fewer than 256 bytes, without blanks"],
    [SLIDE, "task", "name", NAME],
    [SLIDE, "task", "project", NAME],
    [SLIDE, "task", "engine", ALLOWED.engineOfTask],
    [SLIDE, "task", "type", "pid, name or cgroup"],
    [SLIDE, "task", "value", TARGET],
    [SLIDE, "task", "T", "0 to 3 * loop"],
    [CSLIDE, "task", "value", TARGET],
    [THIRD_PARTY, "task", "type", "pid, name or cgroup"],
  ] as const;
  test.each(mandatory.map((one) => [`${one[1]} ${one[2]}`, one] as const))(
    "%s",
    (_, [base, group, key, allowed]) => {
      const text = without(base, group, key);
      expect(refusal(text)).toBe(
        `line ${lineOf(text, `[${group}]`)}: [${group}]: ${key} is missing, allowed is ${allowed}`,
      );
    },
  );

  test("several at once", () => {
    expect(refusal("[project]\nname=p\n")).toBe(
      "line 1: [project]: loop, interval and sleep are missing",
    );
  });

  test("with the unknown key that may be meant", () => {
    expect(refusal(SLIDE.replace("interval=5", "intervall=5"))).toBe(
      'line 1: [project]: interval is missing, allowed is 1 to 1200; line 4 has the unknown key "intervall"',
    );
    expect(refusal(SLIDE.replace("interval=5", "INTERVAL=5"))).toBe(
      'line 1: [project]: interval is missing, allowed is 1 to 1200; line 4 has the unknown key "INTERVAL"',
    );
  });
});

describe("compileConfig() refuses swap cache marks", () => {
  const low = "swapcache_low_wmark";
  const high = "swapcache_high_wmark";
  test("when one stands alone", () => {
    expect(refusal(put(SLIDE, "project", `${high}=10`))).toBe(
      `line 6: [project] ${high}=10: ${low} is missing, allowed is both or none`,
    );
    expect(refusal(put(SLIDE, "project", `${low}=10`))).toBe(
      `line 6: [project] ${low}=10: ${high} is missing, allowed is both or none`,
    );
    expect(refusal(put(SLIDE, "project", "swapcache_low_vmark=10"))).toBe(
      `line 6: [project] swapcache_low_vmark=10: ${high} is missing, allowed is both or none`,
    );
  });

  test.each([[10, 10], [11, 10], [1, 1], [100, 1]])("when they are low %i and high %i", (a, b) => {
    const text = put(put(SLIDE, "project", `${low}=${a}`), "project", `${high}=${b}`);
    expect(refusal(text)).toBe(
      `line 6: [project] ${low}=${a}: out of range, allowed is less than ${high}=${b}`,
    );
  });
});

test("compileConfig() refuses T by the loop of the project that is meant", () => {
  const task = SLIDE.slice(SLIDE.indexOf("[task]"));
  const known = compileConfig(new TextEncoder().encode(put(SLIDE, "project", "loop=2")), {
    path: "/g",
    cores: 1,
    names: PINNABLE_NAMES,
    project: () => undefined,
  }).projects;
  expect(refusal(put(task, "task", "T=7"), known)).toBe(
    "line 7: [task] T=7: out of range, allowed is 0 to 3 * loop, that is 0 to 6",
  );
  expect(refusal(put(task, "task", "T=6"), known)).toBe("accepted");
  expect(refusal(put(task, "task", "T=360"))).toBe("accepted");
  expect(refusal(put(task, "task", "T=361"))).toBe(
    "line 7: [task] T=361: out of range, allowed is 0 to 3 * loop, that is 0 to 360",
  );
});

test("compileConfig() reports the first mistake by line when there are several", () => {
  const text = put(put(put(SLIDE, "task", "T=x"), "project", "sleep=0"), "engine", "name=x");
  expect(refusal(text)).toStartWith("line 5: [project] sleep=0:");
  const turned = SLIDE.slice(SLIDE.indexOf("[task]")) + SLIDE.slice(0, SLIDE.indexOf("[task]"));
  expect(refusal(put(put(turned, "task", "T=x"), "project", "sleep=0"))).toStartWith(
    "line 7: [task] T=x:",
  );
});

test.each([
  ["", "no [project], [engine] or [task] in it"],
  ["# nothing\n", "no [project], [engine] or [task] in it"],
  [
    "\n[Project]\nname=p\n",
    "no [project], [engine] or [task] in it, only [Project] in line 2, the nearest is [project]",
  ],
  ["[project]\nnonsense\n", 'line 2: "nonsense" is no [group], no key=value and no # comment'],
])("compileConfig() refuses %p, which describes nothing", (text, message) => {
  expect(refusal(text)).toBe(message);
});

test("ConfigError is one line that names the file", () => {
  const read = (): unknown =>
    compileConfig(new TextEncoder().encode("[task]\nname=\\q\x01\u2028\r\n"), {
      path: "/a\nb",
      cores: 1,
      names: PINNABLE_NAMES,
      project: () => undefined,
    });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(
    'Cannot use "/a\\x0ab": line 1: [task]: project, engine, type and value are missing',
  );
});

test.each([
  ["project", "scan_type=region", "page or psi"],
  ["engine", "name=damon", ALLOWED.engine],
  ["engine", "name=memdcd", ALLOWED.engine],
  ["task", "engine=damon", ALLOWED.engineOfTask],
])(
  "compileConfig() refuses [%s] %s by name before it names what is missing",
  (group, line, allowed) => {
    const file = `[project]\nloop=x\n[engine]\n[task]\n`;
    const text = put(file, group, line);
    expect(refusal(text)).toBe(
      `line ${
        lineOf(text, line)
      }: [${group}] ${line}: not supported by this version, allowed is ${allowed}`,
    );
  },
);
