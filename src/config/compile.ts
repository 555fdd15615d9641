import { compileEngine } from "./compile_engine.ts";
import { compileProject } from "./compile_project.ts";
import { compileTask } from "./compile_task.ts";
import type { EngineDescription, ProjectDescription, TaskDescription } from "./description.ts";
import type { FileObject, ObjectKind } from "./file_objects.ts";
import { Findings } from "./findings.ts";
import { readObjects } from "./read_objects.ts";
import { thirdPartyText } from "./third_party_text.ts";

/** What a file is compiled against. */
export interface CompileOptions {
  /** The file, for messages. */
  readonly path: string;
  /** CPU cores of the machine: max_threads is 1 to 2 * cores + 1. */
  readonly cores: number;
  /** A project that the server has already; undefined: it has none of that name. */
  readonly project: (name: string) => ProjectDescription | undefined;
}

/** The objects of a file, each kind in the order of the file, and what is odd about it, one line each. */
export interface CompiledConfig {
  readonly projects: readonly ProjectDescription[];
  readonly engines: readonly EngineDescription[];
  readonly tasks: readonly TaskDescription[];
  /** The line in which each of them begins. */
  readonly lines: ReadonlyMap<ProjectDescription | EngineDescription | TaskDescription, number>;
  readonly warnings: readonly string[];
}

/**
 * Compiles a configuration file. Projects and engines that are named and not there are left to whoever
 * takes the objects in, everything else is checked.
 * @throws {ConfigError} for the first thing by line that is refused.
 */
export function compileConfig(file: Uint8Array, options: CompileOptions): CompiledConfig {
  const findings = new Findings(options.path);
  const { keyFile, objects } = readObjects(file, options.path, findings);
  const compileAll = <T>(
    kind: ObjectKind,
    compile: (object: FileObject) => T | undefined,
  ): Compiled<T>[] =>
    objects.filter((object) => object.kind === kind).flatMap((object) => {
      const description = compile(object);
      return description === undefined ? [] : [{ object, description }];
    });

  const projects = compileAll("project", (object) => compileProject(object, findings));
  const projectNamed = new Map(projects.map((project) => [project.description.name, project]));
  const projectOf = (name: string): FileObject | undefined =>
    (projectNamed.get(name) ?? projects[0])?.object;

  const textOfEngine = (object: FileObject, project: string): string =>
    thirdPartyText(keyFile, [projectOf(project), object]);
  const engines = compileAll(
    "engine",
    (object) => compileEngine(object, (project) => textOfEngine(object, project), findings),
  );
  const engineNamed = new Map<string, FileObject>();
  for (const { object, description: { project, name } } of engines) {
    engineNamed.set(engineKey(project, name), object);
  }

  const textOfTask = (object: FileObject, project: string, engine: string): string =>
    thirdPartyText(keyFile, [
      projectOf(project),
      engineNamed.get(engineKey(project, engine)),
      object,
    ]);
  const tasks = compileAll("task", (object) =>
    compileTask(object, {
      cores: options.cores,
      project: (name) => projectNamed.get(name)?.description ?? options.project(name),
      keyFileText: (project, engine) => textOfTask(object, project, engine),
      hasEngine: (project, engine) => engineNamed.has(engineKey(project, engine)),
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
    warnings: findings.warnings(),
  };
}

interface Compiled<T> {
  readonly object: FileObject;
  readonly description: T;
}

/** Names have no blanks. */
function engineKey(project: string, engine: string): string {
  return `${project} ${engine}`;
}
