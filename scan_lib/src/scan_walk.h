/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef SCAN_LIB_SCAN_WALK_H
#define SCAN_LIB_SCAN_WALK_H

#include <stdint.h>

#include "etmemd_scan_exp.h"
#include "page_list.h"

/** One scan on its way through the areas, with the list that it adds to. */
struct scan_walk {
    const struct vma *vma; /* the area that reports are expected for; NULL: none any more */
    uint64_t entered_end;  /* where the area ends that was entered last */
    uint64_t floor;        /* below it everything was reported in this scan */
    struct page_cursor cursor;
};

/** Begins a scan that adds to a list. */
void scan_walk_open(struct scan_walk *walk, struct page_refs **head, struct geometry geometry);

/**
 * Goes on to an area. The last read may have gone beyond the end of its own area and into this one:
 * that part is not read again, since the kernel would report it idle.
 *
 * @param position where the last read ended
 * @return where the scan goes on: in the area, or at or behind its end
 */
uint64_t scan_walk_enter(struct scan_walk *walk, const struct vma *vma, uint64_t position);

/**
 * Takes in a report of pages in a row. Pages outside of the wanted areas are dropped, and so are
 * pages that this scan has reported already: a read may begin before its area and go beyond it, and
 * a huge page that lies across the ends of two reads is reported by both.
 *
 * @return 0 or ENOMEM
 */
int scan_walk_report_clipped(struct scan_walk *walk, uint64_t address, uint64_t pages, enum page_type type,
                             int weight);

/** Counts what the list has of a range as accessed, where the kernel does not say. */
void scan_walk_assume_accessed(struct scan_walk *walk, uint64_t start, uint64_t end);

/**
 * Reports pages as scan_walk_report_clipped does, quicker for what lies wholly in the area at hand.
 */
static inline int scan_walk_report(struct scan_walk *walk, uint64_t address, uint64_t pages,
                                   enum page_type type, int weight)
{
    const uint64_t end = address + (pages << walk->cursor.geometry.shift[type]);

    if (walk->vma != NULL && address >= walk->vma->start && address >= walk->floor && end <= walk->vma->end) {
        walk->floor = end;
        return page_cursor_add(&walk->cursor, address, pages, type, weight);
    }
    return scan_walk_report_clipped(walk, address, pages, type, weight);
}

#endif
