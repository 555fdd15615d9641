import { afterAll, describe, test } from "bun:test";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { readProcessSizes } from "../../../../src/procfs/process_memory.ts";
import { TRACKERS } from "../../../../src/tracker/trackers.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { project, SlideTrial, task } from "./slide_trial.ts";

const MIB = 2 ** 20;
const AREA = 8 * MIB;
/** Three quarters of the target are cold; a few pages may count as used. */
const MOST_OF_COLD = AREA * 3 / 4 * 0.95;

const tracker = TRACKERS.find(({ missing, granularity }) =>
  granularity === "page" && missing() === undefined
);
if (tracker === undefined) console.log("two tasks: left out: no tracker sees single pages");
const swap = TemporarySwap.make(64 * MIB);
const noMoves = swap.missing ?? PROCESS_MADVISE.missing();
if (noMoves !== undefined) console.log(`two tasks that move: left out: ${noMoves}`);

afterAll(() => {
  engineContext.workers.close();
  swap[Symbol.dispose]();
});

/** Rounds of one scan: only ages tell what is cold for longer. */
const description = (name: string, dryRun: boolean) =>
  project({
    name,
    intervalSeconds: 0.5,
    tracker: tracker!.name,
    ...(dryRun ? { dryRun } : {}),
  });

/** What a task knows of its memory by age. */
async function histogramOf({ engine }: SlideTrial, name = "t") {
  const request = { estimateCompression: false, signal: new AbortController().signal };
  const { ages = [], observed_us = 0 } = await engine.histogram!(name, request);
  return { oldestScans: ages.at(-1)?.age_scans ?? 0, observedSeconds: observed_us / 1e6 };
}

describe.skipIf(tracker === undefined)("two tasks on one process", () => {
  test("of one project both see its memory grow old, and let it go", async () => {
    using target = await TargetProcess.start({ hot: "first:4", flush: true });
    const guarded = (coldThreshold: number) => ({
      ...task({ type: "pid", pid: target.pid }, { coldThreshold, stallLimitPercent: 0.1 }),
      name: `t${coldThreshold}`,
    });
    await using trial = await SlideTrial.start(description("p", true), guarded(1), guarded(2));
    for (const name of ["t1", "t2"]) {
      const moved = () => trial.status(name).total.moved_bytes;
      await waitFor(`${name} to move what is cold`, () => moved() >= MOST_OF_COLD);
      await waitFor(
        "memory to grow old",
        async () => (await histogramOf(trial, name)).oldestScans >= 4,
      );
    }
  });

  test.skipIf(noMoves !== undefined)(
    "a dry one does not keep the other from moving, and is not blinded",
    async () => {
      using target = await TargetProcess.start({ hot: "first:4", flush: true });
      const guarded = task({ type: "pid", pid: target.pid }, { stallLimitPercent: 0.1 });
      await using dry = await SlideTrial.start(description("dry", true), guarded);
      await using trial = await SlideTrial.start(description("p", false), guarded);
      const out = () => readProcessSizes(target.process.dirFd)!.swapBytes;
      await waitFor("the cold memory to go", () => out() >= MOST_OF_COLD);
      await waitFor("it to grow old", async () => (await histogramOf(trial)).oldestScans >= 4);
      // What the other has moved is no memory of a dry run: nothing old may be left for it.
      await waitFor("it to be followed", async () => (await histogramOf(dry)).observedSeconds >= 4);
    },
  );
});
