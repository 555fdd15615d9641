/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * The parser of maps and smaps under a fuzzer: what it takes in, written down and read again, is
 * the same. An input is a byte that chooses what is asked for, then the text.
 */
#include "vma_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fuzz.h"

#define MAX_TEXT 65536

static struct vmas *read_text(const char *text, size_t length, const struct vma_filter *filter, int *error)
{
    struct vmas *vmas = NULL;
    FILE *file = fmemopen((void *)(uintptr_t)text, length, "r");

    MUST(file != NULL, "fmemopen");
    *error = vma_text_read(file, filter, &vmas);
    (void)fclose(file);
    MUST(*error == 0 || *error == EBADMSG, "it ended with %d", *error);
    MUST((vmas != NULL) == (*error == 0), "a list with an error, or neither");
    return vmas;
}

static size_t write_text(const struct vmas *vmas, char *text)
{
    size_t length = 0;
    uint64_t count = 0;

    for (const struct vma *vma = vmas->vma_list; vma != NULL; vma = vma->next, count++) {
        MUST(vma->start < vma->end, "an area without a page");
        MUST(memchr(vma->path, '\0', sizeof(vma->path)) != NULL, "a path without an end");
        MUST(memchr(vma->major, '\0', sizeof(vma->major)) != NULL, "a major number without an end");
        MUST(memchr(vma->minor, '\0', sizeof(vma->minor)) != NULL, "a minor number without an end");
        if (length > MAX_TEXT - sizeof(vma->path) - 200) {
            return 0;
        }
        length += (size_t)sprintf(text + length, "%" PRIx64 "-%" PRIx64 " %c%c%c%c %" PRIx64 " %s:%s %" PRIu64 " %s\n",
                                  vma->start, vma->end, vma->stat[VMA_STAT_READ] ? 'r' : '-',
                                  vma->stat[VMA_STAT_WRITE] ? 'w' : '-', vma->stat[VMA_STAT_EXEC] ? 'x' : '-',
                                  vma->stat[VMA_STAT_MAY_SHARE] ? 's' : 'p', vma->offset, vma->major, vma->minor,
                                  vma->inode, vma->path);
    }
    MUST(count == vmas->vma_cnt, "%" PRIu64 " areas are counted as %" PRIu64, count, (uint64_t)vmas->vma_cnt);
    return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[MAX_TEXT];
    char *flags[] = { "ht", "rd" };
    const struct vma_filter everything = { .flags = NULL };
    int error;

    if (size < 2) {
        return 0;
    }
    const struct vma_filter filter = {
        .flags = flags,
        .flag_count = data[0] % 3,
        .anonymous_only = (data[0] & 0x80) != 0,
    };
    struct vmas *vmas = read_text((const char *)data + 1, size - 1, &filter, &error);
    if (vmas == NULL) {
        return 0;
    }
    const size_t length = write_text(vmas, text);
    if (length > 0) {
        struct vmas *again = read_text(text, length, &everything, &error);

        MUST(again != NULL && again->vma_cnt == vmas->vma_cnt, "what was written down is read as another list");
        for (const struct vma *a = vmas->vma_list, *b = again->vma_list; a != NULL; a = a->next, b = b->next) {
            MUST(a->start == b->start && a->end == b->end && a->offset == b->offset && a->inode == b->inode &&
                     memcmp(a->stat, b->stat, sizeof(a->stat)) == 0 && strcmp(a->path, b->path) == 0,
                 "an area is read as another one");
        }
        vma_list_free(again);
    }
    vma_list_free(vmas);
    return 0;
}
