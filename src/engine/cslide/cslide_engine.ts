import type { EngineDescription, TaskDescription } from "../../config/engines.ts";
import type {
  CslideEngineDescription,
  CslideTaskDescription,
} from "../../config/engines/cslide.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { log } from "../../log/logger.ts";
import { readNodes } from "../../procfs/nodes.ts";
import type { TrackerKind } from "../../tracker/tracker.ts";
import type { TrackerName } from "../../tracker/trackers.ts";
import { chooseTracker } from "../choose_tracker_and_mover.ts";
import { type Engine, type EngineCommand, type EngineKind, EngineRefusal } from "../engine.ts";
import { type EngineContext, engineContext, tryTrackers } from "../engine_context.ts";
import { pause } from "../../async/abortable.ts";
import { Semaphore } from "../../async/semaphore.ts";
import type { RoundsWanted, TaskStatus } from "../../status/task_status.ts";
import { messageOf } from "../../text/message_of.ts";
import { currentRun, entryStatus, type TaskEntry } from "../round/task_entry.ts";
import { TaskTable } from "../task_table.ts";
import { CslideRound, type CslideRoundSetup } from "./cslide_round.ts";
import { CslideRun } from "./cslide_run.ts";
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
} from "./show_pages.ts";

type CslideTask = TaskEntry<CslideTaskDescription, CslideRun>;

/** The cslide engine: keeps hot memory in DRAM and cold memory on slow nodes. */
class CslideEngine implements Engine {
  readonly #project: ProjectDescription;
  readonly #description: CslideEngineDescription;
  readonly #pairs: readonly DecidedPair[];
  readonly #context: EngineContext;
  readonly #tasks = new TaskTable<CslideTask>();
  readonly #slots = new Semaphore(1);
  /** Ends the pause between two rounds. */
  #wake = new AbortController();
  #isRunning = false;

  constructor(
    project: ProjectDescription,
    description: CslideEngineDescription,
    pairs: readonly DecidedPair[],
    context: EngineContext,
  ) {
    this.#project = project;
    this.#description = description;
    this.#pairs = pairs;
    this.#context = context;
  }

  async addTask(description: TaskDescription): Promise<void> {
    if (description.kind !== "cslide") {
      throw new EngineRefusal(`task ${description.name} is not a task of the cslide engine`);
    }
    this.#tasks.add({ description });
  }

  async removeTask(name: string): Promise<void> {
    this.#tasks.remove(name);
  }

  /** Of all started tasks. */
  get #runs(): CslideRun[] {
    return this.#tasks.all.map(currentRun).filter((run) => run !== undefined);
  }

  async startTask(name: string): Promise<void> {
    const task = this.#tasks.get(name);
    const { description } = task;
    await tryTrackers();
    const tracker = this.#chooseTracker(description);
    task.run = new CslideRun(this.#project, description, tracker, this.#slots, this.#context);
    for (const pair of this.#pairs) log.info(`project ${this.#project.name}: ${pair.reason}`);
    this.#wake.abort();
    if (this.#isRunning) return;
    this.#isRunning = true;
    // A project starts its tasks one right after the other.
    // All of them take part in the first round.
    setImmediate(() => void this.#run());
  }

  /** @throws {EngineRefusal} with what this kernel lacks for the task. */
  #chooseTracker(description: CslideTaskDescription): TrackerKind<TrackerName> {
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
    const setup: CslideRoundSetup = {
      engine: this.#description,
      pairs: this.#pairs,
      workers: this.#context.workers,
      sweep: this.#context.sweep,
    };
    for (let runs = this.#runs; runs.length > 0; runs = this.#runs) {
      this.#wake = new AbortController();
      let failed: string | undefined;
      try {
        await new CslideRound(setup, runs).run();
      } catch (error) {
        failed = messageOf(error);
        log.error(`project ${this.#project.name}: engine cslide: round failed: ${failed}`);
      }
      for (const { life } of runs) life.history.failed = failed;
      await pause(this.#project.sleepSeconds * 1000, this.#wake.signal);
    }
    this.#isRunning = false;
  }

  async stopTask(name: string): Promise<void> {
    await currentRun(this.#tasks.get(name))?.stop();
    if (this.#runs.length === 0) this.#wake.abort();
  }

  taskStatus(name: string, wanted?: RoundsWanted): TaskStatus {
    return entryStatus(this.#tasks.get(name), wanted);
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
    const run = currentRun(this.#tasks.get(name));
    if (run === undefined) throw new EngineRefusal(`showtaskpages needs a started project`);
    const time = new Date();
    if (json) write(`${JSON.stringify(taskPagesDocument(time, name, run.pages))}\n`);
    else if (run.pages.length > 0) write(taskPagesTable(time, run.pages));
    else write(`no pages of task ${name}: ${run.whyNoPages}\n`);
  }

  #showHostPages({ json, write }: EngineCommand): void {
    const runs = this.#runs;
    if (runs.length === 0) throw new EngineRefusal("showhostpages needs a started project");
    const time = new Date();
    const nodes = this.#hostPages(runs);
    write(
      json ? `${JSON.stringify(hostPagesDocument(time, nodes))}\n` : hostPagesTable(time, nodes),
    );
  }

  /** For each node of the pairs: its hugetlb memory if all tasks are about that, else all of it. */
  #hostPages(runs: readonly CslideRun[]): HostNodePages[] {
    const isHugetlb = runs.every((run) => run.description.vmFlags.includes("ht"));
    const pool = isHugetlb ? POOL.hugetlb : POOL.memory;
    const ids = this.#pairs.flatMap(({ slow, dram }) => [slow, dram]).sort((a, b) => a - b);
    return ids.map((node) => {
      const processes = runs.flatMap((run) => run.pages);
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
      engineContext,
    );
  },
};
