import { ANY_ENGINE_KEYS, ANY_TASK_KEYS, engineOfKind } from "./engines.ts";
import type { FileObject } from "./file_objects.ts";
import { Findings } from "./findings.ts";
import type { Keys, KeyTable } from "./key_table.ts";
import { KeyedObject } from "./keyed_object.ts";
import { PROJECT_KEYS } from "./project.ts";
import { readKeys } from "./read_keys.ts";
import { readObjects } from "./read_objects.ts";
import { objectName } from "./text_forms.ts";

/** What the objects of a file are called, each kind in the order of the file. */
export interface ObjectNames {
  readonly projects: readonly string[];
  readonly engines: readonly { readonly project: string; readonly name: string }[];
  readonly tasks: readonly {
    readonly project: string;
    readonly engine: string;
    readonly name: string;
  }[];
  readonly warnings: readonly string[];
}

/**
 * Reads only what a file calls its objects, so that a file may delete them whose other keys are no
 * longer right.
 * @throws {ConfigError} for the first name by line that is refused.
 */
export function readObjectNames(file: Uint8Array, path: string): ObjectNames {
  const findings = new Findings(path);
  const { objects } = readObjects(file, path, findings);
  const ofKind = (kind: FileObject["kind"]): FileObject[] =>
    objects.filter((object) => object.kind === kind);
  const names = {
    projects: ofKind("project").flatMap((object) =>
      readKeys(new KeyedObject(object, PROJECT_NAME, findings))?.name ?? []
    ),
    engines: ofKind("engine").flatMap((object) => engineName(object, findings) ?? []),
    tasks: ofKind("task").flatMap((object) =>
      readKeys(new KeyedObject(object, TASK_NAMES, findings)) ?? []
    ),
  };
  findings.throwRefusal();
  return { ...names, warnings: findings.warnings() };
}

function engineName(
  object: FileObject,
  findings: Findings,
): { project: string; name: string } | undefined {
  const values = readKeys(new KeyedObject(object, ENGINE_NAMES, findings));
  if (values === undefined) return undefined;
  const { project, name: kind } = values;
  // A third-party engine may be called by its own name, as the original takes it.
  const nameKey = engineOfKind(kind)?.config.nameKey;
  if (nameKey === undefined) return { project, name: kind };
  const { key, spec } = nameKey;
  const table = onlyNames(ANY_ENGINE_KEYS, { [key]: spec });
  const name = readKeys(new KeyedObject(object, table, findings))?.[key];
  return name === undefined ? undefined : { project, name };
}

/** The keys of a table that are names; what else a group has is not looked at. */
function onlyNames<K extends Keys>(table: KeyTable, keys: K): KeyTable<K> {
  return { ...table, keys, hasPrivateKeys: true };
}

const PROJECT_NAME = onlyNames(PROJECT_KEYS, { name: PROJECT_KEYS.keys.name });
const ENGINE_NAMES = onlyNames(ANY_ENGINE_KEYS, {
  name: { ...ANY_ENGINE_KEYS.keys.name, form: objectName },
  project: ANY_ENGINE_KEYS.keys.project,
});
const TASK_NAMES = onlyNames(ANY_TASK_KEYS, {
  name: ANY_TASK_KEYS.keys.name,
  project: ANY_TASK_KEYS.keys.project,
  engine: ANY_TASK_KEYS.keys.engine,
});
