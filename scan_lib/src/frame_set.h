/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef SCAN_LIB_FRAME_SET_H
#define SCAN_LIB_FRAME_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMES_PER_WORD 64
/**
 * Words of 64 frames in a block: 2^15 frames, 128 MiB of base pages of 4 KiB.
 * What a PMD maps fits in.
 */
#define WORDS_PER_BLOCK ((size_t)1 << 9)
#define FRAMES_PER_BLOCK (WORDS_PER_BLOCK * FRAMES_PER_WORD)

/** What is known of the page frames of a range of 2^15, a bit of each word for a frame. */
struct frame_block {
    uint64_t present[WORDS_PER_BLOCK]; /* the process has a page in it */
    uint64_t idle[WORDS_PER_BLOCK];    /* present: unused since marked; else: cannot be watched */
    uint64_t tail[WORDS_PER_BLOCK];    /* it belongs to the huge page of the frame before it */
};

/**
 * What is known of the frames of one process during one scan. Only the blocks in which it has
 * frames take memory: 3 bits for each frame of those.
 */
struct frame_set {
    struct frame_block **blocks; /* by frame / FRAMES_PER_BLOCK; NULL: nothing known */
    size_t block_count;
};

/** What is known of one frame. */
enum frame_state {
    FRAME_UNKNOWN,     /* not looked at */
    FRAME_ACCESSED,    /* used since it was marked, or never marked */
    FRAME_IDLE,        /* not used since it was marked */
    FRAME_UNWATCHABLE, /* hugetlb, the zero page: not known */
};

/** Notes that the process has a page in a frame. @return 0 or ENOMEM */
int frame_set_add(struct frame_set *set, uint64_t frame);

/** What the set knows of a frame. */
enum frame_state frame_set_state(const struct frame_set *set, uint64_t frame);

/**
 * Whether frames in a row are one huge page: the first is no tail, all others are.
 *
 * @param first a multiple of count
 * @param count a power of two, at least 64
 */
bool frame_set_is_huge(const struct frame_set *set, uint64_t first, size_t count);

/** Gives its memory back. */
void frame_set_close(struct frame_set *set);

#endif
