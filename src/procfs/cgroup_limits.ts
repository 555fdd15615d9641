import { SystemCallError } from "../../ffi/errno.ts";
import { AT_FDCWD } from "../../ffi/libc.ts";
import { CGROUP_ROOT } from "./cgroup_tree.ts";
import { readText } from "./read_file.ts";

/** Where control groups of version 2 are mounted: alone, and beside those of version 1. */
const MOUNTS = ["", "unified/"];

/**
 * The folders of the control group of version 2 of a process and of those above it, as far as this
 * process sees them. `/` has no limits.
 * @param dirFd a process's /proc directory. @param root where control groups are mounted.
 */
export function limitingGroups(dirFd: number, root: string = CGROUP_ROOT): string[] {
  const path = /^0::(\/.+)$/m.exec(textOf(dirFd, "cgroup") ?? "")?.[1];
  // Files are read each byte one character.
  if (path === undefined) return [];
  const group = Buffer.from(path, "latin1").toString();
  return groupAndAbove(group, MOUNTS.map((mount) => `${root}/${mount}`));
}

/** The folders of a group and of those above it. @param mounts each with a slash at its end. */
export function groupAndAbove(path: string, mounts: readonly string[]): string[] {
  const folders: string[] = [];
  for (let group = path; group !== ""; group = group.slice(0, group.lastIndexOf("/"))) {
    for (const mount of mounts) folders.push(`${mount}${group.slice(1)}`);
  }
  return folders;
}

/**
 * Reads a size or limit of a control group (Documentation/admin-guide/cgroup-v2.rst), in bytes.
 * @returns Infinity for "max", undefined where there is no number to read.
 */
export function groupBytes(path: string): number | undefined {
  const text = groupText(path)?.trim() ?? "";
  if (text === "max") return Infinity;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Reads a file of a control group. @returns undefined where it cannot be read. */
export function groupText(path: string): string | undefined {
  return textOf(AT_FDCWD, path);
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
