import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { slideFile, SlideServer } from "./slide_server.ts";

/** A name of a process, how a configuration file spells it, and how tables and JSON show it. */
const NAMES = [
  { name: "my app: worker", spelled: "my app: worker" },
  { name: " both ends ", spelled: "\\sboth ends\\s" },
  { name: "two  blanks", spelled: "two  blanks" },
  { name: "worker #1", spelled: "worker\\s#1" },
  { name: "a\\b\nc\td", spelled: "a\\\\b\\nc\\td" },
  { name: "\x1b[2J", spelled: "\x1b[2J", shown: "\\x1b[2J" },
  { name: "數據庫", spelled: "數據庫" },
  // The kernel keeps 15 bytes, which end in the middle of a character.
  { name: "служба1 базы", spelled: "служба1 б" },
] as const;

const SCRIPT = 'printf %s "$1" >/proc/$$/comm; echo ready; while read line; do :; done';

/** A shell that has given itself a name, as process.title and setproctitle do. */
class NamedProcess implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "ignore">;

  private constructor(name: string) {
    this.#child = Bun.spawn(["sh", "-c", SCRIPT, "sh", name], {
      stdio: ["pipe", "pipe", "ignore"],
    });
  }

  static async start(name: string): Promise<NamedProcess> {
    const process = new NamedProcess(name);
    await process.#child.stdout.getReader().read();
    return process;
  }

  get pid(): number {
    return this.#child.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

let server: SlideServer;
let swap: TemporarySwap;

beforeAll(async () => {
  swap = TemporarySwap.make(2 ** 20);
  server = await SlideServer.launch();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  swap[Symbol.dispose]();
});

test.concurrent.each(NAMES)(
  "a task finds the process that is called %p, and shows its name",
  async (one) => {
    await using target = await NamedProcess.start(one.name);
    expect(readFileSync(`/proc/${target.pid}/comm`)).toEqual(
      Buffer.concat([Buffer.from(one.name).subarray(0, 15), Buffer.from("\n")]),
    );
    const project = `p${target.pid}`;
    await server.addObjects(project, slideFile(project, { comm: one.spelled }));

    const shown = "shown" in one ? one.shown : one.spelled;
    const { stdout: table } = await server.process.etmem("project", "show", "-n", project);
    const rows = table.trimEnd().split("\n");
    expect(rows).toHaveLength(3);
    expect(rows[2]).toStartWith(`1        name     ${shown} `);
    const { stdout: status } = await server.process.etmem("status", "-n", project);
    expect(status).toContain(`\n    task t, name ${shown}, stopped\n`);
    const { stdout: json } = await server.process.etmem("status", "-n", project, "--json");
    expect(JSON.parse(json)).toHaveProperty("projects.0.engines.0.tasks.0.value", shown);

    if (swap.missing !== undefined) return;
    await server.start(project);
    await server.untilRound(project, "that found it", ({ processes }) => processes === 1);
    await server.stop(project);
  },
);
