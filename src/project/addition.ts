import type { EngineDescription, TaskDescription } from "../config/engines.ts";
import type { ProjectDescription } from "../config/project.ts";
import type { EngineKind } from "../engine/engine.ts";
import { Refusal } from "../rpc/refusal.ts";
import { checkAddition, type ObjectDescriptions } from "./check_addition.ts";
import {
  engineKey,
  isTransient,
  type LiveEngine,
  type LiveProject,
  nameOf,
  type TaskRef,
} from "./live_project.ts";
import { engineFailure, noEngine, noProject } from "./refusals.ts";
import { RunningCommands } from "./running_commands.ts";
import { startTasks, stopTasks, warningsOf } from "./start_stop.ts";
import { tearDown } from "./tear_down.ts";

/** How objects are added. */
export interface AddOptions {
  /** The file of --conf-dir that they come from: a server that starts anew adds them again. */
  readonly confFile?: string;
  /** When it fires, the addition is undone. */
  readonly signal: AbortSignal;
}

type Projects = Map<string, LiveProject>;

async function createEngine(
  description: EngineDescription,
  project: LiveProject,
  kinds: readonly EngineKind[],
): Promise<LiveEngine> {
  const doing = `Cannot add engine "${description.name}"`;
  const kind = kinds.find((k) => k.kind === description.kind);
  if (kind === undefined) {
    throw new Refusal("invalid", `${doing}: ${description.kind} is not supported by this version`);
  }
  try {
    const engine = await kind.create(description, project.description, project.started);
    return { description, engine, tasks: new Map(), commands: new RunningCommands() };
  } catch (error) {
    throw engineFailure(doing, error, "invalid");
  }
}

/** A project that comes in the place of another one is started, and moves or not, as that does. */
function newProject(description: ProjectDescription, before: LiveProject | undefined): LiveProject {
  const isDryByHand = before !== undefined && isTransient(before);
  return {
    description,
    engines: new Map(),
    started: before?.started === true,
    isDryRun: isDryByHand || description.dryRun !== undefined,
    restores: before?.restores ?? new RunningCommands(),
  };
}

/** Objects on their way into the registry, which shows nothing of them before commit(). */
export class Addition {
  readonly #projects: Projects;
  readonly #newProjects: Projects;
  /** By engineKey(). */
  readonly #newEngines = new Map<string, LiveEngine>();
  readonly #newTasks: TaskRef[] = [];
  readonly #started: TaskRef[] = [];

  constructor(projects: Projects, { projects: added }: ObjectDescriptions) {
    this.#projects = projects;
    this.#newProjects = new Map(added.map((description) => [
      description.name,
      newProject(description, projects.get(description.name)),
    ]));
  }

  /** @throws {Refusal} or the signal's reason. */
  async addEngines(
    engines: readonly EngineDescription[],
    loadKinds: () => Promise<readonly EngineKind[]>,
    signal: AbortSignal,
  ): Promise<void> {
    const kinds = engines.length > 0 ? await loadKinds() : [];
    for (const description of engines) {
      const { project, name } = description;
      const engine = await createEngine(description, this.#projectOf(project), kinds);
      this.#newEngines.set(engineKey(project, name), engine);
      signal.throwIfAborted();
    }
  }

  /** Whether the task belongs to one of the new engines. */
  isOfNewEngine({ project, engine }: TaskDescription): boolean {
    return this.#newEngines.has(engineKey(project, engine));
  }

  /** @throws {Refusal} or the signal's reason. */
  async addTasks(tasks: readonly TaskDescription[], signal: AbortSignal): Promise<void> {
    for (const task of tasks) {
      const ref = { engine: this.#engineOf(task.project, task.engine), task };
      try {
        await ref.engine.engine.addTask(task);
      } catch (error) {
        throw engineFailure(`Cannot add ${nameOf(ref)}`, error, "invalid");
      }
      this.#newTasks.push(ref);
      signal.throwIfAborted();
    }
  }

  /** Starts the tasks that come to a started project. */
  async startTasks(signal: AbortSignal): Promise<void> {
    const due = this.#newTasks.filter(({ task }) => this.#projectOf(task.project).started);
    const isDryRun = (project: string): boolean => this.#projectOf(project).isDryRun;
    await startTasks(due, this.#started, isDryRun, signal);
  }

  async undo(): Promise<void> {
    await stopTasks(this.#started);
    await tearDown({ tasks: this.#newTasks, engines: [...this.#newEngines.values()] });
  }

  /** @returns warnings of the tasks that were started. */
  commit(): string[] {
    for (const [name, project] of this.#newProjects) this.#projects.set(name, project);
    for (const engine of this.#newEngines.values()) {
      const { project, name } = engine.description;
      this.#projectOf(project).engines.set(name, engine);
    }
    for (const { engine, task } of this.#newTasks) engine.tasks.set(task.name, task);
    return warningsOf(this.#started);
  }

  #projectOf(name: string): LiveProject {
    const project = this.#newProjects.get(name) ?? this.#projects.get(name);
    if (project === undefined) throw noProject(name);
    return project;
  }

  #engineOf(project: string, name: string): LiveEngine {
    const engine = this.#newEngines.get(engineKey(project, name)) ??
      this.#projectOf(project).engines.get(name);
    if (engine === undefined) throw noEngine(project, name);
    return engine;
  }
}

/**
 * Adds objects, all or none of them. Tasks that come to a started project are started.
 * Readers see nothing of it before all is done.
 * @returns warnings of the tasks that were started.
 * @throws {Refusal} and then nothing has changed.
 */
export async function addObjects(
  projects: Projects,
  loadKinds: () => Promise<readonly EngineKind[]>,
  objects: ObjectDescriptions,
  signal: AbortSignal,
): Promise<string[]> {
  checkAddition(projects, objects);
  const addition = new Addition(projects, objects);
  try {
    await addition.addEngines(objects.engines, loadKinds, signal);
    await addition.addTasks(objects.tasks, signal);
    await addition.startTasks(signal);
  } catch (error) {
    await addition.undo();
    throw error;
  }
  return addition.commit();
}
