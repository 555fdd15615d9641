import { describe, expect, test } from "bun:test";
import {
  parseServerOptions,
  SERVER_EXIT_STATUSES,
  serverHelp,
  type ServerOptions,
} from "../../../src/daemon/server_options.ts";

function parsed(...args: string[]): ServerOptions {
  const result = parseServerOptions(args);
  if (result.info !== undefined) throw new Error("help");
  return result.options;
}

describe("parseServerOptions()", () => {
  test("parseServerOptions() takes short and long forms in any order", () => {
    const all = { socket: "n", logLevel: 0, modeSystemctl: true, confDir: "/etc/x", moveRate: 7 };
    for (
      const args of [
        ["-s", "n", "-l0", "-m", "--conf-dir", "/etc/x", "--move-rate", "7"],
        ["--conf-dir=/etc/x", "-m", "-l", "0", "-sn", "--move-rate=7"],
        ["--mode-systemctl", "--move-rate=7", "--log-level=0", "--socket=n", "--conf-dir=/etc/x"],
        ["-ml0", "--socket", "n", "--conf-dir", "/etc/x", "--move-rate=07"],
      ]
    ) expect(parsed(...args)).toEqual(all);
    expect(parsed("-s", "n")).toEqual({ socket: "n", modeSystemctl: false } as ServerOptions);
  });

  test("parseServerOptions() takes 1 to 106 bytes for a name", () => {
    expect(parsed("-s", "n".repeat(106)).socket).toHaveLength(106);
    expect(parsed("-s", "ö".repeat(53)).socket).toHaveLength(53);
  });

  const wrong: readonly (readonly [string, string[], string])[] = [
    ["nothing", [], 'Cannot run "etmemd": -s, --socket NAME is missing'],
    [
      "no name",
      ["-s"],
      'Cannot use "-s": its NAME is missing, allowed is a name of 1 to 106 bytes',
    ],
    ["an empty name", ["-s", ""], 'Cannot set "-s" to "": allowed is a name of 1 to 106 bytes'],
    [
      "a long name",
      ["-s", "n".repeat(107)],
      `Cannot set "-s" to "${"n".repeat(107)}": allowed is a name of 1 to 106 bytes`,
    ],
    [
      "a long name of few letters",
      ["--socket", "ö".repeat(54)],
      `Cannot set "--socket" to "${"ö".repeat(54)}": allowed is a name of 1 to 106 bytes`,
    ],
    [
      "two names",
      ["-s", "a", "--socket=b"],
      'Cannot use "--socket" a second time: -s, --socket NAME is allowed once',
    ],
    ["a level too high", ["-s", "a", "-l", "4"], 'Cannot set "-l" to "4": allowed is 0 to 3'],
    [
      "no rate",
      ["-s", "a", "--move-rate=0"],
      'Cannot set "--move-rate" to "0": allowed is 1 to 100000',
    ],
    ["a level below", ["-s", "a", "-l-1"], 'Cannot set "-l" to "-1": allowed is 0 to 3'],
    ["no integer", ["-s", "a", "-l", "1.5"], 'Cannot set "-l" to "1.5": allowed is 0 to 3'],
    ["hexadecimal", ["-s", "a", "-l0x1"], 'Cannot set "-l" to "0x1": allowed is 0 to 3'],
    [
      "an empty level",
      ["-s", "a", "--log-level="],
      'Cannot set "--log-level" to "": allowed is 0 to 3',
    ],
    [
      "no level",
      ["-s", "a", "-l"],
      'Cannot use "-l": its LEVEL is missing, allowed is 0 to 3',
    ],
    [
      "a value of -m",
      ["-s", "a", "--mode-systemctl=yes"],
      'Cannot set "--mode-systemctl" to "yes": it takes no value',
    ],
    [
      "an empty folder",
      ["-s", "a", "--conf-dir="],
      'Cannot set "--conf-dir" to "": allowed is a path of 1 to 4095 bytes',
    ],
    [
      "a mistyped option",
      ["--sokcet", "a"],
      'Cannot use "--sokcet": "etmemd" has no such option, did you mean "--socket"',
    ],
    ["an operand", ["-s", "a", "b"], 'Cannot use "b": "etmemd" takes options only'],
  ];
  test.each(wrong)("parseServerOptions() refuses %s", (_what, args, message) => {
    expect(() => parseServerOptions(args)).toThrow(message);
  });

  test("parseServerOptions() names all options for an unknown one", () => {
    expect(() => parseServerOptions(["-x"])).toThrow(
      'Cannot use "-x": "etmemd" has no such option, it has -s, --socket NAME; ' +
        "-l, --log-level LEVEL; -m, --mode-systemctl; --conf-dir DIR; --move-rate MIB; -h, --help; " +
        "-V, --version",
    );
  });

  test("parseServerOptions() takes help wherever it comes before a mistake", () => {
    for (const args of [["-h"], ["--help"], ["-s", "a", "-mh"]]) {
      expect(parseServerOptions(args)).toEqual({ info: "help" });
    }
  });

  test("parseServerOptions() takes -V without the options that are needed else", () => {
    for (const args of [["-V"], ["--version"], ["-s", "a", "-mV"], ["-V", "-l", "9"]]) {
      expect(parseServerOptions(args)).toEqual({ info: "version" });
    }
  });
});

test("serverHelp() names every option, every exit status and the manuals", () => {
  for (
    const word of [
      "-s, --socket NAME",
      "-l, --log-level",
      "-m, --mode",
      "--conf-dir",
      "-h, ",
      "-V, ",
    ]
  ) {
    expect(serverHelp()).toContain(`\n  ${word}`);
  }
  for (const [status, meaning] of SERVER_EXIT_STATUSES) {
    expect(serverHelp()).toContain(`\n  ${status}  ${meaning}\n`);
  }
  expect(serverHelp()).toEndWith("\nSee etmemd(8), etmem(1) and etmem.conf(5).\n");
});
