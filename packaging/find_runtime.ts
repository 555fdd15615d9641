import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** Where to look for a Bun of another architecture, which `npm ci` does not install on this one. */
export interface RuntimePlaces {
  /** The folder of package-lock.json and node_modules. */
  readonly top: string;
  /** A folder with npm's tarballs, for a host without a registry: the only place then. */
  readonly tarballs?: string | undefined;
}

/** What package-lock.json says of a package. */
interface LockedPackage {
  readonly version: string;
  readonly integrity: string;
}

function lockedPackage(top: string, name: string): LockedPackage {
  const path = join(top, "package-lock.json");
  const { packages } = JSON.parse(readFileSync(path, "utf8")) as {
    packages: Readonly<Record<string, Partial<LockedPackage>>>;
  };
  const { version, integrity } = packages[`node_modules/${name}`] ?? {};
  if (version !== undefined && integrity?.startsWith("sha512-")) return { version, integrity };
  throw new Error(`Cannot look up "${name}": ${path} has no version of it with a sha512`);
}

function run(command: readonly string[], cwd: string): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd, stdin: "ignore" });
  if (exitCode === 0) return stdout.toString();
  throw new Error(`Cannot run "${command.join(" ")}": ${stderr.toString().trim()}`);
}

/** npm's name for the tarball of a package: `@a/b` is `a-b-1.0.0.tgz`. */
function tarballName(name: string, version: string): string {
  return `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
}

/** The tarball from npm, or from its cache, in a folder. */
function pack(name: string, version: string, folder: string): string {
  run(["npm", "pack", "--silent", "--prefer-offline", `${name}@${version}`], folder);
  const file = readdirSync(folder).find((entry) => entry.endsWith(".tgz"));
  if (file === undefined) throw new Error(`Cannot find "${name}": npm pack brought no tarball`);
  return join(folder, file);
}

function checkIntegrity(tarball: string, { integrity }: LockedPackage): void {
  const digest = createHash("sha512").update(readFileSync(tarball)).digest("base64");
  if (`sha512-${digest}` === integrity) return;
  throw new Error(`Cannot use "${tarball}": its sha512 is not the one of package-lock.json`);
}

/**
 * The Bun of a package of `optionalDependencies`: from node_modules/@oven, if it is of this architecture, else
 * unpacked from the package's tarball, once, into node_modules/.cache. The tarball is that of `places.tarballs`,
 * else what `npm pack` brings; either way its sha512 has to be the one of package-lock.json.
 *
 * @param name of the package, such as `@oven/bun-linux-aarch64`.
 * @returns the path of the executable.
 * @throws {Error} when there is none, or not the one that is locked.
 */
export function findRuntime(name: string, places: RuntimePlaces): string {
  const { top, tarballs } = places;
  const installed = join(top, "node_modules", name, "bin/bun");
  if (existsSync(installed)) return installed;

  const locked = lockedPackage(top, name);
  const file = tarballName(name, locked.version);
  const unpacked = join(top, "node_modules/.cache/etmem", file.slice(0, -".tgz".length), "bun");
  if (existsSync(unpacked)) return unpacked;

  mkdirSync(dirname(unpacked), { recursive: true });
  const draft = mkdtempSync(`${dirname(unpacked)}/draft-`);
  try {
    const tarball = tarballs === undefined
      ? pack(name, locked.version, draft)
      : join(tarballs, file);
    if (!existsSync(tarball)) throw new Error(`Cannot find "${tarball}": it is not there`);
    checkIntegrity(tarball, locked);
    run(["tar", "-xzf", tarball, "-C", draft, "package/bin/bun"], draft);
    renameSync(join(draft, "package/bin/bun"), unpacked);
    return unpacked;
  } finally {
    rmSync(draft, { recursive: true });
  }
}
