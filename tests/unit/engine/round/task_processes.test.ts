import { describe, expect, test } from "bun:test";
import { Semaphore } from "../../../../src/async/semaphore.ts";
import { unpackMemory } from "../../../../src/engine/round/packed_memory.ts";
import { RoundRecord } from "../../../../src/engine/round/round_record.ts";
import { ScanLock } from "../../../../src/engine/round/scan_lock.ts";
import { processKey } from "../../../../src/engine/round/space_keys.ts";
import type { ScanStepReply, ScanStepRequest } from "../../../../src/engine/round/scan_step.ts";
import { TaskLife } from "../../../../src/engine/round/task_life.ts";
import { TaskProcesses } from "../../../../src/engine/round/task_processes.ts";
import { noPhases } from "../../../../src/status/round_phases.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import { task } from "../slide/slide_trial.ts";
import { finishedStep } from "./finished_step.ts";
import type { Reason } from "../../../../src/reason/reasons.ts";

type Request = ScanStepRequest<string>;
type Reply = ScanStepReply<number>;

const PROCESS = { pid: 7, startTicks: 1, activity: "", memoryId: "1:1" };
const COSTS = { times: noPhases(), cpuUs: 0, errors: [], figures: {} };

function finished(result: number): Reply {
  const { memory, ...reply } = finishedStep(result);
  return { ...reply, memory: { ...memory, memoryId: String(result) } };
}

/** The processes of a task whose steps are done as told, one scan a round. */
function trialOf(runStep: (request: Request) => Promise<Reply>) {
  const life = new TaskLife(task({ type: "pid", pid: PROCESS.pid }), SMAPS, "swap_pages");
  const scanLock = new ScanLock();
  const plan = {
    loop: 1,
    intervalMs: 1,
    step: {
      tracker: SMAPS.name,
      selection: { kind: "swappable" },
      flags: { swapFlag: false, ignoreHost: false },
      stop: life.stop.words,
    },
    finish: "do it",
    runStep,
    takeLate: () => ({}),
  } as const;
  const processes = new TaskProcesses(life, plan, new Semaphore(1), scanLock);
  const record = new RoundRecord(1);
  return { life, scanLock, processes, record, round: () => processes.round(PROCESS, record) };
}

/** Whether another task gets the lock of the process now. */
async function isFree(scanLock: ScanLock): Promise<boolean> {
  const controller = new AbortController();
  const hold = scanLock.acquire(processKey(PROCESS), {}, controller.signal);
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  (await hold)?.release(false);
  return await hold !== undefined;
}

describe("TaskProcesses", () => {
  test("round() answers the finisher's result, and leaves the lock to its caller", async () => {
    const { scanLock, round } = trialOf(async () => finished(3));
    const end = await round();
    expect(end).toMatchObject({ result: 3, isComplete: true });
    expect(await isFree(scanLock)).toBe(false);
    end?.hold.release(true);
    expect(await isFree(scanLock)).toBe(true);
  });

  test("round() says when a step met an error", async () => {
    const { round } = trialOf(async () => ({ ...finished(3), errors: ["a hole"] }));
    expect(await round()).toMatchObject({ isComplete: false });
  });

  test("round() notes why the scans did not end, and releases the lock", async () => {
    const skipped: Reply = { ...COSTS, state: "skipped", reason: "too small" as Reason };
    for (
      const [runStep, reason] of [
        [async () => skipped, "too small"],
        [() => Promise.reject(new Error("worker failed")), "worker failed"],
      ] as const
    ) {
      const { scanLock, record, round } = trialOf(runStep);
      expect(await round()).toBeUndefined();
      expect(record.status.skipped).toEqual([{ reason, processes: 1, pids: [PROCESS.pid] }]);
      expect(await isFree(scanLock)).toBe(true);
    }
  });

  test("round() begins with what is remembered of the process, until it is forgotten", async () => {
    const known: (string | undefined)[] = [];
    const { life, processes, round } = trialOf(async ({ memory }) => {
      known.push(memory === undefined ? undefined : unpackMemory(memory).memoryId);
      return finished(known.length);
    });
    const oneRound = async (): Promise<void> => (await round())?.hold.release(true);
    await oneRound();
    await oneRound();
    processes.forget(PROCESS);
    await oneRound();
    processes.forgetAllBut(new Set([processKey(PROCESS)]));
    await oneRound();
    processes.forgetAllBut(new Set());
    await oneRound();
    expect(known).toEqual([undefined, "1", undefined, "3", undefined]);
    await life.end(processes.untilIdle());
    expect(await round()).toBeUndefined();
    expect(known).toHaveLength(5);
  });

  test("untilIdle() waits for the steps that threads do", async () => {
    const step = Promise.withResolvers<Reply>();
    const begun = Promise.withResolvers<void>();
    const { processes, round } = trialOf(() => {
      begun.resolve();
      return step.promise;
    });
    await processes.untilIdle();
    const end = round();
    await begun.promise;
    let isIdle = false;
    const idle = processes.untilIdle().then(() => isIdle = true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isIdle).toBe(false);
    step.resolve(finished(1));
    await idle;
    (await end)?.hold.release(true);
  });
});
