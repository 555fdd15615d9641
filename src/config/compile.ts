import {
  ANY_ENGINE_KEYS,
  ANY_TASK_KEYS,
  type EngineDescription,
  engineOfKind,
  engineOfTask,
  type TaskDescription,
} from "./engines.ts";
import { type FileObject, type ObjectKind, textOfObjects } from "./file_objects.ts";
import { Findings } from "./findings.ts";
import { KeyedObject } from "./keyed_object.ts";
import {
  compileProject,
  type PinnableNames,
  type ProjectDescription,
  projectKeys,
} from "./project.ts";
import { readKeys } from "./read_keys.ts";
import { readObjects } from "./read_objects.ts";
import { compileTarget, type TaskContext } from "./task.ts";

/** What a file is compiled against. */
export interface CompileOptions {
  /** The file, for messages. */
  readonly path: string;
  /** CPU cores of the machine: max_threads is 1 to 2 * cores + 1. */
  readonly cores: number;
  /** What `tracker` and `mover` may name. */
  readonly names: PinnableNames;
  /** A project that the server has already; undefined: it has none of that name. */
  readonly project: (name: string) => ProjectDescription | undefined;
}

/** The objects of a file, each kind in the order of the file. */
export interface CompiledConfig {
  readonly projects: readonly ProjectDescription[];
  readonly engines: readonly EngineDescription[];
  readonly tasks: readonly TaskDescription[];
  /** The line in which each of them begins. */
  readonly lines: ReadonlyMap<ProjectDescription | EngineDescription | TaskDescription, number>;
  /** The first unknown group that may be meant for each kind of object, as messages say it. */
  readonly slips: ReadonlyMap<ObjectKind, string>;
  /** What is odd about the file, one line each. */
  readonly warnings: readonly string[];
}

/**
 * Compiles a configuration file and checks it, but for one thing: whether the projects and engines
 * that its objects belong to are there.
 * @throws {ConfigError} for the first thing by line that is refused.
 */
export function compileConfig(file: Uint8Array, options: CompileOptions): CompiledConfig {
  const findings = new Findings(options.path);
  const { keyFile, objects, slips } = readObjects(file, options.path, findings);
  const compileAll = <T>(
    kind: ObjectKind,
    compile: (object: FileObject) => T | undefined,
  ): Compiled<T>[] =>
    objects.filter((object) => object.kind === kind).flatMap((object) => {
      const description = compile(object);
      return description === undefined ? [] : [{ object, description }];
    });

  const projectTable = projectKeys(options.names);
  const projects = compileAll("project", (object) => {
    const project = new KeyedObject(object, projectTable, findings);
    const values = readKeys(project);
    return values && compileProject(values, project);
  });
  const projectNamed = new Map(projects.map((project) => [project.description.name, project]));
  const projectOf = (name: string): FileObject | undefined =>
    (projectNamed.get(name) ?? projects[0])?.object;

  const engines = compileAll("engine", (object) =>
    compileEngine(
      object,
      (project) => textOfObjects(keyFile, [projectOf(project), object]),
      findings,
    ));
  const engineNamed = new Map<string, FileObject>();
  for (const { object, description: { project, name } } of engines) {
    engineNamed.set(engineKey(project, name), object);
  }

  const tasks = compileAll("task", (object) =>
    compileTask(object, (project, engine) => {
      const engineObject = engineNamed.get(engineKey(project, engine));
      return {
        cores: options.cores,
        project: () => projectNamed.get(project)?.description ?? options.project(project),
        keyFileText: () => textOfObjects(keyFile, [projectOf(project), engineObject, object]),
        hasEngine: () => engineObject !== undefined,
      };
    }, findings));

  findings.throwRefusal();
  return {
    projects: projects.map(({ description }) => description),
    engines: engines.map(({ description }) => description),
    tasks: tasks.map(({ description }) => description),
    lines: new Map(
      [...projects, ...engines, ...tasks].map(({ object, description }) => [
        description,
        object.line,
      ]),
    ),
    slips,
    warnings: findings.warnings(),
  };
}

interface Compiled<T> {
  readonly object: FileObject;
  readonly description: T;
}

/** Names have no blanks, so no two engines have the same key. */
function engineKey(project: string, engine: string): string {
  return `${project} ${engine}`;
}

/** @param keyFileText makes what a third-party engine of that project is handed. */
function compileEngine(
  object: FileObject,
  keyFileText: (project: string) => string,
  findings: Findings,
): EngineDescription | undefined {
  const any = new KeyedObject(object, ANY_ENGINE_KEYS, findings);
  const found = engineOfKind(any.entry("name")?.value);
  if (found === undefined) {
    readKeys(any);
    return undefined;
  }
  const engine = new KeyedObject(object, found.engineTable, findings);
  const values = readKeys(engine);
  return values && found.config.compileEngine(values, values.project, {
    engine,
    keyFileText: () => keyFileText(values.project),
  });
}

/** @param contextOf gives what surrounds a task of that project and engine. */
function compileTask(
  object: FileObject,
  contextOf: (project: string, engine: string) => Omit<TaskContext, "task">,
  findings: Findings,
): TaskDescription | undefined {
  const any = new KeyedObject(object, ANY_TASK_KEYS, findings);
  const reference = any.entry("engine")?.value;
  if (reference === undefined) {
    readKeys(any);
    return undefined;
  }
  const { config, taskTable } = engineOfTask(reference);
  const task = new KeyedObject(object, taskTable, findings);
  const values = readKeys(task);
  const target = values && compileTarget(task, values.type);
  if (values === undefined || target === undefined) return undefined;
  const { project, engine, name } = values;
  return config.compileTask(
    values,
    { project, engine, name, target },
    { task, ...contextOf(project, engine) },
  );
}
