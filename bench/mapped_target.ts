import { join } from "node:path";
import { compileC } from "./compile_c.ts";

/** A process with many page tables: mapped_target.c. */
export class MappedTarget implements Disposable {
  /** Where the mappings begin that have all pages, and the terabyte that has 64; addresses. */
  readonly start: number;
  readonly sparseStart: number;
  readonly pid: number;
  readonly #end: () => void;

  private constructor(pid: number, line: string, end: () => void) {
    const [start = 0, sparseStart = 0] = line.split(" ").map(Number);
    this.start = start;
    this.sparseStart = sparseStart;
    this.pid = pid;
    this.#end = end;
  }

  /** Starts one and waits until its page tables are filled. @param folder for the executable. */
  static async start(folder: string, gibs: number): Promise<MappedTarget> {
    const executable = compileC(join(import.meta.dir, "mapped_target.c"), folder);
    const child = Bun.spawn([executable, String(gibs)], { stdio: ["ignore", "pipe", "inherit"] });
    const { value } = await child.stdout.getReader().read();
    if (value === undefined) throw new Error("the target could not fill its page tables");
    return new MappedTarget(child.pid, Buffer.from(value).toString(), () => child.kill("SIGKILL"));
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}
