import { afterAll, expect, test } from "bun:test";
import type { Jobs } from "../../../../src/engine/jobs.ts";
import { ScanLock } from "../../../../src/engine/round/scan_lock.ts";
import { processKey } from "../../../../src/engine/round/space_keys.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { SwapCache } from "../../../../src/engine/slide/swap_cache.ts";
import { startSlideRun } from "../../../../src/engine/slide/slide_run.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { readProcessStat } from "../../../../src/procfs/process_stat.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import type { WorkerPool } from "../../../../src/worker/pool.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { project, task } from "./slide_trial.ts";

const { workers } = engineContext;

afterAll(() => workers.close());

/** So that no swap space is needed. */
const NOTHING_COLD = { mover: "process_madvise", coldThreshold: 0 } as const;
const BEYOND_ANY_RSS = 2 ** 40;

test("a round that skips a process does not make another task's scan pass for one's own", async () => {
  using target = await TargetProcess.start({ hot: "none" });
  const { startTicks } = readProcessStat(target.process.dirFd)!;
  const key = processKey({ pid: target.pid, startTicks });
  const scanLock = new ScanLock();
  const description = project();
  /** By round: whether what the task knew of accesses was void. */
  const stale: boolean[] = [];
  const run: typeof workers.run = async (name, request, signal) => {
    if (!("isStale" in request)) return await workers.run(name, request, signal);
    const harmless = { ...request, finish: NOTHING_COLD };
    if (request.open !== undefined) return await workers.run(name, harmless, signal);
    stale.push(request.isStale);
    // In the first round another task waits for the lock already, and scans.
    if (stale.length === 1) {
      void scanLock.acquire(key, { name: "other" }, new AbortController().signal)
        .then((hold) => hold?.release(true));
    }
    // In the second the process is too small; from the third on it is not.
    const swapThresholdBytes = stale.length === 2 ? BEYOND_ANY_RSS : 1;
    return await workers.run(name, { ...harmless, swapThresholdBytes }, signal);
  };
  const slide = startSlideRun(
    description,
    task({ type: "pid", pid: target.pid }, { swapThresholdBytes: 1 }),
    {
      tracker: SMAPS,
      mover: PROCESS_MADVISE,
      swapCache: new SwapCache(description, workers),
      context: {
        workers: { run } as WorkerPool<Jobs>,
        scanLock,
        sweep: engineContext.sweep,
        movedTally: engineContext.movedTally,
      },
    },
  );
  try {
    await waitFor("a fourth round", () => stale.length >= 4);
    const rounds = slide.life.history.view().rounds.filter(({ number }) => number <= 4);
    expect(rounds.map(({ skipped }) => skipped.length)).toEqual([0, 0, 1, 0]);
    // The third forgets, and scans for itself: what it then knows is good for the fourth.
    expect(stale.slice(0, 4)).toEqual([true, true, true, false]);
  } finally {
    await slide.stop();
  }
});
