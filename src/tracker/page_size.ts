import { PAGE_SIZE } from "../../ffi/libc.ts";

const PAGE_SHIFT = Math.log2(PAGE_SIZE);

/**
 * Base pages in a huge page of one and of two page-table levels, since a page table of P bytes has P/8
 * entries: 512 and 262 144 with 4K pages, 8192 and 67 108 864 with 64K pages.
 */
export const PMD_PAGES = 2 ** (PAGE_SHIFT - 3);
export const PUD_PAGES = 2 ** ((PAGE_SHIFT - 3) * 2);
