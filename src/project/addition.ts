import type { CompiledConfig } from "../config/compile.ts";
import type { EngineDescription, TaskDescription } from "../config/engines.ts";
import type { ProjectDescription } from "../config/project.ts";
import type { EngineKind } from "../engine/engine.ts";
import { Refusal } from "../rpc/refusal.ts";
import { engineFailure, noEngine, noProject } from "./refusals.ts";
import {
  type LiveEngine,
  type LiveProject,
  nameOf,
  type ObjectDescription,
  type TaskRef,
} from "./live_project.ts";
import { RunningCommands } from "./running_commands.ts";
import { startTasks, stopTasks, warningsOf } from "./start_stop.ts";
import { tearDown } from "./tear_down.ts";

/**
 * The objects of a configuration file. Engines and tasks may belong to projects that exist already.
 */
export interface ObjectDescriptions extends Omit<CompiledConfig, "warnings" | "lines" | "slips"> {
  /** Where each object stands; undefined when they come from no file. */
  readonly lines?: CompiledConfig["lines"];
  /** The groups of the file that may be meant for objects that it lacks. */
  readonly slips?: CompiledConfig["slips"];
  /**
   * The projects of the registry that the file was checked against, by name; undefined:
   * it did not exist.
   */
  readonly basis?: ReadonlyMap<string, ProjectDescription | undefined>;
}

/** How objects are added. */
export interface AddOptions {
  /** The file of --conf-dir that they come from: a server that starts anew adds them again. */
  readonly confFile?: string;
  /** When it fires, the addition is undone. */
  readonly signal: AbortSignal;
}

type Projects = Map<string, LiveProject>;

/** Names have no blanks, so this is unique. */
function engineKey(project: string, engine: string): string {
  return `${project} ${engine}`;
}

/** @throws {Refusal} when an object exists already, or its project or engine does not. */
function check(projects: Projects, objects: ObjectDescriptions): void {
  const { projects: added, engines, tasks, lines, slips, basis = new Map() } = objects;
  /** Says where the file has the first object of the same name. */
  const already = (first: ObjectDescription | undefined): string => {
    const line = first && lines?.get(first);
    return line === undefined ? "" : `, already in line ${line} of this file`;
  };
  /** Says which object of the file names the missing one, and which group may be meant for it. */
  const namedBy = (
    group: string,
    object: ObjectDescription,
    missing: "project" | "engine",
  ): string => {
    const line = lines?.get(object);
    const slip = slips?.get(missing);
    const named = line === undefined ? "" : `, named by ${group} in line ${line}`;
    return slip === undefined ? named : `${named}; ${slip}`;
  };
  for (const [name, description] of basis) {
    if (projects.get(name)?.description !== description) {
      throw new Refusal("invalid", `project "${name}" has changed meanwhile, try again`);
    }
  }
  const newProjects = new Map<string, ProjectDescription>();
  for (const project of added) {
    const { name } = project;
    const first = newProjects.get(name);
    if (first !== undefined || projects.has(name)) {
      throw new Refusal("projectExists", `"${name}"${already(first)}`);
    }
    newProjects.set(name, project);
  }
  const newEngines = new Map<string, EngineDescription>();
  for (const engine of engines) {
    const { project, name } = engine;
    const key = engineKey(project, name);
    if (!projects.has(project) && !newProjects.has(project)) {
      throw noProject(project, namedBy("[engine]", engine, "project"));
    }
    const first = newEngines.get(key);
    if (first !== undefined || projects.get(project)?.engines.has(name) === true) {
      throw new Refusal("engineExists", `"${name}" in project "${project}"${already(first)}`);
    }
    newEngines.set(key, engine);
  }
  const newTasks = new Map<string, TaskDescription>();
  for (const task of tasks) {
    const { project, engine, name, kind } = task;
    if (!projects.has(project) && !newProjects.has(project)) {
      throw noProject(project, namedBy("[task]", task, "project"));
    }
    const owner = projects.get(project)?.engines.get(engine);
    const description = owner?.description ?? newEngines.get(engineKey(project, engine));
    if (description === undefined) {
      throw noEngine(project, engine, namedBy("[task]", task, "engine"));
    }
    const key = `${engineKey(project, engine)} ${name}`;
    const first = newTasks.get(key);
    if (first !== undefined || owner?.tasks.has(name) === true) {
      const detail = `"${name}" of engine "${engine}" in project "${project}"${already(first)}`;
      throw new Refusal("taskExists", detail);
    }
    if (description.kind !== kind) {
      throw new Refusal(
        "invalid",
        `task "${name}" is one of ${kind}, engine "${engine}" is one of ${description.kind}`,
      );
    }
    newTasks.set(key, task);
  }
}

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
      const engine = await createEngine(description, projectOf(project), kinds);
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
  return warningsOf(started);
}
