import { nextTurn } from "../../async/turns.ts";
import { ConfigError } from "../../config/config_error.ts";
import type { EngineDescription, TaskDescription } from "../../config/engines.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { checkAddition } from "../../project/check_addition.ts";
import type { ObjectDescription } from "../../project/live_project.ts";
import { nameOfObject, objectKey } from "../../project/object_key.ts";
import { objectsOf } from "../../project/object_lists.ts";
import type { Outline } from "../../project/outline.ts";
import { Refusal } from "../../rpc/refusal.ts";
import { excerpt } from "../../text/excerpt.ts";
import type { ConfFile, FileVersion } from "./conf_file.ts";
import type { CompiledObjects, ProjectLookup } from "../object_file.ts";

/** What counts of a file. */
export interface Verdict {
  /** undefined: nothing of it. */
  readonly version: FileVersion | undefined;
  /** Why this is not what the file holds now. */
  readonly problem: string | undefined;
}

/** Compiles a configuration file. @throws {ConfigError} */
export type Compile = (
  bytes: Uint8Array,
  path: string,
  project: ProjectLookup,
) => CompiledObjects;

/**
 * Says which version of each file counts: what it holds now, else the version that was applied
 * last, else none. A file counts as a whole, next to the files whose names come before its own.
 * @param files in the order of their names.
 * @param elsewhere objects that come from no file of --conf-dir. They stand against a file, but not
 * against the version that was applied before they came in the place of its own objects.
 */
export async function judge(
  files: readonly ConfFile[],
  elsewhere: readonly ObjectDescription[],
  compile: Compile,
): Promise<ReadonlyMap<ConfFile, Verdict>> {
  const draft = new Draft();
  draft.take(elsewhere, undefined);
  const verdicts = new Map<ConfFile, Verdict>();
  for (const file of files) {
    // Hundreds of files hold up no client.
    await nextTurn();
    verdicts.set(file, verdictOn(file, draft, compile));
  }
  return verdicts;
}

function verdictOn(file: ConfFile, draft: Draft, compile: Compile): Verdict {
  const { bytes, good } = file;
  let problem = file.unreadable ?? file.refused;
  if (bytes !== undefined && problem === undefined) {
    const version = attempt(file, bytes, draft, compile);
    if (typeof version !== "string") return { version, problem: undefined };
    problem = version;
  }
  if (problem === undefined || good === undefined) return { version: undefined, problem };
  const version = attempt(file, good.bytes, draft, compile);
  return { version: typeof version === "string" ? undefined : version, problem };
}

/** @returns the version, whose objects the draft has from then on, or why it cannot be used. */
function attempt(
  file: ConfFile,
  bytes: Uint8Array,
  draft: Draft,
  compile: Compile,
): FileVersion | string {
  if (bytes === file.good?.bytes) draft.giveWay([...file.applied, ...file.away]);
  try {
    const project: ProjectLookup = (name) => draft.outline.get(name)?.description;
    const version = file.compile(bytes, (lookup) => compile(bytes, file.path, lookup), project);
    const objects = objectsOf(version.objects);
    const conflict = draft.conflictWith(objects);
    if (conflict !== undefined) return conflict;
    checkAddition(draft.outline, version.objects);
    draft.take(objects, file.path);
    return version;
  } catch (error) {
    if (error instanceof ConfigError) return error.problem;
    if (error instanceof Refusal) return error.problem;
    throw error;
  }
}

interface DraftEngine {
  readonly description: EngineDescription;
  readonly tasks: Map<string, TaskDescription>;
}

interface DraftProject {
  readonly description: ProjectDescription;
  readonly engines: Map<string, DraftEngine>;
}

/** What the files say so far. */
class Draft {
  readonly #projects = new Map<string, DraftProject>();
  /** By objectKey(); undefined: no file. */
  readonly #files = new Map<string, string | undefined>();

  get outline(): Outline {
    return this.#projects;
  }

  /** Says which of the objects is there already, and from where. */
  conflictWith(objects: readonly ObjectDescription[]): string | undefined {
    for (const object of objects) {
      const key = objectKey(object);
      if (!this.#files.has(key)) continue;
      const file = this.#files.get(key);
      const owner = file === undefined
        ? "obj add has brought it from elsewhere"
        : `it comes from "${excerpt(file)}"`;
      return `${nameOfObject(object)} exists already: ${owner}`;
    }
    return undefined;
  }

  /** Lets objects from elsewhere go. */
  giveWay(keys: readonly string[]): void {
    for (const key of keys) {
      if (!this.#files.has(key) || this.#files.get(key) !== undefined) continue;
      this.#files.delete(key);
      const [project = "", engine, task] = key.split(" ");
      const engines = this.#projects.get(project)?.engines;
      if (engine === undefined) this.#projects.delete(project);
      else if (task === undefined) engines?.delete(engine);
      else engines?.get(engine)?.tasks.delete(task);
    }
  }

  /** @param objects parents before what is in them. */
  take(objects: readonly ObjectDescription[], file: string | undefined): void {
    for (const object of objects) {
      this.#files.set(objectKey(object), file);
      if (!("project" in object)) {
        this.#projects.set(object.name, { description: object, engines: new Map() });
      } else if (!("engine" in object)) {
        this.#projects.get(object.project)?.engines
          .set(object.name, { description: object, tasks: new Map() });
      } else {
        this.#projects.get(object.project)?.engines.get(object.engine)?.tasks
          .set(object.name, object);
      }
    }
  }
}
