import { readdirSync, readFileSync } from "node:fs";

/** So long a child may take from fork(2) to execve(2), without any CPU time. */
const STUCK_MS = 60_000;
const LOOK_MS = 5000;

interface Fork {
  readonly identity: string;
  readonly sinceMs: number;
}

/**
 * Ends children of emulated programs that hang between fork(2) and execve(2): qemu-user copies the
 * locks of a program's other threads in whatever state they are, and then a child may wait for one
 * for ever. The test whose program this was fails, and is tried again.
 */
export class StuckForks implements Disposable {
  readonly #emulator: string;
  readonly #folder: string;
  readonly #seen = new Map<number, Fork>();
  readonly #timer = setInterval(() => this.look(performance.now()), LOOK_MS);

  /**
   * Children of which programs are looked at.
   * @param emulator end of the emulator's path.
   * @param folder the command line names something in it.
   */
  constructor(emulator: string, folder: string) {
    this.#emulator = emulator;
    this.#folder = folder;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** The pids of those that may hang. */
  get seen(): number[] {
    return [...this.#seen.keys()];
  }

  /** @returns the pids of those that it ended. */
  look(nowMs: number): number[] {
    const forks = readdirSync("/proc").map(Number).filter((pid) => this.#isFork(pid));
    for (const pid of this.#seen.keys()) if (!forks.includes(pid)) this.#seen.delete(pid);
    return forks.filter((pid) => {
      const identity = identityOf(pid);
      const before = this.#seen.get(pid);
      if (identity === undefined) return false;
      if (before?.identity !== identity) {
        this.#seen.set(pid, { identity, sinceMs: nowMs });
        return false;
      }
      if (nowMs - before.sinceMs < STUCK_MS) return false;
      console.log(`process ${pid} hangs between fork and execve: it is ended`);
      process.kill(pid, "SIGKILL");
      return true;
    });
  }

  /** Whether it is a child that still has the command line of its parent. */
  #isFork(pid: number): boolean {
    const line = read(pid, "cmdline");
    if (line === undefined || !line.includes(this.#folder)) return false;
    if (!line.split("\0", 1)[0]!.endsWith(this.#emulator)) return false;
    return read(Number(statOf(pid)?.[PPID]), "cmdline") === line;
  }
}

/** Fields of /proc/PID/stat after the name in parentheses (proc_pid_stat(5)). */
const PPID = 1;
const UTIME = 11;
const STIME = 12;
const START_TIME = 19;

function statOf(pid: number): string[] | undefined {
  return read(pid, "stat")?.split(") ").at(-1)?.split(" ");
}

/** Changes when it uses CPU time, and is that of no other process. */
function identityOf(pid: number): string | undefined {
  const stat = statOf(pid);
  return stat && [stat[START_TIME], stat[UTIME], stat[STIME]].join(" ");
}

function read(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return undefined; // it has ended, or was no process
  }
}
