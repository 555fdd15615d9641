/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** Checks made and failed so far. */
extern atomic_ulong checks_made;
extern atomic_ulong checks_failed;

/** Notes whether a condition holds; says where and what when it does not. */
#define CHECK(condition, ...)                                      \
    do {                                                           \
        checks_made++;                                             \
        if (!(condition)) {                                        \
            checks_failed++;                                       \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
            fprintf(stderr, __VA_ARGS__);                          \
            fputc('\n', stderr);                                   \
            if (checks_failed >= 20) {                             \
                exit(1);                                           \
            }                                                      \
        }                                                          \
    } while (0)

/** Says how many checks were made. @return the exit status of the program */
int checks_end(void);

/**
 * Begins a row of numbers that is the same for the same seed: the
 * first argument, which is printed, or 1.
 */
void random_begin(int argc, char **argv);

/** @return 0 to limit - 1 */
uint64_t random_below(uint64_t limit);

#endif
