/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** Ends the program, which is how a fuzzer learns of a finding, unless a condition holds. */
#define MUST(condition, ...)                                    \
    do {                                                        \
        if (!(condition)) {                                     \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);     \
            fprintf(stderr, __VA_ARGS__);                       \
            fputc('\n', stderr);                                \
            abort();                                            \
        }                                                       \
    } while (0)

/** One input, as libFuzzer (llvm.org/docs/LibFuzzer.html) calls it. @return 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
