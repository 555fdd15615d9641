import { readFileSync } from "node:fs";

/** A process that reads all its memory over and over: touch_target.c. */
export class TouchTarget implements Disposable {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly #record: string;

  private constructor(executable: string, bytes: number, record: string) {
    this.#record = record;
    this.#child = Bun.spawn([executable, String(bytes), record], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  }

  /** Starts one and waits until its memory is filled. @param folder for its record. */
  static async start(executable: string, bytes: number, folder: string): Promise<TouchTarget> {
    const target = new TouchTarget(executable, bytes, `${folder}/touch-record`);
    const { value } = await target.#child.stdout.getReader().read();
    if (value === undefined) throw new Error("the target could not fill its memory");
    return target;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Where its memory begins and ends. */
  get range(): readonly [start: number, end: number] {
    const words = this.#words();
    return [Number(words[0]), Number(words[1])];
  }

  /** Pages read so far. */
  get touches(): number {
    return Number(this.#words()[2]);
  }

  #words(): BigUint64Array {
    const bytes = readFileSync(this.#record);
    return new BigUint64Array(bytes.buffer, bytes.byteOffset, 4);
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}
