import { afterEach, describe, expect, test } from "bun:test";
import type { TaskTarget } from "../../../../src/config/task.ts";
import { CslideRound } from "../../../../src/engine/cslide/cslide_round.ts";
import { CslideRun } from "../../../../src/engine/cslide/cslide_run.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { Semaphore } from "../../../../src/async/semaphore.ts";
import { configureLog } from "../../../../src/log/logger.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { project } from "../slide/slide_trial.ts";

const { scanLock, sweep, workers } = engineContext;

afterEach(() => configureLog("error", []));

function startedRun(name: string, target: TaskTarget): CslideRun {
  return new CslideRun(
    project(),
    {
      kind: "cslide",
      project: "p",
      engine: "cslide",
      name,
      target,
      vmFlags: [],
      anonOnly: false,
      ignHost: false,
    },
    SMAPS,
    new Semaphore(1),
    engineContext,
  );
}

/** A round without pairs of nodes, which few machines have that run tests. */
function roundOf(runs: readonly CslideRun[], mostUnits?: number): CslideRound {
  return new CslideRound({
    engine: {
      kind: "cslide",
      project: "p",
      name: "cslide",
      nodePairs: [],
      hotThreshold: 1,
      nodeMigQuotaMb: 1,
      nodeHotReserveMb: 0,
    },
    pairs: [],
    workers,
    sweep,
    ...(mostUnits === undefined ? {} : { mostUnits }),
  }, runs);
}

describe("CslideRound", () => {
  test("leaves no lock remembered when its task is stopped after it or in it", async () => {
    using target = await TargetProcess.start({ hot: "none", sizeBytes: 2 ** 21 });
    for (const isStoppedInRound of [false, true, false]) {
      // As one that is deleted and added again.
      const run = startedRun("t", { type: "pid", pid: target.pid });
      const done = roundOf([run]).run();
      if (!isStoppedInRound) {
        await done;
        expect(scanLock.size).toBe(1);
      }
      await run.stop();
      await done;
      expect(scanLock.size).toBe(0);
    }
  });

  test("leaves a process alone with which the plan would be too large, and says why", async () => {
    using first = await TargetProcess.start({ hot: "none", sizeBytes: 2 ** 21 });
    using second = await TargetProcess.start({ hot: "none", sizeBytes: 2 ** 21 });
    const runs = [first, second].map(({ pid }, i) => startedRun(`t${i}`, { type: "pid", pid }));
    await roundOf(runs, 1000).run();
    const [fits, isLeft] = runs.map(({ life }) => life.history.view().rounds[0]!);
    expect(fits!.skipped).toEqual([]);
    expect(fits!.present_bytes).toBeGreaterThan(2 ** 21);
    expect(isLeft!.present_bytes).toBe(0);
    expect(isLeft!.skipped).toEqual([{
      reason: "more memory than one round of cslide plans for (2 TiB in base pages)",
      processes: 1,
      pids: [second.pid],
    }]);
    for (const run of runs) await run.stop();
  });

  test("run() logs what the round of each task came to", async () => {
    const runs = ["a", "b"].map((name) =>
      startedRun(name, { type: "name", comm: "no/such/process" })
    );
    const lines: string[] = [];
    configureLog("info", [(level, line) => lines.push(`${level}: ${line}`)]);
    await roundOf(runs).run();
    expect(lines).toEqual(
      [
        ...["a", "b"].map((name) =>
          `warning: project p: task ${name}: there is no process named "no/such/process"`
        ),
        ...["a", "b"].map((name) =>
          expect.stringMatching(
            new RegExp(
              `^info: project p: task ${name}: round 1: 0 processes, .*; ` +
                'skipped: there is no process named "no/such/process"$',
            ),
          )
        ),
      ],
    );
  });
});
