import type { EngineDescription, TaskDescription } from "../../config/engines.ts";
import type { CslideEngineDescription } from "../../config/engines/cslide.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { log } from "../../log/logger.ts";
import { readNodes } from "../../procfs/nodes.ts";
import type { TrackerKind } from "../../tracker/tracker.ts";
import type { TrackerName } from "../../tracker/trackers.ts";
import { chooseTracker } from "../choose_supported.ts";
import { type Engine, type EngineCommand, type EngineKind, EngineRefusal } from "../engine.ts";
import { pause } from "../../async/abortable.ts";
import { Semaphore } from "../../async/semaphore.ts";
import type { TaskStatus } from "../../status/task_status.ts";
import { messageOf } from "../../text/message_of.ts";
import { CslideRound } from "./cslide_round.ts";
import { CslideTask } from "./cslide_task.ts";
import { memoryOf } from "./free_memory.ts";
import { POOL } from "./memory_pools.ts";
import { type DecidedPair, decideNodePairs } from "./node_pairs.ts";
import {
  type HostNodePages,
  hostPagesDocument,
  hostPagesTable,
  type NodePages,
  taskPagesDocument,
  taskPagesTable,
} from "./page_tables.ts";

/** A stop does not wait longer for a thread that the kernel holds. */
const STOP_MS = 900;

/** The cslide engine: keeps hot memory in DRAM and cold memory on slow nodes. */
class CslideEngine implements Engine {
  readonly #project: ProjectDescription;
  readonly #description: CslideEngineDescription;
  readonly #pairs: readonly DecidedPair[];
  readonly #tasks = new Map<string, CslideTask>();
  readonly #trackers = new Map<CslideTask, TrackerKind<TrackerName>>();
  readonly #slots = new Semaphore(1);
  /** Ends the pause between two rounds. */
  #wake = new AbortController();
  #isRunning = false;

  constructor(
    project: ProjectDescription,
    description: CslideEngineDescription,
    pairs: readonly DecidedPair[],
  ) {
    this.#project = project;
    this.#description = description;
    this.#pairs = pairs;
  }

  async addTask(description: TaskDescription): Promise<void> {
    if (description.kind !== "cslide") {
      throw new EngineRefusal(`task ${description.name} is not a task of the cslide engine`);
    }
    this.#tasks.set(description.name, new CslideTask(description));
  }

  async removeTask(name: string): Promise<void> {
    this.#tasks.delete(name);
  }

  #task(name: string): CslideTask {
    const task = this.#tasks.get(name);
    if (task === undefined) throw new EngineRefusal(`Cannot find task "${name}": not added`);
    return task;
  }

  async startTask(name: string): Promise<void> {
    const task = this.#task(name);
    const tracker = this.#chooseTracker(task);
    this.#trackers.set(task, tracker);
    log.info(
      `project ${this.#project.name}: task ${name}: tracker ${tracker.name}, mover move_pages`,
    );
    const caution = tracker.caution?.();
    if (caution !== undefined) {
      log.warning(`project ${this.#project.name}: task ${name}: ${caution}`);
    }
    for (const pair of this.#pairs) log.info(`project ${this.#project.name}: ${pair.reason}`);
    task.start(tracker.name);
    this.#wake.abort();
    if (this.#isRunning) return;
    this.#isRunning = true;
    // The tasks of a project are started one after the other, at once: all of them take part in the first round.
    setImmediate(() => void this.#run());
  }

  /** @throws {EngineRefusal} with what this kernel lacks for the task. */
  #chooseTracker({ description }: CslideTask): TrackerKind<TrackerName> {
    return chooseTracker(this.#project.tracker, [
      ({ granularity }) =>
        granularity === "vma"
          ? "cslide has to know single pages, it sees whole VMAs only"
          : undefined,
      ({ seesHugetlb }) =>
        !seesHugetlb && description.vmFlags.includes("ht")
          ? "vm_flags=ht: it cannot see hugetlb memory"
          : undefined,
      ({ name }) =>
        name !== "idle_pages" && description.ignHost
          ? "ign_host=yes: it cannot tell a virtual machine's accesses from the host's"
          : undefined,
    ]);
  }

  /** Round after round while there is a started task. */
  async #run(): Promise<void> {
    for (;;) {
      const tasks = [...this.#tasks.values()].filter((task) => task.started);
      if (tasks.length === 0) break;
      this.#wake = new AbortController();
      try {
        await new CslideRound({
          project: this.#project,
          engine: this.#description,
          pairs: this.#pairs,
          slots: this.#slots,
          trackerOf: (task) => this.#trackers.get(task)!,
        }, tasks).run();
        for (const task of tasks) task.failed = undefined;
      } catch (error) {
        const message = messageOf(error);
        for (const task of tasks) task.failed = message;
        log.error(`project ${this.#project.name}: engine cslide: round failed: ${message}`);
      }
      await pause(this.#project.sleepSeconds * 1000, this.#wake.signal);
    }
    this.#isRunning = false;
  }

  async stopTask(name: string): Promise<void> {
    const task = this.#task(name);
    const idle = task.stop();
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(late.resolve, STOP_MS, "late");
    const outcome = await Promise.race([idle, late.promise]);
    clearTimeout(timer);
    if (outcome === "late") {
      log.warning(
        `project ${this.#project.name}: task ${name}: stopped, but the kernel still holds a thread at its last work`,
      );
    }
    this.#trackers.delete(task);
    if (![...this.#tasks.values()].some((other) => other.started)) this.#wake.abort();
  }

  taskStatus(name: string): TaskStatus {
    return this.#task(name).status();
  }

  async command(request: EngineCommand): Promise<void> {
    switch (request.command) {
      case "showtaskpages":
        return this.#showTaskPages(request);
      case "showhostpages":
        return this.#showHostPages(request);
      default:
        throw new EngineRefusal(
          `engine cslide has no command ${
            JSON.stringify(request.command)
          }: it has showtaskpages and showhostpages`,
        );
    }
  }

  #showTaskPages({ task: name, json, write }: EngineCommand): void {
    if (name === undefined) {
      throw new EngineRefusal("showtaskpages needs the name of a task: -t TASK");
    }
    const task = this.#task(name);
    if (!task.started) throw new EngineRefusal(`showtaskpages needs a started project`);
    const time = new Date();
    if (json) write(`${JSON.stringify(taskPagesDocument(time, name, task.pages))}\n`);
    else if (task.pages.length > 0) write(taskPagesTable(time, task.pages));
    else write(`no pages of task ${name}: ${task.whyNoPages}\n`);
  }

  #showHostPages({ json, write }: EngineCommand): void {
    const tasks = [...this.#tasks.values()].filter((task) => task.started);
    if (tasks.length === 0) throw new EngineRefusal("showhostpages needs a started project");
    const time = new Date();
    const nodes = this.#hostPages(tasks);
    write(
      json ? `${JSON.stringify(hostPagesDocument(time, nodes))}\n` : hostPagesTable(time, nodes),
    );
  }

  /** By node of the pairs: hugetlb memory where the tasks are about it, else all of the node's memory. */
  #hostPages(tasks: readonly CslideTask[]): HostNodePages[] {
    const isHugetlb = tasks.every((task) => task.description.vmFlags.includes("ht"));
    const pool = isHugetlb ? POOL.hugetlb : POOL.memory;
    const ids = this.#pairs.flatMap(({ slow, dram }) => [slow, dram]).sort((a, b) => a - b);
    return ids.map((node) => {
      const processes = tasks.flatMap((task) => task.pages);
      const sumOf = (nodes: readonly NodePages[], pick: (pages: NodePages) => number): number =>
        nodes.filter((pages) => pages.node === node)
          .reduce((total, pages) => total + pick(pages), 0);
      // What processes share is there once.
      const sum = (pick: (pages: NodePages) => number): number =>
        sumOf(processes.flatMap(({ nodes }) => nodes), pick) -
        sumOf(processes.flatMap(({ repeated }) => repeated), pick);
      const { totalBytes, usedBytes } = memoryOf(node, pool);
      return {
        node,
        totalBytes,
        usedBytes,
        hotBytes: sum((pages) => pages.hotBytes),
        coldBytes: sum((pages) => pages.coldBytes),
      };
    });
  }

  async close(): Promise<void> {
    this.#wake.abort();
  }
}

export const CSLIDE: EngineKind<"cslide"> = {
  kind: "cslide",
  async create(description: EngineDescription, project: ProjectDescription): Promise<Engine> {
    if (description.kind !== "cslide") throw new EngineRefusal(`${description.name} is not cslide`);
    return new CslideEngine(
      project,
      description,
      decideNodePairs(description.nodePairs, readNodes()),
    );
  },
};
