import { describe, expect, test } from "bun:test";
import type { Jobs } from "../../../../src/engine/jobs.ts";
import {
  type RoundMeans,
  type RoundPlan,
  runPidRound,
} from "../../../../src/engine/round/pid_round.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { Semaphore } from "../../../../src/async/semaphore.ts";
import { readProcessStat } from "../../../../src/procfs/process_stat.ts";
import type { FoundProcess } from "../../../../src/procfs/find_processes.ts";
import { WorkerLostError, WorkerPool } from "../../../../src/worker/pool.ts";
import type { StepReply } from "../../../../src/engine/round/scan_step.ts";
import { openDescriptors, untilOpenDescriptors } from "../../../tools/fixtures/descriptors.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";

const { workers } = engineContext;

const LOST = new URL("../../worker/lost_worker.ts", import.meta.url).href;

const plan: RoundPlan = {
  loop: 2,
  intervalMs: 1,
  step: {
    tracker: "smaps",
    selection: { kind: "swappable" },
    flags: { swapFlag: false, ignoreHost: false },
    stop: new Int32Array(new SharedArrayBuffer(4)),
  },
  // No memory is cold, so none is moved.
  last: { move: { mover: "process_madvise", coldThreshold: 0 } },
};

interface Trial {
  readonly process: FoundProcess;
  readonly replies: StepReply[];
  readonly means: RoundMeans;
  readonly controller: AbortController;
}

function trialOf(target: TargetProcess, more: Partial<RoundMeans> = {}): Trial {
  const replies: StepReply[] = [];
  const controller = new AbortController();
  const means: RoundMeans = {
    workers,
    slots: new Semaphore(1),
    signal: controller.signal,
    onReply: (reply) => replies.push(reply),
    ...more,
  };
  const { startTicks, activity } = readProcessStat(target.process.dirFd)!;
  return { process: { pid: target.pid, startTicks, activity }, replies, means, controller };
}

describe("runPidRound()", () => {
  test("does a scan that does not count, those that do, and what follows", async () => {
    using target = await TargetProcess.start();
    const before = openDescriptors();
    const { process, replies, means } = trialOf(target);
    const last = await runPidRound(process, plan, means, undefined, true);
    expect(last).toMatchObject({ state: "done", figures: { cold_bytes: 0 } });
    expect(replies.map((reply) => reply.state)).toEqual(["open", "open", "done"]);
    expect(replies.map((reply) => reply.state === "open" && reply.counted))
      .toEqual([false, true, false]);
    await untilOpenDescriptors(before);
  });

  test("does without the scan that does not count when the process is known", async () => {
    using target = await TargetProcess.start();
    const first = trialOf(target);
    const known = await runPidRound(first.process, plan, first.means, undefined, true);
    const { process, replies, means } = trialOf(target);
    const memory = known?.state === "done" ? known.memory : undefined;
    await runPidRound(process, plan, means, memory, false);
    expect(replies.map((reply) => reply.state)).toEqual(["open", "done"]);
  });

  test("leaves nothing open when it is stopped between scans", async () => {
    using target = await TargetProcess.start();
    const before = openDescriptors();
    const { process, means, controller } = trialOf(target);
    const stopping = { ...means, onReply: () => controller.abort() };
    const slow = { ...plan, intervalMs: 1_200_000 };
    expect(await runPidRound(process, slow, stopping, undefined, true)).toBeUndefined();
    await untilOpenDescriptors(before);
    expect(await runPidRound(process, slow, stopping, undefined, true)).toBeUndefined();
  });

  test("leaves nothing open when a thread is lost", async () => {
    using target = await TargetProcess.start();
    const before = openDescriptors();
    const { process, replies, means } = trialOf(target);
    const lost = new WorkerPool<Jobs>(LOST);
    let run: WorkerPool<Jobs>["run"] = workers.run.bind(workers);
    const failing = {
      ...means,
      // The first step is done by a thread that works.
      workers: { run: (...all: Parameters<typeof run>) => run(...all) } as WorkerPool<Jobs>,
      onReply: (reply: StepReply) => {
        replies.push(reply);
        run = lost.run.bind(lost);
      },
    };
    const failure = await runPidRound(process, plan, failing, undefined, true).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(WorkerLostError);
    expect(replies.map((reply) => reply.state)).toEqual(["open"]);
    await untilOpenDescriptors(before);
  });

  test("leaves nothing open when it is stopped while a step waits for a thread", async () => {
    using target = await TargetProcess.start();
    const before = openDescriptors();
    const { process, replies, means, controller } = trialOf(target);
    const full = new WorkerPool<Jobs>(LOST, { mostAtWork: 0 });
    let run: WorkerPool<Jobs>["run"] = workers.run.bind(workers);
    const waiting = {
      ...means,
      workers: {
        run: (...all: Parameters<typeof run>) => {
          if (replies.length > 0) queueMicrotask(() => controller.abort());
          return run(...all);
        },
      } as WorkerPool<Jobs>,
      onReply: (reply: StepReply) => {
        replies.push(reply);
        run = full.run.bind(full);
      },
    };
    expect(await runPidRound(process, plan, waiting, undefined, true)).toBeUndefined();
    expect(replies.map((reply) => reply.state)).toEqual(["open"]);
    expect(full.size).toBe(0);
    await untilOpenDescriptors(before);
  });
});
