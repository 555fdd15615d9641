import { AT_FDCWD } from "../../ffi/libc.ts";
import { SystemCallError } from "../../ffi/errno.ts";
import { groupBytes, limitingGroups } from "./cgroup_limits.ts";
import { readText } from "./read_file.ts";

/** How much more memory a process may have, by the narrowest limit of its control groups. */
export interface MemoryRoom {
  /** 0 when the limit is reached. */
  readonly bytes: number;
  /** The file that sets the limit. */
  readonly limit: string;
}

/** Above the second one the kernel holds the processes of the group up. */
const LIMITS = ["memory.max", "memory.high"];

/** The page cache of a group, which it gives up for other memory. */
const CACHE = /^(?:in)?active_file (\d+)$/gm;

/**
 * How much more memory a process may have before the kernel swaps or ends processes of its control
 * group (Documentation/admin-guide/cgroup-v2.rst).
 * @param dirFd a process's /proc directory. @param root where control groups are mounted.
 * @returns undefined when there is no limit, or when none can be read.
 */
export function readMemoryRoom(dirFd: number, root?: string): MemoryRoom | undefined {
  let narrowest: MemoryRoom | undefined;
  for (const folder of limitingGroups(dirFd, root)) {
    for (const limit of LIMITS) {
      const limitBytes = groupBytes(`${folder}/${limit}`) ?? Infinity;
      if (limitBytes === Infinity) continue;
      const bytes = Math.max(0, limitBytes - usedBytes(folder));
      if (bytes < (narrowest?.bytes ?? Infinity)) narrowest = { bytes, limit };
    }
  }
  return narrowest;
}

function usedBytes(folder: string): number {
  let cached = 0;
  try {
    const stat = readText(AT_FDCWD, `${folder}/memory.stat`) ?? "";
    for (const [, bytes] of stat.matchAll(CACHE)) cached += Number(bytes);
  } catch (error) {
    // Then the page cache counts as used.
    if (!(error instanceof SystemCallError)) throw error;
  }
  return Math.max(0, (groupBytes(`${folder}/memory.current`) ?? 0) - cached);
}
