/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef SCAN_LIB_IDLE_PAGES_H
#define SCAN_LIB_IDLE_PAGES_H

#include "scan_walk.h"

/**
 * Opens /proc/PID/idle_pages of the module etmem_scan and sets the flags of this scan, which belong
 * to the open file. The file is opened for every scan: only closing it flushes the TLB of the
 * process, without which a page that stays in use would be reported idle from then on.
 *
 * @param flags SCAN_AS_HUGE, SCAN_IGN_HOST, SCAN_DIRTY_PAGE, VMA_SCAN_FLAG;
 * others are not passed on
 * @param fd    out: the descriptor
 * @return 0 or an errno value: ENOENT or ENODEV where the module is missing, ESRCH no such process
 */
int idle_pages_open(const char *pid, int flags, int *fd);

/**
 * Scans the areas from start to end.
 *
 * @return 0 or an errno value: ESRCH the process went away, EBADMSG the stream is corrupt, EIO the
 *         kernel does not go on, ENOMEM
 */
int idle_pages_scan(int fd, const char *pid, const struct vmas *vmas, struct scan_walk *walk);

#endif
