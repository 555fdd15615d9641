import type { CompiledConfig } from "../config/compile.ts";
import type { EngineDescription, TaskDescription } from "../config/engines.ts";
import type { ProjectDescription } from "../config/project.ts";
import { Refusal } from "../rpc/refusal.ts";
import { engineKey, type ObjectDescription } from "./live_project.ts";
import type { Outline } from "./outline.ts";
import { noEngine, noProject } from "./refusals.ts";

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

/**
 * Checks objects against the projects of the registry and against each other.
 * @throws {Refusal} when an object exists already, or its project or engine does not.
 */
export function checkAddition(projects: Outline, objects: ObjectDescriptions): void {
  new AdditionCheck(projects, objects).run();
}

class AdditionCheck {
  readonly #projects: Outline;
  readonly #objects: ObjectDescriptions;
  readonly #newProjects = new Map<string, ProjectDescription>();
  /** By engineKey(). */
  readonly #newEngines = new Map<string, EngineDescription>();
  /** By engineKey() and name. */
  readonly #newTasks = new Map<string, TaskDescription>();

  constructor(projects: Outline, objects: ObjectDescriptions) {
    this.#projects = projects;
    this.#objects = objects;
  }

  run(): void {
    const { projects, engines, tasks, basis = new Map() } = this.#objects;
    for (const [name, description] of basis) {
      if (this.#projects.get(name)?.description !== description) {
        throw new Refusal("invalid", `project "${name}" has changed meanwhile, try again`);
      }
    }
    for (const project of projects) this.#takeProject(project);
    for (const engine of engines) this.#takeEngine(engine);
    for (const task of tasks) this.#takeTask(task);
  }

  #takeProject(project: ProjectDescription): void {
    const { name } = project;
    const first = this.#newProjects.get(name);
    if (first !== undefined || this.#projects.has(name)) {
      throw new Refusal("projectExists", `"${name}"${this.#already(first)}`);
    }
    this.#newProjects.set(name, project);
  }

  #takeEngine(engine: EngineDescription): void {
    const { project, name } = engine;
    const key = engineKey(project, name);
    this.#needProject("[engine]", engine);
    const first = this.#newEngines.get(key);
    if (first !== undefined || this.#projects.get(project)?.engines.has(name) === true) {
      const detail = `"${name}" in project "${project}"${this.#already(first)}`;
      throw new Refusal("engineExists", detail);
    }
    this.#newEngines.set(key, engine);
  }

  #takeTask(task: TaskDescription): void {
    const { project, engine, name, kind } = task;
    this.#needProject("[task]", task);
    const owner = this.#projects.get(project)?.engines.get(engine);
    const description = owner?.description ?? this.#newEngines.get(engineKey(project, engine));
    if (description === undefined) {
      throw noEngine(project, engine, this.#namedBy("[task]", task, "engine"));
    }
    const key = `${engineKey(project, engine)} ${name}`;
    const first = this.#newTasks.get(key);
    if (first !== undefined || owner?.tasks.has(name) === true) {
      const of = `"${name}" of engine "${engine}" in project "${project}"`;
      throw new Refusal("taskExists", `${of}${this.#already(first)}`);
    }
    if (description.kind !== kind) {
      throw new Refusal(
        "invalid",
        `task "${name}" is one of ${kind}, engine "${engine}" is one of ${description.kind}`,
      );
    }
    this.#newTasks.set(key, task);
  }

  #needProject(group: string, object: EngineDescription | TaskDescription): void {
    const { project } = object;
    if (this.#projects.has(project) || this.#newProjects.has(project)) return;
    throw noProject(project, this.#namedBy(group, object, "project"));
  }

  /** Says where the file has the first object of the same name. */
  #already(first: ObjectDescription | undefined): string {
    const line = first && this.#objects.lines?.get(first);
    return line === undefined ? "" : `, already in line ${line} of this file`;
  }

  /** Says which object of the file names the missing one, and which group may be meant for it. */
  #namedBy(group: string, object: ObjectDescription, missing: "project" | "engine"): string {
    const line = this.#objects.lines?.get(object);
    const slip = this.#objects.slips?.get(missing);
    const named = line === undefined ? "" : `, named by ${group} in line ${line}`;
    return slip === undefined ? named : `${named}; ${slip}`;
  }
}
