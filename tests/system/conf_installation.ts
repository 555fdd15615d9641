import { expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ScratchFolder } from "../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { freshName, ServerProcess } from "./server_process.ts";

/** A folder for --conf-dir, and one for the server's state beside it. */
export class Installation extends ScratchFolder {
  readonly confDir: string = this.at("conf.d");
  readonly stateDir: string = this.at("state");
  readonly name: string = freshName();

  constructor() {
    super();
    mkdirSync(this.confDir);
  }

  /** Writes a file of --conf-dir. @returns its path. */
  conf(name: string, text: string): string {
    const path = join(this.confDir, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  /** Starts the server, with the scripted engine, and waits until it has so many projects. */
  async start(projects: number): Promise<ServerProcess> {
    await using atFailure = new AsyncDisposableStack();
    const server = atFailure.use(
      await ServerProcess.start({
        name: this.name,
        held: [],
        args: ["--conf-dir", this.confDir],
        env: { STATE_DIRECTORY: this.stateDir },
      }),
    );
    await waitFor(`${projects} projects`, async () => {
      return (await shown(server)).length >= projects;
    });
    atFailure.move();
    return server;
  }

  get state(): unknown {
    return JSON.parse(readFileSync(join(this.stateDir, `${this.name}.json`), "utf8"));
  }
}

/** The server's projects, newest first: `a started persistent`. */
export async function shown(server: ServerProcess): Promise<string[]> {
  const { stdout } = await server.etmem("status", "--json");
  const { projects } = JSON.parse(stdout) as {
    projects: { name: string; started: boolean; persistent: boolean }[];
  };
  return projects.map(({ name, started, persistent }) =>
    `${name} ${started ? "started" : "stopped"} ${persistent ? "persistent" : "passing"}`
  );
}

export async function untilShown(server: ServerProcess, ...expected: string[]): Promise<void> {
  await waitFor(`the projects ${expected.join(", ")}`, async () => {
    return Bun.deepEquals(await shown(server), expected);
  });
}

export async function stop(server: ServerProcess): Promise<void> {
  server.kill("SIGTERM");
  expect(await server.exited).toBe(0);
}
