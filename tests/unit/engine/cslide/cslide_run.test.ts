import { describe, expect, test } from "bun:test";
import { Semaphore } from "../../../../src/async/semaphore.ts";
import { CslideRun } from "../../../../src/engine/cslide/cslide_run.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import { project } from "../slide/slide_trial.ts";
import type { Reason } from "../../../../src/reason/reasons.ts";

/** A run, and a way to have it do a round in which it found so many processes. */
function startedRun(): { run: CslideRun; round: (processes: number, skipped?: string) => void } {
  const run = new CslideRun(
    project(),
    {
      kind: "cslide",
      name: "vm",
      project: "test",
      engine: "cslide",
      target: { type: "pid", pid: 1 },
      vmFlags: [],
      anonOnly: false,
      ignHost: false,
    },
    SMAPS,
    new Semaphore(1),
    engineContext,
  );
  return {
    run,
    round: (processes, skipped) => {
      const record = run.life.history.begin();
      if (skipped !== undefined) record.skip(skipped as Reason, []);
      record.status.processes = processes;
      run.life.endRound(record, false);
    },
  };
}

describe("CslideRun", () => {
  test("whyNoPages says what became of its processes in the last round", () => {
    const { run, round } = startedRun();
    expect(run.whyNoPages).toBe("its first round is not done yet");
    round(0);
    expect(run.whyNoPages).toBe("none of its processes was there in the last round");
    round(0, "there is no such process");
    expect(run.whyNoPages).toBe("there is no such process");
    // as when they belong to another task
    round(2);
    run.life.history.begin();
    expect(run.whyNoPages).toBe(
      "its processes have ended or were left alone in the last round, see etmem status",
    );
    run.life.history.failed = "worker failed";
    expect(run.whyNoPages).toBe("its last round failed: worker failed");
  });
});
