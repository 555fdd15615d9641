import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { PAGE_SIZE } from "../ffi/libc.ts";
import { LineSource } from "../tests/tools/fixtures/line_source.ts";
import { OpenProcess } from "../tests/tools/fixtures/open_process.ts";
import { compileC } from "./compile_c.ts";

/** Where the longest time stands in the record, in bytes. */
const LONGEST_AT = 24;

/** What the thread that maps memory did since it was asked last. */
export interface Mappings {
  readonly count: number;
  readonly longestMs: number;
}

/** A process that uses pages when told to, and maybe maps memory meanwhile: mapping_target.c. */
export class MappingTarget implements Disposable {
  readonly process: OpenProcess;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #answers: LineSource;
  /** Descriptor of the record. */
  readonly #record: number;
  readonly #bytes: number;
  #counted = 0;

  private constructor(
    child: Bun.Subprocess<"pipe", "pipe", "inherit">,
    answers: LineSource,
    record: string,
    bytes: number,
  ) {
    this.#child = child;
    this.#answers = answers;
    this.#record = openSync(record, "r+");
    this.#bytes = bytes;
    this.process = new OpenProcess(child.pid);
  }

  /** Starts one and waits until its memory is filled. @param folder for executable and record. */
  static async start(folder: string, bytes: number, maps: boolean): Promise<MappingTarget> {
    const source = join(import.meta.dir, "mapping_target.c");
    const record = join(folder, "mapping-record");
    const args = [compileC(source, folder, ["-pthread"]), String(bytes), record];
    const child = Bun.spawn([...args, ...(maps ? ["map"] : [])], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const answers = new LineSource(child.stdout);
    await answers.next();
    return new MappingTarget(child, answers, record, bytes);
  }

  /** Has it read every `step`-th page of the first 1/`part` of its memory. */
  async use(step: number, part = 1): Promise<void> {
    await this.#child.stdin.write(`${Math.floor(this.#bytes / PAGE_SIZE / part)} ${step}\n`);
    await this.#child.stdin.flush();
    await this.#answers.next();
  }

  takeMappings(): Mappings {
    const words = new BigUint64Array(4);
    readSync(this.#record, words, 0, words.byteLength, 0);
    writeSync(this.#record, new Uint8Array(8), 0, 8, LONGEST_AT);
    const total = Number(words[2]);
    const count = total - this.#counted;
    this.#counted = total;
    return { count, longestMs: Number(words[3]) / 1e6 };
  }

  [Symbol.dispose](): void {
    this.process[Symbol.dispose]();
    closeSync(this.#record);
    this.#child.kill("SIGKILL");
  }
}
