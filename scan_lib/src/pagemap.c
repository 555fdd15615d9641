/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "pagemap.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "process_file.h"

#define CHUNK_PAGES_MIN ((size_t)8 << 10)

/**
 * struct page_region and struct pm_scan_arg of include/uapi/linux/fs.h,
 * which are newer than many headers.
 */
struct page_region {
    uint64_t start, end, categories;
};

struct pm_scan_arg {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)
#define PAGE_IS_PRESENT (UINT64_C(1) << 3)

int pagemap_open(struct pagemap *map, const char *pid, struct geometry geometry)
{
    const size_t huge_pages = (size_t)1 << (geometry.shift[PMD_TYPE] - geometry.shift[PTE_TYPE]);

    *map = (struct pagemap){
        .page_shift = geometry.shift[PTE_TYPE],
        .chunk_pages = huge_pages > CHUNK_PAGES_MIN ? huge_pages : CHUNK_PAGES_MIN,
        .skips_holes = true,
    };
    int error = process_file_open(pid, "pagemap", &map->fd);
    if (error != 0) {
        return error;
    }
    map->entries = malloc(map->chunk_pages * sizeof(*map->entries));
    if (map->entries == NULL) {
        (void)close(map->fd);
        return ENOMEM;
    }
    return 0;
}

/** Reads the entries of some pages, all of them. */
static int read_entries(const struct pagemap *map, uint64_t first_page, size_t count)
{
    char *into = (char *)map->entries;
    size_t left = count * sizeof(*map->entries);
    uint64_t position = first_page * sizeof(*map->entries);

    while (left > 0) {
        const ssize_t got = pread(map->fd, into, left, (off_t)position);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? errno : EIO;
        }
        into += got;
        left -= (size_t)got;
        position += (uint64_t)got;
    }
    return 0;
}

/**
 * Where a walk that has come to a page goes on: at the chunk of the next present page, or with the
 * last page of all, which is read in any case, since only reading tells a process that is gone.
 */
static uint64_t next_chunk(struct pagemap *map, uint64_t page, uint64_t end_page)
{
    struct page_region region = { .start = 0 };
    struct pm_scan_arg argument = {
        .size = sizeof(argument),
        .start = page << map->page_shift,
        .end = end_page << map->page_shift,
        .vec = (uint64_t)(uintptr_t)&region,
        .vec_len = 1,
        .max_pages = 1,
        .category_mask = PAGE_IS_PRESENT,
        .return_mask = PAGE_IS_PRESENT,
    };

    if (!map->skips_holes) {
        return page;
    }
    const int found = ioctl(map->fd, PAGEMAP_SCAN, &argument);
    if (found < 0) {
        map->skips_holes = errno == EINTR;
        return page;
    }
    if (found == 0) {
        return end_page - 1;
    }
    const uint64_t chunk = (region.start >> map->page_shift) & ~(uint64_t)(map->chunk_pages - 1);
    return chunk > page ? chunk : page;
}

int pagemap_walk(struct pagemap *map, uint64_t start, uint64_t end, pagemap_visitor visit, void *context)
{
    const uint64_t end_page = end >> map->page_shift;

    for (uint64_t page = start >> map->page_shift; page < end_page;) {
        page = next_chunk(map, page, end_page);
        uint64_t count = map->chunk_pages - (page & (map->chunk_pages - 1));

        count = count < end_page - page ? count : end_page - page;
        int error = read_entries(map, page, (size_t)count);
        if (error == 0) {
            error = visit(context, page << map->page_shift, map->entries, (size_t)count);
        }
        if (error != 0) {
            return error;
        }
        page += count;
    }
    return 0;
}

void pagemap_close(struct pagemap *map)
{
    free(map->entries);
    (void)close(map->fd);
}
