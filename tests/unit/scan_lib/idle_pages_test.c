/* SPDX-License-Identifier: MulanPSL-2.0 */
/* Scans through idle_pages of a kernel that the test plays. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "etmemd_scan_export.h"
#include "fake_idle_pages.h"
#include "idle_pages.h"

#define BASE UINT64_C(0x7f0000000000)
#define AREAS_MAX 10

static char state[FAKE_PAGES_MAX];
static char before[FAKE_PAGES_MAX]; /* as it was when the scan began */
static int expected[FAKE_PAGES_MAX]; /* count of the unit that begins at a page; -1: none does */
static struct vma areas[AREAS_MAX];

static void play(unsigned int base_shift, size_t pages)
{
    memset(state, '-', sizeof(state));
    for (size_t i = 0; i < FAKE_PAGES_MAX; i++) {
        expected[i] = -1;
    }
    fake = (struct fake_process){
        .geometry = geometry_of(base_shift),
        .base = BASE,
        .user_end = UINT64_C(1) << 55,
        .pages = pages,
        .state = state,
        .dies_after = -1,
        .stuck_after = -1,
        .corrupt_after = -1,
    };
}

/** Pages of an area come and are used, in stretches of one kind or page by page. */
static void fill(size_t from, size_t to, bool holes)
{
    const size_t table = (size_t)1 << (fake.geometry.shift[PMD_TYPE] - fake.geometry.shift[PTE_TYPE]);

    for (size_t page = from; page < to;) {
        const size_t left = to - page;
        const size_t stretch = 1 + random_below(random_below(2) == 0 ? 4 : 1500);
        const char *kinds = random_below(2) == 0 ? (holes ? "aid " : "aidd") : "aaii";

        if (page % table == 0 && left >= table && random_below(2) == 0) {
            memset(state + page, '.', table);
            state[page] = "AID"[random_below(3)];
            page += table;
            continue;
        }
        const char kind = kinds[random_below(4)];
        const bool mixed = random_below(3) == 0;
        for (size_t i = 0; i < stretch && page < to; i++, page++) {
            if (i > 0 && page % table == 0) {
                break;
            }
            state[page] = mixed ? kinds[random_below(4)] : kind;
        }
    }
}

/** Some pages are used between two scans; some base pages come. */
static void use(size_t from, size_t to)
{
    for (size_t page = from; page < to; page++) {
        if (random_below(3) == 0) {
            switch (state[page]) {
            case 'i':
                state[page] = "ad"[random_below(2)];
                break;
            case 'I':
                state[page] = 'A';
                break;
            case ' ':
                state[page] = 'a';
                break;
            default:
                break;
            }
        }
    }
}

/** Adds what a scan of an area must report to what is expected. */
static void expect(const struct vma *area, bool dirty)
{
    const unsigned int shift = fake.geometry.shift[PTE_TYPE];

    for (size_t page = (area->start - BASE) >> shift; page < (area->end - BASE) >> shift; page++) {
        int weight;

        switch (before[page]) {
        case 'a':
        case 'A':
        case 'P':
            weight = 1;
            break;
        case 'd':
        case 'D':
            weight = dirty ? 3 : 1;
            break;
        case 'i':
        case 'I':
            weight = 0;
            break;
        default:
            continue;
        }
        expected[page] = (expected[page] < 0 ? 0 : expected[page]) + weight;
    }
}

static void compare(const struct page_refs *list, int round)
{
    const unsigned int shift = fake.geometry.shift[PTE_TYPE];
    size_t page = 0;
    size_t wrong = 0;

    for (const struct page_refs *node = list; node != NULL; node = node->next) {
        const size_t at = (size_t)((node->addr - BASE) >> shift);
        const enum page_type type = state[at] != '\0' && strchr("AID", state[at]) != NULL ? PMD_TYPE : PTE_TYPE;

        for (; page < at && page < FAKE_PAGES_MAX; page++) {
            wrong += expected[page] >= 0;
        }
        if (at >= FAKE_PAGES_MAX || page != at || expected[at] != node->count || node->type != type) {
            wrong++;
        }
        page = at + 1;
    }
    for (; page < FAKE_PAGES_MAX; page++) {
        wrong += expected[page] >= 0;
    }
    CHECK(wrong == 0, "round %d: %zu units are missing, wrong or too many", round, wrong);
}

/** One scan as etmemd_get_page_refs makes it, but with the page size that the test plays. */
static int scan(const struct vmas *vmas, struct page_refs **list, int flags)
{
    struct scan_walk walk;
    int fd;

    scan_walk_open(&walk, list, fake.geometry);
    int error = idle_pages_open(FAKE_PID, flags, &fd);
    if (error == 0) {
        error = idle_pages_scan(fd, FAKE_PID, vmas, &walk);
        (void)close(fd);
    }
    return error;
}

/**
 * Processes with areas side by side and apart, of which some are wanted: whatever way the kernel
 * cuts its answers, every page of the wanted areas is reported as it was when the scan began, once.
 */
static void scans_report_every_page_once(unsigned int base_shift, size_t pages, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        struct vmas vmas = { .vma_cnt = 0 };
        struct vma **last = &vmas.vma_list;
        struct page_refs *list = NULL;
        size_t page = random_below(300);
        const int flags = random_below(2) == 0 ? SCAN_DIRTY_PAGE : 0;
        /*
         * with holes the kernel may be unable to report the end of user space: that is another test
         */
        const bool to_user_end = random_below(3) == 0;

        play(base_shift, pages);
        fake.fold = random_below(2) == 0;
        fake.early = (unsigned int)random_below(3);
        fake.eintr = random_below(2) == 0 ? 0 : 4;
        while (page < pages && vmas.vma_cnt < AREAS_MAX) {
            size_t end = page + 1 + random_below(random_below(3) == 0 ? 20 : pages / 4);


            end = end < pages ? end : pages;
            fill(page, end, !to_user_end);
            fake.user_end = to_user_end ? BASE + ((uint64_t)end << base_shift) : UINT64_C(1) << 55;
            if (random_below(4) != 0) {
                struct vma *area = &areas[vmas.vma_cnt++];

                *area = (struct vma){ .start = BASE + ((uint64_t)page << base_shift),
                                      .end = BASE + ((uint64_t)end << base_shift) };
                *last = area;
                last = &area->next;
            }
            page = end + (random_below(2) == 0 ? 0 : random_below(400));
        }
        for (int again = 0; again < 3; again++) {
            memcpy(before, state, sizeof(before));
            int error = scan(&vmas, &list, flags);
            CHECK(error == 0, "round %d: %d", round, error);
            for (const struct vma *area = vmas.vma_list; area != NULL; area = area->next) {
                expect(area, flags != 0);
            }
            compare(list, round);
            CHECK(to_user_end || fake.repeats == 0, "round %d: %ld pages are read again", round, fake.repeats);
            use(0, pages);
        }
        page_list_free(list);
    }
}

/** Areas in another order than the kernel's are scanned all the same, and the list is sorted. */
static void the_order_of_areas_does_not_matter(void)
{
    struct vma low = { .start = BASE, .end = BASE + (100 << 12) };
    struct vma high = { .start = BASE + (100 << 12), .end = BASE + (300 << 12), .next = &low };
    const struct vmas vmas = { .vma_cnt = 2, .vma_list = &high };
    struct page_refs *list = NULL;

    play(12, 400);
    memset(state, 'a', 400);
    memcpy(before, state, sizeof(before));
    expect(&low, false);
    expect(&high, false);
    CHECK(scan(&vmas, &list, 0) == 0, "scan");
    compare(list, 0);
    page_list_free(list);
}

/**
 * A gigantic page, and a mostly empty area of 4 TiB, which must not take a read for every table.
 */
static void vast_areas_are_scanned_quickly(void)
{
    struct vma area = { .start = BASE, .end = BASE + (UINT64_C(1) << 42) };
    struct vmas vmas = { .vma_cnt = 1, .vma_list = &area };
    struct page_refs *list = NULL;

    play(12, 2);
    area.end = BASE + (UINT64_C(1) << 36);
    state[0] = 'P';
    state[1] = '.';
    CHECK(scan(&vmas, &list, 0) == 0, "scan");
    CHECK(list != NULL && list->type == PUD_TYPE && list->count == 1 && list->next == NULL, "no gigantic page");
    CHECK(fake.reads <= 40, "%ld reads for 64 GiB", fake.reads);
    page_list_free(list);
}

/**
 * Where the kernel cannot report the last pages of user space, the known ones count as accessed.
 */
static void pages_that_cannot_be_read_count_as_accessed(void)
{
    struct vma area = { .start = BASE, .end = BASE + (4096 << 12) };
    struct vmas vmas = { .vma_cnt = 1, .vma_list = &area };
    struct page_refs *list = NULL;
    size_t index = 0;
    size_t wrong = 0;

    play(12, 4096);
    memset(state, 'i', 4096);
    CHECK(scan(&vmas, &list, 0) == 0, "the first scan");
    fake.user_end = area.end;
    for (size_t page = 0; page < 4096; page += 2) {
        state[page] = ' ';
    }
    state[4095] = 'a';
    CHECK(scan(&vmas, &list, 0) == 0, "the second scan");
    for (const struct page_refs *node = list; node != NULL; node = node->next, index++) {
        wrong += index < 4096 - 152 && node->count != 0;
    }
    CHECK(index == 4096 && wrong == 0, "%zu pages, %zu of them wrong", index, wrong);
    for (const struct page_refs *node = list; node != NULL; node = node->next) {
        if (node->next == NULL) {
            CHECK(node->count == 1, "the last page counts %d", node->count);
        }
    }
    page_list_free(list);
}

/** A process with one area of 1000 pages in use. */
static const struct vmas *play_simple(void)
{
    static struct vmas vmas;

    play(12, 2000);
    fill(0, 2000, true);
    memset(state, 'a', 1000);
    areas[0] = (struct vma){ .start = BASE, .end = BASE + (1000 << 12) };
    vmas = (struct vmas){ .vma_cnt = 1, .vma_list = areas };
    return &vmas;
}

static void faults_are_told_apart(void)
{
    const struct vmas *vmas = play_simple();
    struct page_refs *list = NULL;

    /* every second page, so that it takes several reads */
    for (size_t i = 0; i < 1000; i += 2) {
        state[i] = 'i';
    }
    fake.dies_after = 2;
    CHECK(scan(vmas, &list, 0) == ESRCH, "the process dies");
    CHECK(list != NULL && list->addr == BASE, "what was counted before it died is lost");
    page_list_free(list);

    list = NULL;
    vmas = play_simple();
    fake.stuck_after = 0;
    CHECK(scan(vmas, &list, 0) == EIO && list == NULL, "the kernel does not go on");

    vmas = play_simple();
    fake.corrupt_after = 0;
    state[999] = 'i';
    CHECK(scan(vmas, &list, 0) == EBADMSG, "the stream is corrupt");
    CHECK(list != NULL && list->addr == BASE && list->count == 1, "what came before is lost");
    page_list_free(list);

    CHECK(fake.opens == fake.closes, "%d opened, %d closed", fake.opens, fake.closes);
}

int main(int argc, char **argv)
{
    random_begin(argc, argv);
    scans_report_every_page_once(12, 8000, 60);
    scans_report_every_page_once(14, 8000, 20);
    scans_report_every_page_once(16, 40000, 4);
    the_order_of_areas_does_not_matter();
    vast_areas_are_scanned_quickly();
    pages_that_cannot_be_read_count_as_accessed();
    faults_are_told_apart();
    return checks_end();
}
