import { readFileSync } from "node:fs";
import { join } from "node:path";

const LIST = join(import.meta.dir, "../../../../packaging/openeuler-provides.txt");
/** Capability, package, and its version in 20.03, 22.03 and 24.03. */
const COLUMNS = 5;

/** `libc.so.6(GLIBC_2.17)(64bit)` without its version, and the version. */
function splitVersion(capability: string): { readonly name: string; readonly version?: string } {
  const match = /^(.*\(GLIBC_)((?:<=)?[0-9.]+)(\).*)$/.exec(capability);
  return match === null
    ? { name: capability }
    : { name: `${match[1]}${match[3]}`, version: String(match[2]) };
}

/** Whether version `a` is not above `b`. */
function isUpTo(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (const [n, part] of (left ?? []).entries()) {
    const other = right?.[n] ?? 0;
    if (part !== other) return part < other;
  }
  return true;
}

/**
 * The requirements that packaging/openeuler-provides.txt does not know.
 * @param requirements as `rpm -qp --requires` prints them.
 * @throws {Error} when a line of the list does not say where all releases have it from.
 */
export function notProvided(requirements: readonly string[]): string[] {
  const known = new Map<string, string | undefined>();
  for (const line of readFileSync(LIST, "utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const columns = line.split(/\s+/);
    if (columns.length !== COLUMNS) throw new Error(`Cannot read "${line}" of "${LIST}"`);
    const { name, version } = splitVersion(columns[0] ?? "");
    known.set(name, version?.replace("<=", ""));
  }
  return requirements.filter((requirement) => {
    // the condition of an rpmlib() is rpm's own: `rpmlib(FileDigests) <= 4.6.0-1`
    const { name, version } = splitVersion(requirement.replace(/^(rpmlib\(.*\)) .*/, "$1"));
    if (!known.has(name)) return true;
    const limit = known.get(name);
    return version !== undefined && limit !== undefined && !isUpTo(version, limit);
  });
}
