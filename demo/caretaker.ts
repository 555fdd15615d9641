import { closeSync, writeSync } from "node:fs";
import { AT_FDCWD } from "../ffi/libc.ts";
import { readProcessStat } from "../src/procfs/process_stat.ts";
import type { Leftover } from "./leftover.ts";

/** In caretaker_main.ts, and in the list of a spawned process's descriptors. */
const REPORT_FD = 3;

/**
 * Sees to it that nothing of the demo is left, however the demo ends, SIGKILL included: a second
 * process, which is told of everything before it is there, and acts when this one is gone.
 */
export class Caretaker {
  readonly #process: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly #fd: number;

  constructor() {
    this.#process = Bun.spawn([process.execPath, `${import.meta.dir}/caretaker_main.ts`], {
      stdio: ["ignore", "pipe", "inherit", "pipe"],
      cwd: "/",
      detached: true,
    });
    const fd = this.#process.stdio[REPORT_FD];
    if (typeof fd !== "number") throw new Error("Cannot start the caretaker: no pipe to it");
    this.#fd = fd;
  }

  /** Hands over what is to be taken away at the end; before it is made, where that is possible. */
  entrust(leftover: Leftover): void {
    writeSync(this.#fd, `${JSON.stringify(leftover)}\n`);
  }

  /** The same for a process that was just started. */
  entrustProcess(pid: number): void {
    const stat = readProcessStat(AT_FDCWD, `/proc/${pid}/stat`);
    if (stat !== undefined) this.entrust({ kind: "process", pid, startTicks: stat.startTicks });
  }

  /** Has everything taken away now. @returns a line for each thing that could not be. */
  async finish(): Promise<string[]> {
    closeSync(this.#fd);
    const text = await this.#process.stdout.text();
    const status = await this.#process.exited;
    const left = text.split("\n").filter((line) => line !== "");
    return status === 0 ? left : [...left, `perhaps more: the caretaker ended with ${status}`];
  }
}
