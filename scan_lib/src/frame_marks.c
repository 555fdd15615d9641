/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "frame_marks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BITMAP_PATH "/sys/kernel/mm/page_idle/bitmap"
#define PAGE_FLAGS_PATH "/proc/kpageflags"

/*
 * Bits of /proc/kpageflags: include/uapi/linux/kernel-page-flags.h and
 * include/linux/kernel-page-flags.h.
 */
#define KPF_COMPOUND_TAIL (UINT64_C(1) << 16)
#define KPF_HUGE (UINT64_C(1) << 17)
#define KPF_NOPAGE (UINT64_C(1) << 20)
#define KPF_ZERO_PAGE (UINT64_C(1) << 24)
#define KPF_RESERVED (UINT64_C(1) << 32)

/*
 * Pages that are never on an LRU list. page_idle skips them, so their use is not known.
 */
#define UNWATCHABLE (KPF_HUGE | KPF_NOPAGE | KPF_ZERO_PAGE | KPF_RESERVED)

int frame_marks_open(struct frame_marks *marks)
{
    marks->bitmap = open(BITMAP_PATH, O_RDWR | O_CLOEXEC);
    if (marks->bitmap < 0) {
        return errno == ENOENT ? ENODEV : errno;
    }
    marks->page_flags = open(PAGE_FLAGS_PATH, O_RDONLY | O_CLOEXEC);
    if (marks->page_flags < 0 && errno != ENOENT) {
        const int error = errno;

        (void)close(marks->bitmap);
        return error;
    }
    return 0;
}

void frame_marks_close(struct frame_marks *marks)
{
    (void)close(marks->bitmap);
    if (marks->page_flags >= 0) {
        (void)close(marks->page_flags);
    }
}

/** Frames that may hold one huge page, while they are being looked at. */
struct frame_group {
    uint64_t first; /* frame */
    size_t words;   /* of 64 frames */

    /* The bits of its frames in the set. */
    uint64_t *present;
    uint64_t *idle;
    uint64_t *tail;

    /* Room for what the kernel says. */
    uint64_t *page_flags; /* one for each frame */
    uint64_t *asked;      /* bits: the marks of the set's pages; in the end those to be set */
    uint64_t *marks;      /* bits: marks that are set, of other pages, too */
};

static bool bit(const uint64_t *bits, size_t index)
{
    return (bits[index / FRAMES_PER_WORD] >> (index % FRAMES_PER_WORD) & 1) != 0;
}

static void set_bit(uint64_t *bits, size_t index)
{
    bits[index / FRAMES_PER_WORD] |= UINT64_C(1) << (index % FRAMES_PER_WORD);
}

static void clear_bit(uint64_t *bits, size_t index)
{
    bits[index / FRAMES_PER_WORD] &= ~(UINT64_C(1) << (index % FRAMES_PER_WORD));
}

/** Reads words; what lies behind the last frame of the machine is filled with one value. */
static int read_words(int fd, uint64_t *words, size_t count, uint64_t first, int filler)
{
    char *into = (char *)words;
    size_t left = count * sizeof(*words);
    uint64_t position = first * sizeof(*words);

    while (left > 0) {
        const ssize_t got = pread(fd, into, left, (off_t)position);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno;
        }
        if (got == 0) {
            memset(into, filler, left);
            break;
        }
        into += got;
        left -= (size_t)got;
        position += (uint64_t)got;
    }
    return 0;
}

/** Sets marks; there are none behind the last frame of the machine, where the kernel says ENXIO. */
static int write_words(int fd, const uint64_t *words, size_t count, uint64_t first)
{
    const char *from = (const char *)words;
    size_t left = count * sizeof(*words);
    uint64_t position = first * sizeof(*words);

    while (left > 0) {
        const ssize_t put = pwrite(fd, from, left, (off_t)position);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return put < 0 && errno != ENXIO ? errno : 0;
        }
        from += put;
        left -= (size_t)put;
        position += (uint64_t)put;
    }
    return 0;
}

/**
 * Learns what lies in each frame. The mark of a huge page is that of its first frame; where that
 * lies before the group nothing can be learned, and the page counts as accessed.
 */
static int ask_for_heads(const struct frame_marks *marks, struct frame_group *group)
{
    const size_t frames = group->words * FRAMES_PER_WORD;
    size_t head = frames;

    memset(group->page_flags, 0, frames * sizeof(*group->page_flags));
    memset(group->asked, 0, group->words * sizeof(*group->asked));
    if (marks->page_flags >= 0) {
        int error = read_words(marks->page_flags, group->page_flags, frames, group->first, 0);
        if (error != 0) {
            return error;
        }
    }
    for (size_t i = 0; i < frames; i++) {
        if ((group->page_flags[i] & KPF_COMPOUND_TAIL) != 0) {
            set_bit(group->tail, i);
        } else {
            head = i;
        }
        if (!bit(group->present, i)) {
            continue;
        }
        if ((group->page_flags[i] & UNWATCHABLE) != 0) {
            clear_bit(group->present, i);
            set_bit(group->idle, i);
        } else if (head < frames) {
            set_bit(group->asked, head);
        }
    }
    return 0;
}

/**
 * Reads the marks that were asked for and sets those that use has cleared, or that were never set.
 */
static int renew_marks(const struct frame_marks *marks, struct frame_group *group)
{
    const uint64_t first_word = group->first / FRAMES_PER_WORD;

    memset(group->marks, 0, group->words * sizeof(*group->marks));
    for (size_t from = 0; from < group->words;) {
        size_t to = from;
        uint64_t missing = 0;

        while (to < group->words && group->asked[to] != 0) {
            to++;
        }
        if (to == from) {
            from++;
            continue;
        }
        int error = read_words(marks->bitmap, group->marks + from, to - from, first_word + from, 0);
        if (error != 0) {
            return error;
        }
        for (size_t i = from; i < to; i++) {
            group->asked[i] &= ~group->marks[i];
            missing |= group->asked[i];
        }
        if (missing != 0) {
            error = write_words(marks->bitmap, group->asked + from, to - from, first_word + from);
            if (error != 0) {
                return error;
            }
        }
        from = to;
    }
    return 0;
}

/** Passes the answers on to the frames: that of a huge page to all of them. */
static void note_answers(struct frame_group *group)
{
    const size_t frames = group->words * FRAMES_PER_WORD;
    bool idle = false;

    for (size_t i = 0; i < frames; i++) {
        if (!bit(group->tail, i)) {
            idle = bit(group->marks, i);
        }
        if (idle && bit(group->present, i)) {
            set_bit(group->idle, i);
        }
    }
}

static bool has_frames(const struct frame_group *group)
{
    for (size_t i = 0; i < group->words; i++) {
        if (group->present[i] != 0) {
            return true;
        }
    }
    return false;
}

/** Goes through the groups of a block. */
static int renew_block(const struct frame_marks *marks, struct frame_block *block, uint64_t first_frame,
                       struct frame_group *group)
{
    for (size_t word = 0; word < WORDS_PER_BLOCK; word += group->words) {
        group->first = first_frame + word * FRAMES_PER_WORD;
        group->present = block->present + word;
        group->idle = block->idle + word;
        group->tail = block->tail + word;
        if (!has_frames(group)) {
            continue;
        }
        int error = ask_for_heads(marks, group);
        if (error == 0) {
            error = renew_marks(marks, group);
        }
        if (error != 0) {
            return error;
        }
        note_answers(group);
    }
    return 0;
}

int frame_marks_renew(const struct frame_marks *marks, struct frame_set *set, struct geometry geometry)
{
    const size_t frames = (size_t)1 << (geometry.shift[PMD_TYPE] - geometry.shift[PTE_TYPE]);
    const size_t words = frames / FRAMES_PER_WORD;
    uint64_t *room = malloc((frames + 2 * words) * sizeof(*room));
    struct frame_group group = { .words = words };
    int error = 0;

    if (room == NULL) {
        return ENOMEM;
    }
    group.page_flags = room;
    group.asked = room + frames;
    group.marks = group.asked + words;

    for (size_t i = 0; i < set->block_count && error == 0; i++) {
        if (set->blocks[i] != NULL) {
            error = renew_block(marks, set->blocks[i], i * FRAMES_PER_BLOCK, &group);
        }
    }
    free(room);
    return error;
}
