import { describe, expect, test } from "bun:test";
import { History } from "../../../src/top/history.ts";
import type { TaskRow } from "../../../src/top/task_row.ts";
import { rowOf } from "./sample_rows.ts";

const ROW = rowOf();
const row = (moved: number, cameBack = 0, harm = 0): TaskRow => ({
  ...ROW,
  moved,
  cameBack,
  harm,
});

describe("History", () => {
  test("adds up what was moved in steps of five seconds", () => {
    const history = new History();
    history.add([row(100)], "server", 0);
    history.add([row(150)], "server", 1);
    history.add([row(170, 10, 0.5)], "server", 5);
    history.add([row(180, 10, 0.2)], "server", 9.9);
    expect(history.steps(ROW.key, 4)).toEqual([
      undefined,
      undefined,
      { moved: 50, cameBack: 0, harm: 0 },
      { moved: 30, cameBack: 10, harm: 0.5 },
    ]);
  });

  test("has gaps where nobody looked", () => {
    const history = new History();
    history.add([row(0)], "server", 0);
    history.add([row(7)], "server", 16);
    expect(history.steps(ROW.key, 4).map((step) => step?.moved)).toEqual([
      0,
      undefined,
      undefined,
      7,
    ]);
  });

  test("begins anew with another server, and when a task counts from 0 again", () => {
    const history = new History();
    history.add([row(100)], "one", 0);
    history.add([row(900)], "two", 1);
    expect(history.steps(ROW.key, 1)[0]?.moved).toBe(0);
    history.add([row(50)], "two", 2);
    history.add([row(60)], "two", 3);
    expect(history.steps(ROW.key, 1)[0]?.moved).toBe(10);
  });

  test("forgets tasks that are gone, and what is older than ten minutes", () => {
    const history = new History();
    for (let second = 0; second < 2000; second += 5) history.add([row(second)], "s", second);
    expect(history.steps(ROW.key, 200).filter((step) => step !== undefined)).toHaveLength(120);
    history.add([], "s", 2001);
    expect(history.steps(ROW.key, 1)).toEqual([undefined]);
  });

  test("does not fill hours in which this process was stopped", () => {
    const history = new History();
    history.add([row(0)], "s", 0);
    history.add([row(5)], "s", 1e6);
    const steps = history.steps(ROW.key, 120);
    expect(steps.filter((step) => step !== undefined)).toHaveLength(1);
  });
});
