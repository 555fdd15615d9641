/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef SCAN_LIB_IDLE_STREAM_H
#define SCAN_LIB_IDLE_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "scan_walk.h"

/** What a byte of the stream means. */
struct run_code {
    int64_t quick_bytes; /* of a run of pages: bytes; of anything else: more than fit anywhere */
    uint64_t unaligned;  /* the bits that an address of such a run has not set */
    uint64_t bytes;      /* of memory that it speaks of */
    uint64_t page_bytes; /* of the unit that this is reported in */
    int weight;
    uint8_t page; /* enum page_type: that unit */
    uint8_t kind; /* enum run_code_kind */
};

enum run_code_kind { RUN_OF_PAGES, RUN_OF_HOLES, RUN_SET_ADDRESS, RUN_CORRUPT };

/** The meaning of all bytes, for one size of base pages. */
struct run_codes {
    struct run_code of[256];
};

/** Works out what the bytes mean. */
void run_codes_make(struct run_codes *codes, const struct geometry *geometry);

/**
 * Decodes what one read(2) of /proc/PID/idle_pages returned and reports its pages to a scan. A byte
 * is type << 4 | n, n = 1 to 15 pages of that type in a row; 0xa0 and 8 bytes set the address,
 * big-endian, and begin every answer. A set-address that the end of the buffer cut off is left out.
 * A run of 0 pages is passed over. An entry of a PMD or PUD at an address that is not aligned to it
 * is dropped: no such entry exists.
 *
 * @param codes for the geometry of the walk
 * @return 0, ENOMEM, or EBADMSG for anything that is no such stream;
 * what came before it was reported
 */
int idle_stream_decode(struct scan_walk *walk, const struct run_codes *codes, const uint8_t *bytes, size_t length);

#endif
