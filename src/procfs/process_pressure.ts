import { groupText, limitingGroups } from "./cgroup_limits.ts";

const MICROSECOND_MS = 1e-3;

/**
 * For how long tasks of a process's control group have waited for memory since the group was made:
 * `some` of memory.pressure (Documentation/accounting/psi.rst).
 * @param dirFd a process's /proc directory. @param root where control groups are mounted.
 * @returns in milliseconds; undefined where nothing tells: with version 1, in the topmost group,
 * and on a kernel without PSI.
 */
export function readGroupPressureMs(dirFd: number, root?: string): number | undefined {
  // The first ones are the group's own, where it is mounted or would be.
  for (const folder of limitingGroups(dirFd, root).slice(0, 2)) {
    const text = groupText(`${folder}/memory.pressure`);
    const total = /^some .*\btotal=(\d+)$/m.exec(text ?? "")?.[1];
    if (total !== undefined) return Number(total) * MICROSECOND_MS;
  }
  return undefined;
}
