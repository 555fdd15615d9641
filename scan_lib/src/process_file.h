/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef SCAN_LIB_PROCESS_FILE_H
#define SCAN_LIB_PROCESS_FILE_H

#include <stdbool.h>

/**
 * Whether a string is a process number as /proc spells it: digits, no leading zero,
 * at most 2^31 - 1.
 */
bool pid_is_valid(const char *pid);

/**
 * Opens /proc/PID/NAME for reading.
 *
 * @param pid  a valid one
 * @param fd   out: the descriptor, closed on exec
 * @return 0 or an errno value: ESRCH when the process is gone, ENOENT when only the file is missing
 */
int process_file_open(const char *pid, const char *name, int *fd);

/** Whether a process is there and has memory: one that is about to end, or a zombie, has none. */
bool process_has_memory(const char *pid);

#endif
