/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef SCAN_LIB_PAGEMAP_H
#define SCAN_LIB_PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "geometry.h"

/* Entries of /proc/PID/pagemap: Documentation/admin-guide/mm/pagemap.rst of the kernel. */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_FRAME ((UINT64_C(1) << 55) - 1)

/** An open pagemap with room for the entries of a chunk of memory. */
struct pagemap {
    int fd;
    unsigned int page_shift;
    size_t chunk_pages; /* a power of two and whole PMDs */
    uint64_t *entries;
    bool skips_holes; /* the kernel says where the next present page is (PAGEMAP_SCAN, Linux 6.7) */
};

/**
 * Does something with the entries of pages in a row.
 * @return 0, or an errno value, which ends the walk
 */
typedef int (*pagemap_visitor)(void *context, uint64_t address, const uint64_t *entries, size_t count);

/** Opens the pagemap of a process. @return 0 or an errno value; ESRCH no such process */
int pagemap_open(struct pagemap *map, const char *pid, struct geometry geometry);

/**
 * Visits a range of memory in chunks that end at PMD boundaries, so that a huge page is never cut.
 * Chunks in which nothing is present are left out where the kernel tells of them:
 * a reservation of terabytes costs nothing then.
 *
 * @return 0, what the visitor returned, or an errno value;
 * EIO when the kernel has no entries for the range
 *         (the process has gone, for example)
 */
int pagemap_walk(struct pagemap *map, uint64_t start, uint64_t end, pagemap_visitor visit, void *context);

void pagemap_close(struct pagemap *map);

#endif
