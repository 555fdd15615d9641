import { LineSource } from "../../tools/fixtures/line_source.ts";
import { BIN } from "./machine.ts";

/** A running forker.c. */
export class Forker implements Disposable {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly #lines: LineSource;

  private constructor(command: readonly string[]) {
    this.#child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "inherit"] });
    this.#lines = new LineSource(this.#child.stdout);
  }

  /** Starts one by `through`, and waits until it is at work. */
  static async start(through: readonly string[], childrenPerSecond: number): Promise<Forker> {
    const forker = new Forker([...through, `${BIN}/forker`, String(childrenPerSecond)]);
    await forker.#lines.next();
    return forker;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** How many children it has made. @throws {Error} when it has ended. */
  async made(): Promise<number> {
    this.#child.kill("SIGUSR1");
    return Number(await this.#lines.next());
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}
