import { expect, test } from "bun:test";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import type { ProcessGains } from "../../../../src/engine/round/process_gains.ts";
import { RoundLoop } from "../../../../src/engine/round/round_loop.ts";
import { ScanLock } from "../../../../src/engine/round/scan_lock.ts";
import { TaskLife } from "../../../../src/engine/round/task_life.ts";
import type { RoundStatus } from "../../../../src/status/round_status.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import { slideTask } from "../../../tools/fixtures/slide_task.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { finishedStep } from "./finished_step.ts";

const HOUR_MS = 3_600_000;

/** The first round of a task, once the second has begun: an hour's sleep is between them. */
async function firstRound(windowAgeMs: number): Promise<RoundStatus> {
  const gains: ProcessGains = { figures: { present_bytes: 4096 } };
  const life = new TaskLife(slideTask("p", "t", { type: "pid", pid: process.pid }), SMAPS, "none");
  const run = new RoundLoop(life, {
    loop: 1,
    intervalMs: 1000,
    sleepMs: HOUR_MS,
    maxThreads: 1,
    step: {
      tracker: "smaps",
      selection: { kind: "swappable" },
      flags: { swapFlag: false, ignoreHost: false },
      stop: life.stop.words,
    },
    finish: {},
    runStep: () => Promise.resolve(finishedStep(gains, { windowAgeMs })),
    takeLate: ({ figures }) => figures,
    heldBack: () => undefined,
    afterRound: () => Promise.resolve(),
  }, { scanLock: new ScanLock(), sweep: engineContext.sweep });
  try {
    return await waitFor("a second round", () => {
      const { rounds } = life.history.view();
      return rounds.some(({ number }) => number === 2)
        ? rounds.find(({ number }) => number === 1)
        : undefined;
    });
  } finally {
    await run.stop();
  }
}

test("sleep counts from the last scan: a move that has taken most of it leaves the rest", async () => {
  const { late_us: lateUs = 0 } = await firstRound(HOUR_MS - 50);
  expect(lateUs).toBeLessThan(HOUR_MS * 1000);
});

test("a move that takes longer than sleep makes the round late, and the next begins at once", async () => {
  const { late_us: lateUs } = await firstRound(HOUR_MS + 7000);
  expect(lateUs).toBeGreaterThanOrEqual(7_000_000);
});
