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
import type { KeyFile } from "./key_file.ts";
import { KeyedObject } from "./keyed_object.ts";
import {
  compileProject,
  isPsiProject,
  type PinnableNames,
  type ProjectDescription,
  projectKeys,
  psiProjectKeys,
  type ScanType,
} from "./project.ts";
import { readKeys } from "./read_keys.ts";
import { readObjects } from "./read_objects.ts";
import {
  compileTarget,
  groupTarget,
  type TargetType,
  type TaskContext,
  type TaskTarget,
} from "./task.ts";

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
  const compiler = new Compiler(keyFile, objects, options, findings);
  // Tasks refer to engines and projects, engines to projects.
  const projects = compiler.projects();
  const engines = compiler.engines();
  const tasks = compiler.tasks();
  findings.throwRefusal();
  return {
    projects,
    engines,
    tasks,
    lines: compiler.lines,
    slips,
    warnings: findings.warnings(),
  };
}

interface CompiledProject {
  readonly object: FileObject;
  readonly description: ProjectDescription;
}

/** Compiles the objects of one file; first its projects, then its engines, then its tasks. */
class Compiler {
  /** The line in which each object that was compiled begins. */
  readonly lines = new Map<ProjectDescription | EngineDescription | TaskDescription, number>();
  readonly #keyFile: KeyFile;
  readonly #objects: readonly FileObject[];
  readonly #options: CompileOptions;
  readonly #findings: Findings;
  /** The first project of the file. */
  #firstProject: FileObject | undefined;
  readonly #projectNamed = new Map<string, CompiledProject>();
  /** By engineKey(). */
  readonly #engineNamed = new Map<string, FileObject>();

  constructor(
    keyFile: KeyFile,
    objects: readonly FileObject[],
    options: CompileOptions,
    findings: Findings,
  ) {
    this.#keyFile = keyFile;
    this.#objects = objects;
    this.#options = options;
    this.#findings = findings;
  }

  projects(): ProjectDescription[] {
    const table = projectKeys(this.#options.names);
    const psiTable = psiProjectKeys(this.#options.names);
    return this.#all("project", (object) => {
      const page = new KeyedObject(object, table, this.#findings);
      const keyed = isPsiProject(page) ? new KeyedObject(object, psiTable, this.#findings) : page;
      const values = readKeys(keyed);
      const description = values && compileProject(values, keyed);
      if (description === undefined) return undefined;
      this.#firstProject ??= object;
      this.#projectNamed.set(description.name, { object, description });
      return description;
    });
  }

  engines(): EngineDescription[] {
    return this.#all("engine", (object) => {
      const description = compileEngine(
        object,
        {
          keyFileText: (project) =>
            textOfObjects(this.#keyFile, [this.#projectOf(project), object]),
          project: (name) => this.#describe(name),
        },
        this.#findings,
      );
      if (description === undefined) return undefined;
      this.#engineNamed.set(engineKey(description.project, description.name), object);
      return description;
    });
  }

  tasks(): TaskDescription[] {
    return this.#all("task", (object) =>
      compileTask(
        object,
        (project, engine) => this.#contextOf(object, project, engine),
        this.#findings,
      ));
  }

  /** What surrounds a task of that project and engine. */
  #contextOf(task: FileObject, project: string, engine: string): Omit<TaskContext, "task"> {
    const object = this.#engineNamed.get(engineKey(project, engine));
    return {
      cores: this.#options.cores,
      project: () => this.#describe(project),
      keyFileText: () => textOfObjects(this.#keyFile, [this.#projectOf(project), object, task]),
      hasEngine: () => object !== undefined,
    };
  }

  /** The project of that name, of the file or the server. */
  #describe(name: string): ProjectDescription | undefined {
    return this.#projectNamed.get(name)?.description ?? this.#options.project(name);
  }

  /** The project of that name, or the first one. */
  #projectOf(name: string): FileObject | undefined {
    return this.#projectNamed.get(name)?.object ?? this.#firstProject;
  }

  /** Compiles the objects of a kind. @returns those that are not refused. */
  #all<T extends ProjectDescription | EngineDescription | TaskDescription>(
    kind: ObjectKind,
    compile: (object: FileObject) => T | undefined,
  ): T[] {
    const descriptions: T[] = [];
    for (const object of this.#objects) {
      if (object.kind !== kind) continue;
      const description = compile(object);
      if (description === undefined) continue;
      descriptions.push(description);
      this.lines.set(description, object.line);
    }
    return descriptions;
  }
}

/** Names have no blanks, so no two engines have the same key. */
function engineKey(project: string, engine: string): string {
  return `${project} ${engine}`;
}

/** What an [engine] finds out of its project, by its name. */
interface EngineSurroundings {
  /** Makes what a third-party engine of it is handed. */
  readonly keyFileText: (project: string) => string;
  readonly project: (name: string) => ProjectDescription | undefined;
}

function compileEngine(
  object: FileObject,
  { keyFileText, project }: EngineSurroundings,
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
  const owner = values && project(values.project);
  if (owner !== undefined) checkScanType(engine, owner, found.config.scanType);
  return values && found.config.compileEngine(values, values.project, {
    engine,
    keyFileText: () => keyFileText(values.project),
  });
}

/** An engine and the scan_type of its project go only together. */
function checkScanType(
  engine: KeyedObject,
  { name, scanType: own }: ProjectDescription,
  wanted: ScanType = "page",
): void {
  const scanType = own ?? "page";
  if (scanType === wanted) return;
  engine.refuse(
    "name",
    `it needs a project with scan_type=${wanted}, "${name}" has scan_type=${scanType}`,
    scanType === "psi" ? "psi" : "another engine, or another project",
  );
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
  const target = values && targetOf(task, values, config.groupKey);
  if (values === undefined || target === undefined) return undefined;
  const { project, engine, name } = values;
  return config.compileTask(
    values,
    { project, engine, name, target },
    { task, ...contextOf(project, engine) },
  );
}

/**
 * What a task is about.
 * @param groupKey the key that says it in place of `type` and `value`.
 * @returns undefined when it was refused.
 */
function targetOf(
  task: KeyedObject,
  values: Readonly<Record<string, unknown>>,
  groupKey: string | undefined,
): TaskTarget | undefined {
  return groupKey === undefined
    ? compileTarget(task, values["type"] as TargetType)
    : groupTarget(task, groupKey, values[groupKey] as string);
}
