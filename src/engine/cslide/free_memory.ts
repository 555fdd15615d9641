import { PAGE_SIZE } from "../../../ffi/libc.ts";
import {
  type HugePagePool,
  readHugePagePools,
  readNodeMemory,
  readUnreservedHugePages,
} from "../../procfs/nodes.ts";
import { readMovableRoom } from "../../procfs/zoneinfo.ts";
import { PMD_PAGES } from "../../tracker/huge_page.ts";
import { POOL } from "./memory_pools.ts";

const HUGE_BYTES = PAGE_SIZE * PMD_PAGES;

function hugetlbPool(node: number): HugePagePool | undefined {
  return readHugePagePools(node).find((pool) => pool.pageBytes === HUGE_BYTES);
}

/**
 * Says how much can be moved to a node, again and again while pages are moved from and to it. What
 * is costly to read is read once, at the beginning.
 */
export class NodeRoom {
  readonly #node: number;
  /**
   * Free base memory that no page may be moved into: a zone keeps it, or the kernel would reclaim
   * memory to replace it.
   */
  readonly #keptBytes: number;
  /** The part of it that is below the low watermarks. */
  readonly #untouchableBytes: number;
  /** Base memory that came free when pages were moved away, and was not used again. */
  #freedBytes = 0;

  /** @throws {ProcfsError | SystemCallError} */
  constructor(node: number) {
    this.#node = node;
    const free = freeBytesOf(node);
    const room = readMovableRoom().get(node);
    this.#keptBytes = free - (room?.bytes ?? 0);
    this.#untouchableBytes = free - (room?.aboveLowBytes ?? 0);
  }

  /**
   * Bytes that can be moved to the node now. Of base memory that is what is free before the kernel
   * would reclaim to make room; of hugetlb memory it is the free pages that no mapping has
   * reserved. Pages that have just come free may be in the lists of a CPU: MemFree does not count
   * them there, and the next allocation finds them.
   * @param pool one of POOL. @returns less than 0 when so much has to come free first.
   * @throws {ProcfsError | SystemCallError}
   */
  bytes(pool: number): number {
    if (pool === POOL.memory) {
      const free = freeBytesOf(this.#node);
      const freed = Math.min(this.#freedBytes, free - this.#untouchableBytes);
      return Math.max(free - this.#keptBytes, freed);
    }
    const free = hugetlbPool(this.#node)?.free ?? 0;
    return Math.min(free, readUnreservedHugePages(HUGE_BYTES) ?? 0) * HUGE_BYTES;
  }

  /** Takes note of memory that was moved away from the node, or to it when less than 0. */
  noteFreed(pool: number, bytes: number): void {
    if (pool === POOL.memory) this.#freedBytes = Math.max(0, this.#freedBytes + bytes);
  }
}

function freeBytesOf(node: number): number {
  return readNodeMemory(node)?.freeBytes ?? 0;
}

/**
 * What a node has in a pool, and what of it is in use.
 * @param pool one of POOL. @throws {ProcfsError | SystemCallError}
 */
export function memoryOf(node: number, pool: number): { totalBytes: number; usedBytes: number } {
  if (pool === POOL.memory) {
    const { totalBytes, freeBytes } = readNodeMemory(node) ?? { totalBytes: 0, freeBytes: 0 };
    return { totalBytes, usedBytes: totalBytes - freeBytes };
  }
  const { total, free } = hugetlbPool(node) ?? { total: 0, free: 0 };
  return { totalBytes: total * HUGE_BYTES, usedBytes: (total - free) * HUGE_BYTES };
}
