import { readdirSync, readFileSync } from "node:fs";
import { isAlive } from "../tools/fixtures/is_alive.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { freshName } from "./server_process.ts";

/**
 * A socket name of a test's own. At the end of the test, also when it fails, all processes end that
 * have the name on their command line: a server that `etmemd -m` left behind is nobody's child and
 * would live on.
 */
export class OwnSocket implements AsyncDisposable {
  readonly name: string = freshName();

  /** Processes that have the name on their command line and have not ended. */
  processes(): number[] {
    return readdirSync("/proc").map(Number).filter((pid) => {
      try {
        const args = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
        return (args.includes(this.name) || args.includes(`--socket=${this.name}`)) && isAlive(pid);
      } catch {
        return false; // no process, or it has just ended
      }
    });
  }

  /**
   * The one server on it, so that no pid file is needed.
   * @throws {Error} when there is none, or more.
   */
  get serverPid(): number {
    const [pid, ...more] = this.processes();
    if (pid === undefined || more.length > 0) {
      throw new Error(`not one server on ${this.name}: ${[pid, ...more].join()}`);
    }
    return pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await waitFor(`the processes of ${this.name} to end`, () => {
      const left = this.processes();
      for (const pid of left) kill(pid);
      return left.length === 0;
    });
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}
