/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef SCAN_LIB_GEOMETRY_H
#define SCAN_LIB_GEOMETRY_H

#include <stdint.h>

#include "etmemd_exp.h"

/**
 * Sizes of the units that page tables map, as powers of two, indexed by enum page_type. A table of
 * one base page holds 2^(base - 3) entries of 8 bytes.
 */
struct geometry {
    unsigned int shift[PAGE_TYPE_INVAL];
};

/** @param base_shift 12, 14 or 16: a base page of 4, 16 or 64 KiB */
static inline struct geometry geometry_of(unsigned int base_shift)
{
    return (struct geometry){ { base_shift, (base_shift - 3) * 2 + 3, (base_shift - 3) * 3 + 3 } };
}

/** The geometry of the kernel that we run on. */
struct geometry geometry_here(void);

/** Bytes in a unit. */
static inline uint64_t unit_bytes(const struct geometry *geometry, enum page_type type)
{
    return UINT64_C(1) << geometry->shift[type];
}

#endif
