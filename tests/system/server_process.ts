import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { UNIQUE } from "../tools/fixtures/unique.ts";

const TOP = join(import.meta.dir, "../..");
const MAIN = join(TOP, "main.ts");
const SCRIPTED = join(import.meta.dir, "scripted_server.ts");

let lastName = 0;

/** A socket name that no other test uses. */
export function freshName(): string {
  return `etmem-test-${UNIQUE}-${++lastName}`;
}

/**
 * Whether somebody listens on an abstract socket;
 * flag __SO_ACCEPTCON of /proc/net/unix (proc_net(5)).
 */
export function isListening(name: string): boolean {
  return readFileSync("/proc/net/unix", "utf8").split("\n").some((line) =>
    line.endsWith(` @${name}`) && line.includes(" 00010000 ")
  );
}

/** How a command ended and what it wrote. */
export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Output = "ignore" | "pipe";

async function finish(
  child: Bun.Subprocess<"ignore", "pipe", "pipe">,
): Promise<Finished> {
  const [status, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { status, stdout, stderr };
}

/** Runs `etmemd` with arguments to its end. @param wrapper a command line in front of it. */
export function runServer(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
  wrapper: readonly string[] = [],
): Promise<Finished> {
  return finish(
    Bun.spawn([...wrapper, process.execPath, MAIN, "etmemd", ...args], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
}

function runClient(through: readonly string[], args: readonly string[]): Promise<Finished> {
  return finish(
    Bun.spawn([...through, process.execPath, MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] }),
  );
}

/** How a server is started for a test. */
export interface ServerStart {
  readonly name?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A command line in front of the server's and of its clients'. */
  readonly through?: readonly string[];
  /** Calls of the scripted engine that never end; with it the engine is not slide but scripted. */
  readonly held?: readonly string[];
}

/** A server in the foreground, and a folder for its files; both go with the test. */
export class ServerProcess implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<number>;
  readonly folder: string = mkdtempSync(join(tmpdir(), "etmem-server-"));
  readonly #child: Bun.Subprocess<"ignore", Output, Output>;
  readonly #through: readonly string[];

  private constructor(
    { name = freshName(), args = [], env = {}, cwd, through = [], held }: ServerStart,
  ) {
    const script = held === undefined ? [MAIN, "etmemd"] : [SCRIPTED, JSON.stringify(held)];
    this.name = name;
    this.#through = through;
    this.#child = Bun.spawn([...through, process.execPath, ...script, "-s", name, ...args], {
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ["ignore", "ignore", "ignore"],
    });
    this.pid = this.#child.pid;
    this.exited = this.#child.exited;
  }

  /** Starts one and waits until it listens. */
  static async start(start: ServerStart = {}): Promise<ServerProcess> {
    await using atFailure = new AsyncDisposableStack();
    const server = atFailure.use(new ServerProcess(start));
    await waitFor(`the server ${server.name} to listen`, () => {
      if (server.#child.exitCode !== null) throw new Error("the server ended before it listened");
      return isListening(server.name);
    });
    atFailure.move();
    return server;
  }

  /** Runs `etmem` with arguments and this server's name. */
  etmem(...args: string[]): Promise<Finished> {
    return runClient(this.#through, [...args, "-s", this.name]);
  }

  /** Writes a configuration file that the server accepts. @returns its path. */
  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  kill(
    signal: "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGPIPE" | "SIGKILL" | "SIGSTOP" | "SIGCONT",
  ): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    rmSync(this.folder, { recursive: true });
  }
}

/** A slide configuration whose target is a process that does not exist. */
export function slideConfig(project: string, ...tasks: string[]): string {
  const sections = tasks.map((name) =>
    `[task]\nproject=${project}\nengine=slide\nname=${name}\ntype=name\nvalue=no-such-process\nT=1\n`
  );
  return [
    `[project]\nname=${project}\nloop=1\ninterval=1\nsleep=1\n`,
    `[engine]\nname=slide\nproject=${project}\n`,
    ...sections,
  ].join("\n");
}
