/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "vma_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FLAGS_LINE "VmFlags:"
#define FLAG_LETTERS 2

/* The longest an item may be in the text: "rwxp", and what fits vma.major and vma.minor. */
#define PERMISSIONS 4
_Static_assert(VMA_MAJOR_MINOR_LEN == 8, "the format below reads 7 digits of a device number");

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool vma_flag_is_valid(const char *flag)
{
    return flag != NULL && is_letter(flag[0]) && is_letter(flag[1]) && flag[FLAG_LETTERS] == '\0';
}

/**
 * Whether a line is the first one of an area: it begins with an address, all others with a capital.
 */
static bool begins_area(const char *line)
{
    return (line[0] >= '0' && line[0] <= '9') || (line[0] >= 'a' && line[0] <= 'f');
}

/** Reads `start-end perms offset major:minor inode path`; see proc(5). */
static bool parse_area(const char *line, struct vma *vma)
{
    char permissions[PERMISSIONS + 1];
    char blank[2];
    int path_at = 0;

    *vma = (struct vma){ .next = NULL };
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %7[0-9a-f]:%7[0-9a-f]%1[ ]%" SCNu64 " %n",
               &vma->start, &vma->end, permissions, &vma->offset, vma->major, vma->minor, blank, &vma->inode,
               &path_at) != 8 ||
        path_at == 0 || vma->start >= vma->end || strlen(permissions) != PERMISSIONS) {
        return false;
    }
    vma->stat[VMA_STAT_READ] = permissions[0] == 'r';
    vma->stat[VMA_STAT_WRITE] = permissions[1] == 'w';
    vma->stat[VMA_STAT_EXEC] = permissions[2] == 'x';
    vma->stat[VMA_STAT_MAY_SHARE] = permissions[3] == 's';

    size_t length = strcspn(line + path_at, "\n");
    if (length > VMA_PATH_STR_LEN - 1) {
        length = VMA_PATH_STR_LEN - 1;
    }
    memcpy(vma->path, line + path_at, length);
    return true;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/**
 * Whether an area is what etmem calls anonymous: private, not executable, and without a file behind
 * it or writable. What is written to a private mapping of a file is the process's own memory, too.
 */
static bool is_anonymous(const struct vma *vma)
{
    return !vma->stat[VMA_STAT_MAY_SHARE] && !vma->stat[VMA_STAT_EXEC] &&
           (vma->inode == 0 || vma->stat[VMA_STAT_WRITE]);
}

/** Whether the area may be wanted, going by the line it begins with. */
static bool may_be_wanted(const struct vma *vma, const struct vma_filter *filter)
{
    if (strcmp(vma->path, "[vsyscall]") == 0) {
        return false;
    }
    return !filter->anonymous_only || is_anonymous(vma);
}

/** Whether a flag stands in the rest of a VmFlags line: two-letter words. */
static bool has_flag(const char *words, const char *flag)
{
    for (const char *at = words; (at = strstr(at, flag)) != NULL; at++) {
        if (at[-1] == ' ' && (at[FLAG_LETTERS] == ' ' || at[FLAG_LETTERS] == '\n' || at[FLAG_LETTERS] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool has_flags(const char *line, const struct vma_filter *filter)
{
    for (int i = 0; i < filter->flag_count; i++) {
        if (!has_flag(line + strlen(FLAGS_LINE), filter->flags[i])) {
            return false;
        }
    }
    return true;
}

/** A list that is being put together. */
struct vma_builder {
    const struct vma_filter *filter;
    struct vmas *vmas;
    struct vma **end;
    struct vma area; /* the one that the text is at */
    bool pending;    /* it has not been taken or left out yet */
};

/** Appends the area at hand to the list. */
static int take_area(struct vma_builder *builder)
{
    struct vma *vma = malloc(sizeof(*vma));

    if (vma == NULL) {
        return ENOMEM;
    }
    *vma = builder->area;
    *builder->end = vma;
    builder->end = &vma->next;
    builder->vmas->vma_cnt++;
    builder->pending = false;
    return 0;
}

static int read_line(struct vma_builder *builder, const char *line)
{
    if (begins_area(line)) {
        if (!parse_area(line, &builder->area)) {
            return EBADMSG;
        }
        builder->pending = may_be_wanted(&builder->area, builder->filter);
        return builder->pending && builder->filter->flag_count == 0 ? take_area(builder) : 0;
    }
    if (line[0] < 'A' || line[0] > 'Z') {
        return EBADMSG;
    }
    if (builder->pending && begins_with(line, FLAGS_LINE)) {
        builder->pending = false;
        return has_flags(line, builder->filter) ? take_area(builder) : 0;
    }
    return 0;
}

int vma_text_read(FILE *text, const struct vma_filter *filter, struct vmas **vmas)
{
    char *line = NULL;
    size_t room = 0;
    int error = 0;

    *vmas = calloc(1, sizeof(**vmas));
    if (*vmas == NULL) {
        return ENOMEM;
    }
    struct vma_builder builder = { .filter = filter, .vmas = *vmas, .end = &(*vmas)->vma_list };

    errno = 0;
    while (error == 0 && getline(&line, &room, text) >= 0) {
        error = read_line(&builder, line);
    }
    if (error == 0 && !feof(text)) {
        error = errno != 0 ? errno : EIO;
    }
    free(line);
    if (error != 0) {
        vma_list_free(*vmas);
        *vmas = NULL;
    }
    return error;
}

void vma_list_free(struct vmas *vmas)
{
    if (vmas == NULL) {
        return;
    }
    for (struct vma *vma = vmas->vma_list; vma != NULL;) {
        struct vma *next = vma->next;

        free(vma);
        vma = next;
    }
    free(vmas);
}
