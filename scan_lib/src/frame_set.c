/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "frame_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Physical addresses have 52 bits at most (x86_64 and aarch64), so frames of 4 KiB have 40. */
#define BLOCKS_MAX (((uint64_t)1 << 40) / FRAMES_PER_BLOCK)

static struct frame_block *block_of(const struct frame_set *set, uint64_t frame)
{
    const uint64_t index = frame / FRAMES_PER_BLOCK;

    return index < set->block_count ? set->blocks[index] : NULL;
}

static size_t word_of(uint64_t frame)
{
    return (size_t)(frame % FRAMES_PER_BLOCK / FRAMES_PER_WORD);
}

static uint64_t bit_of(uint64_t frame)
{
    return UINT64_C(1) << (frame % FRAMES_PER_WORD);
}

/** Makes the table reach to a block. */
static int grow(struct frame_set *set, size_t count)
{
    struct frame_block **blocks = realloc(set->blocks, count * sizeof(struct frame_block *));

    if (blocks == NULL) {
        return ENOMEM;
    }
    memset(blocks + set->block_count, 0, (count - set->block_count) * sizeof(struct frame_block *));
    set->blocks = blocks;
    set->block_count = count;
    return 0;
}

int frame_set_add(struct frame_set *set, uint64_t frame)
{
    const uint64_t index = frame / FRAMES_PER_BLOCK;

    if (index >= BLOCKS_MAX) {
        return EBADMSG;
    }
    if (index >= set->block_count) {
        int error = grow(set, (size_t)index + 1);
        if (error != 0) {
            return error;
        }
    }
    if (set->blocks[index] == NULL) {
        set->blocks[index] = calloc(1, sizeof(struct frame_block));
        if (set->blocks[index] == NULL) {
            return ENOMEM;
        }
    }
    set->blocks[index]->present[word_of(frame)] |= bit_of(frame);
    return 0;
}

enum frame_state frame_set_state(const struct frame_set *set, uint64_t frame)
{
    const struct frame_block *block = block_of(set, frame);

    if (block == NULL) {
        return FRAME_UNKNOWN;
    }
    const bool idle = (block->idle[word_of(frame)] & bit_of(frame)) != 0;
    if ((block->present[word_of(frame)] & bit_of(frame)) == 0) {
        return idle ? FRAME_UNWATCHABLE : FRAME_UNKNOWN;
    }
    return idle ? FRAME_IDLE : FRAME_ACCESSED;
}

bool frame_set_is_huge(const struct frame_set *set, uint64_t first, size_t count)
{
    const struct frame_block *block = block_of(set, first);

    if (block == NULL) {
        return false;
    }
    const uint64_t *tail = block->tail + word_of(first);
    if (tail[0] != ~UINT64_C(1)) {
        return false;
    }
    for (size_t i = 1; i < count / FRAMES_PER_WORD; i++) {
        if (tail[i] != ~UINT64_C(0)) {
            return false;
        }
    }
    return true;
}

void frame_set_close(struct frame_set *set)
{
    for (size_t i = 0; i < set->block_count; i++) {
        free(set->blocks[i]);
    }
    free(set->blocks);
    *set = (struct frame_set){ .blocks = NULL };
}
