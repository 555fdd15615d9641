/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * A kernel with the module etmem_scan and one process, behind the calls that the library makes. A
 * program that uses it is linked with
 * -Wl,--wrap=open,--wrap=read,--wrap=lseek,--wrap=ioctl,--wrap=close,--wrap=access.
 */
#ifndef TESTS_FAKE_IDLE_PAGES_H
#define TESTS_FAKE_IDLE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "geometry.h"

#define FAKE_PID "77"
#define FAKE_PAGES_MAX ((size_t)80 << 10)

/** The process. Pages are characters: */
struct fake_process {
    struct geometry geometry;
    uint64_t base;     /* address of the first page */
    uint64_t user_end; /* of user space */
    size_t pages;
    /*
     * '-' in no area, ' ' a hole, 'a' accessed, 'i' idle, 'd' dirty; 'A' 'I' 'D' a huge page, of
     * which the other base pages are '.'; 'P' a gigantic page, likewise.
     */
    char *state;
    bool fold; /* report tables of idle pages as type 7 */

    /* Faults. */
    int open_error;      /* errno of opening idle_pages; 0: it opens */
    int ioctl_error;
    bool gone;           /* there is no such process */
    unsigned int early;  /* one read of so many stops early; 0: none */
    unsigned int eintr;  /* one read of so many fails with EINTR; 0: none */
    long dies_after;     /* reads; below 0: lives */
    long stuck_after;    /* reads; below 0: goes on */
    long corrupt_after;  /* reads; below 0: is right */

    /* What was seen. */
    long reads;
    long repeats; /* pages that were reported again since idle_pages was opened */
    int opens;
    int closes;
    unsigned int idle_flags;
    unsigned int vma_flags;
};

extern struct fake_process fake;

#endif
