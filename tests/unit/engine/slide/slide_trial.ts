import type { SlideTaskDescription } from "../../../../src/config/engines/slide.ts";
import type { ProjectDescription } from "../../../../src/config/project.ts";
import type { TaskTarget } from "../../../../src/config/task.ts";
import type { Engine } from "../../../../src/engine/engine.ts";
import { SLIDE } from "../../../../src/engine/slide/slide_engine.ts";
import type { RoundStatus } from "../../../../src/status/round_status.ts";
import type { TaskStatus } from "../../../../src/status/task_status.ts";
import { slideTask } from "../../../tools/fixtures/slide_task.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";

/**
 * A project with a tracker and mover that every kernel has, and with rounds that are shorter than a
 * file can ask for: where memory has to be used in each interval, that is too short for a machine
 * that is busy.
 */
export function project(more: Partial<ProjectDescription> = {}): ProjectDescription {
  return {
    name: "p",
    loop: 1,
    intervalSeconds: 0.25,
    sleepSeconds: 0.25,
    tracker: "smaps",
    mover: "process_madvise",
    ...more,
  };
}

/** A task with T=1 and one thread. */
export function task(
  target: TaskTarget,
  more: Partial<SlideTaskDescription> = {},
): SlideTaskDescription {
  return slideTask("p", "t", target, more);
}

/** An engine with its tasks added, which ends with all of them stopped. */
export class SlideTrial implements AsyncDisposable {
  readonly engine: Engine;
  readonly #tasks: readonly SlideTaskDescription[];

  private constructor(engine: Engine, tasks: readonly SlideTaskDescription[]) {
    this.engine = engine;
    this.#tasks = tasks;
  }

  static async make(
    description: ProjectDescription,
    ...tasks: readonly SlideTaskDescription[]
  ): Promise<SlideTrial> {
    const engine = await SLIDE.create(
      { kind: "slide", project: description.name, name: "slide" },
      description,
      false,
    );
    for (const one of tasks) await engine.addTask(one);
    return new SlideTrial(engine, tasks);
  }

  /** Makes one and starts its tasks. */
  static async start(
    description: ProjectDescription,
    ...tasks: readonly SlideTaskDescription[]
  ): Promise<SlideTrial> {
    const trial = await SlideTrial.make(description, ...tasks);
    for (const { name } of tasks) await trial.engine.startTask(name);
    return trial;
  }

  status(name = "t"): TaskStatus {
    return this.engine.taskStatus(name);
  }

  /** Waits for a round of a task of which something is true. */
  untilRound(
    what: string,
    is: (round: RoundStatus) => boolean,
    name = "t",
  ): Promise<RoundStatus> {
    return waitFor(`a round ${what}`, () => this.status(name).rounds.find(is), {
      firstPauseMs: 20,
      state: () => {
        const { failed, rounds } = this.status(name);
        return { failed, rounds: rounds.slice(0, 3) };
      },
    });
  }

  /** Waits for the end of a task's first round. */
  untilFirst(name = "t"): Promise<RoundStatus> {
    return this.untilRound("to end", ({ number, state }) => number === 1 && state === "done", name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#tasks.map(({ name }) => this.engine.stopTask(name)));
  }
}

/** The message of what was thrown. @throws {Error} when nothing was. */
export async function messageOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error("nothing was thrown");
}
