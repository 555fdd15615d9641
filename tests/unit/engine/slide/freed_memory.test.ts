import { afterAll, describe, expect, test } from "bun:test";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { growthOf, readSwapStores } from "../../../../src/procfs/swap_stores.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { TemporaryZram } from "../../../tools/fixtures/temporary_zram.ts";
import { project, SlideTrial, task } from "./slide_trial.ts";

const MIB = 2 ** 20;
const swap = TemporaryZram.make(512 * MIB);
afterAll(() => {
  engineContext.workers.close();
  swap[Symbol.dispose]();
});
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`freed_bytes: left out: ${missing}`);

const byPid = (trial: TargetProcess) => ({ type: "pid", pid: trial.pid }) as const;

describe.skipIf(missing !== undefined)("freed_bytes of a round", () => {
  test("is what moved less what zram grew by", async () => {
    using target = await TargetProcess.start({ hot: "none", sizeBytes: 32 * MIB, noise: 2 });
    const before = readSwapStores();
    const description = project({ loop: 1, intervalSeconds: 1, sleepSeconds: 2 });
    await using trial = await SlideTrial.start(description, task(byPid(target)));
    const { moved_bytes: moved, freed_bytes: freed } = await trial.untilFirst();
    const { storedBytes, storeBytes } = growthOf(before, readSwapStores());
    expect(moved).toBeGreaterThan(32 * MIB * 0.95);
    // Others may swap as well: then the store grows by more than this task's part.
    const cost = storeBytes * moved / Math.max(moved, storedBytes);
    expect(Math.abs(moved - freed - cost)).toBeLessThan(moved * 0.05);
    expect(freed).toBeLessThan(moved * 0.7);
    expect(trial.status().total.freed_bytes).toBe(freed);
  });

  test("has moving stop within the round when there is nothing to be freed", async () => {
    const sizeBytes = 128 * MIB;
    using target = await TargetProcess.start({ hot: "none", sizeBytes, noise: 1 });
    await using trial = await SlideTrial.start(project({ loop: 1 }), task(byPid(target)));
    const why = "less than a tenth of what moves is freed: the data cannot be compressed";
    const first = await trial.untilRound(
      "to stop",
      ({ spared }) => spared.some(({ reason }) => reason === why),
    );
    expect(first.moved_bytes).toBeLessThan(sizeBytes);
    expect(first.freed_bytes).toBeLessThan(first.moved_bytes / 10);
    const next = await trial.untilRound("to be left out", ({ number, state }) => {
      return number > first.number && state === "done";
    });
    expect(next).toMatchObject({ moved_bytes: 0, processes: 1 });
    expect(next.skipped[0]!.reason).toMatch(
      /^paused for \d+ s: less than a tenth of what moves is freed: /,
    );
    expect(await target.target.verify()).toBe(0);
  });
});
