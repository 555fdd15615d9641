import { isDeepStrictEqual } from "node:util";
import type { ObjectDescription } from "../../project/live_project.ts";
import { nameOfObject, objectKey, parentKey } from "../../project/object_key.ts";
import { byKind, namesOf } from "../../project/object_lists.ts";
import { namesake } from "../../project/outline.ts";
import type { Registry } from "../../project/registry.ts";
import type { Update } from "../../project/update.ts";
import { Refusal } from "../../rpc/refusal.ts";

/** What a file is to have, and what of it counts as taken out by clients. */
export interface Wanted {
  readonly path: string;
  /** Parents before what is in them. */
  readonly objects: readonly ObjectDescription[];
  /** Whether a key is one that stays away while it is not there. */
  readonly isHeld: (key: string) => boolean;
  /** Whether any file has an object of that key. */
  readonly isOfAnyFile: (key: string) => boolean;
  /** Objects that came from the file; some may be gone. */
  readonly former: readonly ObjectDescription[];
}

/** How the registry comes to have what a file says. */
export interface FileUpdate extends Update {
  /** Those that are there already, as the registry has them. They go on. */
  readonly kept: readonly ObjectDescription[];
  /** Keys of objects that clients have taken out. */
  readonly away: ReadonlySet<string>;
  readonly isEmpty: boolean;
}

/**
 * Compares what a file says with what is there, object by object. What is described differently is
 * replaced, with all that is in it.
 * @throws {Refusal} when something from elsewhere has a name of the file's.
 */
export function compareWithFile(wanted: Wanted, registry: Registry): FileUpdate {
  return new Comparison(wanted, registry).run();
}

class Comparison {
  readonly #wanted: Wanted;
  readonly #registry: Registry;
  readonly #kept: ObjectDescription[] = [];
  readonly #away = new Set<string>();
  readonly #remove = new Map<string, ObjectDescription>();
  readonly #add = new Map<string, ObjectDescription>();

  constructor(wanted: Wanted, registry: Registry) {
    this.#wanted = wanted;
    this.#registry = registry;
  }

  run(): FileUpdate {
    for (const object of this.#wanted.objects) this.#take(object);
    for (const object of this.#wanted.former) {
      const key = objectKey(object);
      const isThere = namesake(this.#registry.outline, object) === object;
      if (isThere && !this.#wanted.isOfAnyFile(key)) this.#remove.set(key, object);
    }
    return {
      remove: namesOf([...this.#remove.values()]),
      add: byKind([...this.#add.values()]),
      kept: this.#kept,
      away: this.#away,
      isEmpty: this.#remove.size === 0 && this.#add.size === 0,
    };
  }

  #take(object: ObjectDescription): void {
    const key = objectKey(object);
    const parent = parentKey(object);
    if (parent !== undefined && this.#add.has(parent)) {
      this.#add.set(key, object);
      return;
    }
    const { outline } = this.#registry;
    const there = namesake(outline, object);
    if (there === undefined) {
      if (this.#wanted.isHeld(key)) this.#away.add(key);
      else if (isParentThere(outline, object)) this.#add.set(key, object);
    } else if (there === object || isDeepStrictEqual(there, object)) {
      this.#kept.push(there);
    } else if (this.#registry.confFileOf(there) !== undefined) {
      this.#remove.set(key, there);
      this.#add.set(key, object);
    } else if (this.#wanted.isHeld(key)) {
      this.#away.add(key);
    } else {
      const problem = `${
        nameOfObject(object)
      } exists already: obj add has brought it from elsewhere`;
      throw new Refusal("invalid", problem);
    }
  }
}

/** Not when a client has taken it out. */
function isParentThere(outline: Registry["outline"], object: ObjectDescription): boolean {
  if (!("project" in object)) return true;
  const project = outline.get(object.project);
  return "engine" in object ? project?.engines.has(object.engine) === true : project !== undefined;
}
