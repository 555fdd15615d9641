import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { ServerStatus } from "../src/status/server_status.ts";
import type { TaskStatus } from "../src/status/task_status.ts";
import type { Caretaker } from "./caretaker.ts";
import { SetupError } from "./setup_error.ts";

const BIN = `${import.meta.dir}/../dist`;
const PROJECT = "demo";
/** So long a scan sees the load: 5 % and more of the store are used in it. */
const INTERVAL_S = 2;
/** As long as that when there is time for so many intervals; else a second. */
const FEWEST_INTERVALS = 8;
const START_MS = 10_000;
const POLL_MS = 50;

/** An etmemd with one slide task, and the client commands that steer it: the real programs. */
export class EtmemServer {
  readonly socket = `etmem-demo-${process.pid}`;
  /** Of the project. */
  readonly configFile: string;
  readonly #log: string;
  readonly #child: Bun.Subprocess;

  private constructor(folder: string) {
    this.configFile = `${folder}/demo.conf`;
    this.#log = `${folder}/etmemd.log`;
    this.#child = Bun.spawn([`${BIN}/etmemd`, "-s", this.socket, "-l", "1"], {
      stdio: ["ignore", "ignore", Bun.file(this.#log)],
      cwd: "/",
      detached: true,
    });
  }

  /** Starts a server and waits until it answers. @throws {SetupError} when it does not. */
  static async start(
    folder: string,
    caretaker: Caretaker,
    signal: AbortSignal,
  ): Promise<EtmemServer> {
    const server = new EtmemServer(folder);
    caretaker.entrustProcess(server.#child.pid);
    for (const end = performance.now() + START_MS; !await server.#answers();) {
      signal.throwIfAborted();
      if (server.#hasEnded() || performance.now() > end) {
        throw new SetupError(`etmemd does not start: ${server.#lastWords()}`);
      }
      await Bun.sleep(POLL_MS);
    }
    return server;
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** How it ended, or that it runs, and the last it said on standard error. */
  #lastWords(): string {
    const { exitCode, signalCode } = this.#child;
    const state = exitCode !== null
      ? `exit status ${exitCode}`
      : signalCode === null
      ? "it runs"
      : `killed by ${signalCode}`;
    const text = existsSync(this.#log) ? readFileSync(this.#log, "utf8").trim() : "";
    const last = text.split("\n").at(-1);
    return last ? `${state}, ${last}` : state;
  }

  async #answers(): Promise<boolean> {
    return (await this.#run("project", "show")).status === 0;
  }

  async #run(
    ...args: readonly string[]
  ): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
    const child = Bun.spawn([`${BIN}/etmem`, ...args, "-s", this.socket], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { status: await child.exited, stdout, stderr };
  }

  /**
   * Runs a client command. @returns what it printed.
   * @throws {SetupError} with its answer when it fails.
   */
  async etmem(...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.#run(...args);
    if (status === 0) return stdout;
    const state = this.#hasEnded() ? `; etmemd has ended: ${this.#lastWords()}` : "";
    throw new SetupError(`etmem ${args.join(" ")} ended with ${status}: ${stderr.trim()}${state}`);
  }

  /**
   * Adds a project whose one task is about a process, and starts it. It is without a guard, which
   * would wait for longer than the demo takes until it knows how often old pages are used.
   * @param tracker as in the configuration file: `auto` takes the best.
   * @param seconds that it is at work.
   */
  async watch(pid: number, tracker: string, seconds: number): Promise<void> {
    const file = this.configFile;
    const interval = seconds < FEWEST_INTERVALS * INTERVAL_S ? 1 : INTERVAL_S;
    writeFileSync(
      file,
      `[project]
name=${PROJECT}
loop=3
interval=${interval}
sleep=1
tracker=${tracker}

[engine]
name=slide
project=${PROJECT}

[task]
project=${PROJECT}
engine=slide
name=store
type=pid
value=${pid}
T=1
stall_limit=no
`,
      { mode: 0o600 },
    );
    await this.etmem("obj", "add", "-f", file);
    await this.etmem("project", "start", "-n", PROJECT);
  }

  async stop(): Promise<void> {
    await this.etmem("project", "stop", "-n", PROJECT);
  }

  /** Deletes the project, so that another one can be watched by. */
  async forget(): Promise<void> {
    await this.etmem("obj", "del", "-f", this.configFile);
  }

  async status(): Promise<ServerStatus> {
    return JSON.parse(await this.etmem("status", "--json")) as ServerStatus;
  }

  /** The task's numbers. */
  async task(): Promise<TaskStatus> {
    const [project] = (await this.status()).projects;
    const task = project?.engines[0]?.tasks[0];
    if (task === undefined) throw new Error("etmem status shows no task");
    return task;
  }
}
