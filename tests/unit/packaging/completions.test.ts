import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildCompletions } from "../../../packaging/completions/build_completions.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { SERVER_OPTIONS } from "../../../src/daemon/server_options.ts";
import { type OptionTable, withInfoOptions } from "../../../src/options/option.ts";
import { FakeServer } from "../cli/fake_server.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { ServerProcess, slideConfig } from "../../system/server_process.ts";
import { isThere } from "../scan_lib/c_program.ts";
import { ShellSession } from "./shell_session.ts";

const MAIN = join(import.meta.dir, "../../../main.ts");
const SCRIPTS = { bash: "etmem.bash", zsh: "_etmem" } as const;

let folder: ScratchFolder;
let server: ServerProcess;

beforeAll(async () => {
  folder = new ScratchFolder();
  for (const [name, script] of buildCompletions()) writeFileSync(folder.at(name), script);
  mkdirSync(folder.at("bin"));
  const client = `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`;
  writeFileSync(folder.at("bin/etmem"), client, { mode: 0o755 });
  mkdirSync(folder.at("some files/folder"), { recursive: true });
  writeFileSync(folder.at("some files/a b.conf"), "");
  server = await ServerProcess.start();
  for (const [name, ...tasks] of [["web", "front", "back"], ["db", "mysql"]] as const) {
    const file = server.file(`${name}.conf`, slideConfig(name, ...tasks));
    expect((await server.etmem("obj", "add", "-f", file)).status).toBe(0);
  }
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** The names of a command's options that begin with `--`, as the table has them. */
function longOptions(table: OptionTable): Set<string> {
  return new Set(withInfoOptions(Object.values(table)).map(({ long }) => `--${long}`));
}

const present = (["bash", "zsh"] as const).filter(isThere);
for (const shell of ["bash", "zsh"] as const) {
  if (!present.includes(shell)) console.log(`left out: completion in ${shell} (there is none)`);
}

for (const shell of present) {
  describe(`completion in ${shell}`, () => {
    let session: ShellSession;

    beforeAll(async () => {
      session = await ShellSession.start(shell, folder.at(SCRIPTS[shell]), {
        PATH: `${folder.at("bin")}:${process.env["PATH"] ?? ""}`,
      });
    });
    afterAll(() => session[Symbol.dispose]());

    /** What takes the place of the last word. */
    async function after(line: string): Promise<Set<string>> {
      const beginning = line.slice(0, line.lastIndexOf(" ") + 1);
      const completed = await session.complete(line);
      const words = completed.slice(beginning.length).trim();
      return new Set(words === "" ? [] : words.split(/ +/));
    }

    /** The long options of a command. zsh may show by an equals sign that a value follows. */
    async function longAfter(command: string): Promise<Set<string>> {
      return new Set([...await after(`${command} --`)].map((name) => name.replace(/=$/, "")));
    }

    test("offers the commands", async () => {
      expect(await after("etmem ")).toEqual(
        new Set([...COMMANDS.map(({ words: [first] }) => first), "help"]),
      );
      expect(await after("etmem obj ")).toEqual(new Set(["add", "del", "help"]));
      expect(await after("etmem project st")).toEqual(new Set(["start", "stop"]));
      expect(await after("etmem obj help ")).toEqual(new Set());
      expect(await after("etmem nothing ")).toEqual(new Set());
    });

    test("offers the options of every command, and no other", async () => {
      for (const { words, operand, options } of COMMANDS) {
        const command = ["etmem", ...words, ...(operand === undefined ? [] : ["showcounts"])].join(
          " ",
        );
        expect({ command, options: await longAfter(command) }).toEqual({
          command,
          options: longOptions(options),
        });
      }
      expect(await longAfter("etmemd")).toEqual(longOptions(SERVER_OPTIONS));
      expect((await after("etmemd -")).has("-m")).toBe(true);
    });

    test("offers help and version before a command, and after the word of a group", async () => {
      for (const line of ["etmem", "etmem obj", "etmem project"]) {
        expect(await longAfter(line)).toEqual(new Set(["--help", "--version"]));
        expect(await after(`${line} -`)).toEqual(new Set(["-h", "--help", "-V", "--version"]));
      }
    });

    test("offers an option once", async () => {
      const left = await after(`etmem status --json -s ${server.name} -`);
      expect(left).toEqual(
        new Set(["-n", "--name", "--restart-safe", "-h", "--help", "-V", "--version"]),
      );
    });

    test("offers what an option may be set to", async () => {
      expect(await after("etmemd -l ")).toEqual(new Set(["0", "1", "2", "3"]));
      expect(await after("etmem engine show")).toEqual(new Set(["showtaskpages", "showhostpages"]));
    });

    test("offers files and folders, with their blanks", async () => {
      const files = join(folder.path, "some\\ files");
      expect(await session.complete(`etmem obj add -f ${files}/a`)).toBe(
        `etmem obj add -f ${files}/a\\ b.conf`,
      );
      const folders = await session.complete(`etmemd --conf-dir ${files}/`);
      expect(folders.replace(/\/$/, "")).toBe(`etmemd --conf-dir ${files}/folder`);
    });

    test("offers the servers that run", async () => {
      expect(await after(`etmem status -s ${server.name.slice(0, -1)}`)).toContain(server.name);
      // A socket of something else that listens.
      using other = new FakeServer({});
      expect(await after("etmem status -s ")).not.toContain(other.name);
    });

    test("asks the server that stands on the line for projects, engines and tasks", async () => {
      const { name } = server;
      expect(await after(`etmem project start -s ${name} -n `)).toEqual(new Set(["web", "db"]));
      expect(await after(`etmem project stop --socket=${name} -n d`)).toEqual(new Set(["db"]));
      const engine = `etmem engine showtaskpages -s ${name} -n web`;
      expect(await after(`${engine} -e `)).toEqual(new Set(["slide"]));
      expect(await after(`${engine} -e slide -t `)).toEqual(new Set(["front", "back"]));
      expect(await after(`etmem engine showtaskpages -s ${name} -t `)).toEqual(
        new Set(["front", "back", "mysql"]),
      );
    });

    test("is silent and goes on where no server answers", async () => {
      expect(await session.complete("etmem project start -n ")).toBe("etmem project start -n");
      const absent = "etmem project start -s no-such-server -n ";
      expect(await session.complete(absent)).toBe(absent.trim());
      // It accepts, and never answers. timeout(1) ends the client after 2 s; by itself the client
      // would give up after 10 s. The rest is for a busy machine.
      let askedMs = Infinity;
      using silent = new FakeServer({
        asked: () => {
          askedMs = performance.now();
        },
      });
      const line = `etmem project start -s ${silent.name} -n `;
      expect(await session.complete(line)).toBe(line.trim());
      expect(performance.now() - askedMs).toBeLessThan(8_000);
      expect(silent.received).toContain("cmd 4 ");
      expect(session.output).not.toMatch(/etmem: |Cannot|Terminated/);
    });
  });
}
