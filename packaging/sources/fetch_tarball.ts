import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkDigest } from "./check_digest.ts";
import type { LockedPackage } from "./locked_packages.ts";
import { run } from "./run.ts";

/**
 * Has npm fetch a package's tarball, from its cache where it has it, and puts it below a folder as
 * node_modules/NAME.tgz.
 * @throws {Error} when it is not the one that is pinned.
 */
export function fetchTarball(locked: LockedPackage, folder: string): void {
  const said = run([
    "npm",
    "pack",
    "--json",
    "--prefer-offline",
    "--pack-destination",
    folder,
    `${locked.name}@${locked.version}`,
  ]);
  const [{ filename }] = JSON.parse(said) as [{ readonly filename: string }];
  const fetched = join(folder, filename);
  checkDigest(locked, fetched);
  const path = join(folder, "node_modules", `${locked.name}.tgz`);
  mkdirSync(dirname(path), { recursive: true });
  renameSync(fetched, path);
}
