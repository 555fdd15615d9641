import { describe, expect, test } from "bun:test";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { parseCommandLine } from "../../../src/cli/parse_command_line.ts";
import { UsageError } from "../../../src/options/usage_error.ts";
import type { Request } from "../../../src/rpc/request.ts";

const words = (line: string): string[] => line.split(" ").filter((word) => word !== "");

const FIRST_WORDS =
  "obj, project, engine, status, metrics, exporter, doctor, top, histogram, advise or help";

function mistakeOf(args: readonly string[]): string {
  try {
    parseCommandLine(args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error("no mistake");
}

const here = process.cwd();
const CALLS: readonly (readonly [string, Request, string?])[] = [
  ["obj add -f /etc/etmem/slide_conf.yaml -s etmemd_socket", {
    command: "obj_add",
    file: "/etc/etmem/slide_conf.yaml",
  }],
  ["obj add --file /etc/etmem/slide_conf.yaml --socket etmemd_socket", {
    command: "obj_add",
    file: "/etc/etmem/slide_conf.yaml",
  }],
  ["obj add -f etmem_config -s monitor_app", {
    command: "obj_add",
    file: `${here}/etmem_config`,
  }, "monitor_app"],
  ["obj add -f ./etmem_config -s x", { command: "obj_add", file: `${here}/etmem_config` }, "x"],
  ["obj add -f ../a/../b -s x", { command: "obj_add", file: `${here}/../a/../b` }, "x"],
  ["obj del -f /a --socket=x", { command: "obj_del", file: "/a" }, "x"],
  ["project show -n test -s etmemd_socket", { command: "project_show", project: "test" }],
  ["project show --name test --socket etmemd_socket", {
    command: "project_show",
    project: "test",
  }],
  ["project show -s monitor_app", { command: "project_show" }, "monitor_app"],
  ["project start -n test -s etmemd_socket", { command: "project_start", project: "test" }],
  ["project start --dry-run -n test -s etmemd_socket", {
    command: "project_start",
    project: "test",
    dryRun: true,
  }],
  ["project stop --name=test -setmemd_socket", { command: "project_stop", project: "test" }],
  ["project restore -n p -s etmemd_socket", { command: "project_restore", project: "p" }],
  ["project restore -n p -t a --rate 100000 --keep-free=1 -s etmemd_socket", {
    command: "project_restore",
    project: "p",
    task: "a",
    rateMib: 100_000,
    keepFreePercent: 1,
  }],
  ["engine showtaskpages -t task_name -n proj_name -e cslide -s etmemd_socket", {
    command: "engine",
    project: "proj_name",
    engine: "cslide",
    engineCommand: "showtaskpages",
    task: "task_name",
    json: false,
  }],
  ["engine showhostpages --proj_name p --engine cslide --socket etmemd_socket", {
    command: "engine",
    project: "p",
    engine: "cslide",
    engineCommand: "showhostpages",
    json: false,
  }],
  ["status -s etmemd_socket", { command: "status", rounds: 2, endedRounds: 1 }],
  ["status --name test -s etmemd_socket", {
    command: "status",
    project: "test",
    rounds: 2,
    endedRounds: 1,
  }],
];

describe("parseCommandLine()", () => {
  for (const [line, request, socket = "etmemd_socket"] of CALLS) {
    test(`reads etmem ${line}`, () => {
      const call = { socket, request, json: false };
      const shown = request.command === "status" ? { present: expect.any(Function) } : {};
      expect(parseCommandLine(words(line))).toEqual({ kind: "call", call: { ...call, ...shown } });
    });
  }

  test("asks for the rounds of a task that are shown, and with --json for all", () => {
    const requestOf = (line: string) => {
      const { call } = parseCommandLine(words(line)) as { call: { request: object } };
      return call.request;
    };
    expect(requestOf("status --json -s x")).toEqual({ command: "status" });
    expect(requestOf("status --restart-safe -s x")).toEqual({ command: "status", rounds: 0 });
  });

  test("reads --json", () => {
    expect(parseCommandLine(words("status --json -s x"))).toMatchObject({ call: { json: true } });
    expect(parseCommandLine(words("engine c -n p -e e --json -s x"))).toMatchObject({
      call: { json: true, request: { json: true } },
    });
  });

  test("keeps blanks in a path and in an engine command", () => {
    expect(parseCommandLine(["obj", "add", "-f", "/a b", "-s", "x"])).toMatchObject({
      call: { request: { file: "/a b" } },
    });
    expect(parseCommandLine(["engine", "do it", "-n", "p", "-e", "e", "-s", "x"])).toMatchObject({
      call: { request: { engineCommand: "do it" } },
    });
  });

  const helps: readonly (readonly [string, string, number])[] = [
    ["help", "", COMMANDS.length],
    ["help me", "", COMMANDS.length],
    ["obj help x", "obj", 2],
    ["-h", "", COMMANDS.length],
    ["--help", "", COMMANDS.length],
    ["--help --bogus", "", COMMANDS.length],
    ["obj help", "obj", 2],
    ["obj -h", "obj", 2],
    ["obj --help", "obj", 2],
    ["obj add help", "obj add", 1],
    ["obj add -h", "obj add", 1],
    ["obj add -f x -s y --help", "obj add", 1],
    ["project help", "project", 4],
    ["project --help", "project", 4],
    ["project show -h", "project show", 1],
    ["engine help", "engine", 1],
    ["engine -h", "engine", 1],
    ["engine showhostpages --help", "engine", 1],
    ["status help", "status", 1],
    ["status --help", "status", 1],
    ["doctor help", "doctor", 1],
  ];
  for (const [line, about, commands] of helps) {
    test(`takes etmem ${line} for a wish for help`, () => {
      const parsed = parseCommandLine(words(line));
      expect(parsed).toMatchObject({ kind: "help", words: words(about) });
      expect(parsed.kind === "help" ? parsed.commands : []).toHaveLength(commands);
    });
  }

  for (
    const line of ["-V", "--version", "--version --bogus", "obj -V", "project --version"].concat(
      "obj add -V",
      "status -s x --version",
      "engine -V",
      "engine showhostpages --version",
    )
  ) {
    test(`takes etmem ${line} for a wish for the version`, () => {
      expect(parseCommandLine(words(line))).toEqual({ kind: "version" });
    });
  }

  const top = `allowed is ${FIRST_WORDS}`;
  const name = 'allowed is a name of 1 to 64 bytes without blanks, other than "-"';
  const mistakes: readonly (readonly [string[], string])[] = [
    [[], `Cannot run "etmem": a command is missing, ${top}`],
    [["frob"], `Cannot run "frob": "etmem" has no such command, ${top}`],
    [
      ["projcet"],
      `Cannot run "projcet": "etmem" has no such command, ${top}, did you mean "project"`,
    ],
    [[""], `Cannot run "": "etmem" has no such command, ${top}`],
    [["-s", "x", "project"], `Cannot use "-s": a command of "etmem" comes first, ${top}`],
    [["obj"], 'Cannot run "etmem obj": a command is missing, allowed is add, del or help'],
    [
      ["obj", "delete"],
      'Cannot run "delete": "etmem obj" has no such command, allowed is add, del or help',
    ],
    [
      ["obj", "-f", "x"],
      'Cannot use "-f": a command of "etmem obj" comes first, allowed is add, del or help',
    ],
    [
      ["project"],
      'Cannot run "etmem project": a command is missing, allowed is start, stop, restore, show or help',
    ],
    [
      ["project", "sotp"],
      'Cannot run "sotp": "etmem project" has no such command, ' +
      'allowed is start, stop, restore, show or help, did you mean "stop"',
    ],
    [
      words("obj add"),
      'Cannot run "etmem obj add": -f, --file FILE and -s, --socket NAME are missing',
    ],
    [words("obj add -f x"), 'Cannot run "etmem obj add": -s, --socket NAME is missing'],
    [words("obj del -s x"), 'Cannot run "etmem obj del": -f, --file FILE is missing'],
    [["obj", "add", "-f", ""], 'Cannot set "-f" to "": allowed is a path of 1 to 4095 bytes'],
    [
      words("obj add x -s y"),
      'Cannot use "x": "etmem obj add" takes options only, did you mean "-f x"',
    ],
    [
      words("project show x -s y"),
      'Cannot use "x": "etmem project show" takes options only, did you mean "-n x"',
    ],
    [words("obj add -f x -s y z"), 'Cannot use "z": "etmem obj add" takes options only'],
    [
      words("obj add -n x"),
      'Cannot use "-n": "etmem obj add" has no such option, ' +
      "it has -f, --file FILE; -s, --socket NAME; -h, --help; -V, --version",
    ],
    [
      words("project start -s x"),
      'Cannot run "etmem project start": -n, --name PROJECT is missing',
    ],
    [words("project stop -s x"), 'Cannot run "etmem project stop": -n, --name PROJECT is missing'],
    [
      words("project show -n test"),
      'Cannot run "etmem project show": -s, --socket NAME is missing',
    ],
    [words("project show -n - -s x"), `Cannot set "-n" to "-": ${name}`],
    [["project", "show", "-n", "a b"], `Cannot set "-n" to "a b": ${name}`],
    [["project", "show", "-n", "a\tb"], `Cannot set "-n" to "a\\tb": ${name}`],
    [["project", "show", "-n", ""], `Cannot set "-n" to "": ${name}`],
    [
      ["project", "show", "-n", "x".repeat(65)],
      `Cannot set "-n" to "${"x".repeat(65)}": ${name}`,
    ],
    [
      ["project", "show", "-s", "x".repeat(107)],
      `Cannot set "-s" to "${"x".repeat(107)}": allowed is a name of 1 to 106 bytes`,
    ],
    [
      words("engine"),
      'Cannot run "etmem engine": CMD is missing, allowed is a command of 1 to 1024 bytes',
    ],
    [words("engine -n p"), 'Cannot use "-n": CMD of "etmem engine" comes first'],
    [
      ["engine", ""],
      'Cannot run "etmem engine" with "" as CMD: allowed is a command of 1 to 1024 bytes',
    ],
    [
      words("engine showhostpages"),
      'Cannot run "etmem engine": -n, --proj_name PROJECT and -s, --socket NAME and ' +
      "-e, --engine ENGINE are missing",
    ],
    [
      words("engine c --name p"),
      'Cannot use "--name": "etmem engine" has no such option, it has ' +
      "-n, --proj_name PROJECT; -s, --socket NAME; -e, --engine ENGINE; -t, --task_name TASK; " +
      "--json; -h, --help; -V, --version",
    ],
    [words("engine c -t -"), `Cannot set "-t" to "-": ${name.replace("64", "71")}`],
    [words("engine c -e -"), `Cannot set "-e" to "-": ${name}`],
    [words("status --json=1"), 'Cannot set "--json" to "1": it takes no value'],
    [words("status"), 'Cannot run "etmem status": -s, --socket NAME is missing'],
  ];
  for (const [args, message] of mistakes) {
    test(`refuses etmem ${JSON.stringify(args)}`, () => expect(mistakeOf(args)).toBe(message));
  }

  test("takes names of 64 bytes, which old files have", () => {
    expect(parseCommandLine(["project", "show", "-n", "x".repeat(64), "-s", "y"])).toMatchObject({
      kind: "call",
    });
    const task = ["engine", "c", "-n", "p", "-e", "e", "-t", "x".repeat(71), "-s", "y"];
    expect(parseCommandLine(task)).toMatchObject({ kind: "call" });
  });
});
