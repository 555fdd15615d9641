import { join } from "node:path";
import { compileC } from "./compile_c.ts";

/** What an idle target looks like. */
export interface IdleTargetShape {
  readonly vmas: number;
  readonly bytes: number;
  /** Its name in /proc/PID/comm. */
  readonly name?: string;
}

/** A process that holds memory and does nothing: idle_target.c. */
export class IdleTarget implements Disposable {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;

  private constructor(executable: string, { vmas, bytes, name }: IdleTargetShape) {
    const args = [String(vmas), String(bytes), ...(name === undefined ? [] : [name])];
    this.#child = Bun.spawn([executable, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  }

  /** Starts one and waits until its memory is filled. @param folder for the executable. */
  static async start(folder: string, shape: IdleTargetShape): Promise<IdleTarget> {
    const executable = compileC(join(import.meta.dir, "idle_target.c"), folder);
    const target = new IdleTarget(executable, shape);
    const { value } = await target.#child.stdout.getReader().read();
    if (value === undefined) throw new Error("the target could not fill its memory");
    return target;
  }

  get pid(): number {
    return this.#child.pid;
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}
