import { writeFileSync } from "node:fs";
import type { ServerStatus } from "../../../src/status/server_status.ts";
import type { TaskStatus } from "../../../src/status/task_status.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { BIN, isListening } from "./machine.ts";

type Values = Readonly<Record<string, string | number>>;

/** The groups of a configuration file in their order. */
export type Groups = readonly (readonly [group: string, values: Values])[];

function keyFile(groups: Groups): string {
  return groups.map(([group, values]) =>
    [`[${group}]`, ...Object.entries(values).map(([key, value]) => `${key}=${value}`), ""].join(
      "\n",
    )
  ).join("\n");
}

/** What a client said. */
export interface ClientAnswer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A line of an answer of protocol v2. */
interface Message {
  readonly type: string;
  readonly text?: string;
}

function findTask(document: string, name: string): TaskStatus {
  const { projects } = JSON.parse(document) as ServerStatus;
  for (const task of projects.flatMap((p) => p.engines).flatMap((engine) => engine.tasks)) {
    if (task.name === name) return task;
  }
  throw new Error(`Cannot find the task "${name}": the status does not show it`);
}

/** An etmemd and its clients, the real programs. */
export class Server {
  readonly pid: number;
  readonly socket = "vm_tests";
  readonly exited: Promise<number>;
  readonly #clientWrapper: readonly string[];
  #files = 0;

  private constructor(wrapper: readonly string[], clientWrapper: readonly string[]) {
    this.#clientWrapper = clientWrapper;
    const child = Bun.spawn([...wrapper, `${BIN}/etmemd`, "-l", "0", "-s", this.socket], {
      stdio: ["ignore", "inherit", "inherit"],
      cwd: "/",
    });
    this.pid = child.pid;
    this.exited = child.exited;
  }

  /**
   * Starts a server and waits until it listens.
   * @param wrapper a command line in front of its own.
   * @param clientWrapper one in front of its clients'.
   */
  static async start(
    wrapper: readonly string[] = [],
    clientWrapper: readonly string[] = [],
  ): Promise<Server> {
    const server = new Server(wrapper, clientWrapper);
    await waitFor("etmemd to listen", () => isListening(server.socket));
    return server;
  }

  /** Runs one client command to its end. */
  async client(...args: string[]): Promise<ClientAnswer> {
    const child = Bun.spawn([...this.#clientWrapper, `${BIN}/etmem`, ...args, "-s", this.socket], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { status: await child.exited, stdout, stderr };
  }

  /** Runs a client command that must succeed. @returns its standard output. */
  async etmem(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.client(...args);
    if (status === 0) return stdout;
    throw new Error(`etmem ${args.join(" ")}: status ${status}: ${stderr.trim()}`);
  }

  #writeFile(groups: Groups): string {
    this.#files += 1;
    const file = `/tmp/config-${this.#files}`;
    writeFileSync(file, keyFile(groups), { mode: 0o600 });
    return file;
  }

  /** Adds a configuration by a file of its own. */
  async add(groups: Groups): Promise<void> {
    await this.etmem("obj", "add", "-f", this.#writeFile(groups));
  }

  /** Removes what a configuration names. */
  async remove(groups: Groups): Promise<void> {
    await this.etmem("obj", "del", "-f", this.#writeFile(groups));
  }

  /** What the server knows of a task, asked for by `etmem status --json`. */
  async taskByClient(name: string): Promise<TaskStatus> {
    return findTask(await this.etmem("status", "--json"), name);
  }

  /** The same, asked for without a client: starting one takes half a second of CPU in the VM. */
  async task(name: string): Promise<TaskStatus> {
    return findTask(await this.#document(), name);
  }

  /** The whole status, asked for in the same way. */
  async status(): Promise<ServerStatus> {
    return JSON.parse(await this.#document()) as ServerStatus;
  }

  async #document(): Promise<string> {
    const messages = await this.ask({ command: "status" });
    const pieces = messages.filter((message) => message.type === "document");
    return pieces.map((piece) => String(piece.text)).join("");
  }

  /** One request of protocol v2 without a client. @returns what the server answered. */
  async ask(request: Readonly<Record<string, string>>): Promise<Message[]> {
    const answer = Promise.withResolvers<string>();
    const decoder = new TextDecoder();
    let lines = "";
    await Bun.connect({
      unix: `\0${this.socket}`,
      socket: {
        open: (socket) => void socket.write(`${JSON.stringify({ version: 2, ...request })}\n`),
        data: (_socket, chunk) => void (lines += decoder.decode(chunk, { stream: true })),
        close: () => answer.resolve(lines),
        error: (_socket, error) => answer.reject(error),
      },
    });
    return (await answer.promise).trim().split("\n").map((line) => JSON.parse(line) as Message);
  }

  /** The task once it has finished so many rounds. */
  untilRounds(task: string, rounds: number): Promise<TaskStatus> {
    return waitFor(`round ${rounds} of the task "${task}"`, async () => {
      const status = await this.task(task);
      if (status.failed !== undefined) throw new Error(`the task "${task}": ${status.failed}`);
      return status.rounds.some((r) => r.number === rounds && r.state === "done") && status;
    }, { seconds: 200 });
  }
}
