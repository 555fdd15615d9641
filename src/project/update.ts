import type { TaskDescription } from "../config/engines.ts";
import type { EngineKind } from "../engine/engine.ts";
import { log } from "../log/logger.ts";
import { messageOf } from "../text/message_of.ts";
import { Addition } from "./addition.ts";
import { checkAddition, type ObjectDescriptions } from "./check_addition.ts";
import { type LiveProject, nameOf, type ObjectDescription, type TaskRef } from "./live_project.ts";
import type { EngineOutline, Outline, ProjectOutline } from "./outline.ts";
import {
  descriptionsOf,
  type Doomed,
  dropDoomed,
  findDoomed,
  giveUpCommands,
  type NamesToRemove,
  runningOf,
} from "./removal.ts";
import { startTask, stopTasks } from "./start_stop.ts";
import { tearDown } from "./tear_down.ts";

/** Objects that come in the place of others, which may have the same names. */
export interface Update {
  readonly remove: NamesToRemove;
  readonly add: ObjectDescriptions;
}

type Projects = Map<string, LiveProject>;

/**
 * Puts objects in the place of others. A project that is replaced is started again if it was, and
 * tasks that come to a started project are started. New engines are made before anything that runs
 * is stopped; if a new task then cannot be added or started, what was stopped runs again.
 * @returns the descriptions of what is gone.
 * @throws {Refusal} and then all is as before, but what was stopped for it has begun anew.
 */
export async function updateObjects(
  projects: Projects,
  loadKinds: () => Promise<readonly EngineKind[]>,
  { remove, add }: Update,
  signal: AbortSignal,
): Promise<ObjectDescription[]> {
  const doomed = findDoomed(projects, remove);
  checkAddition(outlineWithout(projects, doomed), add);
  const addition = new Addition(projects, add);
  const handover = new Handover(projects, doomed);
  try {
    await addition.addEngines(add.engines, loadKinds, signal);
    const [early, late] = partition(add.tasks, (task) => addition.isOfNewEngine(task));
    await addition.addTasks(early, signal);
    await handover.takeOut();
    await addition.addTasks(late, signal);
    await addition.startTasks(signal);
  } catch (error) {
    await addition.undo();
    await handover.putBack(signal);
    throw error;
  }
  const unclosed = handover.drop();
  addition.commit();
  await unclosed;
  return descriptionsOf(doomed);
}

/** What is to be removed, on its way out of the registry. */
class Handover {
  readonly #projects: Projects;
  readonly #doomed: Doomed;
  /** Those that have been stopped. */
  readonly #stopped: TaskRef[] = [];
  /** Those that engines which stay have been told to forget. */
  readonly #forgotten: TaskRef[] = [];

  constructor(projects: Projects, doomed: Doomed) {
    this.#projects = projects;
    this.#doomed = doomed;
  }

  /** Stops the tasks. Engines that stay forget theirs, for a new one may have the same name. */
  async takeOut(): Promise<void> {
    giveUpCommands(this.#doomed, this.#projects);
    this.#stopped.push(...runningOf(this.#projects, this.#doomed));
    await stopTasks(this.#stopped);
    for (const ref of this.#doomed.tasks) {
      if (this.#doomed.engines.has(ref.engine)) continue;
      ref.engine.tasks.delete(ref.task.name);
      await tearDown({ tasks: [ref], engines: [] });
      this.#forgotten.push(ref);
    }
  }

  /** What of it fails goes to the log. Nothing is started once the signal has fired. */
  async putBack(signal: AbortSignal): Promise<void> {
    const isLost = new Set<TaskRef>();
    for (const ref of this.#forgotten) {
      const isBack = await attempt(`Cannot put ${nameOf(ref)} back`, async () => {
        await ref.engine.engine.addTask(ref.task);
        ref.engine.tasks.set(ref.task.name, ref.task);
      });
      if (!isBack) isLost.add(ref);
    }
    for (const ref of this.#stopped) {
      if (signal.aborted || isLost.has(ref)) continue;
      const isDryRun = this.#projects.get(ref.task.project)?.isDryRun === true;
      await attempt(`Cannot start ${nameOf(ref)} again`, () => startTask(ref, isDryRun));
    }
  }

  /** Takes the rest out. @returns when its engines are closed; what fails is in the log. */
  drop(): Promise<unknown> {
    const forgotten = new Set(this.#forgotten);
    const tasks = this.#doomed.tasks.filter((ref) => !forgotten.has(ref));
    return dropDoomed(this.#projects, { ...this.#doomed, tasks });
  }
}

async function attempt(failed: string, action: () => Promise<void>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    log.error(`${failed}: ${messageOf(error)}`);
    return false;
  }
}

function outlineWithout(projects: Projects, doomed: Doomed): Outline {
  const left = new Map<string, ProjectOutline>(projects);
  for (const { description } of doomed.projects) left.delete(description.name);
  const gone = new Set(doomed.tasks.map(({ task }) => task));
  const changed = [
    ...[...doomed.engines].map(({ description }) => description.project),
    ...doomed.tasks.map(({ task }) => task.project),
  ];
  for (const name of new Set(changed)) {
    const project = left.get(name);
    if (project !== undefined) left.set(name, projectWithout(project, doomed, gone));
  }
  return left;
}

function projectWithout(
  { description, engines }: ProjectOutline,
  doomed: Doomed,
  gone: ReadonlySet<TaskDescription>,
): ProjectOutline {
  const lost = new Set([...doomed.engines].map((engine) => engine.description));
  const left = [...engines].filter(([, engine]) => !lost.has(engine.description));
  return {
    description,
    engines: new Map(left.map(([name, engine]): [string, EngineOutline] => [
      name,
      {
        description: engine.description,
        tasks: new Map([...engine.tasks].filter(([, task]) => !gone.has(task))),
      },
    ])),
  };
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}
