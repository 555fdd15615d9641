/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "check.h"

atomic_ulong checks_made;
atomic_ulong checks_failed;

static uint64_t random_state;

int checks_end(void)
{
    printf("%lu checks, %lu failed\n", checks_made, checks_failed);
    return checks_failed == 0 && checks_made > 0 ? 0 : 1;
}

void random_begin(int argc, char **argv)
{
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;

    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    printf("seed %llu\n", (unsigned long long)seed);
}

/* Xorshift: https://www.jstatsoft.org/v08/i14/ */
uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 11) % limit;
}
