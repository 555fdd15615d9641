/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "scan_walk.h"

#include <stddef.h>

void scan_walk_open(struct scan_walk *walk, struct page_refs **head, struct geometry geometry)
{
    *walk = (struct scan_walk){ .vma = NULL };
    page_cursor_open(&walk->cursor, head, geometry);
}

uint64_t scan_walk_enter(struct scan_walk *walk, const struct vma *vma, uint64_t position)
{
    const bool in_order = vma->start >= walk->entered_end;

    walk->vma = vma;
    walk->entered_end = vma->end;
    if (!in_order) {
        walk->floor = vma->start;
    }
    return in_order && position > vma->start ? position : vma->start;
}

/**
 * The next area if it lies behind this one, as in every list that etmemd_get_vmas made;
 * otherwise NULL.
 */
static const struct vma *following(const struct vma *vma)
{
    return vma->next != NULL && vma->next->start >= vma->end ? vma->next : NULL;
}

/** How many units of 2^shift bytes it takes to cover a length. */
static uint64_t units_to_cover(uint64_t bytes, unsigned int shift)
{
    return ((bytes - 1) >> shift) + 1;
}

int scan_walk_report_clipped(struct scan_walk *walk, uint64_t address, uint64_t pages, enum page_type type,
                             int weight)
{
    const unsigned int shift = walk->cursor.geometry.shift[type];

    while (pages > 0) {
        while (walk->vma != NULL && address >= walk->vma->end) {
            walk->vma = following(walk->vma);
        }
        if (walk->vma == NULL) {
            return 0;
        }
        const uint64_t low = walk->vma->start > walk->floor ? walk->vma->start : walk->floor;
        if (address < low) {
            uint64_t skipped = units_to_cover(low - address, shift);

            skipped = skipped < pages ? skipped : pages;
            address += skipped << shift;
            pages -= skipped;
            continue;
        }
        uint64_t fitting = units_to_cover(walk->vma->end - address, shift);

        fitting = fitting < pages ? fitting : pages;
        int error = page_cursor_add(&walk->cursor, address, fitting, type, weight);
        if (error != 0) {
            return error;
        }
        address += fitting << shift;
        pages -= fitting;
        walk->floor = address;
    }
    return 0;
}

void scan_walk_assume_accessed(struct scan_walk *walk, uint64_t start, uint64_t end)
{
    page_cursor_add_known(&walk->cursor, start, end, 1);
    walk->floor = end;
}
