import { type Dirent, existsSync, readdirSync, statSync } from "node:fs";
import { errorCode } from "../../ffi/errno.ts";
import { AT_FDCWD } from "../../ffi/libc.ts";
import { readText } from "./read_file.ts";

/** Where control groups are mounted. */
export const CGROUP_ROOT = "/sys/fs/cgroup";

/**
 * A hierarchy of control groups: the one of version 2, or that of version 1 which accounts for
 * memory (cgroups(7)).
 */
export interface CgroupHierarchy {
  readonly version: 1 | 2;
  /** Where it is mounted. */
  readonly folder: string;
}

/** Groups that a pattern matches. */
export interface MatchingGroups {
  readonly hierarchy: CgroupHierarchy;
  /** Below the folder of the hierarchy, without a slash at either end; in order. */
  readonly paths: readonly string[];
}

/** A part of a pattern with one of these may match other names than itself. */
const GLOB = /[*?[]/;
/** What else Bun.Glob takes for more than a character. */
const OTHER_SYNTAX = /[\\{}()@+|]/g;

/**
 * The hierarchies that there are, the one that accounts for memory first. On a host with version 1
 * the other one lies in `unified` (systemd calls that hybrid).
 */
export function cgroupHierarchies(root: string): CgroupHierarchy[] {
  if (existsSync(`${root}/cgroup.controllers`)) return [{ version: 2, folder: root }];
  const found: CgroupHierarchy[] = [];
  if (existsSync(`${root}/memory/cgroup.procs`)) {
    found.push({ version: 1, folder: `${root}/memory` });
  }
  if (existsSync(`${root}/unified/cgroup.controllers`)) {
    found.push({ version: 2, folder: `${root}/unified` });
  }
  return found;
}

/**
 * The groups that a pattern matches, in the first hierarchy in which there are any.
 * @param pattern a path below the root, each part of which may be a glob: `*`, `?` and sets in
 * brackets, which never match a slash. A backslash stands for itself, as systemd's names have it.
 * @returns undefined when nothing matches.
 */
export function matchingGroups(
  pattern: string,
  hierarchies: readonly CgroupHierarchy[],
): MatchingGroups | undefined {
  const parts = pattern.split("/").filter((part) => part !== "");
  for (const hierarchy of hierarchies) {
    let paths = [""];
    for (const part of parts) {
      paths = paths.flatMap((path) => childrenLike(part, path, hierarchy.folder));
    }
    if (paths.length > 0) return { hierarchy, paths: paths.sort() };
  }
  return undefined;
}

function childrenLike(part: string, path: string, folder: string): string[] {
  const at = (name: string): string => path === "" ? name : `${path}/${name}`;
  if (!GLOB.test(part)) {
    const isThere = statSync(`${folder}/${at(part)}`, { throwIfNoEntry: false })?.isDirectory();
    return isThere === true ? [at(part)] : [];
  }
  const glob = new Bun.Glob(part.replaceAll(OTHER_SYNTAX, "\\$&").replace(/^!/, "\\!"));
  return subfolders(`${folder}/${path}`).filter((name) => glob.match(name)).map(at);
}

/** The groups right below one; none when it is gone. */
export function subfolders(folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isGroupGone(error)) return [];
    throw error;
  }
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Whether an error says that a group was removed, before or after its file was opened. */
export function isGroupGone(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENODEV";
}

/** The processes of some groups and of all groups below them. */
export interface GroupMembers {
  readonly pids: ReadonlySet<number>;
  /** Processes that have no pid here: those of a pid namespace that this process does not see. */
  readonly foreign: number;
}

/** Reads which processes are in groups now. @throws {SystemCallError} */
export function membersOf({ hierarchy, paths }: MatchingGroups): GroupMembers {
  const pids = new Set<number>();
  let foreign = 0;
  const folders = paths.map((path) => `${hierarchy.folder}/${path}`);
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const line of readMembers(folder)) {
      if (line === "0") foreign++;
      else pids.add(Number(line));
    }
    for (const name of subfolders(folder)) folders.push(`${folder}/${name}`);
  }
  return { pids, foreign };
}

/** The lines of a group's cgroup.procs. */
function readMembers(folder: string): string[] {
  try {
    const text = readText(AT_FDCWD, `${folder}/cgroup.procs`) ?? "";
    return text.split("\n").filter((line) => line !== "");
  } catch (error) {
    // The processes of a threaded group are among those of the group above it that is not threaded.
    if (isGroupGone(error) || errorCode(error) === "ENOTSUP") return [];
    throw error;
  }
}
