import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { Semaphore } from "../../../../src/async/semaphore.ts";
import { RoundRecord } from "../../../../src/engine/round/round_record.ts";
import { ScanLock } from "../../../../src/engine/round/scan_lock.ts";
import { TaskLife } from "../../../../src/engine/round/task_life.ts";
import { type ProcessesPlan, TaskProcesses } from "../../../../src/engine/round/task_processes.ts";
import type { FoundProcess } from "../../../../src/procfs/find_processes.ts";
import type { FigureGains } from "../../../../src/status/round_figures.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import { WorkerPool } from "../../../../src/worker/pool.ts";
import { ScratchFolder } from "../../../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import type { TestJobs } from "../../worker/test_jobs.ts";
import { task } from "../slide/slide_trial.ts";
import { finishedStep } from "./finished_step.ts";

const ENTRY = new URL("../../worker/test_jobs.ts", import.meta.url).href;
const pool = new WorkerPool<TestJobs>(ENTRY, { heldMs: 100 });
afterAll(() => pool.close());

const found = (pid: number): FoundProcess => ({
  pid,
  startTicks: 1,
  activity: "",
  memoryId: "1:1",
});
/** With another task; the first of two rounds has to be over long before. */
const PATIENCE_MS = 1000;
const SLOW = found(1);
const OTHER = found(2);

const FINISHED = finishedStep<FigureGains>(
  { asked_bytes: 10, moved_bytes: 10 },
  { figures: { scanned_bytes: 1000 } },
);

/** A task whose rounds for each process are one step: to open the file that `pathOf` names. */
function newTask(
  scanLock: ScanLock,
  pathOf: (pid: number) => string,
): { life: TaskLife; processes: TaskProcesses<object, FigureGains> } {
  const life = new TaskLife(task({ type: "pid", pid: 1 }), SMAPS, "process_madvise");
  const plan: ProcessesPlan<object, FigureGains> = {
    loop: 1,
    intervalMs: 1,
    step: {
      tracker: "smaps",
      selection: { kind: "swappable" },
      flags: { swapFlag: false, ignoreHost: false },
      stop: life.stop.words,
    },
    finish: {},
    runStep: async ({ pid }, signal, onHeld) => {
      await pool.run("open", { path: pathOf(pid) }, signal, onHeld);
      return FINISHED;
    },
    takeLate: (gains) => gains,
  };
  return {
    life,
    processes: new TaskProcesses(life, plan, new Semaphore(1), scanLock, PATIENCE_MS),
  };
}

describe("TaskProcesses", () => {
  test("round() skips a process at which the kernel holds a thread, the others go on", async () => {
    using folder = new ScratchFolder();
    const fifo = folder.at("fifo");
    Bun.spawnSync(["mkfifo", fifo]);
    const scanLock = new ScanLock();
    const { life, processes } = newTask(
      scanLock,
      (pid) => pid === SLOW.pid ? fifo : "/dev/null",
    );
    for (let number = 1; number <= 3; number++) {
      const record = new RoundRecord(number);
      const [slow, other] = await Promise.all([
        processes.round(SLOW, record),
        processes.round(OTHER, record),
      ]);
      expect(slow).toBeUndefined();
      expect(other?.result).toEqual({ asked_bytes: 10, moved_bytes: 10 });
      other?.hold.release(true);
      expect(record.status.skipped).toEqual([
        { reason: "the kernel holds a thread at it", processes: 1, pids: [SLOW.pid] },
      ]);
      expect(record.status.scanned_bytes).toBe(1000);
    }
    closeSync(openSync(fifo, "r+"));
    await processes.untilIdle();
    await new Promise((resolve) => setImmediate(resolve));
    // The thread is not held any more; the file is now one that does not hold it.
    Bun.spawnSync(["sh", "-c", `rm ${fifo}; : >${fifo}`]);
    const record = new RoundRecord(4);
    const slow = await processes.round(SLOW, record);
    slow?.hold.release(true);
    // What was late, and this round; the result of the latter is added by the caller.
    expect(record.status).toMatchObject({ skipped: [], scanned_bytes: 2000, moved_bytes: 10 });
    await life.end(processes.untilIdle());
    processes.forgetAllBut(new Set());
    expect(scanLock.size).toBe(0);
  });

  test("round() leaves nothing behind when the thread is held until after the stop", async () => {
    using folder = new ScratchFolder();
    const fifo = folder.at("fifo");
    Bun.spawnSync(["mkfifo", fifo]);
    const scanLock = new ScanLock();
    const { life, processes } = newTask(scanLock, () => fifo);
    expect(await processes.round(SLOW, new RoundRecord(1))).toBeUndefined();
    await life.end(processes.untilIdle());
    processes.forgetAllBut(new Set());
    closeSync(openSync(fifo, "r+"));
    await waitFor("the lock to be forgotten", () => scanLock.size === 0);
  });

  test("round() skips a process that another task scans for long, and is next then", async () => {
    const scanLock = new ScanLock();
    const one = newTask(scanLock, () => "/dev/null");
    const other = newTask(scanLock, () => "/dev/null");
    // Its caller still holds the lock, as in a round with long intervals.
    const scanned = await one.processes.round(SLOW, new RoundRecord(1));
    const skipped = [
      { reason: "another task is scanning it", processes: 1, pids: [SLOW.pid] },
    ];
    for (let number = 1; number <= 3; number++) {
      const record = new RoundRecord(number);
      expect(await other.processes.round(SLOW, record)).toBeUndefined();
      expect(record.status.skipped).toEqual(skipped);
      (await other.processes.round(OTHER, record))?.hold.release(true);
      expect(record.status.scanned_bytes).toBe(1000);
    }
    scanned?.hold.release(true);
    const record = new RoundRecord(2);
    expect(await one.processes.round(SLOW, record)).toBeUndefined();
    expect(record.status.skipped).toEqual(skipped);
    const last = await other.processes.round(SLOW, new RoundRecord(4));
    expect(last?.hold.isStale).toBe(true);
    last?.hold.release(true);
    (await one.processes.round(SLOW, new RoundRecord(3)))?.hold.release(true);
    for (const { processes } of [one, other]) processes.forgetAllBut(new Set());
    for (const { processes } of [one, other]) processes.forgetAllBut(new Set());
    expect(scanLock.size).toBe(0);
  });
});
