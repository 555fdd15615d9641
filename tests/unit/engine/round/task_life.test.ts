import { afterEach, describe, expect, test } from "bun:test";
import { RoundRecord } from "../../../../src/engine/round/round_record.ts";
import { TaskLife } from "../../../../src/engine/round/task_life.ts";
import { configureLog } from "../../../../src/log/logger.ts";
import { noPhases } from "../../../../src/status/round_phases.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import { task } from "../slide/slide_trial.ts";
import type { Reason } from "../../../../src/reason/reasons.ts";

afterEach(() => configureLog("error", []));

/** A life, and what is logged of it. */
function newLife(caution?: string): { life: TaskLife; lines: string[] } {
  const lines: string[] = [];
  configureLog("info", [(level, line) => lines.push(`${level}: ${line}`)]);
  const tracker = caution === undefined ? SMAPS : { ...SMAPS, caution: () => caution };
  return { life: new TaskLife(task({ type: "pid", pid: 1 }), tracker, "swap_pages"), lines };
}

describe("TaskLife", () => {
  test("logs what the task works with, and what to be careful about", () => {
    expect(newLife().lines).toEqual([
      "info: project p: task t: tracker smaps, mover swap_pages",
    ]);
    expect(newLife("it is slow").lines).toEqual([
      "info: project p: task t: tracker smaps, mover swap_pages",
      "warning: project p: task t: it is slow",
    ]);
  });

  test("end() asks to stop at once, and waits for the threads", async () => {
    const { life, lines } = newLife();
    const idle = Promise.withResolvers<void>();
    let isOver = false;
    const end = life.end(idle.promise).then(() => isOver = true);
    expect([life.isOver, life.signal.aborted]).toEqual([true, true]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    idle.resolve();
    await end;
    expect(lines).toHaveLength(1);
  });

  test("end() says when only the kernel holds a thread, and waits no longer", async () => {
    const { life, lines } = newLife();
    // As a thread leaves it that does not come back from its move.
    Atomics.store(life.stop.words, 1, 1);
    await life.end(Promise.resolve());
    expect(lines.at(-1)).toBe(
      "warning: project p: task t: stopped, but the kernel still holds a thread at its last work",
    );
  });

  test("warn() logs the first error, and how many more there are", () => {
    const { life, lines } = newLife();
    life.warn(7, []);
    life.warn(7, ["one"]);
    life.warn(7, ["one", "two", "three"]);
    expect(lines.slice(1)).toEqual([
      "warning: project p: task t: process 7: one",
      "warning: project p: task t: process 7: one (and 2 more)",
    ]);
  });

  test("note() and fail() say under skipped why a process was left alone", () => {
    const { life, lines } = newLife();
    const record = new RoundRecord(1);
    const step = { times: noPhases(), cpuUs: 0, errors: ["a hole"], figures: {} };
    life.note(record, { ...step, state: "skipped", reason: "too small" as Reason }, 7);
    life.fail(record, 8, new Error("no such file"));
    expect(record.status).toMatchObject({
      scan_errors: 2,
      skipped: [
        { reason: "too small", processes: 1, pids: [7] },
        { reason: "no such file", processes: 1, pids: [8] },
      ],
    });
    expect(lines.slice(1)).toEqual([
      "warning: project p: task t: process 7: a hole",
      "warning: project p: task t: process 8: no such file",
    ]);
  });

  test("endRound() counts a round that is stopped as such", async () => {
    const { life, lines } = newLife();
    life.endRound(life.history.begin(), false);
    const second = life.history.begin();
    await life.end(Promise.resolve());
    life.endRound(second, true);
    expect(life.history.view().rounds.map(({ state }) => state)).toEqual(["stopped", "done"]);
    expect(lines.at(-1)).toContain("round 2: 0 processes");
    expect(lines.at(-1)).toContain("; failed; stopped");
  });
});
