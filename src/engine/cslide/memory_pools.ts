import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { PMD_PAGES } from "../../tracker/huge_page.ts";
import { UNIT } from "./located_pages.ts";

/** Pools that a node's free memory is counted in: base and huge pages share one. */
export const POOL = { memory: 0, hugetlb: 1 } as const;

/** Free memory of a pair's nodes in one pool: less than 0 where so much has to come free first. */
export interface PoolFree {
  slowFreeBytes: number;
  dramFreeBytes: number;
}

/** By UNIT: the bytes of a unit, and the pool that it lives in. */
export const UNIT_CLASSES = [
  { unit: UNIT.base, pageBytes: PAGE_SIZE, pool: POOL.memory },
  { unit: UNIT.thp, pageBytes: PAGE_SIZE * PMD_PAGES, pool: POOL.memory },
  { unit: UNIT.hugetlb, pageBytes: PAGE_SIZE * PMD_PAGES, pool: POOL.hugetlb },
] as const;
