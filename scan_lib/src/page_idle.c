/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "page_idle.h"

#include <errno.h>

#include "frame_marks.h"
#include "frame_set.h"
#include "pagemap.h"
#include "process_file.h"

/** One scan: the frames it found, and where it reports to. */
struct page_idle {
    struct frame_set frames;
    struct scan_walk *walk;
    uint64_t huge_pages; /* base pages in a PMD */
};

/** Whether idle_pages would look at an area. */
static bool is_watched(const struct vma *vma)
{
    return vma->inode == 0 || (vma->stat[VMA_STAT_WRITE] && !vma->stat[VMA_STAT_MAY_SHARE]);
}

/** Notes the frames of a chunk. Implements pagemap_visitor. */
static int note_frames(void *context, uint64_t address, const uint64_t *entries, size_t count)
{
    struct page_idle *scan = context;

    (void)address;
    for (size_t i = 0; i < count; i++) {
        const uint64_t frame = entries[i] & PAGEMAP_FRAME;

        if ((entries[i] & PAGEMAP_PRESENT) == 0) {
            continue;
        }
        if (frame == 0) {
            return EPERM;
        }
        int error = frame_set_add(&scan->frames, frame);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/** Whether the entries from here on are the frames of one huge page that a PMD could map. */
static bool begins_huge_page(const struct page_idle *scan, const uint64_t *entries, size_t left)
{
    const uint64_t first = entries[0] & PAGEMAP_FRAME;

    if (left < scan->huge_pages || (first & (scan->huge_pages - 1)) != 0 ||
        !frame_set_is_huge(&scan->frames, first, scan->huge_pages)) {
        return false;
    }
    for (size_t i = 1; i < scan->huge_pages; i++) {
        if ((entries[i] & PAGEMAP_PRESENT) == 0 || (entries[i] & PAGEMAP_FRAME) != first + i) {
            return false;
        }
    }
    return true;
}

/** Reports the pages of a chunk. Implements pagemap_visitor. */
static int report_pages(void *context, uint64_t address, const uint64_t *entries, size_t count)
{
    struct page_idle *scan = context;
    const struct geometry *geometry = &scan->walk->cursor.geometry;
    const uint64_t in_huge_page = unit_bytes(geometry, PMD_TYPE) - 1;

    for (size_t i = 0; i < count;) {
        const uint64_t at = address + ((uint64_t)i << geometry->shift[PTE_TYPE]);

        if ((entries[i] & PAGEMAP_PRESENT) == 0) {
            i++;
            continue;
        }
        const bool huge = (at & in_huge_page) == 0 && begins_huge_page(scan, entries + i, count - i);
        const enum frame_state state = frame_set_state(&scan->frames, entries[i] & PAGEMAP_FRAME);

        if (state != FRAME_UNWATCHABLE) {
            int error = scan_walk_report(scan->walk, at, 1, huge ? PMD_TYPE : PTE_TYPE, state == FRAME_IDLE ? 0 : 1);
            if (error != 0) {
                return error;
            }
        }
        i += huge ? scan->huge_pages : 1;
    }
    return 0;
}

/** Walks the areas and visits their entries. */
static int walk_areas(struct page_idle *scan, struct pagemap *map, const struct vmas *vmas,
                      pagemap_visitor visit)
{
    for (const struct vma *vma = vmas->vma_list; vma != NULL; vma = vma->next) {
        if (!is_watched(vma)) {
            continue;
        }
        (void)scan_walk_enter(scan->walk, vma, 0);
        int error = pagemap_walk(map, vma->start, vma->end, visit, scan);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/**
 * Notes the frames, reads and renews their marks,
 * and reports the pages by the frames they are in by then.
 */
static int scan_areas(struct page_idle *scan, struct pagemap *map, const struct frame_marks *marks,
                      const struct vmas *vmas)
{
    int error = walk_areas(scan, map, vmas, note_frames);
    if (error == 0) {
        error = frame_marks_renew(marks, &scan->frames, scan->walk->cursor.geometry);
    }
    if (error == 0) {
        error = walk_areas(scan, map, vmas, report_pages);
    }
    return error;
}

int page_idle_scan(const char *pid, const struct vmas *vmas, struct scan_walk *walk)
{
    const struct geometry *geometry = &walk->cursor.geometry;
    struct page_idle scan = {
        .walk = walk,
        .huge_pages = UINT64_C(1) << (geometry->shift[PMD_TYPE] - geometry->shift[PTE_TYPE]),
    };
    struct frame_marks marks;
    struct pagemap map;

    int error = frame_marks_open(&marks);
    if (error != 0) {
        return error;
    }
    error = pagemap_open(&map, pid, *geometry);
    if (error == 0) {
        error = scan_areas(&scan, &map, &marks, vmas);
        pagemap_close(&map);
    }
    frame_set_close(&scan.frames);
    frame_marks_close(&marks);
    if (error == EIO && !process_has_memory(pid)) {
        return ESRCH;
    }
    return error;
}
