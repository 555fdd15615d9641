import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { ServerStatus } from "../src/status/server_status.ts";
import type { TaskStatus } from "../src/status/task_status.ts";
import { askStatus } from "../tests/system/ask_status.ts";
import { UNIQUE } from "../tests/tools/fixtures/unique.ts";

const BIN = `${import.meta.dir}/../dist`;
const POLL_MS = 100;
const PROJECT = "bench";
let servers = 0;

type Keys = Readonly<Record<string, string | number>>;

/** Where a server comes from, and what it runs in. */
interface ServerPlace {
  /** Where `etmem` and `etmemd` are. */
  readonly bin?: string;
  /** A command line in front of the server's. */
  readonly through?: readonly string[];
}

/** An etmemd and its client, as they are built, with one project of the slide engine. */
export class ServerUnderTest implements AsyncDisposable {
  readonly #socket = `etmem-bench-${UNIQUE}-${servers++}`;
  readonly #folder: string;
  readonly #bin: string;
  readonly #child: Bun.Subprocess<"ignore", "ignore", "inherit">;

  #pid: number;

  private constructor(folder: string, { bin = BIN, through = [] }: ServerPlace) {
    this.#folder = folder;
    this.#bin = bin;
    this.#child = Bun.spawn([...through, `${bin}/etmemd`, "-s", this.#socket], {
      stdio: ["ignore", "ignore", "inherit"],
      cwd: "/",
    });
    this.#pid = this.#child.pid;
  }

  /**
   * Starts one and waits until it has answered a client, the only one so far.
   * @param folder for its files.
   */
  static async start(folder: string, place: ServerPlace = {}): Promise<ServerUnderTest> {
    const server = new ServerUnderTest(folder, place);
    while (!server.#isListening()) {
      if (server.#child.exitCode !== null) throw new Error("etmemd does not start");
      await Bun.sleep(POLL_MS);
    }
    server.etmem("project", "show");
    if (place.through !== undefined) server.#pid = server.#lookForPid();
    return server;
  }

  get pid(): number {
    return this.#pid;
  }

  /** Its pid where it is not the process that was started. */
  #lookForPid(): number {
    const isServer = (pid: string): boolean => {
      try {
        return readFileSync(`/proc/${pid}/comm`, "latin1") === "etmemd\n" &&
          readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(`\0${this.#socket}\0`);
      } catch {
        return false; // It has ended meanwhile.
      }
    };
    const found = readdirSync("/proc").find((name) => /^\d+$/.test(name) && isServer(name));
    if (found === undefined) throw new Error("Cannot find the process of etmemd");
    return Number(found);
  }

  get socket(): string {
    return this.#socket;
  }

  #isListening(): boolean {
    return readFileSync("/proc/net/unix", "latin1").includes(`@${this.#socket}\n`);
  }

  /**
   * Runs a client command. @returns what it printed. @throws {Error} with its answer when it fails.
   */
  etmem(...args: readonly string[]): string {
    const command = [`${this.#bin}/etmem`, ...args, "-s", this.#socket];
    const { success, stdout, stderr } = Bun.spawnSync(command, { stdin: "ignore" });
    if (!success) throw new Error(`etmem ${args.join(" ")}: ${stderr.toString().trim()}`);
    return stdout.toString();
  }

  /** Adds a project with loop=1 interval=1 sleep=1 T=1 and one task, and starts it. */
  startTask(task: Keys, project: Keys = {}): void {
    this.addTask(task, project);
    this.startProject();
  }

  /** The same without starting it. @returns what the client printed: the warnings. */
  addTask(task: Keys, project: Keys = {}): string {
    const groups: readonly (readonly [string, Keys])[] = [
      ["project", { name: PROJECT, loop: 1, interval: 1, sleep: 1, ...project }],
      ["engine", { name: "slide", project: PROJECT }],
      ["task", { project: PROJECT, engine: "slide", name: "task", T: 1, ...task }],
    ];
    const text = groups.map(([group, keys]) =>
      [`[${group}]`, ...Object.entries(keys).map(([key, value]) => `${key}=${value}`), ""].join(
        "\n",
      )
    ).join("");
    const file = `${this.#folder}/${this.#socket}.conf`;
    writeFileSync(file, text, { mode: 0o600 });
    return this.etmem("obj", "add", "-f", file);
  }

  /** @returns what the client printed. */
  startProject(): string {
    return this.etmem("project", "start", "-n", PROJECT);
  }

  stopTask(): void {
    this.etmem("project", "stop", "-n", PROJECT);
  }

  status(): Promise<ServerStatus> {
    return askStatus(this.#socket);
  }

  /** The task's numbers. */
  async task(): Promise<TaskStatus> {
    const task = (await this.status()).projects[0]?.engines[0]?.tasks[0];
    if (task === undefined) throw new Error("etmem status shows no task");
    return task;
  }

  /** The task once it has finished so many rounds. */
  async untilRounds(rounds: number): Promise<TaskStatus> {
    for (;;) {
      const task = await this.task();
      if (task.failed !== undefined) throw new Error(task.failed);
      if (task.total.rounds >= rounds) return task;
      await Bun.sleep(POLL_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.kill(this.#pid, "SIGTERM");
    await this.#child.exited;
  }
}
