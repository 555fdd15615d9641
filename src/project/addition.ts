import type { CompiledConfig } from "../config/compile.ts";
import type { EngineDescription, ProjectDescription } from "../config/description.ts";
import type { EngineKind } from "../engine/engine.ts";
import { Refusal } from "../rpc/refusal.ts";
import { engineFailure } from "./engine_failure.ts";
import {
  type LiveEngine,
  type LiveProject,
  nameOf,
  noEngine,
  noProject,
  type TaskRef,
} from "./live_project.ts";
import { RunningCommands } from "./running_commands.ts";
import { startTasks, stopTasks } from "./start_stop.ts";
import { tearDown } from "./tear_down.ts";

/** What a configuration file holds. Engines and tasks may belong to projects that are there already. */
export interface ObjectDescriptions extends Omit<CompiledConfig, "warnings"> {
  /** Projects of the registry that its values were checked against; undefined: it was not there. */
  readonly basis?: ReadonlyMap<string, ProjectDescription | undefined>;
}

/** How objects are added. */
export interface AddOptions {
  /** The file of --conf-dir that they come from: with it they are there again when the server starts anew. */
  readonly confFile?: string;
  /** When it fires, what was done until then is taken back. */
  readonly signal: AbortSignal;
}

type Projects = Map<string, LiveProject>;

/** Names have no blanks, so this is unique. */
function engineKey(project: string, engine: string): string {
  return `${project} ${engine}`;
}

/** @throws {Refusal} when an object is there already, or what it belongs to is not. */
function check(projects: Projects, objects: ObjectDescriptions): void {
  const { projects: added, engines, tasks, basis = new Map() } = objects;
  for (const [name, description] of basis) {
    if (projects.get(name)?.description !== description) {
      throw new Refusal("invalid", `project "${name}" has changed meanwhile, try again`);
    }
  }
  const newProjects = new Set<string>();
  for (const { name } of added) {
    if (projects.has(name) || newProjects.has(name)) {
      throw new Refusal("projectExists", `"${name}"`);
    }
    newProjects.add(name);
  }
  const newEngines = new Map<string, EngineDescription>();
  for (const engine of engines) {
    const { project, name } = engine;
    const key = engineKey(project, name);
    if (!projects.has(project) && !newProjects.has(project)) throw noProject(project);
    if (newEngines.has(key) || projects.get(project)?.engines.has(name) === true) {
      throw new Refusal("engineExists", `"${name}" in project "${project}"`);
    }
    newEngines.set(key, engine);
  }
  const newTasks = new Set<string>();
  for (const { project, engine, name, kind } of tasks) {
    if (!projects.has(project) && !newProjects.has(project)) throw noProject(project);
    const owner = projects.get(project)?.engines.get(engine);
    const description = owner?.description ?? newEngines.get(engineKey(project, engine));
    if (description === undefined) throw noEngine(project, engine);
    const key = `${engineKey(project, engine)} ${name}`;
    if (newTasks.has(key) || owner?.tasks.has(name) === true) {
      throw new Refusal("taskExists", `"${name}" of engine "${engine}" in project "${project}"`);
    }
    if (description.kind !== kind) {
      throw new Refusal(
        "invalid",
        `task "${name}" is one of ${kind}, engine "${engine}" is one of ${description.kind}`,
      );
    }
    newTasks.add(key);
  }
}

async function createEngine(
  description: EngineDescription,
  project: ProjectDescription,
  kinds: readonly EngineKind[],
): Promise<LiveEngine> {
  const doing = `Cannot add engine "${description.name}"`;
  const kind = kinds.find((k) => k.kind === description.kind);
  if (kind === undefined) {
    throw new Refusal("invalid", `${doing}: ${description.kind} is not supported by this version`);
  }
  try {
    const engine = await kind.create(description, project);
    return { description, engine, tasks: new Map(), commands: new RunningCommands() };
  } catch (error) {
    throw engineFailure(doing, error, "invalid");
  }
}

/**
 * Adds objects, all or none of them. Tasks that come to a started project are started.
 * Readers see nothing of it before all is done.
 * @throws {Refusal} and then nothing has changed.
 */
export async function addObjects(
  projects: Projects,
  loadKinds: () => Promise<readonly EngineKind[]>,
  objects: ObjectDescriptions,
  signal: AbortSignal,
): Promise<void> {
  check(projects, objects);
  const newProjects = new Map(objects.projects.map((description): [string, LiveProject] => [
    description.name,
    { description, engines: new Map(), started: false },
  ]));
  const projectOf = (name: string): LiveProject => {
    const project = projects.get(name) ?? newProjects.get(name);
    if (project === undefined) throw noProject(name);
    return project;
  };
  const newEngines = new Map<string, LiveEngine>();
  const engineOf = (project: string, name: string): LiveEngine => {
    const engine = newEngines.get(engineKey(project, name)) ??
      projectOf(project).engines.get(name);
    if (engine === undefined) throw noEngine(project, name);
    return engine;
  };
  const newTasks: TaskRef[] = [];
  const started: TaskRef[] = [];
  try {
    const kinds = objects.engines.length > 0 ? await loadKinds() : [];
    for (const description of objects.engines) {
      const { project, name } = description;
      const engine = await createEngine(description, projectOf(project).description, kinds);
      newEngines.set(engineKey(project, name), engine);
      signal.throwIfAborted();
    }
    for (const task of objects.tasks) {
      const ref = { engine: engineOf(task.project, task.engine), task };
      try {
        await ref.engine.engine.addTask(task);
      } catch (error) {
        throw engineFailure(`Cannot add ${nameOf(ref)}`, error, "invalid");
      }
      newTasks.push(ref);
      signal.throwIfAborted();
    }
    await startTasks(
      newTasks.filter((ref) => projectOf(ref.task.project).started),
      started,
      signal,
    );
  } catch (error) {
    await stopTasks(started);
    await tearDown({ tasks: newTasks, engines: [...newEngines.values()] });
    throw error;
  }
  for (const [name, project] of newProjects) projects.set(name, project);
  for (const engine of newEngines.values()) {
    projectOf(engine.description.project).engines.set(engine.description.name, engine);
  }
  for (const { engine, task } of newTasks) engine.tasks.set(task.name, task);
}
