/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * How fast libetmemd_scan turns streams of idle_pages into its list, beside the least that such a
 * list costs: the first walk beside a loop that only allocates, fills and links the same nodes; the
 * second walk over the same list beside a plain traversal of it. Streams come from memory. Prints
 * for each stream and run one line of JSON: CPU time in nanoseconds a page, resident bytes a page.
 *
 * To be compiled with the sources of the library.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "idle_stream.h"

#define BASE UINT64_C(0x7f0000000000)
#define PAGES ((size_t)4 << 20)
#define WALKS 7
#define RUNS 5
/** What one read returns at most. */
#define ANSWER_BYTES ((size_t)64 << 10)

struct stream {
    const char *name;
    uint8_t *bytes;
    size_t length;
};

/**
 * Random runs of random types would be the hardest for branch prediction; real streams lie between.
 */
enum layout { ALTERNATING, RUNS_OF_15, RANDOM, ALL_IDLE };

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 16;
}

static struct stream make_stream(const char *name, enum layout layout)
{
    struct stream stream = { .name = name, .bytes = malloc(PAGES + PAGES / 1000 + 64) };
    uint64_t state = 88172645463325252;
    size_t at_answer = ANSWER_BYTES;

    for (size_t page = 0; page < PAGES;) {
        const size_t left = PAGES - page;
        size_t count = layout == RUNS_OF_15 ? 15 : layout == RANDOM ? 1 + next_random(&state) % 15 : 1;
        unsigned int type = layout == RANDOM ? (next_random(&state) % 2) * 5 : (page / count) % 2 * 5;
        size_t covered;

        if (at_answer + 10 > ANSWER_BYTES) {
            const uint64_t address = BASE + (page << 12);

            stream.bytes[stream.length++] = 0xa0;
            for (int shift = 56; shift >= 0; shift -= 8) {
                stream.bytes[stream.length++] = (uint8_t)(address >> shift);
            }
            at_answer = 9;
        }
        if (layout == ALL_IDLE) {
            type = 7;
            covered = 512;
        } else {
            count = count < left ? count : left;
            covered = count;
        }
        stream.bytes[stream.length++] = (uint8_t)(type << 4 | count);
        at_answer++;
        page += covered;
    }
    return stream;
}

/** CPU time, which other programs on the machine disturb least. */
static double cpu_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/** Decodes a stream into a list. @return nanoseconds */
static double walk(const struct stream *stream, struct page_refs **list)
{
    const struct vma vma = { .start = BASE, .end = BASE + (PAGES << 12) };
    struct scan_walk scan;
    const struct geometry geometry = geometry_of(12);
    const double start = cpu_ns();
    struct run_codes codes;

    run_codes_make(&codes, &geometry);
    scan_walk_open(&scan, list, geometry);
    (void)scan_walk_enter(&scan, &vma, 0);
    if (idle_stream_decode(&scan, &codes, stream->bytes, stream->length) != 0) {
        fprintf(stderr, "Cannot decode the stream \"%s\"\n", stream->name);
        exit(1);
    }
    return cpu_ns() - start;
}

/** The least that makes the same list. @return nanoseconds */
static double fill(struct page_refs **list)
{
    struct page_refs **link = list;
    const double start = cpu_ns();

    for (size_t page = 0; page < PAGES; page++) {
        struct page_refs *node = malloc(sizeof(*node));

        if (node == NULL) {
            exit(1);
        }
        *node = (struct page_refs){ .addr = BASE + (page << 12), .count = (int)(page & 1), .type = PTE_TYPE };
        *link = node;
        link = &node->next;
    }
    return cpu_ns() - start;
}

/** Visits every node, as each user of a list does. @return nanoseconds */
static double traverse(const struct page_refs *list, long *sum)
{
    const double start = cpu_ns();

    for (; list != NULL; list = list->next) {
        *sum += list->count;
    }
    return cpu_ns() - start;
}

static double resident_bytes(void)
{
    unsigned long size = 0;
    unsigned long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL || fscanf(file, "%lu %lu", &size, &resident) != 2) {
        exit(1);
    }
    (void)fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/** What one process with a fresh heap measures. */
struct figures {
    double first_walk, fill, second_walk, traverse, bytes;
};

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;

    return (a > b) - (a < b);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), ascending);
    return values[count / 2];
}

static struct figures measure_walks(const struct stream *stream)
{
    struct figures figures = { .first_walk = 0 };
    struct page_refs *list = NULL;
    double second[WALKS];
    double plain[WALKS];
    long sum = 0;

    const double before = resident_bytes();
    figures.first_walk = walk(stream, &list);
    figures.bytes = resident_bytes() - before;
    for (int i = 0; i < WALKS; i++) {
        plain[i] = traverse(list, &sum);
        second[i] = walk(stream, &list);
    }
    figures.second_walk = median(second, WALKS);
    figures.traverse = median(plain, WALKS);
    if (sum < 0) {
        exit(1);
    }
    return figures;
}

/** Measures in a child, so that no measurement finds the heap as another one left it. */
static struct figures in_fresh_heap(const struct stream *stream)
{
    struct figures figures = { .first_walk = 0 };
    int ends[2];

    if (pipe(ends) != 0) {
        exit(1);
    }
    const pid_t child = fork();
    if (child == 0) {
        if (stream == NULL) {
            struct page_refs *list = NULL;

            figures.fill = fill(&list);
        } else {
            figures = measure_walks(stream);
        }
        _exit(write(ends[1], &figures, sizeof(figures)) == (ssize_t)sizeof(figures) ? 0 : 1);
    }
    int status = 1;
    const bool whole = read(ends[0], &figures, sizeof(figures)) == (ssize_t)sizeof(figures);
    if (waitpid(child, &status, 0) != child || status != 0 || !whole) {
        exit(1);
    }
    (void)close(ends[0]);
    (void)close(ends[1]);
    return figures;
}

/** One run: the walks, and in turn with them the loop that they are compared with. */
static void measure(const struct stream *stream)
{
    const struct figures walks = in_fresh_heap(stream);
    const struct figures alone = in_fresh_heap(NULL);

    printf("{\"stream\":\"%s\",\"fillNs\":%.3f,\"firstWalkNs\":%.3f,\"traverseNs\":%.3f,\"secondWalkNs\":%.3f,"
           "\"bytes\":%.2f}\n",
           stream->name, alone.fill / PAGES, walks.first_walk / PAGES, walks.traverse / PAGES,
           walks.second_walk / PAGES, walks.bytes / PAGES);
    (void)fflush(stdout);
}

int main(void)
{
    const struct stream streams[] = {
        make_stream("single pages, alternating", ALTERNATING),
        make_stream("runs of 15, alternating", RUNS_OF_15),
        make_stream("runs of 1 to 15, random", RANDOM),
        make_stream("all idle, tables of 512", ALL_IDLE),
    };

    for (int run = 0; run < RUNS; run++) {
        for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
            measure(&streams[i]);
        }
    }
    return 0;
}
