import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkDigest } from "./sources/check_digest.ts";
import { fetchTarball } from "./sources/fetch_tarball.ts";
import { lockedPackages } from "./sources/locked_packages.ts";
import { run } from "./sources/run.ts";

/** Where to look for a Bun of another architecture, which `npm ci` does not install on this one. */
export interface RuntimePlaces {
  /** The folder of package-lock.json and node_modules. */
  readonly top: string;
  /**
   * A folder with tarballs as NAME.tgz, as the vendor tarball has them; without it, npm is asked.
   */
  readonly tarballs?: string | undefined;
}

/**
 * The Bun of a package of `optionalDependencies`: from node_modules/@oven, if it is of this
 * architecture, else unpacked from the package's tarball, once, into node_modules/.cache.
 *
 * @param name of the package, such as `@oven/bun-linux-aarch64`.
 * @returns the path of the executable.
 * @throws {Error} when there is none, or not the one that package-lock.json pins.
 */
export function findRuntime(name: string, { top, tarballs }: RuntimePlaces): string {
  const installed = join(top, "node_modules", name, "bin/bun");
  if (existsSync(installed)) return installed;

  const [locked] = lockedPackages(join(top, "package-lock.json"), [name]);
  if (locked === undefined) throw new Error(`Cannot find "${name}": it is not pinned`);
  const unpacked = join(top, "node_modules/.cache/etmem", `${name}-${locked.version}`, "bun");
  if (existsSync(unpacked)) return unpacked;

  mkdirSync(dirname(unpacked), { recursive: true });
  const draft = mkdtempSync(`${dirname(unpacked)}/draft-`);
  try {
    if (tarballs === undefined) fetchTarball(locked, draft);
    const tarball = join(tarballs ?? join(draft, "node_modules"), `${name}.tgz`);
    if (!existsSync(tarball)) throw new Error(`Cannot find "${tarball}": it is not there`);
    checkDigest(locked, tarball);
    run(["tar", "-xzf", tarball, "-C", draft, "--no-same-owner", "package/bin/bun"]);
    renameSync(join(draft, "package/bin/bun"), unpacked);
    return unpacked;
  } finally {
    rmSync(draft, { recursive: true });
  }
}
