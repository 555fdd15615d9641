import { readdirSync } from "node:fs";
import { AT_FDCWD } from "../../ffi/libc.ts";
import { isGone, ProcfsError, readText } from "./read_file.ts";
import { pickSizes } from "./size_table.ts";

/** A pool of hugetlb pages of one size on one node. */
export interface HugePagePool {
  readonly pageBytes: number;
  readonly total: number;
  readonly free: number;
}

/** What sysfs says of one NUMA node (Documentation/ABI/stable/sysfs-devices-node). */
export interface NumaNode {
  readonly id: number;
  readonly cpus: readonly number[];
  readonly hasMemory: boolean;
  /** By node id: 10 is the node itself, larger is farther. */
  readonly distances: ReadonlyMap<number, number>;
  /** N of the memory_tierN that it is in (6.1 and later): larger is slower. */
  readonly tier?: number;
}

/** Memory of one node, in bytes. */
export interface NodeMemory {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

const LIST_ITEM = /^(\d+)(?:-(\d+))?$/;

/**
 * Parses a list of nodes or CPUs as the kernel prints it, `0-3,5`; an empty one has no members.
 * @returns ascending. @throws {ProcfsError}
 */
export function parseIdList(text: string, file: string): number[] {
  const list = text.trim();
  if (list === "") return [];
  const ids = list.split(",").flatMap((item) => {
    const match = LIST_ITEM.exec(item);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? first);
    if (match === null || last < first) throw new ProcfsError(file, 1, "list of numbers", item);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return ids.sort((a, b) => a - b);
}

/** @returns undefined when the file is not there. */
function readIdList(path: string): number[] | undefined {
  const text = readText(AT_FDCWD, path);
  return text === undefined ? undefined : parseIdList(text, path);
}

function readCount(path: string): number | undefined {
  const text = readText(AT_FDCWD, path)?.trim();
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new ProcfsError(path, 1, "number", text);
  return Number(text);
}

/** Names in a directory; none when it is not there. */
function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

const nodePath = (root: string, node: number): string => `${root}/devices/system/node/node${node}`;

/** Distances stand in the order of the online nodes. */
function readDistances(
  root: string,
  node: number,
  online: readonly number[],
): ReadonlyMap<number, number> | undefined {
  const path = `${nodePath(root, node)}/distance`;
  const text = readText(AT_FDCWD, path)?.trim();
  if (text === undefined) return undefined;
  const values = text.split(/\s+/).map(Number);
  if (values.length !== online.length || values.some((value) => !Number.isSafeInteger(value))) {
    throw new ProcfsError(path, 1, `${online.length} distances`, text);
  }
  return new Map(online.map((id, i) => [id, values[i] ?? 0]));
}

/**
 * Tier of each node that is in one; empty before 6.1
 * (Documentation/ABI/testing/sysfs-kernel-mm-memory-tiers).
 */
function readMemoryTiers(root: string): ReadonlyMap<number, number> {
  const folder = `${root}/devices/virtual/memory_tiering`;
  return new Map(
    namesIn(folder).flatMap((name) => {
      const tier = /^memory_tier(\d+)$/.exec(name)?.[1];
      if (tier === undefined) return [];
      const nodes = readIdList(`${folder}/${name}/nodelist`) ?? [];
      return nodes.map((node): [number, number] => [node, Number(tier)]);
    }),
  );
}

/**
 * The machine's online nodes, ascending; none on a kernel without NUMA.
 * @param root where sysfs is mounted.
 * @throws {ProcfsError | SystemCallError}
 */
export function readNodes(root = "/sys"): NumaNode[] {
  const online = readIdList(`${root}/devices/system/node/online`) ?? [];
  const withMemory = new Set(readIdList(`${root}/devices/system/node/has_memory`));
  const tiers = readMemoryTiers(root);
  return online.flatMap((id) => {
    const cpus = readIdList(`${nodePath(root, id)}/cpulist`);
    const distances = readDistances(root, id, online);
    if (cpus === undefined || distances === undefined) return [];
    const tier = tiers.get(id);
    return [{
      id,
      cpus,
      hasMemory: withMemory.has(id),
      distances,
      ...(tier === undefined ? {} : { tier }),
    }];
  });
}

/**
 * Memory of a node, from its meminfo.
 * @returns undefined when the node is not there (any more). @throws {ProcfsError | SystemCallError}
 */
export function readNodeMemory(node: number, root = "/sys"): NodeMemory | undefined {
  const path = `${nodePath(root, node)}/meminfo`;
  const text = readText(AT_FDCWD, path);
  if (text === undefined) return undefined;
  const prefix = `Node ${node} `;
  const [totalBytes = 0, freeBytes = 0] = pickSizes(
    text,
    [`${prefix}MemTotal`, `${prefix}MemFree`],
    path,
  );
  return { totalBytes, freeBytes };
}

const POOL_FOLDER = /^hugepages-(\d+)kB$/;

/**
 * The hugetlb pools of a node by page size, ascending.
 * @returns none when the node is not there or the kernel has no hugetlb.
 * @throws {ProcfsError | SystemCallError}
 */
export function readHugePagePools(node: number, root = "/sys"): HugePagePool[] {
  const folder = `${nodePath(root, node)}/hugepages`;
  const pools = namesIn(folder).flatMap((name) => {
    const kilobytes = POOL_FOLDER.exec(name)?.[1];
    const total = readCount(`${folder}/${name}/nr_hugepages`);
    const free = readCount(`${folder}/${name}/free_hugepages`);
    if (kilobytes === undefined || total === undefined || free === undefined) return [];
    return [{ pageBytes: Number(kilobytes) * 1024, total, free }];
  });
  return pools.sort((a, b) => a.pageBytes - b.pageBytes);
}

/**
 * Free hugetlb pages of one size, on all nodes together, that no mapping has reserved for itself.
 * While there is none the kernel does not touch its pools to migrate a page: it allocates a fresh
 * one, and the pools' sizes change for good (alloc_hugetlb_folio_nodemask in mm/hugetlb.c).
 * @returns undefined when the kernel has no pool of that size.
 * @throws {ProcfsError | SystemCallError}
 */
export function readUnreservedHugePages(pageBytes: number, root = "/sys"): number | undefined {
  const folder = `${root}/kernel/mm/hugepages/hugepages-${pageBytes / 1024}kB`;
  const free = readCount(`${folder}/free_hugepages`);
  const reserved = readCount(`${folder}/resv_hugepages`);
  if (free === undefined || reserved === undefined) return undefined;
  return Math.max(0, free - reserved);
}
