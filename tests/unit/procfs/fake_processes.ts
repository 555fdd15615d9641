import { mkdirSync, writeFileSync } from "node:fs";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

/** A process of a fake /proc; what is left out is that of an ordinary one. */
export interface FakeProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly comm?: string;
  readonly state?: string;
  readonly flags?: number;
  readonly startTicks?: number;
  /** The process that it is a thread of. */
  readonly tgid?: number;
}

const PF_KTHREAD = 0x0020_0000;

/** A kernel thread of a fake /proc. */
export function kernelThread(pid: number, comm: string): FakeProcess {
  return { pid, ppid: pid === 2 ? 0 : 2, comm, flags: PF_KTHREAD, state: "I" };
}

/** A folder with the files of /proc that processes are found by. */
export class FakeProc implements Disposable {
  readonly #folder = new ScratchFolder();

  constructor(processes: readonly FakeProcess[]) {
    for (const one of processes) this.add(one);
    writeFileSync(this.#folder.at("uptime"), "1 1\n");
  }

  get root(): string {
    return this.#folder.path;
  }

  add(
    { pid, ppid, comm = "app", state = "S", flags = 0, startTicks = pid, tgid = pid }: FakeProcess,
  ): void {
    const fields = [pid, `(${comm})`, state, ppid, 0, 0, 0, 0, flags, ...Array(10).fill(0)];
    fields.push(1, 0, startTicks, 0, 0, 0, 4096 * pid, 0, 8192, ...Array(24).fill(0));
    mkdirSync(this.#folder.at(String(pid)), { recursive: true });
    writeFileSync(this.#folder.at(`${pid}/stat`), `${fields.join(" ")}\n`);
    writeFileSync(this.#folder.at(`${pid}/comm`), `${comm}\n`);
    writeFileSync(
      this.#folder.at(`${pid}/status`),
      `Name:\t${comm}\nTgid:\t${tgid}\nPid:\t${pid}\n`,
    );
  }

  /** Gives a process another comm than its stat says: it was replaced between two looks. */
  replaceComm(pid: number, comm: string): void {
    writeFileSync(this.#folder.at(`${pid}/comm`), `${comm}\n`);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}
