import { cpus } from "node:os";
import { PAGE_SIZE } from "../../ffi/libc.ts";
import { groupBytes } from "./cgroup_limits.ts";
import { subfolders } from "./cgroup_tree.ts";

/** How much of some control groups may go before one of them has less than is protected. */
export interface Unprotected {
  /** 0 when nothing may go. */
  readonly bytes: number;
  /** The file that protects the rest. */
  readonly limit: string;
}

/** Memory that is protected from reclaim (Documentation/admin-guide/cgroup-v2.rst). */
const PROTECTIONS = ["memory.low", "memory.min"];

/**
 * The kernel charges for so many pages ahead on each CPU (MEMCG_CHARGE_BATCH of
 * include/linux/memcontrol.h), and takes that back at any time.
 */
const CHARGE_BATCH = 64;
const AHEAD_BYTES = CHARGE_BATCH * PAGE_SIZE * cpus().length;

/**
 * @param folders of a control group of version 2 and of those above it: what a group protects, it
 * protects of all below it together.
 * @returns undefined when nothing is protected.
 */
export function unprotectedMemory(folders: readonly string[]): Unprotected | undefined {
  let least: Unprotected | undefined;
  for (const folder of folders) {
    for (const limit of PROTECTIONS) {
      const protectedBytes = groupBytes(`${folder}/${limit}`) ?? 0;
      if (protectedBytes === 0) continue;
      const current = groupBytes(`${folder}/memory.current`);
      if (current === undefined) continue;
      const bytes = Math.max(0, current - protectedBytes - AHEAD_BYTES);
      if (bytes < (least?.bytes ?? Infinity)) least = { bytes, limit };
    }
  }
  return least;
}

/**
 * What the groups right below a group protect of what they use, in bytes. Whoever reclaims the
 * group has the kernel pass that over, but when it finds nothing else, it takes what memory.low
 * protects all the same. What is further below counts only as far as the group above it protects.
 */
export function protectedBelow(folder: string): number {
  let sum = 0;
  for (const name of subfolders(folder)) {
    const limits = PROTECTIONS.map((limit) => groupBytes(`${folder}/${name}/${limit}`) ?? 0);
    const most = Math.max(...limits);
    if (most === 0) continue;
    sum += Math.min(most, groupBytes(`${folder}/${name}/memory.current`) ?? 0);
  }
  return sum;
}
