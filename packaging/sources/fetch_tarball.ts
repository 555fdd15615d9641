import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LockedPackage } from "./locked_packages.ts";
import { run } from "./run.ts";

/**
 * Has npm fetch a package's tarball, from its cache where it has it, and puts it below a folder as
 * node_modules/NAME.tgz.
 * @throws {Error} when it is not the one that is pinned.
 */
export function fetchTarball(
  { name, version, integrity }: LockedPackage,
  folder: string,
): void {
  const spec = `${name}@${version}`;
  const said = run([
    "npm",
    "pack",
    "--json",
    "--prefer-offline",
    "--pack-destination",
    folder,
    spec,
  ]);
  const [{ filename }] = JSON.parse(said) as [{ readonly filename: string }];
  const fetched = join(folder, filename);
  const digest = `sha512-${createHash("sha512").update(readFileSync(fetched)).digest("base64")}`;
  if (digest !== integrity) {
    throw new Error(`Cannot vendor "${spec}": its digest is ${digest}, pinned is ${integrity}`);
  }
  const path = join(folder, "node_modules", `${name}.tgz`);
  mkdirSync(dirname(path), { recursive: true });
  renameSync(fetched, path);
}
