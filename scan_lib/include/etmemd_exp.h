/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef ETMEMD_EXP_H
#define ETMEMD_EXP_H

#include <stdint.h>

/**
 * The unit in which the page tables map a piece of memory. How large it is depends on the base page
 * of the kernel, which sysconf(_SC_PAGESIZE) tells:
 *
 *     base page    PMD       PUD
 *     4 KiB        2 MiB     1 GiB
 *     16 KiB       32 MiB    64 GiB
 *     64 KiB       512 MiB   4 TiB
 */
enum page_type {
    PTE_TYPE = 0, /* a base page */
    PMD_TYPE = 1, /* a huge page: THP or hugetlb */
    PUD_TYPE = 2, /* a gigantic page */
    PAGE_TYPE_INVAL
};

/**
 * A page that was present in at least one scan, and how much it was used. A list of them is sorted
 * by address and describes no memory twice. Size and offsets are fixed: 24 bytes, 0 8 12 16.
 */
struct page_refs {
    uint64_t addr;       /* its first byte in the address space of the process */
    int count;           /* added up over the scans; each adds 0 idle, 1 accessed, 3 dirty */
    enum page_type type; /* its size */

    struct page_refs *next; /* the page with the next higher address; NULL at the end */
};

#endif
