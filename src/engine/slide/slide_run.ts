import type { SlideTaskDescription } from "../../config/engines/slide.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { MoveRate } from "../../mover/move_rate.ts";
import type { MoverKind } from "../../mover/mover.ts";
import type { MoverName } from "../../mover/movers.ts";
import type { TrackerKind } from "../../tracker/tracker.ts";
import type { TrackerName } from "../../tracker/trackers.ts";
import type { EngineContext } from "../engine_context.ts";
import type { OutMemory } from "../round/out_memory.ts";
import { TaskLife } from "../round/task_life.ts";
import { RoundLoop } from "../round/round_loop.ts";
import { heldBack } from "./held_back.ts";
import type { MoveOrder } from "./move_order.ts";
import { TaskPayoff } from "./task_payoff.ts";
import type { SwapCache } from "./swap_cache.ts";

/** Moves are spread over so much of sleep; the last of them take their time, too. */
const SPREAD_SHARE = 0.8;

/** What a started task of slide works with. */
export interface SlideRunParts {
  readonly tracker: TrackerKind<TrackerName>;
  /** Undefined in a dry run where this kernel has none. */
  readonly mover: MoverKind<MoverName> | undefined;
  readonly isDryRun?: boolean;
  readonly swapCache: SwapCache;
  readonly context: EngineContext;
  /** Takes what has moved when the task is stopped. */
  readonly out?: OutMemory;
}

function moveOrder(
  { sysmemThresholdPercent, sleepSeconds }: ProjectDescription,
  { coldThreshold, dramPercent, target }: SlideTaskDescription,
  { mover, isDryRun = false, context: { movedTally } }: SlideRunParts,
  rates: readonly MoveRate[],
): MoveOrder {
  return {
    ...(mover === undefined ? {} : { mover: mover.name }),
    isDryRun,
    movedByAll: movedTally.words,
    coldThreshold,
    ...(sysmemThresholdPercent === undefined ? {} : { sysmemThresholdPercent }),
    ...(dramPercent === undefined ? {} : { dramPercent }),
    ...(target.type === "cgroup"
      ? { underway: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) }
      : {}),
    // A dry run holds nobody up.
    spreadMs: isDryRun ? 0 : sleepSeconds * 1000 * SPREAD_SHARE,
    rates: isDryRun ? [] : rates.map((rate) => rate.toData()),
  };
}

/** That of the task, and that of the server. */
function moveRates(
  { moveRateBytes }: SlideTaskDescription,
  { moveRate }: EngineContext,
): MoveRate[] {
  const own = moveRateBytes === undefined ? [] : [new MoveRate(moveRateBytes)];
  return moveRate === undefined ? own : [...own, moveRate];
}

/** Starts a task of slide. */
export function startSlideRun(
  project: ProjectDescription,
  task: SlideTaskDescription,
  parts: SlideRunParts,
): RoundLoop<MoveOrder> {
  const { tracker, mover, isDryRun = false, swapCache, context } = parts;
  const life = new TaskLife(task, tracker, mover?.name);
  const { maxThreads, swapFlag, swapThresholdBytes } = task;
  const { loop, intervalSeconds, sleepSeconds } = project;
  const payoff = new TaskPayoff(life.label, (loop * intervalSeconds + sleepSeconds) * 1000);
  return new RoundLoop(life, {
    loop: project.loop,
    intervalMs: project.intervalSeconds * 1000,
    sleepMs: project.sleepSeconds * 1000,
    maxThreads,
    step: {
      tracker: tracker.name,
      selection: { kind: "swappable" },
      flags: { swapFlag, ignoreHost: false },
      ageIntervalMs: project.intervalSeconds * 1000,
      stop: life.stop.words,
      needsSwap: !isDryRun,
      isDryRun,
      ...(swapThresholdBytes === undefined ? {} : { swapThresholdBytes }),
    },
    stallLimitPercent: task.stallLimitPercent,
    finish: moveOrder(project, task, parts, moveRates(task, context)),
    runStep: (request, signal, onHeld) =>
      context.workers.run("slide_step", request, signal, onHeld),
    takeLate: ({ figures }) => figures,
    out: isDryRun ? undefined : parts.out,
    heldBack: () => (isDryRun ? undefined : payoff.heldBack()) ?? heldBack(project, task),
    afterRound: async ({ status }, signal) => {
      // What a dry run moves frees nothing.
      if (isDryRun) return;
      payoff.note(status);
      status.phases.swapcache_us = Math.round(await swapCache.keep(signal));
    },
  }, context);
}
