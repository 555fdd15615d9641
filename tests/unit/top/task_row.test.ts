import { describe, expect, test } from "bun:test";
import { taskRows } from "../../../src/top/task_row.ts";
import { manyTasks, rowOf } from "./sample_rows.ts";

describe("taskRows()", () => {
  test("has a row for each task, with what its rounds came to", () => {
    const [row, ...more] = taskRows(manyTasks(3));
    expect(more).toHaveLength(2);
    expect(row).toMatchObject({
      project: "p000",
      engine: "slide",
      task: "t000",
      present: 2 ** 30,
      harm: 0.05,
      age: 240,
    });
  });

  test("counts what the running round has moved so far", () => {
    const idle = rowOf((task) => {
      task.rounds[0]!.moved_bytes = 0;
    });
    const busy = rowOf((task) => {
      task.rounds[0]!.moved_bytes = 4096;
    });
    expect(busy.moved - idle.moved).toBe(4096);
  });

  test("says what a task does, the most urgent first", () => {
    expect(rowOf().state).toBe("pauses");
    expect(rowOf((task) => delete task.rounds[1]!.guard).state).toBe("works");
    expect(
      rowOf((task) => {
        task.rounds = [];
      }).state,
    ).toBe("sleeps");
    expect(
      rowOf((task) => {
        task.started = false;
      }).state,
    ).toBe("stopped");
    const failed = rowOf((task) => {
      task.started = false;
      task.failed = "engine e: died of SIGSEGV";
    });
    expect(failed.state).toBe("fails");
    expect(failed.reasons[0]).toBe("engine e: died of SIGSEGV");
  });

  test("says what the project waits for", () => {
    const status = manyTasks(1);
    status.projects[0]!.waits_for = "there is no swap space";
    expect(taskRows(status)[0]).toMatchObject({ state: "waits" });
    expect(taskRows(status)[0]!.reasons[0]).toBe("there is no swap space");
  });

  test("gives reasons: of processes, then of memory, the most of it first", () => {
    const { reasons } = rowOf((task) => {
      Object.assign(task.rounds[1]!, {
        skipped: [{ reason: "the process has ended", processes: 0, pids: [] }, {
          reason: "another task is scanning it",
          processes: 2,
          pids: [],
        }],
        spared: [{ reason: "stopped", bytes: 4096 }, { reason: "no swap space left", bytes: 8192 }],
        refused: [],
      });
    });
    expect(reasons).toEqual([
      "the process has ended",
      "2 processes: another task is scanning it",
      "8 KiB: no swap space left",
      "4 KiB: stopped",
    ]);
  });
});
