/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "failing_malloc.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

long allocations_left = -1;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool is_allowed(void)
{
    if (allocations_left == 0) {
        errno = ENOMEM;
        return false;
    }
    if (allocations_left > 0) {
        allocations_left--;
    }
    return true;
}

void *__wrap_malloc(size_t size)
{
    return is_allowed() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_allowed() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *memory, size_t size)
{
    return is_allowed() ? __real_realloc(memory, size) : NULL;
}
