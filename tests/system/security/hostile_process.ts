import { join } from "node:path";
import { compile } from "../../tools/fixtures/compile.ts";
import { OpenProcess } from "../../tools/fixtures/open_process.ts";

const PROGRAM = join(import.meta.dir, "../../tools/fixtures/hostile.c");

/** A running hostile.c, opened as the server opens the processes that it works on. */
export class HostileProcess implements Disposable {
  readonly process: OpenProcess;
  /** First address of the area that is split into VMAs. */
  readonly start: number;
  /** How many VMAs it was split into. */
  readonly vmas: number;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;

  private constructor(
    child: Bun.Subprocess<"pipe", "pipe", "inherit">,
    pid: number,
    start: number,
    vmas: number,
  ) {
    this.#child = child;
    this.process = new OpenProcess(pid);
    this.start = start;
    this.vmas = vmas;
  }

  /**
   * Starts one and waits until it is as it is asked to be.
   * @param comm what it calls itself. @param vmas 0: its memory stays as it is.
   * @param paths files that it makes and maps. @param wrapper a command line in front of it.
   */
  static async start(
    comm: string,
    vmas = 0,
    paths: readonly string[] = [],
    wrapper: readonly string[] = [],
  ): Promise<HostileProcess> {
    const child = Bun.spawn([...wrapper, compile(PROGRAM), comm, String(vmas), ...paths], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const { value } = await child.stdout.getReader().read();
    const [, start, made] = /^ready (\d+) (\d+)\n$/.exec(Buffer.from(value ?? []).toString()) ?? [];
    if (start === undefined) {
      throw new Error(`Cannot start a hostile process: it ended with ${await child.exited}`);
    }
    return new HostileProcess(child, child.pid, Number(start), Number(made));
  }

  get pid(): number {
    return this.process.pid;
  }

  [Symbol.dispose](): void {
    this.process[Symbol.dispose]();
    this.#child.kill("SIGKILL");
  }
}
