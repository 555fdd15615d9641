import type { EngineDescription, TaskDescription } from "../../config/engines.ts";
import type { SlideTaskDescription } from "../../config/engines/slide.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { log } from "../../log/logger.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import { chooseMover, chooseTracker } from "../choose_supported.ts";
import { type Engine, type EngineCommand, type EngineKind, EngineRefusal } from "../engine.ts";
import { engineContext } from "../engine_context.ts";
import { noTotal, type TaskStatus } from "../../status/task_status.ts";
import { SwapCache } from "./swap_cache.ts";
import { type TaskMeans, TaskRun } from "./task_run.ts";

const { scanLock, workers } = engineContext;

interface SlideTask {
  readonly description: SlideTaskDescription;
  run?: TaskRun;
  /** The last run, for its numbers. */
  lastRun?: TaskRun;
}

/** The slide engine: swaps out what its tasks' processes do not use. */
class SlideEngine implements Engine {
  readonly #project: ProjectDescription;
  readonly #tasks = new Map<string, SlideTask>();
  readonly #swapCache: SwapCache;

  constructor(project: ProjectDescription) {
    this.#project = project;
    this.#swapCache = new SwapCache(project, workers);
  }

  async addTask(description: TaskDescription): Promise<void> {
    if (description.kind !== "slide") {
      throw new EngineRefusal(`task ${description.name} is not a task of the slide engine`);
    }
    this.#tasks.set(description.name, { description });
  }

  async removeTask(name: string): Promise<void> {
    this.#tasks.delete(name);
  }

  #task(name: string): SlideTask {
    const task = this.#tasks.get(name);
    if (task === undefined) throw new EngineRefusal(`Cannot find task "${name}": not added`);
    return task;
  }

  async startTask(name: string): Promise<void> {
    const task = this.#task(name);
    const means = this.#chooseMeans(task.description);
    log.info(
      `project ${this.#project.name}: task ${name}: tracker ${means.tracker.name}, mover ${means.mover.name}`,
    );
    const caution = means.tracker.caution?.();
    if (caution !== undefined) {
      log.warning(`project ${this.#project.name}: task ${name}: ${caution}`);
    }
    task.run = task.lastRun = new TaskRun(this.#project, task.description, means);
  }

  /** @throws {EngineRefusal} with what this kernel lacks for the task. */
  #chooseMeans(task: SlideTaskDescription): TaskMeans {
    if (readMemInfo().swapTotalBytes === 0) {
      throw new EngineRefusal(
        `task ${task.name}: there is no swap space: make some with mkswap and swapon first`,
      );
    }
    const tracker = chooseTracker(this.#project.tracker, [
      (kind) => {
        const missing = task.swapFlag ? kind.missingForSwapFlag() : undefined;
        return missing === undefined ? undefined : `swap_flag=yes: ${missing}`;
      },
      ({ granularity }) =>
        task.dramPercent !== undefined && granularity === "vma"
          ? "dram_percent: it cannot tell which pages are colder than others"
          : undefined,
    ]);
    const mover = chooseMover(this.#project.mover, [
      ({ trimsSwapCache }) =>
        this.#project.swapcacheWmark !== undefined && !trimsSwapCache
          ? "swapcache_high_wmark: only swap_pages can reclaim the swap cache"
          : undefined,
    ]);
    return { tracker, mover, workers, scanLock, swapCache: this.#swapCache };
  }

  async stopTask(name: string): Promise<void> {
    const task = this.#task(name);
    const { run } = task;
    if (run === undefined) return;
    delete task.run;
    await run.stop();
    const isLast = [...this.#tasks.values()].every((other) => other.run === undefined);
    if (isLast) await this.#swapCache.release();
  }

  taskStatus(name: string): TaskStatus {
    const { description, run, lastRun } = this.#task(name);
    const { target } = description;
    return {
      name,
      engine: description.engine,
      type: target.type,
      value: target.type === "pid" ? String(target.pid) : target.comm,
      started: run !== undefined,
      ...(lastRun?.status() ?? {
        total: noTotal(),
        rounds: [],
      }),
    };
  }

  async command({ command }: EngineCommand): Promise<void> {
    throw new EngineRefusal(`engine slide has no command ${JSON.stringify(command)}: it has none`);
  }

  async close(): Promise<void> {}
}

export const SLIDE: EngineKind<"slide"> = {
  kind: "slide",
  async create(description: EngineDescription, project: ProjectDescription): Promise<Engine> {
    if (description.kind !== "slide") throw new EngineRefusal(`${description.name} is not slide`);
    return new SlideEngine(project);
  },
};
