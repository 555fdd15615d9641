import { readFileSync } from "node:fs";

/** A package as package-lock.json pins it. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** Of its tarball: `sha512-…` in base64, as of Subresource Integrity. */
  readonly integrity: string;
}

interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * Packages with all that they depend on, sorted by name.
 * @param lockFile path of a package-lock.json of version 3.
 * @throws {Error} when one of them is not pinned there.
 */
export function lockedPackages(lockFile: string, names: readonly string[]): LockedPackage[] {
  // npm writes this file; what is looked for in it is checked below.
  const { packages } = JSON.parse(readFileSync(lockFile, "utf8")) as {
    readonly packages: Readonly<Record<string, LockEntry>>;
  };
  const found = new Map<string, LockedPackage>();
  const queue = [...names];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    if (found.has(name)) continue;
    const { version, integrity, dependencies = {} } = packages[`node_modules/${name}`] ?? {};
    if (version === undefined || integrity === undefined) {
      throw new Error(`Cannot vendor "${name}": ${lockFile} does not pin it`);
    }
    found.set(name, { name, version, integrity });
    queue.push(...Object.keys(dependencies));
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
