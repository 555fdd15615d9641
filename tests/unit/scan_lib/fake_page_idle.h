/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * A kernel with page_idle but without etmem_scan, and one process, behind the calls that the
 * library makes. A program that uses it is linked with
 * -Wl,--wrap=open,--wrap=read,--wrap=pread,--wrap=pwrite,--wrap=close,--wrap=access.
 */
#ifndef TESTS_FAKE_PAGE_IDLE_H
#define TESTS_FAKE_PAGE_IDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etmemd_scan_exp.h"
#include "geometry.h"

#define FAKE_PID "77"
#define FAKE_BASE UINT64_C(0x7f0000000000)

#define FAKE_FRAMES_MAX ((size_t)40 << 10)
#define FAKE_PAGES_MAX ((size_t)40 << 10)

/** What lies in a page frame. */
struct fake_frame {
    bool lru;
    bool tail;  /* of the huge page that the nearest frame before it begins that is no tail */
    bool other; /* hugetlb, the zero page, reserved, no page: a bit of kpageflags, see flag */
    unsigned int flag;
    bool ours; /* the process maps it, or another frame of its huge page */
    bool idle; /* the mark */
};

struct fake_machine {
    struct geometry geometry;
    uint64_t first_frame; /* number of frames[0]; a multiple of 64 */
    size_t frame_count;
    struct fake_frame frames[FAKE_FRAMES_MAX];

    uint64_t base; /* address of the first page of the process */
    size_t page_count;
    size_t frame_of[FAKE_PAGES_MAX]; /* index of its frame + 1; 0: not present */

    /*
     * Before this read of pagemap is answered, page moved_page gets the
     * frame of moved_to. Below 0: never.
     */
    long moves_before_read;
    size_t moved_page, moved_to;

    /* Faults. */
    bool no_page_idle;
    bool no_page_flags;
    bool no_rights;      /* pagemap shows no frames */
    bool gone;           /* there is no such process */
    long dies_after;     /* reads of pagemap; below 0: lives */
    int mark_error;      /* errno of writing marks */
    unsigned int pieces; /* one read of so many is cut short; 0: none */

    /* What was seen. */
    long map_reads;
    long foreign_marks; /* written to frames that are not the process's */
    long needless_marks; /* written where a mark was set already */
    int opens;
    int closes;
};

extern struct fake_machine machine;

/**
 * Begins with a machine whose frames are free and on an LRU list,
 * and a process that has no page yet.
 */
void fake_play(unsigned int base_shift, size_t pages, size_t frames);

/**
 * The areas of the process: two side by side that hold all pages from one on,
 * cut where a table ends.
 */
const struct vmas *fake_areas(size_t first_page);

/** Base pages in a PMD. */
size_t fake_table_pages(void);

/** Puts a page of the process into a frame. */
void fake_map(size_t page, size_t frame);

/** Makes one huge page of frames from a multiple of count on. */
void fake_join_frames(size_t first, size_t count);

/**
 * Lays the process out: base pages in random frames, some of them shared; huge pages,
 * whole and in part.
 */
void fake_lay_out(void);

/** The index of the frame whose mark counts for a frame. */
size_t fake_head(size_t frame);

#endif
