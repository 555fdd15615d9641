/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef SCAN_LIB_PAGE_IDLE_H
#define SCAN_LIB_PAGE_IDLE_H

#include "scan_walk.h"

/**
 * Scans the areas by the kernel's idle page tracking: each page frame of the process has one mark,
 * which use of the page clears. A scan reads the marks, then sets those that were cleared. All that
 * is remembered from scan to scan lies in the marks, so there is nothing to keep here and nothing
 * to give back.
 *
 * As idle_pages does, it leaves out mappings of files that are not private and writable.
 *
 * @return 0 or an errno value: ENODEV the kernel has no page_idle, ESRCH the process is gone, EPERM
 *         CAP_SYS_ADMIN is missing, EIO, ENOMEM
 */
int page_idle_scan(const char *pid, const struct vmas *vmas, struct scan_walk *walk);

#endif
