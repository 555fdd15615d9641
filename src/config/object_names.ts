import { ANY_ENGINE_KEYS, THIRD_PARTY_ENGINE_KEYS } from "./engine_keys.ts";
import type { FileObject } from "./file_objects.ts";
import { Findings } from "./findings.ts";
import type { KeySpec, KeyTable } from "./key_table.ts";
import { PROJECT_KEYS } from "./project_keys.ts";
import { readKeys } from "./read_keys.ts";
import { readObjects } from "./read_objects.ts";
import { ANY_TASK_KEYS } from "./task_keys.ts";

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
 * Reads only what a file calls its objects, so that they can be deleted by a file whose other keys are
 * no longer right.
 * @throws {ConfigError} for the first name by line that is refused.
 */
export function readObjectNames(file: Uint8Array, path: string): ObjectNames {
  const findings = new Findings(path);
  const { objects } = readObjects(file, path, findings);
  const ofKind = (kind: FileObject["kind"]): FileObject[] =>
    objects.filter((object) => object.kind === kind);
  const names = {
    projects: ofKind("project").flatMap((object) =>
      readKeys(object, PROJECT_NAME, findings)?.name ?? []
    ),
    engines: ofKind("engine").flatMap((object) => engineName(object, findings) ?? []),
    tasks: ofKind("task").flatMap((object) => readKeys(object, TASK_NAMES, findings) ?? []),
  };
  findings.throwRefusal();
  return { ...names, warnings: findings.warnings() };
}

function engineName(
  object: FileObject,
  findings: Findings,
): { project: string; name: string } | undefined {
  const engine = readKeys(object, ANY_ENGINE_KEYS, findings);
  if (engine?.name !== "thirdparty") return engine;
  const named = readKeys(object, THIRD_PARTY_NAME, findings);
  return named && { project: engine.project, name: named.eng_name };
}

/** The names of a table; whatever else a group has is not looked at. */
function onlyNames<K extends Readonly<Record<string, KeySpec<unknown>>>>(
  table: KeyTable<Readonly<Record<string, KeySpec<unknown>>>>,
  keys: K,
): KeyTable<K> {
  return { ...table, keys, hasPrivateKeys: true };
}

const PROJECT_NAME = onlyNames(PROJECT_KEYS, { name: PROJECT_KEYS.keys.name });
const THIRD_PARTY_NAME = onlyNames(THIRD_PARTY_ENGINE_KEYS, {
  eng_name: THIRD_PARTY_ENGINE_KEYS.keys.eng_name,
});
const { name, project, engine } = ANY_TASK_KEYS.keys;
const TASK_NAMES = onlyNames(ANY_TASK_KEYS, { name, project, engine });
