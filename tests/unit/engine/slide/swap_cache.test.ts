import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { setEnvironmentData } from "node:worker_threads";
import type { Jobs } from "../../../../src/engine/jobs.ts";
import { engineContext, type Workers } from "../../../../src/engine/engine_context.ts";
import { ScanLock } from "../../../../src/engine/round/scan_lock.ts";
import { SwapCache } from "../../../../src/engine/slide/swap_cache.ts";
import { startSlideRun } from "../../../../src/engine/slide/slide_run.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import { WorkerPool } from "../../../../src/worker/pool.ts";
import { trimSwapCache } from "../../../../src/mover/trim_swap_cache.ts";
import { ScratchFolder } from "../../../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { project, task } from "./slide_trial.ts";
import { INSTRUCTIONS, type Instructions } from "./swap_cache_jobs.ts";

const ENTRY = new URL("./swap_cache_jobs.ts", import.meta.url).href;
/** Of a task that is not stopped. */
const goesOn = new AbortController().signal;
/** Marks that any swap cache is above, an empty one too, and marks that none is. */
const ALWAYS_ABOVE = { lowPercent: 1, highPercent: -1 };
const NEVER_ABOVE = { lowPercent: 1, highPercent: 100 };

/** A swap cache whose kernel is a file that the requests are written to. */
class Trial implements Disposable {
  readonly #folder = new ScratchFolder();
  readonly workers = new WorkerPool<Jobs>(ENTRY);
  readonly cache: SwapCache;

  constructor(
    swapcacheWmark: { lowPercent: number; highPercent: number } | undefined,
    refusal?: string,
  ) {
    // Threads get the environment data of when they are made.
    const instructions: Instructions = {
      requests: this.#folder.at("requests"),
      ...(refusal === undefined ? {} : { refusal }),
    };
    setEnvironmentData(INSTRUCTIONS, JSON.stringify(instructions));
    this.cache = new SwapCache(
      project(swapcacheWmark === undefined ? {} : { swapcacheWmark }),
      this.workers,
    );
  }

  requests(): unknown[] {
    const file = this.#folder.at("requests");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line) as unknown);
  }

  [Symbol.dispose](): void {
    this.workers.close();
    this.#folder[Symbol.dispose]();
  }
}

const SET_AND_ON = { wmark: ALWAYS_ABOVE, reclaim: true };
const ON = { reclaim: true };
const OFF = { reclaim: false };

describe("SwapCache", () => {
  test("keep() sets the marks once and has the kernel reclaim each time the cache is too large", async () => {
    using trial = new Trial(ALWAYS_ABOVE);
    expect(await trial.cache.keep(goesOn)).toBe(7);
    await trial.cache.keep(goesOn);
    expect(trial.requests()).toEqual([SET_AND_ON, ON]);
  });

  test("keep() sets the marks once when two tasks end their rounds together", async () => {
    using trial = new Trial(ALWAYS_ABOVE);
    await Promise.all([trial.cache.keep(goesOn), trial.cache.keep(goesOn)]);
    expect(trial.requests()).toHaveLength(2);
    expect(trial.requests().filter((request) => Bun.deepEquals(request, SET_AND_ON)))
      .toHaveLength(1);
  });

  test("keep() does nothing below the high mark, or without marks", async () => {
    for (const wmark of [NEVER_ABOVE, undefined]) {
      using trial = new Trial(wmark);
      expect(await trial.cache.keep(goesOn)).toBe(0);
      await trial.cache.release();
      expect(trial.requests()).toEqual([]);
    }
  });

  test("release() ends the reclaim that was begun, once; the marks stay set", async () => {
    using trial = new Trial(ALWAYS_ABOVE);
    await trial.cache.keep(goesOn);
    await trial.cache.release();
    await trial.cache.release();
    await trial.cache.keep(goesOn);
    expect(trial.requests()).toEqual([SET_AND_ON, OFF, ON]);
  });

  test("keep() begins nothing when the task is stopped before a thread is free", async () => {
    using trial = new Trial(ALWAYS_ABOVE);
    const full = new WorkerPool<Jobs>(ENTRY, { mostThreads: 0 });
    const stop = new AbortController();
    const kept = new SwapCache(project({ swapcacheWmark: ALWAYS_ABOVE }), full).keep(stop.signal);
    await waitFor("the job to wait", () => full.whyFull !== undefined);
    stop.abort();
    expect(await kept).toBe(0);
    expect({ size: full.size, requests: trial.requests() }).toEqual({ size: 0, requests: [] });
  });

  test("release() waits no longer than a stop may, and the reclaim ends when a thread is free", async () => {
    using trial = new Trial(ALWAYS_ABOVE);
    let thread = Promise.resolve();
    const run: Workers["run"] = async (...job) => {
      await thread;
      return await trial.workers.run(...job);
    };
    const cache = new SwapCache(project({ swapcacheWmark: ALWAYS_ABOVE }), { run } as Workers);
    await cache.keep(goesOn);
    const { promise, resolve } = Promise.withResolvers<void>();
    thread = promise;
    await cache.release();
    expect(trial.requests()).toEqual([SET_AND_ON]);
    resolve();
    await waitFor("the end of the reclaim", () => trial.requests().length === 2);
    expect(trial.requests()).toEqual([SET_AND_ON, OFF]);
  });

  test("keep() asks no more until the next start when the kernel refuses or fails", async () => {
    for (const refusal of ["it cannot", "throw"]) {
      using trial = new Trial(ALWAYS_ABOVE, refusal);
      await trial.cache.keep(goesOn);
      await trial.cache.keep(goesOn);
      expect(trial.requests()).toHaveLength(1);
      await trial.cache.release();
      expect(trial.requests()).toHaveLength(1);
      // Whether it has taken the marks is not known: they are handed to it again.
      await trial.cache.keep(goesOn);
      expect(trial.requests()).toEqual([SET_AND_ON, SET_AND_ON]);
    }
  });
});

describe("startSlideRun()", () => {
  test("has the swap cache looked at after a round that thresholds held back, too", async () => {
    using trial = new Trial(ALWAYS_ABOVE);
    const run = startSlideRun(
      project({ sysmemThresholdPercent: 0 }),
      task({ type: "pid", pid: process.pid }),
      {
        tracker: SMAPS,
        mover: PROCESS_MADVISE,
        swapCache: trial.cache,
        context: {
          workers: trial.workers,
          scanLock: new ScanLock(),
          sweep: engineContext.sweep,
          movedTally: engineContext.movedTally,
        },
      },
    );
    try {
      await waitFor("a round", () => run.life.history.view().total.rounds > 0);
      expect(run.life.history.view().rounds.at(-1)).toMatchObject({
        skipped: [{ reason: "MemAvailable is not below sysmem_threshold" }],
        phases: { swapcache_us: 7 },
      });
      expect(trial.requests()[0]).toEqual(SET_AND_ON);
    } finally {
      await run.stop();
    }
  });
});

describe("trimSwapCache()", () => {
  test.skipIf(existsSync("/proc/self/swap_pages"))("fails without swap_pages", () => {
    expect(() => trimSwapCache({ reclaim: true })).toThrow("ENOENT");
  });
});
