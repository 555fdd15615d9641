import type { OutCount } from "../engine/engine.ts";
import { cpus } from "node:os";
import { compileConfig } from "../config/compile.ts";
import { ConfigError } from "../config/config_error.ts";
import type { PinnableNames, ProjectDescription } from "../config/project.ts";
import { readObjectNames } from "../config/object_names.ts";
import { log } from "../log/logger.ts";
import type { AddOptions } from "../project/addition.ts";
import type { ObjectDescriptions } from "../project/check_addition.ts";
import type { Registry } from "../project/registry.ts";
import { Refusal } from "../rpc/refusal.ts";
import { loadPinnableNames } from "./load_engines.ts";
import { askForFile, presenceOf } from "./timely_file_access.ts";

/** Gives the settings of a project that is there already. */
export type ProjectLookup = (name: string) => ProjectDescription | undefined;

/** The objects of a configuration file, and what they were checked against. */
export interface CompiledObjects {
  readonly objects: ObjectDescriptions;
  /** The projects that it needed to know, by name; undefined: one that is not there. */
  readonly basis: ReadonlyMap<string, ProjectDescription | undefined>;
  /** What is odd about it, one line each. */
  readonly warnings: readonly string[];
}

/** Compiles what a file holds. @param path for messages. @throws {ConfigError} */
export function compileObjects(
  bytes: Uint8Array,
  path: string,
  names: PinnableNames,
  project: ProjectLookup,
): CompiledObjects {
  const basis = new Map<string, ProjectDescription | undefined>();
  const { warnings, ...objects } = compileConfig(bytes, {
    path,
    cores: cpus().length,
    names,
    project: (name) => {
      const description = project(name);
      basis.set(name, description);
      return description;
    },
  });
  return { objects, basis, warnings };
}

/**
 * Adds the objects of a configuration file, all or none.
 * @param path absolute.
 * @returns warnings, one line each, which are in the log too.
 * @throws {Refusal} and then nothing has changed.
 */
export async function addFile(
  path: string,
  registry: Registry,
  options: AddOptions,
): Promise<string[]> {
  const bytes = await readFile(path, options.signal);
  const names = await loadPinnableNames();
  const { warnings, objects, basis } = refuseBadFile(() =>
    compileObjects(bytes, path, names, (name) => registry.describe(name))
  );
  const more = await registry.add({ ...objects, basis }, options);
  for (const warning of warnings) log.warning(warning);
  return [...warnings, ...more];
}

/** What came of a removal. */
export interface RemovedFile {
  /** One line each; they are in the log too. */
  readonly warnings: readonly string[];
  /** What the removed tasks had moved to swap, and is still there. */
  readonly out: OutCount;
}

/**
 * Removes the objects that a configuration file names, stopping them first.
 * @param path absolute.
 * @throws {Refusal} when one of them is not there; then all stay.
 */
export async function removeFile(
  path: string,
  registry: Registry,
  signal: AbortSignal,
): Promise<RemovedFile> {
  const bytes = await readFile(path, signal);
  const { warnings, ...names } = refuseBadFile(() => readObjectNames(bytes, path));
  const { confFiles, problems, out } = await registry.remove(names, signal);
  const presence = await presenceOf(confFiles);
  const all = [
    ...warnings,
    ...confFiles.filter((file) => presence.get(file) ?? true).map((file) => {
      const state = presence.has(file)
        ? "is still there"
        : "does not answer, and may still be there";
      return `"${file}" ${state}: what it holds is added again when the file changes or etmemd starts anew`;
    }),
  ];
  for (const warning of all) log.warning(warning);
  return { warnings: [...problems, ...all], out };
}

async function readFile(path: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await askForFile("bytes", path, signal);
  } catch (error) {
    throw toRefusal(error);
  }
}

function refuseBadFile<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw toRefusal(error);
  }
}

function toRefusal(error: unknown): unknown {
  if (!(error instanceof ConfigError)) return error;
  return new Refusal("invalid", error.message, { cause: error });
}
