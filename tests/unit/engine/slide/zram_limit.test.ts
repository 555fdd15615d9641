import { afterAll, expect, test } from "bun:test";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { TemporaryZram } from "../../../tools/fixtures/temporary_zram.ts";
import { project, SlideTrial, task } from "./slide_trial.ts";

const MIB = 2 ** 20;
const LIMIT = 16 * MIB;
const swap = TemporaryZram.make(256 * MIB, LIMIT);
afterAll(() => {
  engineContext.workers.close();
  swap[Symbol.dispose]();
});
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`mem_limit of zram: left out: ${missing}`);

test.skipIf(missing !== undefined)("moving stops when zram is near its limit", async () => {
  using target = await TargetProcess.start({ hot: "none", sizeBytes: 64 * MIB, noise: 2 });
  const description = project({ loop: 1, intervalSeconds: 1, sleepSeconds: 4 });
  const one = task({ type: "pid", pid: target.pid });
  await using trial = await SlideTrial.start(description, one);
  const round = await trial.untilFirst();
  const held = round.spared.find(({ reason }) =>
    /^zram\d+ is nearly full: mem_limit$/.test(reason)
  );
  expect(held?.bytes).toBeGreaterThan(16 * MIB);
  // What others swap meanwhile takes a part of it.
  expect(round.moved_bytes).toBeGreaterThan(4 * MIB);
  expect(await target.target.verify()).toBe(0);
});
