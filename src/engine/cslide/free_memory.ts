import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { readHugePagePools, readNodeMemory, readUnreservedHugePages } from "../../procfs/nodes.ts";
import { readHighWatermarks } from "../../procfs/zoneinfo.ts";
import { PMD_PAGES } from "../../scan/page_size.ts";
import { POOL } from "./plan_round.ts";

const HUGE_BYTES = PAGE_SIZE * PMD_PAGES;

/** Free bytes of a node, by POOL. @throws {ProcfsError | SystemCallError} */
export function freeBytesOf(node: number, pool: number): number {
  if (pool === POOL.memory) return readNodeMemory(node)?.freeBytes ?? 0;
  const free = readHugePagePools(node).find((one) => one.pageBytes === HUGE_BYTES)?.free ?? 0;
  return Math.min(free, readUnreservedHugePages(HUGE_BYTES) ?? 0) * HUGE_BYTES;
}

/**
 * Bytes that can be moved to a node, by POOL: of base memory only what is free above the high watermark, below
 * which the kernel would reclaim to make room (measured: it refuses at the low one).
 * @throws {ProcfsError | SystemCallError}
 */
export function roomOf(node: number, pool: number): number {
  const free = freeBytesOf(node, pool);
  if (pool === POOL.hugetlb) return free;
  return Math.max(0, free - (readHighWatermarks().get(node) ?? 0));
}

/** Bytes a node has, by POOL. @throws {ProcfsError | SystemCallError} */
export function totalBytesOf(node: number, pool: number): number {
  if (pool === POOL.memory) return readNodeMemory(node)?.totalBytes ?? 0;
  const total = readHugePagePools(node).find((one) => one.pageBytes === HUGE_BYTES)?.total ?? 0;
  return total * HUGE_BYTES;
}
