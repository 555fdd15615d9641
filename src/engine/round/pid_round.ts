import type { Semaphore } from "../../async/semaphore.ts";
import { pause } from "../../async/abortable.ts";
import { commonPause } from "../../async/common_pause.ts";
import type { FoundProcess } from "../../procfs/find_processes.ts";
import { WorkerLostError } from "../../worker/pool.ts";
import { closeProcess } from "./opened_process.ts";
import type {
  FinishedStep,
  KeptMemory,
  RestStep,
  ScanStepReply,
  ScanStepRequest,
  UnfinishedStep,
} from "./scan_step.ts";

/** What a task does with each process of a round. */
export interface PidRoundPlan<Order, Result> {
  /** Scans that count. */
  readonly loop: number;
  readonly intervalMs: number;
  /** Everything of a step's request that is the same for all processes of the task. */
  readonly step: Pick<
    ScanStepRequest,
    | "tracker"
    | "selection"
    | "flags"
    | "ageIntervalMs"
    | "swapThresholdBytes"
    | "needsSwap"
    | "isDryRun"
    | "stop"
  >;
  /** What the finisher is told after the last scan. */
  readonly finish: Order;
  /** The most that a process shall wait for what was moved, in percent of its time. */
  readonly stallLimitPercent?: number | undefined;
  /** Has a thread do a step, with the engine's finisher; see WorkerPool.run(). */
  readonly runStep: (
    request: ScanStepRequest<Order>,
    signal: AbortSignal,
    onHeld: () => void,
  ) => Promise<ScanStepReply<Result>>;
}

/** How a round for one process begins and who follows it. */
export interface PidRoundStart<Result> {
  /** What was kept of the process. */
  readonly memory: KeptMemory | undefined;
  /** It was not this task that scanned the process last. */
  readonly isStale: boolean;
  /** A step takes one: max_threads of the task. */
  readonly slots: Semaphore;
  /** The smallest stall_limit of all tasks on the process. */
  readonly stallLimit: () => number | undefined;
  /** Fires when the task is stopped. */
  readonly signal: AbortSignal;
  readonly onReply: (reply: ScanStepReply<Result>) => void;
  /** The kernel holds the thread of a step, which has given its slot back by then. */
  readonly onHeld: () => void;
}

/** How a round for one process ended. */
export type PidRoundEnd<Result> =
  | FinishedStep<Result>
  /** Nothing is to be kept of the process. */
  | Omit<FinishedStep<Result>, "memory">
  | Exclude<UnfinishedStep, { state: "open" }>;

/** Does work in a slot, which is given back early when the work calls back that it is held. */
async function inSlot<T>(
  slots: Semaphore,
  onHeld: () => void,
  work: (onHeld: () => void) => Promise<T>,
): Promise<T> {
  await slots.take();
  let isTaken = true;
  const leave = (): void => {
    if (isTaken) slots.giveBack();
    isTaken = false;
  };
  try {
    return await work(() => {
      leave();
      onHeld();
    });
  } finally {
    leave();
  }
}

/** @returns undefined when it is to be stopped. @throws {JobError} after which nothing is open. */
async function runStep<Order, Result>(
  request: ScanStepRequest<Order>,
  plan: PidRoundPlan<Order, Result>,
  signal: AbortSignal,
  onHeld: () => void,
): Promise<ScanStepReply<Result> | undefined> {
  if (signal.aborted) return undefined;
  try {
    return await plan.runStep(request, signal, onHeld);
  } catch (error) {
    if (signal.aborted && error === signal.reason) return undefined;
    // A step that fails closes what it was handed; one whose thread is lost does not.
    if (error instanceof WorkerLostError && request.open !== undefined) closeProcess(request.open);
    throw error;
  }
}

/**
 * One round for one process: `loop` scans that count, `interval` apart, and the engine's finisher
 * after the last one. It waits in between, and while that rests, without holding a thread. The
 * caller holds the lock of the process.
 * @returns how it ended. Nothing is open then but what the finisher keeps open.
 * @throws {JobError} when a step failed.
 */
export async function runPidRound<Order, Result>(
  process: FoundProcess,
  plan: PidRoundPlan<Order, Result>,
  start: PidRoundStart<Result>,
): Promise<PidRoundEnd<Result>> {
  const { slots, signal, onReply, onHeld } = start;
  let { memory, isStale } = start;
  let open: ScanStepRequest["open"];
  let resting: RestStep<Result> | undefined;
  for (let scans = 0; !signal.aborted;) {
    const request: ScanStepRequest<Order> = {
      ...plan.step,
      pid: process.pid,
      startTicks: process.startTicks,
      open,
      memory,
      isStale,
      stallLimitPercent: start.stallLimit(),
      resting: resting?.resting,
      ...(scans === plan.loop - 1 ? { finish: plan.finish } : {}),
    };
    const reply = await inSlot(slots, onHeld, (held) => runStep(request, plan, signal, held));
    if (reply === undefined) break;
    onReply(reply);
    if (reply.state === "gone" && resting !== undefined) return endOf(resting, "gone");
    if (reply.state !== "open" && reply.state !== "resting") return reply;
    ({ open, memory } = reply);
    isStale = false;
    if (reply.state === "resting") resting = reply;
    else if (reply.counted) scans++;
    if ("restMs" in reply) await pause(reply.restMs, signal);
    else await commonPause(plan.intervalMs - reply.windowAgeMs, signal);
  }
  if (open !== undefined) closeProcess(open);
  if (resting === undefined) return { state: "stopped", memory };
  return { ...endOf(resting, "stopped"), ...(memory === undefined ? {} : { memory }) };
}

/** The end of a round whose finisher has rested and does not go on. */
function endOf<Result>(
  { ends, windowAgeMs }: RestStep<Result>,
  why: "stopped" | "gone",
): Omit<FinishedStep<Result>, "memory"> {
  return { state: "finished", windowAgeMs, result: ends[why] };
}
