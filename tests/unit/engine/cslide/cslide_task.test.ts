import { describe, expect, test } from "bun:test";
import { CslideTask } from "../../../../src/engine/cslide/cslide_task.ts";

/** A started task, and a way to have it do a round in which it found so many processes. */
function startedTask(): { task: CslideTask; round: (processes: number, skipped?: string) => void } {
  const task = new CslideTask({
    kind: "cslide",
    name: "vm",
    project: "test",
    engine: "cslide",
    target: { type: "pid", pid: 1 },
    vmFlags: [],
    anonOnly: false,
    ignHost: false,
  });
  task.start("idle_pages");
  return {
    task,
    round: (processes, skipped) => {
      const record = task.beginRound();
      if (skipped !== undefined) record.skip(skipped, []);
      record.status.processes = processes;
      task.endRound(record, task.life);
    },
  };
}

describe("CslideTask", () => {
  test("whyNoPages says what became of its processes in the last round", () => {
    const { task, round } = startedTask();
    expect(task.whyNoPages).toBe("its first round is not done yet");
    round(0);
    expect(task.whyNoPages).toBe("none of its processes was there in the last round");
    round(0, "there is no process 4711");
    expect(task.whyNoPages).toBe("there is no process 4711");
    // as when they belong to another task
    round(2);
    task.beginRound();
    expect(task.whyNoPages).toBe(
      "its processes have ended or were left alone in the last round, see etmem status",
    );
    task.failed = "worker failed";
    expect(task.whyNoPages).toBe("its last round failed: worker failed");
  });
});
