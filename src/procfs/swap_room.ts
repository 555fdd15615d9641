import { groupBytes, limitingGroups } from "./cgroup_limits.ts";

/** How much of a process may still go to swap, by the narrowest limit of its control groups. */
export interface SwapRoom {
  /** 0 when the limit is reached. */
  readonly bytes: number;
  readonly limitBytes: number;
  /** The file that sets the limit. */
  readonly limit: string;
}

/**
 * Limits of swap (Documentation/admin-guide/cgroup-v2.rst). Above the second one the kernel holds
 * the processes of the group up.
 */
const LIMITS = ["memory.swap.max", "memory.swap.high"];

/**
 * Reads the limits of the control groups of a process. Version 1 has no limit that keeps memory
 * from swap: memory.memsw.limit_in_bytes counts memory and swap together.
 * @param dirFd a process's /proc directory. @param root where control groups are mounted.
 * @returns undefined when there is no limit, or when none can be read.
 */
export function readSwapRoom(dirFd: number, root?: string): SwapRoom | undefined {
  return narrowestSwapRoom(limitingGroups(dirFd, root));
}

/** The narrowest of the limits of some control groups, by their folders. */
export function narrowestSwapRoom(folders: readonly string[]): SwapRoom | undefined {
  let narrowest: SwapRoom | undefined;
  for (const folder of folders) {
    const room = roomOf(folder);
    if (room !== undefined && room.bytes < (narrowest?.bytes ?? Infinity)) narrowest = room;
  }
  return narrowest;
}

function roomOf(folder: string): SwapRoom | undefined {
  let narrowest: SwapRoom | undefined;
  for (const limit of LIMITS) {
    const limitBytes = groupBytes(`${folder}/${limit}`);
    if (limitBytes === undefined || limitBytes >= (narrowest?.limitBytes ?? Infinity)) continue;
    const used = groupBytes(`${folder}/memory.swap.current`) ?? 0;
    narrowest = { bytes: Math.max(0, limitBytes - used), limitBytes, limit };
  }
  return narrowest;
}
