import { parseIdList } from "./nodes.ts";
import { pageOf } from "./pagemap.ts";
import { readText } from "./read_file.ts";

/** Memory that a policy keeps on some nodes, by page number. */
export interface BoundRange {
  readonly from: number;
  /** First page behind it; no page of another VMA lies before it. */
  readonly to: number;
  readonly nodes: readonly number[];
}

/** A VMA: its start, its policy (mpol_to_str in mm/mempolicy.c), its nodes. */
const LINE = /^([0-9a-f]+) (bind|prefer(?: \(many\))?)?(?:=[a-z|]+)?(?::([\d,-]+))?/gm;

/**
 * Parses /proc/PID/numa_maps (numa(7)).
 * @returns in ascending order what mbind(2) or set_mempolicy(2) binds to nodes, or prefers there.
 * @throws {ProcfsError}
 * @internal
 */
export function parseNumaMaps(text: string): BoundRange[] {
  const ranges: BoundRange[] = [];
  let last: { readonly from: number; readonly nodes: readonly number[] } | undefined;
  const close = (to: number): void => {
    if (last !== undefined) ranges.push({ ...last, to });
  };
  for (const [, start = "", policy, list] of text.matchAll(LINE)) {
    const from = pageOf(Number.parseInt(start, 16));
    close(from);
    last = policy === undefined || list === undefined
      ? undefined
      : { from, nodes: parseIdList(list, "numa_maps") };
  }
  close(Infinity);
  return ranges;
}

/**
 * What memory policies keep on some nodes. The kernel looks at every page for it.
 * @param dirFd a process's /proc directory.
 * @returns nothing when the process is gone, or the kernel has no NUMA.
 * @throws {ProcfsError | SystemCallError}
 */
export function readBoundRanges(dirFd: number): BoundRange[] {
  return parseNumaMaps(readText(dirFd, "numa_maps") ?? "");
}
