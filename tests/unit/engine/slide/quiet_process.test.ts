import { describe, expect, test } from "bun:test";
import type { Jobs } from "../../../../src/engine/jobs.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { ScanLock } from "../../../../src/engine/round/scan_lock.ts";
import { SwapCache } from "../../../../src/engine/slide/swap_cache.ts";
import { startSlideRun } from "../../../../src/engine/slide/slide_run.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import { WorkerPool } from "../../../../src/worker/pool.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { project, task } from "./slide_trial.ts";

const ENTRY = new URL("./absent_jobs.ts", import.meta.url).href;

/**
 * Processes that are left alone in the second round,
 * when the first has found nothing present in the only one.
 */
async function leftAlone(swapFlag: boolean, isDryRun = false): Promise<number> {
  const workers = new WorkerPool<Jobs>(ENTRY);
  const sleeper = Bun.spawn(["sleep", "600"]);
  process.kill(sleeper.pid, "SIGSTOP");
  const description = project();
  const run = startSlideRun(description, task({ type: "pid", pid: sleeper.pid }, { swapFlag }), {
    tracker: SMAPS,
    mover: PROCESS_MADVISE,
    isDryRun,
    swapCache: new SwapCache(description, workers),
    context: {
      workers,
      scanLock: new ScanLock(),
      sweep: engineContext.sweep,
      movedTally: engineContext.movedTally,
    },
  });
  try {
    const second = await waitFor("a second round", () => {
      return run.life.history.view().rounds.find(({ number, state }) =>
        number === 2 && state === "done"
      );
    });
    expect(second).toMatchObject({ processes: 1, scan_errors: 0 });
    return second.skipped.reduce((sum, { processes }) => sum + processes, 0);
  } finally {
    await run.stop();
    workers.close();
    sleeper.kill("SIGKILL");
    await sleeper.exited;
  }
}

describe("a process of a started task", () => {
  test("is left alone when it had nothing present", async () => {
    expect(await leftAlone(false)).toBe(1);
  });

  test("is looked at again with swap_flag=yes: what is present may have been marked since", async () => {
    expect(await leftAlone(true)).toBe(0);
  });

  test("is looked at again in a dry run: what is out is used without a page fault", async () => {
    expect(await leftAlone(false, true)).toBe(0);
  });
});
