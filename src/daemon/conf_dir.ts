import { readdirSync } from "node:fs";
import { join } from "node:path";
import { log } from "../log/logger.ts";
import type { Registry } from "../project/registry.ts";
import { Refusal } from "../rpc/refusal.ts";
import { addFile } from "./object_file.ts";

/**
 * The configuration files of a folder, in the order of their names; hidden ones are not among them.
 * @throws {Error} when the folder cannot be read.
 */
export function listConfDir(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => !name.startsWith(".")).sort()
      .map((name) => join(dir, name));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot read the folder of --conf-dir "${dir}": ${reason}`, { cause });
  }
}

/** Adds files and starts their projects. What is refused goes to the log and does not stop the others. */
export async function loadConfFiles(
  paths: readonly string[],
  registry: Registry,
  signal: AbortSignal,
): Promise<void> {
  const projects: string[] = [];
  for (const path of paths) {
    await attempt(`Cannot add "${path}"`, async () => {
      const added = await addFile(path, registry, { persistent: true, signal });
      projects.push(...added.projects);
    });
  }
  for (const project of projects) {
    await attempt(`Cannot start project "${project}"`, () => registry.start(project, signal));
  }
}

async function attempt(failed: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    log.error(`${failed}: ${error.message}`);
  }
}
