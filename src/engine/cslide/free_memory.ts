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
 * Tells again and again how much can be moved to a node while pages are moved from and to it; what is costly to
 * read is read once, at the beginning.
 */
export class NodeRoom {
  readonly #node: number;
  /** Free base memory that is not for us: what the kernel would reclaim to replace, and what zones keep. */
  readonly #keptBytes: number;
  /** Of that, what is below the low watermarks. */
  readonly #untouchableBytes: number;
  /** Base memory that came free by what was moved away, and was not used again. */
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
   * Bytes that can be moved to the node now, by POOL: of base memory what is free before the kernel would reclaim
   * to make room, of hugetlb memory pages that no mapping has reserved. Pages that have just come free may be in
   * the lists of a CPU, where MemFree does not count them and the next allocation finds them.
   * @returns less than 0 when so much has to come free first. @throws {ProcfsError | SystemCallError}
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

/** What a node has, by POOL, and what of it is in use. @throws {ProcfsError | SystemCallError} */
export function memoryOf(node: number, pool: number): { totalBytes: number; usedBytes: number } {
  if (pool === POOL.memory) {
    const { totalBytes, freeBytes } = readNodeMemory(node) ?? { totalBytes: 0, freeBytes: 0 };
    return { totalBytes, usedBytes: totalBytes - freeBytes };
  }
  const { total, free } = hugetlbPool(node) ?? { total: 0, free: 0 };
  return { totalBytes: total * HUGE_BYTES, usedBytes: (total - free) * HUGE_BYTES };
}
