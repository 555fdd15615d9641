import { afterAll, describe, expect, test } from "bun:test";
import type { Jobs } from "../../../../src/engine/jobs.ts";
import { ProcessSweep } from "../../../../src/engine/round/process_sweep.ts";
import { ScanLock } from "../../../../src/engine/round/scan_lock.ts";
import type { RoundLoop } from "../../../../src/engine/round/round_loop.ts";
import type { MoveOrder } from "../../../../src/engine/slide/move_order.ts";
import { startSlideRun } from "../../../../src/engine/slide/slide_run.ts";
import { SwapCache } from "../../../../src/engine/slide/swap_cache.ts";
import { MovedTally } from "../../../../src/mover/store_cost.ts";
import { MoveRate } from "../../../../src/mover/move_rate.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { SEARCH_ROOTS } from "../../../../src/procfs/find_processes.ts";
import { readProcessSizes } from "../../../../src/procfs/process_memory.ts";
import type { RoundStatus } from "../../../../src/status/round_status.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import { WorkerPool } from "../../../../src/worker/pool.ts";
import { accountFaults } from "../../../tools/fixtures/account_faults.ts";
import { openDescriptors, untilOpenDescriptors } from "../../../tools/fixtures/descriptors.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { project, task } from "./slide_trial.ts";

const MIB = 2 ** 20;
const INTERVAL_SECONDS = 0.25;
/** Of moves, a second. */
const RATE = 8 * MIB;
const WORKER = new URL("../../../../src/engine/worker_main.ts", import.meta.url).href;
/** One thread: whatever rests without one lets others work. */
const oneThread = new WorkerPool<Jobs>(WORKER, { mostAtWork: 1 });
const threads = new WorkerPool<Jobs>(WORKER, { mostAtWork: 3 });
const swap = TemporarySwap.make(128 * MIB);
afterAll(() => {
  oneThread.close();
  threads.close();
  swap[Symbol.dispose]();
});
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`moves over a time: left out: ${missing}`);

/** A started task, and how many threads work for it. */
class Trial implements AsyncDisposable {
  readonly #run: RoundLoop<MoveOrder>;

  constructor(
    target: TargetProcess,
    sleepSeconds: number,
    { taskRate, serverRate }: { taskRate?: number; serverRate?: number } = {},
    workers = oneThread,
  ) {
    const description = project({ intervalSeconds: INTERVAL_SECONDS, sleepSeconds });
    const sweep = new ProcessSweep((request) => workers.run("sweep_processes", request));
    const name = { type: "pid", pid: target.pid } as const;
    const keys = taskRate === undefined ? {} : { moveRateBytes: taskRate };
    this.#run = startSlideRun(description, task(name, { maxThreads: 3, ...keys }), {
      tracker: SMAPS,
      mover: PROCESS_MADVISE,
      swapCache: new SwapCache(description, workers),
      context: {
        workers,
        scanLock: new ScanLock(),
        sweep,
        movedTally: new MovedTally(),
        ...(serverRate === undefined ? {} : { moveRate: new MoveRate(serverRate) }),
      },
    });
  }

  get round(): RoundStatus | undefined {
    return this.#run.life.history.view().rounds.at(-1);
  }

  untilEnd(): Promise<RoundStatus> {
    return waitFor("the first round to end", () => {
      const { round } = this;
      return round?.state === "running" ? undefined : round;
    });
  }

  stop(): Promise<void> {
    return this.#run.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

function swapped(target: TargetProcess): number {
  return readProcessSizes(target.process.dirFd)?.swapBytes ?? 0;
}

async function untilSwapped(target: TargetProcess): Promise<void> {
  await waitFor("the first pages to go", () => swapped(target) > 0, { firstPauseMs: 5 });
}

describe.skipIf(missing !== undefined)("a move", () => {
  test("is spread over sleep", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    await using trial = new Trial(target, 3);
    await untilSwapped(target);
    const round = await trial.untilEnd();
    expect(accountFaults(round)).toEqual([]);
    expect(round.moved_bytes).toBeGreaterThan(8 * MIB * 0.95);
    // The last of 8 portions begins 7/8 of 0.8 * sleep after the last scan, the first at once.
    expect(round.duration_us).toBeGreaterThan((INTERVAL_SECONDS + 2.1) * 1e6);
    expect(round.late_us).toBeUndefined();
    expect(await target.target.verify()).toBe(0);
  });

  test("needs no thread between its portions, and ends at once when it is stopped", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    const before = openDescriptors();
    const trial = new Trial(target, 600);
    await untilSwapped(target);
    await oneThread.run("sweep_processes", { queries: [], roots: SEARCH_ROOTS });
    expect(trial.round?.state).toBe("running");
    const begin = performance.now();
    await trial.stop();
    const { round } = trial;
    expect(performance.now() - begin).toBeLessThan(900);
    expect(round).toMatchObject({ state: "stopped", moved_bytes: swapped(target) });
    expect(accountFaults(round!)).toEqual([]);
    expect(round!.spared).toEqual([{ reason: "stopped", bytes: expect.any(Number) }]);
    await untilOpenDescriptors(before);
  });

  test("is accounted for as far as it has come when the process ends meanwhile", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    const before = openDescriptors();
    await using trial = new Trial(target, 3);
    await untilSwapped(target);
    await target.end();
    const round = await trial.untilEnd();
    expect(accountFaults(round)).toEqual([]);
    expect(round.moved_bytes).toBeGreaterThan(0);
    expect(round.moved_bytes).toBeLessThan(8 * MIB);
    expect(round.spared.map(({ reason }) => reason)).toEqual(["process gone"]);
    await trial.stop();
    await untilOpenDescriptors(before);
  });

  test("leaves pages alone that are used while it rests", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    await using trial = new Trial(target, 4);
    await untilSwapped(target);
    // It reads all of its memory.
    expect(await target.target.verify()).toBe(0);
    const round = await trial.untilEnd();
    expect(accountFaults(round)).toEqual([]);
    expect(round.spared).toContainEqual({
      reason: "used since the last scan",
      bytes: expect.any(Number),
    });
    expect(swapped(target)).toBeLessThan(4 * MIB);
  });
});

describe.skipIf(missing !== undefined)("a move rate", () => {
  for (
    const [name, rates] of [
      ["of a task", { taskRate: RATE }],
      ["of the server", { serverRate: RATE }],
      ["of both", { taskRate: 90 * MIB, serverRate: RATE }],
    ] as const
  ) {
    test(`${name} holds for all processes together, and the round says that it is late`, async () => {
      const options = { hot: "none", children: 3, sizeBytes: 4 * MIB } as const;
      using target = await TargetProcess.start(options);
      await using trial = new Trial(target, 1, rates, threads);
      const round = await trial.untilEnd();
      expect(accountFaults(round)).toEqual([]);
      expect(round.spared.filter(({ bytes }) => bytes > MIB)).toEqual([]);
      expect(round.moved_bytes).toBeGreaterThan(11 * MIB);
      const moveSeconds = round.duration_us / 1e6 - INTERVAL_SECONDS;
      // A tenth of a second's part may go at once.
      expect((round.moved_bytes - RATE / 10) / moveSeconds).toBeLessThan(RATE * 1.1);
      expect(round.late_us).toBeGreaterThan(0);
    });
  }
});
