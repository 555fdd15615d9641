import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { ServerStatus } from "../../../src/status/server_status.ts";
import { isAlive } from "../../tools/fixtures/is_alive.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { OwnMounts } from "../own_mounts.ts";
import { askStatus } from "../ask_status.ts";
import { UNIQUE } from "../../tools/fixtures/unique.ts";

const PID_FILE = "/run/etmemd.pid";

/** How a client command ended. */
export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An etmemd in the background, as `etmemd -m` leaves it, with a /run of its own. */
export class SoakServer {
  readonly socket: string;
  readonly pid: number;
  readonly #mounts: OwnMounts;
  readonly #folder: string;

  private constructor(socket: string, pid: number, mounts: OwnMounts, folder: string) {
    this.socket = socket;
    this.pid = pid;
    this.#mounts = mounts;
    this.#folder = folder;
  }

  /** @param folder holds `etmem` and `etmemd`. @param entrust is told of its process at once. */
  static async start(folder: string, entrust: (pid: number) => void): Promise<SoakServer> {
    const socket = `etmem-soak-${UNIQUE}`;
    const mounts = await OwnMounts.create();
    const confDir = `${folder}/conf.d`;
    mkdirSync(confDir);
    const { exitCode, stderr } = Bun.spawnSync(
      [...mounts.enter, `${folder}/etmemd`, "-m", "-s", socket, "--conf-dir", confDir],
      {
        env: { ...process.env, STATE_DIRECTORY: `${folder}/state` },
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    if (exitCode !== 0) throw new Error(`Cannot start etmemd: ${stderr.toString().trim()}`);
    const pid = Number(readFileSync(mounts.path(PID_FILE), "latin1"));
    entrust(pid);
    return new SoakServer(socket, pid, mounts, folder);
  }

  /** The folder of its --conf-dir. */
  get confDir(): string {
    return `${this.#folder}/conf.d`;
  }

  /** Writes a configuration file that the server accepts. @returns its path. */
  file(name: string, text: string): string {
    const path = `${this.#folder}/${name}`;
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  /** Runs a client command to its end. */
  async etmem(...args: readonly string[]): Promise<Answer> {
    const child = Bun.spawn([`${this.#folder}/etmem`, ...args, "-s", this.socket], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [status, stdout, stderr] = await Promise.all([
      child.exited,
      child.stdout.text(),
      child.stderr.text(),
    ]);
    return { status, stdout, stderr: stderr.trim() };
  }

  /** The status document, without a process of its own. */
  status(): Promise<ServerStatus> {
    return askStatus(this.socket);
  }

  /**
   * Ends it by SIGTERM. @returns how long that took, in ms. @throws {Error} when it does not end.
   */
  async stop(): Promise<number> {
    const begin = performance.now();
    process.kill(this.pid, "SIGTERM");
    await waitFor("the server to end", () => !isAlive(this.pid));
    return performance.now() - begin;
  }

  /** What the pid file holds; undefined when there is none. */
  pidFile(): string | undefined {
    try {
      return readFileSync(this.#mounts.path(PID_FILE), "latin1").trim();
    } catch {
      return undefined;
    }
  }

  /** Lets go of /run. */
  async release(): Promise<void> {
    await this.#mounts[Symbol.asyncDispose]();
  }
}
