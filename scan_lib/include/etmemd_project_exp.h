/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef ETMEMD_PROJECT_EXP_H
#define ETMEMD_PROJECT_EXP_H

#include <stdbool.h>
#include <sys/queue.h>

struct engine;

/** How a project looks at memory: scan_type= of [project]. */
enum scan_type {
    PAGE_SCAN = 0,   /* scan_param is a struct page_scan */
    REGION_SCAN = 1, /* not used by this version */
    PSI_SCAN = 2     /* not used by this version */
};

/** When to scan. 12 bytes; offsets 0 4 8. */
struct page_scan {
    int interval; /* seconds between the scans of a round */
    int loop;     /* scans of a round */
    int sleep;    /* seconds between the end of a round and the next one */
};

/**
 * What [project] says. It belongs to the server: an engine reads it. 56 bytes; offsets
 * 0 8 16 24 28 32 36 37 40 48.
 */
struct project {
    char *name;
    enum scan_type type;
    void *scan_param;
    int sysmem_threshold;     /* percent of memory that is available; -1: not set */
    int swapcache_high_wmark; /* percent of memory */
    int swapcache_low_wmark;
    bool start; /* the project is started */
    bool wmark_set;
    struct engine *engs; /* its engines, linked by engine.next */

    SLIST_ENTRY(project) entry;
};

#endif
