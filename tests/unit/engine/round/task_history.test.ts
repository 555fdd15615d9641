import { describe, expect, test } from "bun:test";
import { TaskHistory } from "../../../../src/engine/round/task_history.ts";
import { noTotal, type RoundsWanted } from "../../../../src/status/task_status.ts";

describe("TaskHistory", () => {
  test("view() shows a task that has done nothing", () => {
    expect(new TaskHistory().view()).toEqual({ total: noTotal(), rounds: [] });
  });

  test("view() names what the task works with, and why it failed", () => {
    const history = new TaskHistory({ tracker: "smaps", mover: "swap_pages" });
    history.failed = "worker failed";
    expect(Object.keys(history.view())).toEqual(["failed", "tracker", "mover", "total", "rounds"]);
    history.failed = undefined;
    expect(history.view()).toMatchObject({ tracker: "smaps", mover: "swap_pages" });
    expect(history.view()).not.toHaveProperty("failed");
  });

  test("begin() keeps the last 16 rounds, newest first, and the sums of all", () => {
    const history = new TaskHistory();
    for (let round = 1; round <= 20; round++) {
      const record = history.begin();
      record.addFigures({ asked_bytes: 10, moved_bytes: 7, came_back_bytes: 1 });
      history.end(record, round === 20 ? "stopped" : "done");
    }
    const { total, rounds } = history.view();
    expect(rounds.map(({ number }) => number)).toEqual(
      Array.from({ length: 16 }, (_, i) => 20 - i),
    );
    const numbers = (wanted: RoundsWanted): number[] =>
      history.view(wanted).rounds.map(({ number }) => number);
    expect(numbers({ rounds: 2 })).toEqual([20, 19]);
    expect(numbers({ endedRounds: 1 })).toEqual([20]);
    const running = history.begin();
    expect(numbers({ endedRounds: 1 })).toEqual([21, 20]);
    expect(numbers({ endedRounds: 0 })).toEqual([21]);
    expect(numbers({ rounds: 1, endedRounds: 1 })).toEqual([21]);
    history.end(running, "stopped");
    expect(history.view({ rounds: 0 })).toEqual({ total, rounds: [] });
    expect(total).toEqual({
      ...noTotal(),
      rounds: 19,
      asked_bytes: 200,
      moved_bytes: 140,
      came_back_bytes: 20,
    });
  });

  test("summary() gives the sums of all rounds", () => {
    const history = new TaskHistory();
    const record = history.begin();
    record.addFigures({ asked_bytes: 3 * 2 ** 20, moved_bytes: 2 ** 21, freed_bytes: 2 ** 19 });
    history.end(record, "done");
    expect(history.summary()).toBe(
      "total of 1 round, in MiB: asked 3.0, moved 2.0, came back 0.0, freed 0.5",
    );
  });

  test("lastDone is the newest round that came to its end", () => {
    const history = new TaskHistory();
    expect(history.lastDone).toBeUndefined();
    history.end(history.begin(), "done");
    history.end(history.begin(), "stopped");
    history.begin();
    expect(history.lastDone?.number).toBe(1);
  });
});
