import { afterEach, expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { workersStatus } from "../../../../src/engine/machine_support.ts";
import { ProcessSweep, sweepAll } from "../../../../src/engine/round/process_sweep.ts";
import { ScanLock } from "../../../../src/engine/round/scan_lock.ts";
import { startSlideRun } from "../../../../src/engine/slide/slide_run.ts";
import { SwapCache } from "../../../../src/engine/slide/swap_cache.ts";
import { configureLog } from "../../../../src/log/logger.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import { WorkerPool } from "../../../../src/worker/pool.ts";
import { ScratchFolder } from "../../../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import type { TestJobs } from "../../worker/test_jobs.ts";
import { project, task } from "./slide_trial.ts";

const ENTRY = new URL("../../worker/test_jobs.ts", import.meta.url).href;

afterEach(() => configureLog("error", []));

test("a task whose search waits for a thread ends at once; status says why it waits", async () => {
  const lines: string[] = [];
  configureLog("info", [(_level, line) => lines.push(line)]);
  using folder = new ScratchFolder();
  const fifo = folder.at("fifo");
  Bun.spawnSync(["mkfifo", fifo]);
  const pool = new WorkerPool<TestJobs>(ENTRY, { mostAtWork: 1, heldMs: 50 });
  const held = [0, 1].map(() => pool.run("open", { path: fifo }));
  await waitFor("the kernel to hold two threads", () => pool.held === 2);
  expect(workersStatus(pool)).toEqual({ workers: 2, held_workers: 2 });
  const sweep = new ProcessSweep(async (request) => {
    await pool.run("double", { numbers: Float64Array.of(1) });
    return sweepAll(request);
  });
  const description = project();
  const { workers } = engineContext;
  const run = startSlideRun(description, task({ type: "name", comm: "no/such/process" }), {
    tracker: SMAPS,
    mover: PROCESS_MADVISE,
    swapCache: new SwapCache(description, workers),
    context: { workers, scanLock: new ScanLock(), sweep, movedTally: engineContext.movedTally },
  });
  await waitFor("the search to wait", () => pool.whyFull !== undefined);
  expect(workersStatus(pool)).toEqual({
    workers: 2,
    held_workers: 2,
    work_waits: "the kernel holds 2 threads: work waits until it lets one go",
  });
  await run.stop();
  expect(lines.filter((line) => line.includes("still holds"))).toEqual([]);
  expect(run.life.history.view()).toMatchObject({ rounds: [{ state: "stopped", skipped: [] }] });
  expect(run.life.history.view().failed).toBeUndefined();
  closeSync(openSync(fifo, "r+"));
  await Promise.all(held);
  await waitFor("the search to end", () => pool.whyFull === undefined);
  expect(workersStatus(pool)).toEqual({ workers: 2 });
  pool.close();
});
