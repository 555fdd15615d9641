/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef SCAN_LIB_FRAME_MARKS_H
#define SCAN_LIB_FRAME_MARKS_H

#include "frame_set.h"
#include "geometry.h"

/** The kernel's idle marks of page frames, and what kind of page lies in each. */
struct frame_marks {
    int bitmap;     /* /sys/kernel/mm/page_idle/bitmap */
    int page_flags; /* /proc/kpageflags; -1: there is none, each frame counts as a page */
};

/** Opens both. @return 0 or an errno value; ENODEV where the kernel has no page_idle */
int frame_marks_open(struct frame_marks *marks);

/**
 * Finds out for every frame of the set whether it was used since it was marked, and marks it again
 * where it was, so that the marks are ready for the next scan. Each frame is read and marked once,
 * even if it is mapped at many places. Only marks of pages of the set are written.
 *
 * @return 0 or an errno value
 */
int frame_marks_renew(const struct frame_marks *marks, struct frame_set *set, struct geometry geometry);

void frame_marks_close(struct frame_marks *marks);

#endif
