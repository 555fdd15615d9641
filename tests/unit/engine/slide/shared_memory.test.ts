import { afterAll, describe, expect, test } from "bun:test";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import type { RoundStatus } from "../../../../src/status/round_status.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";
import { expectAccount } from "../../../system/slide_server.ts";
import { project, SlideTrial, task } from "./slide_trial.ts";

const MIB = 2 ** 20;
const SIZE = 64 * MIB;
const swap = TemporarySwap.make(64 * MIB);
afterAll(() => {
  engineContext.workers.close();
  swap[Symbol.dispose]();
});
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`what forks share: left out: ${missing}`);

/** What the programs have besides: their own pages, and those of libraries that they share. */
const SLACK = 4 * MIB;

function expectOnce(round: RoundStatus): void {
  expectAccount(round);
  expect(round.processes).toBe(4);
  const spared = round.spared.find(({ reason }) => reason === "shared with other processes");
  expect(spared?.bytes).toBeGreaterThanOrEqual(SIZE);
  expect(spared?.bytes).toBeLessThan(SIZE + SLACK);
  expect(round.present_bytes).toBeLessThan(SIZE + 2 * SLACK);
  expect(round.refused.map(({ reason }) => reason)).not.toContain("shared");
  expect(round.asked_bytes).toBeLessThan(SLACK);
}

describe.skipIf(missing !== undefined)("what forks share", () => {
  test("is counted once, and not asked for, in each round", async () => {
    const options = { hot: "none", children: 3, share: true, sizeBytes: SIZE } as const;
    using target = await TargetProcess.start(options);
    const description = task({ type: "pid", pid: target.pid }, { maxThreads: 2 });
    await using trial = await SlideTrial.start(project(), description);
    expectOnce(await trial.untilFirst());
    expectOnce(
      await trial.untilRound("to be the second", ({ number, state }) => {
        return number === 2 && state === "done";
      }),
    );
  });
});
