/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * Memory that runs out. A program that uses it is linked with
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc.
 */
#ifndef TESTS_FAILING_MALLOC_H
#define TESTS_FAILING_MALLOC_H

/** Allocations that still succeed, of the program's own code; below 0: all of them. */
extern long allocations_left;

#endif
