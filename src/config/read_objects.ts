import { ConfigError } from "./config_error.ts";
import { excerpt } from "../text/excerpt.ts";
import { type FileObject, findObjects, OBJECT_KINDS, type ObjectKind } from "./file_objects.ts";
import type { Findings } from "./findings.ts";
import { type KeyFile, KeyFileError, type KeyFileGroup, parseKeyFile } from "./key_file.ts";
import { nearestWord } from "../text/nearest_word.ts";

/** A file that is no configuration file may have millions of groups. */
const SLIPS_MAX = 100;

/**
 * Parses a configuration file and finds its objects.
 * @throws {ConfigError} when it is no key file, or describes nothing.
 */
export function readObjects(
  file: Uint8Array,
  path: string,
  findings: Findings,
): {
  readonly keyFile: KeyFile;
  readonly objects: readonly FileObject[];
  /** The first unknown group that may be meant for each kind, as messages say it. */
  readonly slips: ReadonlyMap<ObjectKind, string>;
} {
  const keyFile = parse(file, path);
  const { objects, unknownGroups } = findObjects(keyFile);
  if (objects.length === 0) {
    const [other] = unknownGroups;
    const found = other && `, only ${shown(other)} in line ${other.line}${whatIsMeant(other)}`;
    throw new ConfigError(path, `no [project], [engine] or [task] in it${found ?? ""}`);
  }
  for (const group of unknownGroups) {
    findings.warn(group.line, () => `unknown group ${shown(group)}${whatIsMeant(group)}`);
  }
  return { keyFile, objects, slips: findSlips(unknownGroups) };
}

function shown({ name }: KeyFileGroup): string {
  return `[${excerpt(name)}]`;
}

/** Which group an unknown one may be a slip of. */
function whatIsMeant({ name }: KeyFileGroup): string {
  const nearest = nearestWord(name, OBJECT_KINDS);
  return nearest === undefined ? "" : `, the nearest is [${nearest}]`;
}

function findSlips(unknownGroups: readonly KeyFileGroup[]): ReadonlyMap<ObjectKind, string> {
  const slips = new Map<ObjectKind, string>();
  for (const group of unknownGroups.slice(0, SLIPS_MAX)) {
    const kind = nearestWord(group.name, OBJECT_KINDS);
    if (kind === undefined || slips.has(kind)) continue;
    slips.set(
      kind,
      `line ${group.line} has the unknown group ${shown(group)}${whatIsMeant(group)}`,
    );
  }
  return slips;
}

function parse(file: Uint8Array, path: string): KeyFile {
  try {
    return parseKeyFile(file);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    throw new ConfigError(path, `line ${error.line}: ${error.message}`, { cause: error });
  }
}
