import type { ServerStatus } from "../../../src/status/server_status.ts";
import type { Random } from "../../tools/fixtures/random.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import {
  ConfEdits,
  projectsIn,
  restartFaults,
  type SeenProjects,
  unchangedTasks,
} from "../conf_edits.ts";
import type { SoakServer } from "./soak_server.ts";

/** The limit is 2 s, and a second for what a stop takes; the rest is for a busy machine. */
const FOLLOWED_MS = 10_000;

/**
 * Edits the files of --conf-dir, whose tasks have no processes, and compares what the server makes
 * of them.
 */
export class ConfEditor {
  readonly #server: SoakServer;
  readonly #edits: ConfEdits;
  readonly #random: Random;
  /** What the server had when it had followed last. */
  #before: SeenProjects | undefined;
  /** When the edits were made that it has not followed yet, by the monotonic clock. */
  #sinceMs: number | undefined;
  slowestMs = 0;
  edits = 0;
  /** Tasks that went on over edits of others. */
  kept = 0;
  readonly faults: string[] = [];

  constructor(server: SoakServer, random: Random) {
    this.#server = server;
    this.#edits = new ConfEdits(server.confDir, random);
    this.#random = random;
  }

  /** Compares, and edits some files once the server has followed. */
  see(status: ServerStatus): void {
    const seen = projectsIn(status);
    const nowMs = performance.now();
    if (this.#edits.areFollowedBy(seen)) {
      if (this.#before !== undefined) {
        this.faults.push(...restartFaults(this.#before, seen));
        this.kept += unchangedTasks(this.#before, seen).length;
      }
      if (this.#sinceMs !== undefined) {
        this.slowestMs = Math.max(this.slowestMs, nowMs - this.#sinceMs);
      }
      this.#before = seen;
      this.#sinceMs = undefined;
      if (this.#random.chance(0.3)) this.#edit();
    } else if (this.#sinceMs === undefined) {
      this.faults.push("without an edit it has something else than the files say");
      this.#sinceMs = nowMs;
    } else if (nowMs - this.#sinceMs > FOLLOWED_MS) {
      this.faults.push(`it has not followed the files for ${FOLLOWED_MS / 1000} s`);
      this.#sinceMs = nowMs;
    }
  }

  #edit(): void {
    this.edits += this.#edits.burst();
    this.#sinceMs = performance.now();
  }

  /** Removes all files, and waits until the server has nothing of them. */
  async rest(): Promise<void> {
    this.#edits.clear();
    this.#before = undefined;
    this.#sinceMs = undefined;
    await waitFor("the server to have nothing of --conf-dir", async () => {
      return this.#edits.areFollowedBy(projectsIn(await this.#server.status()));
    });
  }
}
