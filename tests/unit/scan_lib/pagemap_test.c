/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * Walks this process's own pagemap: by reading all of it, and by having the kernel say where pages
 * are, where it can. Both find the same pages.
 */
#define _GNU_SOURCE
#include "pagemap.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define RESERVED ((size_t)4 << 30)

/** What a walk saw. */
struct walk {
    uint64_t last; /* first address behind the last chunk */
    uint64_t sum;  /* of the addresses of present pages */
    size_t present;
    size_t chunks;
};

static int look(void *context, uint64_t address, const uint64_t *entries, size_t count)
{
    struct walk *walk = context;
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

    CHECK(address >= walk->last && count > 0, "a chunk at %llx", (unsigned long long)address);
    for (size_t i = 0; i < count; i++) {
        if ((entries[i] & PAGEMAP_PRESENT) != 0) {
            walk->present++;
            walk->sum += address + i * page;
        }
    }
    walk->chunks++;
    walk->last = address + count * page;
    return 0;
}

static struct walk walk_through(struct pagemap *map, const char *start, size_t bytes)
{
    struct walk walk = { .last = 0 };
    const uint64_t from = (uint64_t)(uintptr_t)start;

    CHECK(pagemap_walk(map, from, from + bytes, look, &walk) == 0, "errno %d", errno);
    CHECK(walk.last == from + bytes, "the walk ends at %llx", (unsigned long long)walk.last);
    return walk;
}

static void both_ways_find_the_same(struct pagemap *map, char *memory, bool kernel_skips)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t at[] = { 0, page, 7 * page, RESERVED / 3 / page * page, RESERVED / 2, RESERVED - page };
    const size_t count = sizeof(at) / sizeof(at[0]);

    for (size_t used = 0; used <= count; used++) {
        if (used > 0) {
            memory[at[used - 1]] = 1;
        }
        map->skips_holes = true;
        const struct walk quick = walk_through(map, memory, RESERVED);
        CHECK(map->skips_holes == kernel_skips, "used as if the kernel could %s", kernel_skips ? "not" : "");
        map->skips_holes = false;
        const struct walk whole = walk_through(map, memory, RESERVED);

        CHECK(quick.present == used && whole.present == used, "%zu and %zu of %zu", quick.present, whole.present, used);
        CHECK(quick.sum == whole.sum, "other pages");
        CHECK(!kernel_skips || quick.chunks <= used + 1, "%zu chunks for %zu pages", quick.chunks, used);
        CHECK(whole.chunks >= RESERVED / page / map->chunk_pages, "%zu chunks", whole.chunks);
    }
}

/** A process that is gone is an error, whatever way is taken. */
static void death_is_told(struct geometry geometry, char *memory)
{
    const pid_t pid = fork();
    struct pagemap map;
    char name[16];

    if (pid == 0) {
        for (;;) {
            pause();
        }
    }
    snprintf(name, sizeof(name), "%d", (int)pid);
    CHECK(pagemap_open(&map, name, geometry) == 0, "errno %d", errno);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    for (int skips = 0; skips < 2; skips++) {
        struct walk walk = { .last = 0 };
        const uint64_t from = (uint64_t)(uintptr_t)memory;

        map.skips_holes = skips == 1;
        CHECK(pagemap_walk(&map, from, from + RESERVED, look, &walk) == EIO, "a process that is gone has pages");
    }
    pagemap_close(&map);
}

int main(void)
{
    const struct geometry geometry = geometry_here();
    char *memory = mmap(NULL, RESERVED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct pagemap map;
    char name[16];

    snprintf(name, sizeof(name), "%d", (int)getpid());
    CHECK(memory != MAP_FAILED, "mmap: errno %d", errno);
    (void)madvise(memory, RESERVED, MADV_NOHUGEPAGE);
    CHECK(pagemap_open(&map, name, geometry) == 0, "pagemap: errno %d", errno);
    /* _IOWR('f', 16, 96 bytes), which is refused for its wrong size where it is known */
    uint64_t argument[12] = { 0 };
    const bool kernel_skips = ioctl(map.fd, 0xc0606610UL, argument) < 0 && errno == EINVAL;
    both_ways_find_the_same(&map, memory, kernel_skips);
    death_is_told(geometry, memory);
    pagemap_close(&map);
    (void)munmap(memory, RESERVED);
    return checks_end();
}
