/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "pagemap.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "process_file.h"

#define CHUNK_PAGES_MIN ((size_t)8 << 10)

int pagemap_open(struct pagemap *map, const char *pid, struct geometry geometry)
{
    const size_t huge_pages = (size_t)1 << (geometry.shift[PMD_TYPE] - geometry.shift[PTE_TYPE]);

    *map = (struct pagemap){
        .page_shift = geometry.shift[PTE_TYPE],
        .chunk_pages = huge_pages > CHUNK_PAGES_MIN ? huge_pages : CHUNK_PAGES_MIN,
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

int pagemap_walk(const struct pagemap *map, uint64_t start, uint64_t end, pagemap_visitor visit, void *context)
{
    const uint64_t end_page = end >> map->page_shift;

    for (uint64_t page = start >> map->page_shift; page < end_page;) {
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
