import { describe, expect, test } from "bun:test";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import type { Jobs } from "../../../../src/engine/jobs.ts";
import {
  type PidRoundPlan,
  type PidRoundStart,
  runPidRound,
} from "../../../../src/engine/round/pid_round.ts";
import { StopFlag } from "../../../../src/engine/round/stop_flag.ts";
import type { MoveOrder } from "../../../../src/engine/slide/move_order.ts";
import { Semaphore } from "../../../../src/async/semaphore.ts";
import { readProcessStat } from "../../../../src/procfs/process_stat.ts";
import type { FoundProcess } from "../../../../src/procfs/find_processes.ts";
import { WorkerLostError, WorkerPool } from "../../../../src/worker/pool.ts";
import type { ProcessGains } from "../../../../src/engine/round/process_gains.ts";
import type { ScanStepReply } from "../../../../src/engine/round/scan_step.ts";
import { openDescriptors, untilOpenDescriptors } from "../../../tools/fixtures/descriptors.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";

const { workers } = engineContext;
const LOST = new URL("../../worker/lost_worker.ts", import.meta.url).href;

type Plan = PidRoundPlan<MoveOrder, ProcessGains>;
type Start = PidRoundStart<ProcessGains>;
type Reply = ScanStepReply<ProcessGains>;

const plan: Plan = {
  loop: 2,
  intervalMs: 1,
  step: {
    tracker: "smaps",
    selection: { kind: "swappable" },
    flags: { swapFlag: false, ignoreHost: false },
    stop: new StopFlag().words,
  },
  // No memory is cold, so none is moved.
  finish: { mover: "process_madvise", coldThreshold: 0 },
  runStep: (request, signal) => workers.run("slide_step", request, signal),
};

/** A plan whose steps are done by the pool that is in hand when they are due. */
function planOn(pool: () => WorkerPool<Jobs>): Plan {
  return {
    ...plan,
    runStep: (request, signal) => pool().run("slide_step", request, signal),
  };
}

interface Trial {
  readonly process: FoundProcess;
  readonly replies: Reply[];
  readonly start: Start;
  readonly controller: AbortController;
}

function trialOf(target: TargetProcess, more: Partial<Start> = {}): Trial {
  const replies: Reply[] = [];
  const controller = new AbortController();
  const start: Start = {
    memory: undefined,
    isStale: true,
    stallLimit: () => undefined,
    slots: new Semaphore(1),
    signal: controller.signal,
    onReply: (reply) => replies.push(reply),
    onHeld: () => {},
    ...more,
  };
  const { startTicks, activity, memoryId } = readProcessStat(target.process.dirFd)!;
  return {
    process: { pid: target.pid, startTicks, activity, memoryId },
    replies,
    start,
    controller,
  };
}

describe("runPidRound()", () => {
  test("does a scan that does not count, those that do, and what follows", async () => {
    using target = await TargetProcess.start();
    const before = openDescriptors();
    const { process, replies, start } = trialOf(target);
    const last = await runPidRound(process, plan, start);
    expect(last).toMatchObject({ state: "finished", result: { figures: { cold_bytes: 0 } } });
    expect(replies.map((reply) => reply.state)).toEqual(["open", "open", "finished"]);
    expect(replies.map((reply) => reply.state === "open" && reply.counted))
      .toEqual([false, true, false]);
    await untilOpenDescriptors(before);
  });

  test("does without the scan that does not count when the process is known", async () => {
    using target = await TargetProcess.start();
    const first = trialOf(target);
    const known = await runPidRound(first.process, plan, first.start);
    const memory = known !== undefined && "memory" in known ? known.memory : undefined;
    const { process, replies, start } = trialOf(target, { memory, isStale: false });
    await runPidRound(process, plan, start);
    expect(replies.map((reply) => reply.state)).toEqual(["open", "finished"]);
  });

  test("leaves nothing open when it is stopped between scans", async () => {
    using target = await TargetProcess.start();
    const before = openDescriptors();
    const { process, start, controller } = trialOf(target);
    const stopping = { ...start, onReply: () => controller.abort() };
    const slow = { ...plan, intervalMs: 1_200_000 };
    expect(await runPidRound(process, slow, stopping)).toMatchObject({ state: "stopped" });
    await untilOpenDescriptors(before);
    expect(await runPidRound(process, slow, stopping)).toMatchObject({ state: "stopped" });
  });

  test("leaves nothing open when a thread is lost", async () => {
    using target = await TargetProcess.start();
    const before = openDescriptors();
    const { process, replies, start } = trialOf(target);
    const lost = new WorkerPool<Jobs>(LOST);
    // The first step is done by a thread that works.
    const failing = planOn(() => replies.length === 0 ? workers : lost);
    const failure = await runPidRound(process, failing, start).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorkerLostError);
    expect(replies.map((reply) => reply.state)).toEqual(["open"]);
    await untilOpenDescriptors(before);
  });

  test("leaves nothing open when it is stopped while a step waits for a thread", async () => {
    using target = await TargetProcess.start();
    const before = openDescriptors();
    const { process, replies, start, controller } = trialOf(target);
    const full = new WorkerPool<Jobs>(LOST, { mostAtWork: 0 });
    const waiting = planOn(() => {
      if (replies.length === 0) return workers;
      queueMicrotask(() => controller.abort());
      return full;
    });
    // What is remembered of the process is kept for the way back.
    const end = await runPidRound(process, waiting, start);
    expect(end).toMatchObject({ state: "stopped", memory: expect.anything() });
    expect(replies.map((reply) => reply.state)).toEqual(["open"]);
    expect(full.size).toBe(0);
    await untilOpenDescriptors(before);
  });
});
