import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerStatus } from "../../src/status/server_status.ts";
import { ScratchFolder } from "../tools/fixtures/scratch_folder.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { freshName, ServerProcess, slideConfig } from "./server_process.ts";

const NO_SWAP = "there is no swap space: make some with mkswap and swapon first";

/** A test of a machine without swap space can only run on one. */
const hasSwap = readFileSync("/proc/swaps", "latin1").trimEnd().includes("\n");

/** A folder for --conf-dir with some projects, and a server that reads it. */
class Installation extends ScratchFolder {
  readonly confDir: string = this.at("conf.d");
  readonly #stateDir = this.at("state");
  readonly #name = freshName();

  constructor(...projects: string[]) {
    super();
    mkdirSync(this.confDir);
    for (const project of projects) {
      writeFileSync(this.at(`conf.d/${project}`), slideConfig(project, "t"), { mode: 0o600 });
    }
  }

  start(): Promise<ServerProcess> {
    return ServerProcess.start({
      name: this.#name,
      args: ["--conf-dir", this.confDir],
      env: { STATE_DIRECTORY: this.#stateDir },
    });
  }

  /** What the server remembers as stopped. */
  get stopped(): unknown {
    const path = join(this.#stateDir, `${this.#name}.json`);
    if (!existsSync(path)) return [];
    return (JSON.parse(readFileSync(path, "utf8")) as { stopped: unknown }).stopped;
  }
}

/** The projects by name: `started`, `stopped`, or what they wait for. */
async function states(server: ServerProcess): Promise<Record<string, string>> {
  const { stdout } = await server.etmem("status", "--json");
  const { projects } = JSON.parse(stdout) as ServerStatus;
  return Object.fromEntries(
    projects.map(({ name, started, waits_for = "stopped" }) =>
      [name, started ? "started" : waits_for] as const
    ),
  );
}

async function untilStates(
  server: ServerProcess,
  expected: Readonly<Record<string, string>>,
): Promise<void> {
  await waitFor(`the projects to be ${JSON.stringify(expected)}`, async () => {
    return Bun.deepEquals(await states(server), expected);
  }, { firstPauseMs: 50 });
}

test.skipIf(hasSwap || process.getuid?.() !== 0)(
  "a project of --conf-dir that lacks swap space waits, and starts once there is some",
  async () => {
    using files = new Installation("a", "b");
    const waits =
      `Cannot start task "t" of engine "slide" in project "PROJECT": task t: ${NO_SWAP}`;
    const waiting = (project: string): string => waits.replace("PROJECT", project);
    {
      await using server = await files.start();
      await untilStates(server, { a: waiting("a"), b: waiting("b") });
      const { stdout: table } = await server.etmem("status", "-n", "a");
      expect(table.replaceAll(/\s+/g, " ")).toContain(` waits ${waiting("a")}`);
      // Who stops a project means it, also while it waits.
      expect(await server.etmem("project", "stop", "-n", "b")).toMatchObject({ status: 0 });
      expect(files.stopped).toEqual(["b"]);
      using swap = TemporarySwap.make(2 ** 20);
      expect(swap.missing).toBeUndefined();
      await untilStates(server, { a: "started", b: "stopped" });
      expect(await server.etmem("project", "stop", "-n", "a")).toMatchObject({ status: 0 });
      expect(await server.etmem("project", "start", "-n", "a")).toMatchObject({ status: 0 });
    }
    expect(files.stopped).toEqual(["b"]);
    // A start that failed is no stop: the next server tries it, too.
    await using server = await files.start();
    await untilStates(server, { a: waiting("a"), b: "stopped" });
  },
);
