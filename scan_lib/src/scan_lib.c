/* SPDX-License-Identifier: MulanPSL-2.0 */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "etmemd_scan_export.h"
#include "idle_pages.h"
#include "page_idle.h"
#include "process_file.h"
#include "vma_text.h"

#define EXPORTED __attribute__((visibility("default")))

static atomic_bool initialised;

EXPORTED int etmemd_scan_init(void)
{
    if (atomic_exchange(&initialised, true)) {
        errno = EALREADY;
        return -1;
    }
    return 0;
}

EXPORTED void etmemd_scan_exit(void)
{
    atomic_store(&initialised, false);
}

/** Whether the arguments say which areas are wanted. */
static bool is_filter(char *const *flags, int count)
{
    if (count < 0 || (count > 0 && flags == NULL)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (!vma_flag_is_valid(flags[i])) {
            return false;
        }
    }
    return true;
}

/** Reads the areas of a process. @return 0 or an errno value */
static int read_areas(const char *pid, const struct vma_filter *filter, struct vmas **vmas)
{
    int fd;

    int error = process_file_open(pid, filter->flag_count > 0 ? "smaps" : "maps", &fd);
    if (error != 0) {
        return error;
    }
    FILE *text = fdopen(fd, "r");
    if (text == NULL) {
        error = errno;
        (void)close(fd);
        return error;
    }
    error = vma_text_read(text, filter, vmas);
    (void)fclose(text);
    return error;
}

EXPORTED struct vmas *etmemd_get_vmas(const char *pid, char **vmflags_array, int vmflags_num, bool is_anon_only)
{
    const struct vma_filter filter = {
        .flags = vmflags_array,
        .flag_count = vmflags_num,
        .anonymous_only = is_anon_only,
    };
    struct vmas *vmas = NULL;

    const bool valid = pid_is_valid(pid) && is_filter(vmflags_array, vmflags_num);
    const int error = valid ? read_areas(pid, &filter, &vmas) : EINVAL;
    if (error != 0) {
        errno = error;
        return NULL;
    }
    return vmas;
}

EXPORTED void etmemd_free_vmas(struct vmas *vmas)
{
    vma_list_free(vmas);
}

/** Whether every area ends behind its start. */
static bool are_areas(const struct vmas *vmas)
{
    if (vmas == NULL) {
        return false;
    }
    for (const struct vma *vma = vmas->vma_list; vma != NULL; vma = vma->next) {
        if (vma->start >= vma->end) {
            return false;
        }
    }
    return true;
}

/** Scans by what the kernel offers. @return 0 or an errno value */
static int scan(const struct vmas *vmas, const char *pid, struct page_refs **page_refs, int flags)
{
    struct scan_walk walk;
    int fd;

    scan_walk_open(&walk, page_refs, geometry_here());
    int error = idle_pages_open(pid, flags, &fd);
    if (error == 0) {
        error = idle_pages_scan(fd, pid, vmas, &walk);
        (void)close(fd);
        return error;
    }
    if (error != ENOENT && error != ENODEV) {
        return error;
    }
    if ((flags & VMA_SCAN_FLAG) != 0) {
        return ENOTSUP;
    }
    return page_idle_scan(pid, vmas, &walk);
}

EXPORTED int etmemd_get_page_refs(const struct vmas *vmas, const char *pid, struct page_refs **page_refs, int flags)
{
    const bool valid = atomic_load(&initialised) && are_areas(vmas) && pid_is_valid(pid) && page_refs != NULL;

    const int error = valid ? scan(vmas, pid, page_refs, flags) : EINVAL;
    if (error != 0) {
        errno = error;
        return -1;
    }
    return 0;
}

EXPORTED void etmemd_free_page_refs(struct page_refs *page_refs)
{
    page_list_free(page_refs);
}
