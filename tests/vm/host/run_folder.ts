import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const CACHE = join(import.meta.dir, "../../.cache");

/**
 * A folder for this run of a kind; what earlier runs left is removed, runs that go on keep theirs.
 */
export function makeRunFolder(kind: string): string {
  const runs = join(CACHE, kind);
  const folder = join(runs, String(process.pid));
  mkdirSync(folder, { recursive: true });
  for (const pid of readdirSync(runs)) {
    if (!existsSync(`/proc/${pid}`)) rmSync(join(runs, pid), { recursive: true, force: true });
  }
  return folder;
}
