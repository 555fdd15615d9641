import { readFileSync } from "node:fs";
import { readProcessSizes } from "../../../src/procfs/process_memory.ts";
import { AT_FDCWD, close, O_RDONLY, openAt } from "../../../ffi/libc.ts";

/** What a target looks like; sizes are those of each of its processes. */
export interface TargetShape {
  /** Its name in /proc/PID/comm. */
  readonly name: string;
  readonly hotBytes: number;
  readonly coldBytes: number;
  /** Every fourth page of it is used. */
  readonly mixedBytes: number;
  readonly children: number;
  readonly pauseMs: number;
}

/** A running soak_target.c. */
export class SoakTarget {
  readonly shape: TargetShape;
  readonly pid: number;
  readonly exited: Promise<number>;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncGenerator<string>;

  private constructor(executable: string, shape: TargetShape) {
    const { name, hotBytes, coldBytes, mixedBytes, children, pauseMs } = shape;
    const numbers = [hotBytes, coldBytes, mixedBytes, children, pauseMs].map(String);
    this.#child = Bun.spawn([executable, name, ...numbers], { stdio: ["pipe", "pipe", "inherit"] });
    this.shape = shape;
    this.pid = this.#child.pid;
    this.exited = this.#child.exited;
    this.#lines = linesOf(this.#child.stdout);
  }

  /** Starts one and waits until its memory is filled. */
  static async start(executable: string, shape: TargetShape): Promise<SoakTarget> {
    const target = new SoakTarget(executable, shape);
    const { value } = await target.#lines.next();
    if (value !== "ready") {
      throw new Error(`the target ${shape.name} said ${JSON.stringify(value)}`);
    }
    return target;
  }

  /** Processes it consists of. */
  get processes(): number {
    return 1 + this.shape.children;
  }

  /** Memory of all its processes. */
  get bytes(): number {
    const { hotBytes, coldBytes, mixedBytes } = this.shape;
    return this.processes * (hotBytes + coldBytes + mixedBytes);
  }

  /** Uses a quarter of its cold memory once. */
  useCold(): void {
    this.#command("r");
  }

  /** Compares all memory with what was written there. @returns pages that are wrong. */
  async verify(): Promise<number> {
    this.#command("v");
    return await this.#verdict();
  }

  /** The same, and it ends. */
  async leave(): Promise<number> {
    this.#command("q");
    const bad = await this.#verdict();
    await this.exited;
    return bad;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
  }

  /** VmSwap of its first process in bytes; 0 when that is gone. */
  swapBytes(): number {
    let dirFd: number;
    try {
      dirFd = openAt(AT_FDCWD, `/proc/${this.pid}`, O_RDONLY);
    } catch {
      return 0;
    }
    try {
      return readProcessSizes(dirFd)?.swapBytes ?? 0;
    } finally {
      close(dirFd);
    }
  }

  /** Faults of its first process so far: minflt and majflt of /proc/PID/stat (proc_pid_stat(5)). */
  faults(): number {
    const text = readFileSync(`/proc/${this.pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return Number(fields[10 - 3]) + Number(fields[12 - 3]);
  }

  #command(character: string): void {
    void this.#child.stdin.write(character);
    void this.#child.stdin.flush();
  }

  async #verdict(): Promise<number> {
    const { value } = await this.#lines.next();
    const bad = /^verified (\d+)$/.exec(value ?? "")?.[1];
    if (bad === undefined) throw new Error(`target ${this.pid} ended before it had verified`);
    return Number(bad);
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
