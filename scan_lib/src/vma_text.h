/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef SCAN_LIB_VMA_TEXT_H
#define SCAN_LIB_VMA_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "etmemd_scan_exp.h"

/** Which areas are wanted. */
struct vma_filter {
    char *const *flags; /* two letters each; an area must have all of them */
    int flag_count;     /* 0: areas with any flags */
    bool anonymous_only;
};

/** Whether a string is a flag as the VmFlags line of smaps spells it: two letters. */
bool vma_flag_is_valid(const char *flag);

/**
 * Reads areas from the text of /proc/PID/maps, or of smaps,
 * which is needed when flags are asked for.
 *
 * @param vmas out: the areas in the order of the text, for vma_list_free
 * @return 0 or an errno value: ENOMEM, EBADMSG for text that is neither, or that of a failed read
 */
int vma_text_read(FILE *text, const struct vma_filter *filter, struct vmas **vmas);

/** Gives areas back. NULL is allowed. */
void vma_list_free(struct vmas *vmas);

#endif
