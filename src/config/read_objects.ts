import { ConfigError } from "./config_error.ts";
import { excerpt } from "../text/excerpt.ts";
import { type FileObject, findObjects, OBJECT_KINDS } from "./file_objects.ts";
import type { Findings } from "./findings.ts";
import { type KeyFile, KeyFileError, parseKeyFile } from "./key_file.ts";
import { nearestWord } from "../text/nearest_word.ts";

/**
 * Parses a configuration file and finds its objects.
 * @throws {ConfigError} when it is no key file, or describes nothing.
 */
export function readObjects(
  file: Uint8Array,
  path: string,
  findings: Findings,
): { readonly keyFile: KeyFile; readonly objects: readonly FileObject[] } {
  const keyFile = parse(file, path);
  const { objects, unknownGroups } = findObjects(keyFile);
  if (objects.length === 0) {
    const [other] = unknownGroups;
    const found = other && `, only [${excerpt(other.name)}] in line ${other.line}`;
    throw new ConfigError(path, `no [project], [engine] or [task] in it${found ?? ""}`);
  }
  for (const { name, line } of unknownGroups) {
    findings.warn(line, () => {
      const nearest = nearestWord(name, OBJECT_KINDS);
      const meant = nearest === undefined ? "" : `, the nearest is [${nearest}]`;
      return `unknown group [${excerpt(name)}]${meant}`;
    });
  }
  return { keyFile, objects };
}

function parse(file: Uint8Array, path: string): KeyFile {
  try {
    return parseKeyFile(file);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    throw new ConfigError(path, `line ${error.line}: ${error.message}`, { cause: error });
  }
}
