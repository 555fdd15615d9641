import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { PROCESS_MADVISE } from "../../src/mover/mover_process_madvise.ts";
import { TargetProcess } from "../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { ask } from "./raw_client.ts";
import { freshName } from "./server_process.ts";
import { slideFile, SlideServer } from "./slide_server.ts";

const MIB = 2 ** 20;
const SHOW = '{"version":2,"command":"project_show"}\n';

/** A control group that limits how many threads its processes have. */
class ThreadLimit implements Disposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns undefined where the host lets none be made. */
  static make(): ThreadLimit | undefined {
    for (const root of ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"]) {
      const folder = `${root}/${freshName()}`;
      try {
        mkdirSync(folder);
      } catch {
        continue; // another kind of control groups, or none that can be written
      }
      if (existsSync(`${folder}/pids.max`)) return new ThreadLimit(folder);
      rmdirSync(folder);
    }
    return undefined;
  }

  add(pid: number): void {
    writeFileSync(`${this.#folder}/cgroup.procs`, String(pid));
  }

  get current(): number {
    return Number(readFileSync(`${this.#folder}/pids.current`, "latin1"));
  }

  set(most: number | "max"): void {
    writeFileSync(`${this.#folder}/pids.max`, String(most));
  }

  /** When all its processes have ended. */
  [Symbol.dispose](): void {
    rmdirSync(this.#folder);
  }
}

const swap = TemporarySwap.make(64 * MIB);
afterAll(() => swap[Symbol.dispose]());
const canLimit = ((): boolean => {
  using limit = ThreadLimit.make();
  return limit !== undefined;
})();
const missing = swap.missing ?? PROCESS_MADVISE.missing() ??
  (canLimit ? undefined : "no control group for pids can be made");
if (missing !== undefined) console.log(`a server that can make no thread: left out: ${missing}`);

describe.skipIf(missing !== undefined)("a server that can make no thread", () => {
  // The runtime makes several threads with a worker: it depends on the room which one is denied.
  for (const room of [0, 1, 2, 4]) {
    test.concurrent(`skips the process when there is room for ${room}, and goes on when there is more`, async () => {
      using limit = ThreadLimit.make()!;
      using target = await TargetProcess.start({ hot: "none" });
      {
        await using server = await SlideServer.launch();
        limit.add(server.pid);
        await server.addObjects("a", slideFile("a", { pid: target.pid }));
        // As many requests as have the runtime compile code, as in a server that has run for long.
        // None of them needs a thread.
        for (let i = 0; i < 50; i++) await ask(server.process.name, SHOW);
        limit.set(limit.current + room);
        await server.start("a");
        const failed = await server.untilRound("a", "to have failed", ({ state, skipped }) => {
          return state === "done" && skipped.length > 0;
        });
        expect(failed.skipped.map(({ reason }) => reason))
          .toEqual(["no thread can be made now: pthread_create: EAGAIN"]);
        for (let i = 0; i < 50; i++) await server.status();
        limit.set("max");
        await server.untilRound("a", "to move memory", ({ moved_bytes }) => moved_bytes > 0);
      }
      await waitFor("the group to be empty", () => limit.current === 0);
    });
  }
});
