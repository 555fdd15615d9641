import { SystemCallError } from "../../ffi/errno.ts";
import { AT_FDCWD } from "../../ffi/libc.ts";
import { readText } from "./read_file.ts";

/** How much of a process may still go to swap, by the narrowest limit of its control groups. */
export interface SwapRoom {
  /** 0 when the limit is reached. */
  readonly bytes: number;
  readonly limitBytes: number;
  /** The file that sets the limit. */
  readonly limit: string;
}

/** Where control groups of version 2 are mounted: alone, and beside those of version 1. */
const MOUNTS = ["", "unified/"];

/**
 * Limits of swap (Documentation/admin-guide/cgroup-v2.rst). Above the second one the kernel holds
 * the processes of the group up.
 */
const LIMITS = ["memory.swap.max", "memory.swap.high"];

/**
 * Reads the limits of the control group of a process and of those above it, as far as this process
 * sees them. Version 1 has no limit that keeps memory from swap: memory.memsw.limit_in_bytes counts
 * memory and swap together.
 * @param dirFd a process's /proc directory. @param root where control groups are mounted.
 * @returns undefined when there is no limit, or when none can be read.
 */
export function readSwapRoom(dirFd: number, root = "/sys/fs/cgroup"): SwapRoom | undefined {
  const path = groupOf(textOf(dirFd, "cgroup") ?? "");
  if (path === undefined) return undefined;
  let narrowest: SwapRoom | undefined;
  for (let group = path; group !== ""; group = group.slice(0, group.lastIndexOf("/"))) {
    for (const mount of MOUNTS) {
      const room = roomOf(`${root}/${mount}${group.slice(1)}`);
      if (room !== undefined && room.bytes < (narrowest?.bytes ?? Infinity)) narrowest = room;
    }
  }
  return narrowest;
}

/** The path of a process's group of version 2; `/` and none have no limits. */
function groupOf(text: string): string | undefined {
  const path = /^0::(\/.+)$/m.exec(text)?.[1];
  // Files are read each byte one character.
  return path === undefined ? undefined : Buffer.from(path, "latin1").toString();
}

function roomOf(folder: string): SwapRoom | undefined {
  let narrowest: SwapRoom | undefined;
  for (const limit of LIMITS) {
    const limitBytes = sizeOf(`${folder}/${limit}`);
    if (limitBytes === undefined || limitBytes >= (narrowest?.limitBytes ?? Infinity)) continue;
    const used = sizeOf(`${folder}/memory.swap.current`) ?? 0;
    narrowest = { bytes: Math.max(0, limitBytes - used), limitBytes, limit };
  }
  return narrowest;
}

/** @returns undefined for "max", and where there is no number to read. */
function sizeOf(path: string): number | undefined {
  const text = textOf(AT_FDCWD, path)?.trim() ?? "";
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** A file that cannot be read sets no limit: the kernel itself refuses what it does not take. */
function textOf(dirFd: number, path: string): string | undefined {
  try {
    return readText(dirFd, path);
  } catch (error) {
    if (error instanceof SystemCallError) return undefined;
    throw error;
  }
}
