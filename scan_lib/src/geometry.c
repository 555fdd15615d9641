/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "geometry.h"

#include <unistd.h>

struct geometry geometry_here(void)
{
    unsigned int base_shift = 0;

    for (long bytes = sysconf(_SC_PAGESIZE); bytes > 1; bytes >>= 1) {
        base_shift++;
    }
    return geometry_of(base_shift);
}
