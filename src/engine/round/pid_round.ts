import { close } from "../../../ffi/libc.ts";
import type { FoundProcess } from "../../procfs/find_processes.ts";
import type { ProcessMemory, StepReply, StepRequest } from "./scan_step.ts";
import { WorkerLostError } from "../../worker/pool.ts";
import { pause } from "../../async/abortable.ts";
import type { Semaphore } from "../../async/semaphore.ts";
import type { Workers } from "../engine_context.ts";

/** What a task does with each process of a round. */
export interface RoundPlan {
  readonly loop: number;
  readonly intervalMs: number;
  /** Everything of a step's request that is the same for all processes of the task. */
  readonly step: Pick<
    StepRequest,
    "tracker" | "selection" | "flags" | "swapThresholdBytes" | "stop"
  >;
  /** What follows the last scan. */
  readonly last: Pick<StepRequest, "move"> | Pick<StepRequest, "locate">;
}

/** What the rounds of a task share. */
export interface RoundMeans {
  readonly workers: Workers;
  /** max_threads of the task. */
  readonly slots: Semaphore;
  readonly signal: AbortSignal;
  readonly onReply: (reply: StepReply, process: FoundProcess) => void;
}

/** Closes the descriptors of a process that a step left open. */
export function closeProcess(open: NonNullable<StepRequest["open"]>): void {
  close(open.pagemapFd);
  close(open.dirFd);
}

/** @returns undefined when it is to be stopped. @throws {JobError} after which nothing is open. */
async function runStep(
  request: StepRequest,
  { signal, workers }: RoundMeans,
): Promise<StepReply | undefined> {
  if (signal.aborted) return undefined;
  try {
    return await workers.run("scan_step", request, signal);
  } catch (error) {
    if (signal.aborted && error === signal.reason) return undefined;
    // A step that fails closes what it was handed; nobody has when its thread is lost.
    if (error instanceof WorkerLostError && request.open !== undefined) closeProcess(request.open);
    throw error;
  }
}

/**
 * One round for one process: `loop` scans that count, `interval` apart, and what follows the last one. It waits in
 * between without holding a thread. The caller holds the lock of the process.
 * @param known what was kept of the process. @param stale it was not this task that scanned it last.
 * @returns the reply that ended the round; undefined when it was stopped. Only "located" leaves descriptors open.
 * @throws {JobError} when a step failed.
 */
export async function runPidRound(
  process: FoundProcess,
  plan: RoundPlan,
  means: RoundMeans,
  known: ProcessMemory | undefined,
  stale: boolean,
): Promise<Exclude<StepReply, { state: "open" }> | undefined> {
  let memory = known;
  let isStale = stale;
  let open: StepRequest["open"];
  for (let scans = 0; !means.signal.aborted;) {
    const isLast = scans === plan.loop - 1;
    const request: StepRequest = {
      ...plan.step,
      pid: process.pid,
      startTicks: process.startTicks,
      open,
      memory,
      isStale,
      ...(isLast ? plan.last : {}),
    };
    const reply = await means.slots.run(() => runStep(request, means));
    if (reply === undefined) break;
    means.onReply(reply, process);
    if (reply.state !== "open") return reply;
    ({ open, memory } = reply);
    isStale = false;
    if (reply.counted) scans++;
    await pause(plan.intervalMs - reply.windowAgeMs, means.signal);
  }
  if (open !== undefined) closeProcess(open);
  return undefined;
}
