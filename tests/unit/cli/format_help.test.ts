import { describe, expect, test } from "bun:test";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { formatHelp } from "../../../src/cli/format_help.ts";

const ofWords = (...words: string[]) =>
  COMMANDS.filter((command) => words.every((word, index) => command.words[index] === word));

describe("formatHelp()", () => {
  test("shows every command as the specification writes it", () => {
    const help = formatHelp([], COMMANDS);
    for (
      const usage of [
        "etmem obj add -f|--file FILE -s|--socket NAME",
        "etmem obj del -f|--file FILE -s|--socket NAME",
        "etmem project start -n|--name PROJECT [--dry-run] -s|--socket NAME",
        "etmem project stop -n|--name PROJECT -s|--socket NAME",
        "etmem project show [-n|--name PROJECT] -s|--socket NAME",
        "etmem engine CMD -n|--proj_name PROJECT -s|--socket NAME -e|--engine ENGINE [-t|--task_name TASK] [--json]",
        "etmem status [-n|--name PROJECT] [--json] [--restart-safe] -s|--socket NAME",
      ]
    ) expect(help).toContain(`\n  ${usage}\n`);
  });

  for (const { words } of COMMANDS) {
    test(`names every option of etmem ${words.join(" ")} and no other`, () => {
      const [command] = ofWords(...words);
      const help = formatHelp(words, ofWords(...words));
      const named = help.slice(help.indexOf("\nOptions:\n"), help.indexOf("\nValues:\n"));
      const expected = [
        ...Object.values(command?.options ?? {}).map(({ long }) => long),
        "help",
        "version",
      ];
      expect(Array.from(named.matchAll(/--([\w-]+)/g), (match) => match[1] ?? "")).toEqual(
        expected,
      );
    });
  }

  test("shows a group's own commands", () => {
    expect(formatHelp(["obj"], ofWords("obj"))).toBe(
      "etmem obj: add or delete projects, engines and tasks\n" +
        "\nUsage:\n" +
        "  etmem obj add -f|--file FILE -s|--socket NAME\n" +
        "  etmem obj del -f|--file FILE -s|--socket NAME\n" +
        "\nCommands:\n" +
        "  obj add   add what a configuration file describes\n" +
        "  obj del   delete what a configuration file names, stopping it first\n" +
        "  obj help  print this help\n" +
        "\nOptions:\n" +
        "  -f, --file FILE    configuration file\n" +
        "  -s, --socket NAME  the name that etmemd was started with\n" +
        "  -h, --help         print this help\n" +
        "  -V, --version      print the version\n" +
        "\nValues:\n" +
        "  FILE  a path of 1 to 4095 bytes\n" +
        "  NAME  a name of 1 to 106 bytes\n" +
        "\nExit status:\n" +
        "  0  done\n" +
        "  1  the server refused, or the answer could not be written\n" +
        "  2  wrong usage\n" +
        "  3  the server cannot be reached or stopped answering\n" +
        "\nSee etmem(1), etmem.conf(5) and etmemd(8).\n",
    );
  });

  test("says what the status of doctor tells", () => {
    const text = formatHelp(["doctor"], ofWords("doctor"));
    expect(text).toContain("\n  0  nothing hinders\n  1  something hinders, ");
    expect(text).not.toContain("\n  3  ");
  });

  test("says of a single command what it does", () => {
    expect(formatHelp(["engine"], ofWords("engine"))).toStartWith(
      "etmem engine: run a private command of an engine\n",
    );
  });
});
