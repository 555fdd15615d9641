import { LineSource } from "../../tools/fixtures/line_source.ts";
import { BIN } from "./machine.ts";

/** What requests_target.c says of its requests since it was asked last. */
export interface RequestTimes {
  readonly requests: number;
  /** 99th percentile, in microseconds. */
  readonly p99Us: number;
}

/** A running requests_target.c. */
export class RequestsTarget implements Disposable {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly #lines: LineSource;

  private constructor(command: readonly string[]) {
    this.#child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "inherit"] });
    this.#lines = new LineSource(this.#child.stdout);
  }

  /**
   * Starts one, and waits until its memory is filled.
   * @param through what starts it. @param where `anon`, or the file that it reads.
   */
  static async start(
    through: readonly string[],
    where: string,
    bytes: number,
    hotBytes: number,
  ): Promise<RequestsTarget> {
    const target = new RequestsTarget([
      ...through,
      `${BIN}/requests_target`,
      where,
      String(bytes),
      String(hotBytes),
    ]);
    await target.#lines.next();
    return target;
  }

  /** Asks, and begins anew. */
  async ask(): Promise<RequestTimes> {
    this.#child.kill("SIGUSR1");
    const [requests = 0, p99Us = 0] = (await this.#lines.next()).split(" ").map(Number);
    return { requests, p99Us };
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}
