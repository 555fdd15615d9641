import { statSync } from "node:fs";
import { AT_FDCWD } from "../../ffi/libc.ts";
import { groupAndAbove, groupBytes } from "./cgroup_limits.ts";
import type { CgroupHierarchy } from "./cgroup_tree.ts";
import { type Unprotected, unprotectedMemory } from "./protected_memory.ts";
import { ProcfsError, readText } from "./read_file.ts";
import { narrowestSwapRoom } from "./swap_room.ts";

/** The memory of a control group and of all below it. */
export interface GroupMemory {
  readonly usageBytes: number;
  /** Page cache on the lists that reclaim looks at. */
  readonly fileBytes: number;
  /** Anonymous and shared memory on such lists. */
  readonly anonBytes: number;
  readonly swappedBytes: number;
  /** Its own limit; Infinity: it has none. */
  readonly maxBytes: number;
  /** What its own memory.low or memory.min protects. */
  readonly protectedBytes: number;
  /** Of it and the groups above it. */
  readonly unprotected: Unprotected | undefined;
  /** What its limits of swap and those above it still let go; Infinity: there is no limit. */
  readonly swapRoomBytes: number;
  /** Since it was made, in base pages. */
  readonly anonRefaults: number;
  readonly fileRefaults: number;
  /** Base pages that were reclaimed; undefined where the kernel does not count them by group. */
  readonly reclaimedPages: number | undefined;
  /** Since it was made: faults that waited for a read. */
  readonly majorFaults: number;
}

/** How the files of a version are called (cgroup-v2.rst, cgroup-v1/memory.rst). */
const NAMES = {
  1: { usage: "memory.usage_in_bytes", limits: ["memory.limit_in_bytes"], stat: "total_" },
  2: { usage: "memory.current", limits: ["memory.max", "memory.high"], stat: "" },
} as const;

/** Version 1 shows a limit of all that there can be as a number near 2^63. */
const NO_LIMIT = 2 ** 62;

/** How much a group uses now. @returns undefined when its memory is not accounted for. */
export function readGroupUsage(hierarchy: CgroupHierarchy, path: string): number | undefined {
  return groupBytes(`${hierarchy.folder}/${path}/${NAMES[hierarchy.version].usage}`);
}

/** The folders of a group and of those above it, as far as they are seen. */
export function foldersOfGroup({ folder }: CgroupHierarchy, path: string): string[] {
  return groupAndAbove(`/${path}`, [`${folder}/`]);
}

/** What tells a group from another one that is made later with its path. */
export function groupId({ folder }: CgroupHierarchy, path: string): number | undefined {
  return statSync(`${folder}/${path}`, { throwIfNoEntry: false })?.ino;
}

/**
 * Reads the memory of a group.
 * @param path below the folder of the hierarchy.
 * @returns undefined when it is gone, or its memory is not accounted for.
 * @throws {ProcfsError | SystemCallError}
 */
export function readGroupMemory(hierarchy: CgroupHierarchy, path: string): GroupMemory | undefined {
  const folder = `${hierarchy.folder}/${path}`;
  const names = NAMES[hierarchy.version];
  const usageBytes = groupBytes(`${folder}/${names.usage}`);
  const stat = readStat(`${folder}/memory.stat`, names.stat);
  if (usageBytes === undefined || stat === undefined) return undefined;
  const groups = foldersOfGroup(hierarchy, path);
  const size = (file: string): number => groupBytes(`${folder}/${file}`) ?? 0;
  const of = (name: string): number => stat.get(name) ?? 0;
  const limits = names.limits.map((file) => groupBytes(`${folder}/${file}`) ?? Infinity);
  const limit = Math.min(...limits);
  return {
    usageBytes,
    fileBytes: of("inactive_file") + of("active_file"),
    anonBytes: of("inactive_anon") + of("active_anon"),
    swappedBytes: hierarchy.version === 1 ? of("swap") : size("memory.swap.current"),
    maxBytes: limit < NO_LIMIT ? limit : Infinity,
    protectedBytes: Math.max(size("memory.low"), size("memory.min")),
    unprotected: unprotectedMemory(groups),
    swapRoomBytes: narrowestSwapRoom(groups)?.bytes ?? Infinity,
    anonRefaults: of("workingset_refault_anon"),
    // Before Linux 5.9 both are one.
    fileRefaults: of("workingset_refault_file") + of("workingset_refault"),
    reclaimedPages: stat.get("pgsteal"),
    majorFaults: of("pgmajfault"),
  };
}

/** The values of memory.stat by name. @param prefix that those of the whole subtree have. */
function readStat(path: string, prefix: string): Map<string, number> | undefined {
  const text = readText(AT_FDCWD, path);
  if (text === undefined) return undefined;
  const values = new Map<string, number>();
  for (const [i, line] of text.split("\n").entries()) {
    if (line === "" || !line.startsWith(prefix)) continue;
    const [name = "", value = ""] = line.slice(prefix.length).split(" ");
    if (!/^\d+$/.test(value)) throw new ProcfsError(path, i + 1, name, value);
    values.set(name, Number(value));
  }
  return values;
}
