import type { EngineDescription, TaskDescription } from "../../config/engines.ts";
import type { SlideTaskDescription } from "../../config/engines/slide.ts";
import type { ProjectDescription } from "../../config/project.ts";
import type { MoverKind } from "../../mover/mover.ts";
import type { MoverName } from "../../mover/movers.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import type { TaskHistogram } from "../../status/histogram.ts";
import type { RoundsWanted, TaskStatus } from "../../status/task_status.ts";
import type { TrackerKind } from "../../tracker/tracker.ts";
import type { TrackerName } from "../../tracker/trackers.ts";
import { chooseMover, chooseTracker } from "../choose_tracker_and_mover.ts";
import {
  type Engine,
  type EngineAdvice,
  type EngineCommand,
  type EngineKind,
  EngineRefusal,
  type HistogramRequest,
  type OutCount,
  type RestoreAccount,
  type RestoreOrder,
  type StartOptions,
} from "../engine.ts";
import { type EngineContext, engineContext, tryTrackers } from "../engine_context.ts";
import { bringBackOut, countOut } from "../round/bring_back_out.ts";
import { OutMemory } from "../round/out_memory.ts";
import type { RoundLoop } from "../round/round_loop.ts";
import { currentRun, entryStatus, type TaskEntry } from "../round/task_entry.ts";
import { formatDuration } from "../../text/quantities.ts";
import { TaskTable } from "../task_table.ts";
import type { MoveOrder } from "./move_order.ts";
import { advise, type KnownTask, stallLimitBelow } from "./advice.ts";
import { adviceFile } from "./advice_file.ts";
import { estimateCompression } from "./estimate_compression.ts";
import { startSlideRun } from "./slide_run.ts";
import { SwapCache } from "./swap_cache.ts";
import { histogramOf } from "./task_histogram.ts";
import { because } from "../../reason/reasons.ts";

interface SlideTask extends TaskEntry<SlideTaskDescription, RoundLoop<MoveOrder>> {
  /** Why a start that moves would be refused; empty where it would not, and where it moves. */
  lacks?: readonly string[];
  /** What it has moved to swap. */
  readonly out: OutMemory;
}

/** Where neither a task nor a client asks for one: the default of the key. */
const DEFAULT_STALL_LIMIT_PERCENT = 0.1;

/** The slide engine: swaps out what its tasks' processes do not use. */
class SlideEngine implements Engine {
  readonly hasDryRun = true;
  readonly #project: ProjectDescription;
  readonly #context: EngineContext;
  readonly #tasks = new TaskTable<SlideTask>();
  readonly #swapCache: SwapCache;

  constructor(project: ProjectDescription, context: EngineContext) {
    this.#project = project;
    this.#context = context;
    this.#swapCache = new SwapCache(project, context.workers);
  }

  async addTask(description: TaskDescription): Promise<void> {
    if (description.kind !== "slide") {
      throw new EngineRefusal(`task ${description.name} is not a task of the slide engine`);
    }
    this.#tasks.add({ description, out: new OutMemory() });
  }

  async removeTask(name: string): Promise<void> {
    this.#tasks.remove(name);
  }

  async startTask(name: string, options?: StartOptions): Promise<void> {
    const task = this.#tasks.get(name);
    const isDryRun = options?.isDryRun ?? this.#project.dryRun ?? false;
    const noSwap = readMemInfo().swapTotalBytes === 0;
    if (noSwap && !isDryRun) throw new EngineRefusal(because("no_swap_space", name));
    await tryTrackers();
    const { mover, lacks } = this.#chooseMover(isDryRun);
    if (mover !== undefined && !isDryRun) this.#swapCache.use(mover);
    task.lacks = noSwap ? [because("no_swap_space", name), ...lacks] : lacks;
    task.run = startSlideRun(this.#project, task.description, {
      tracker: this.#chooseTracker(task.description),
      mover,
      isDryRun,
      out: task.out,
      swapCache: this.#swapCache,
      context: this.#context,
    });
  }

  /** @throws {EngineRefusal} when this kernel has none, unless it is for a dry run. */
  #chooseMover(
    isDryRun: boolean,
  ): { mover: MoverKind<MoverName> | undefined; lacks: readonly string[] } {
    try {
      return { mover: chooseMover(this.#project.mover, []), lacks: [] };
    } catch (error) {
      if (!isDryRun || !(error instanceof EngineRefusal)) throw error;
      return { mover: undefined, lacks: [error.message] };
    }
  }

  /** @throws {EngineRefusal} with what this kernel lacks for the task. */
  #chooseTracker({ swapFlag, dramPercent }: SlideTaskDescription): TrackerKind<TrackerName> {
    return chooseTracker(this.#project.tracker, [
      (kind) => {
        const missing = swapFlag ? kind.missingForSwapFlag() : undefined;
        return missing === undefined ? undefined : `swap_flag=yes: ${missing}`;
      },
      ({ granularity }) =>
        dramPercent !== undefined && granularity === "vma"
          ? "dram_percent: it cannot tell which pages are colder than others"
          : undefined,
    ]);
  }

  async stopTask(name: string): Promise<void> {
    const run = currentRun(this.#tasks.get(name));
    if (run === undefined) return;
    await run.stop();
    if (!this.#tasks.all.some(currentRun)) await this.#swapCache.release();
  }

  taskStatus(name: string, wanted?: RoundsWanted): TaskStatus {
    const task = this.#tasks.get(name);
    const { warning } = this.#swapCache;
    const { moveRateBytes } = task.description;
    const warnings = [
      ...(warning === undefined ? [] : [warning]),
      ...(task.lacks ?? []).map((reason) => because("could_not_start", reason)),
    ];
    return {
      ...entryStatus(task, wanted),
      ...(moveRateBytes === undefined ? {} : { move_rate_bytes: moveRateBytes }),
      ...(warnings.length === 0 || currentRun(task) === undefined ? {} : { warnings }),
    };
  }

  async histogram(
    name: string,
    request: HistogramRequest,
  ): Promise<TaskHistogram> {
    const task = this.#tasks.get(name);
    const { engine } = task.description;
    const run = currentRun(task);
    const outlooks = run?.outlooks() ?? [];
    if (run === undefined || outlooks.length === 0) {
      return { name, engine, missing: this.#whyNoAges(task) };
    }
    const histogram = histogramOf(outlooks, this.#project.intervalSeconds);
    const { tracker } = run.life;
    const compression = request.estimateCompression
      ? await estimateCompression(run, tracker.name, this.#context.workers, request)
      : undefined;
    return { name, engine, ...histogram, ...(compression === undefined ? {} : { compression }) };
  }

  #whyNoAges(task: SlideTask): string {
    if (currentRun(task) === undefined) return "the task is stopped";
    const { loop, intervalSeconds } = this.#project;
    const us = formatDuration(loop * intervalSeconds * 1e6);
    return `no round has ended for a process of the task yet: the scans of one take ${us}`;
  }

  advise(askedPercent: number | undefined): EngineAdvice {
    const asked = askedPercent === undefined ? undefined : stallLimitBelow(askedPercent);
    const tasks = this.#tasks.all.toReversed();
    const known = tasks.map((task): KnownTask => {
      const { name, stallLimitPercent: own } = task.description;
      const run = currentRun(task);
      return {
        name,
        outlooks: run?.outlooks() ?? [],
        stallLimitPercent: asked ?? own ?? DEFAULT_STALL_LIMIT_PERCENT,
        tellsPagesApart: run?.life.tracker.granularity === "page",
      };
    });
    const advice = advise(known, this.#project.intervalSeconds);
    return {
      tasks: [...advice.tasks],
      lines: advice.schedule === undefined ? [] : adviceFile(
        this.#project,
        advice.schedule,
        tasks.map(({ description }, i) => [description, advice.tasks[i]!]),
      ),
    };
  }

  countOut(name: string, untilMs: number): Promise<OutCount> {
    return countOut(this.#tasks.get(name).out, this.#context.workers, untilMs);
  }

  bringBack(name: string, order: RestoreOrder): Promise<RestoreAccount> {
    return bringBackOut(this.#tasks.get(name).out, this.#context.workers, order);
  }

  async command({ command }: EngineCommand): Promise<void> {
    throw new EngineRefusal(`engine slide has no command ${JSON.stringify(command)}: it has none`);
  }

  async close(): Promise<void> {}
}

/** Slide's entry of the engine table. */
export const SLIDE: EngineKind<"slide"> = {
  kind: "slide",
  async create(description: EngineDescription, project: ProjectDescription): Promise<Engine> {
    if (description.kind !== "slide") throw new EngineRefusal(`${description.name} is not slide`);
    return new SlideEngine(project, engineContext);
  },
};
