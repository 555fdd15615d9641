/* SPDX-License-Identifier: MulanPSL-2.0 */
/* Scans through the page_idle bitmap of a machine that the test plays. */
#include "page_idle.h"

#include "check.h"
#include "fake_page_idle.h"

#define NOT_REPORTED (-1)

/** What a page must be reported as: NOT_REPORTED, or the weight of this scan. */
static int weight_now[FAKE_PAGES_MAX];
/** The first page that is scanned. */
static size_t first_page;
/**
 * The count that the list must have for the unit that begins at a page; NOT_REPORTED: no such unit.
 */
static int expected[FAKE_PAGES_MAX];

/** Begins with a machine of its own. */
static void play(unsigned int base_shift, size_t pages, size_t frames)
{
    fake_play(base_shift, pages, frames);
    first_page = 0;
    for (size_t i = 0; i < FAKE_PAGES_MAX; i++) {
        expected[i] = NOT_REPORTED;
    }
}

/** Works out what a scan must say: use clears the mark of a page's first frame. */
static void expect(void)
{
    const size_t table = fake_table_pages();

    for (size_t page = first_page; page < machine.page_count; page++) {
        const size_t frame = machine.frame_of[page] - 1;

        weight_now[page] = NOT_REPORTED;
        if (machine.frame_of[page] != 0 && !machine.frames[frame].other) {
            const struct fake_frame *head = &machine.frames[fake_head(frame)];

            weight_now[page] = head->lru && head->idle ? 0 : 1;
        }
    }
    for (size_t page = first_page; page < machine.page_count; page++) {
        bool huge = page % table == 0 && page + table <= machine.page_count && machine.frame_of[page] != 0;

        for (size_t i = 0; huge && i < table; i++) {
            const size_t frame = machine.frame_of[page] - 1;

            huge = machine.frame_of[page + i] == machine.frame_of[page] + i && frame % table == 0 &&
                   machine.frames[frame + i].tail == (i > 0);
        }
        if (weight_now[page] != NOT_REPORTED) {
            expected[page] = (expected[page] == NOT_REPORTED ? 0 : expected[page]) + weight_now[page];
        }
        page += huge ? table - 1 : 0;
    }
}

static void compare(const struct page_refs *list, int round)
{
    size_t page = 0;
    size_t wrong = 0;

    for (const struct page_refs *node = list; node != NULL; node = node->next) {
        const size_t at = (size_t)((node->addr - FAKE_BASE) >> machine.geometry.shift[PTE_TYPE]);

        for (; page < at && page < machine.page_count; page++) {
            wrong += expected[page] != NOT_REPORTED;
        }
        wrong += at >= machine.page_count || page != at || expected[at] != node->count;
        page = at + 1;
    }
    for (; page < machine.page_count; page++) {
        wrong += expected[page] != NOT_REPORTED;
    }
    CHECK(wrong == 0, "round %d: %zu units are missing, wrong or too many", round, wrong);
}

/** Every page that can be watched is marked after a scan, so that the next one can tell. */
static void check_marks(int round)
{
    size_t missing = 0;

    for (size_t page = first_page; page < machine.page_count; page++) {
        if (machine.frame_of[page] != 0 && !machine.frames[machine.frame_of[page] - 1].other) {
            const struct fake_frame *head = &machine.frames[fake_head(machine.frame_of[page] - 1)];

            missing += head->lru && !head->idle;
        }
    }
    CHECK(missing == 0, "round %d: %zu marks are missing", round, missing);
}

/** The process uses some of its pages. */
static void use(void)
{
    for (size_t page = 0; page < machine.page_count; page++) {
        if (machine.frame_of[page] != 0 && random_below(3) == 0) {
            machine.frames[fake_head(machine.frame_of[page] - 1)].idle = false;
        }
    }
}

static int scan(const struct vmas *vmas, struct page_refs **list)
{
    struct scan_walk walk;

    scan_walk_open(&walk, list, machine.geometry);
    return page_idle_scan(FAKE_PID, vmas, &walk);
}

static void scans_tell_what_was_used_since_the_last(unsigned int base_shift, size_t pages, size_t frames, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        struct page_refs *list = NULL;

        play(base_shift, pages, frames);
        machine.pieces = (unsigned int)random_below(4);
        first_page = random_below(2) == 0 ? 0 : random_below(300);
        fake_lay_out();
        for (int again = 0; again < 4; again++) {
            expect();
            int error = scan(fake_areas(first_page), &list);
            CHECK(error == 0, "round %d: %d", round, error);
            compare(list, round);
            check_marks(round);
            use();
        }
        CHECK(machine.foreign_marks == 0, "round %d: %ld marks on pages of others", round, machine.foreign_marks);
        CHECK(machine.needless_marks == 0, "round %d: %ld needless marks", round, machine.needless_marks);
        CHECK(machine.opens == machine.closes, "%d opened, %d closed", machine.opens, machine.closes);
        page_list_free(list);
    }
}

/**
 * Of a huge page larger than a PMD only the part with the first frame can be told;
 * the rest is accessed.
 */
static void pages_larger_than_a_pmd_are_not_called_idle(void)
{
    struct page_refs *list = NULL;
    size_t nodes = 0;
    size_t wrong = 0;

    play(12, 1024, 1024);
    fake_join_frames(0, 1024);
    for (size_t page = 0; page < 1024; page++) {
        fake_map(page, page);
    }
    CHECK(scan(fake_areas(first_page), &list) == 0, "the first scan");
    page_list_free(list);
    list = NULL;
    CHECK(scan(fake_areas(first_page), &list) == 0, "the second scan");
    for (const struct page_refs *node = list; node != NULL; node = node->next, nodes++) {
        wrong += node->count != (nodes == 0 ? 0 : 1) || node->type != (nodes == 0 ? PMD_TYPE : PTE_TYPE);
    }
    CHECK(nodes == 1 + 512 && wrong == 0, "%zu of %zu nodes are wrong", wrong, nodes);
    page_list_free(list);
}

/** Huge pages are whole wherever the area begins, however long it is. */
static void long_areas_do_not_cut_huge_pages(void)
{
    struct page_refs *list = NULL;
    size_t nodes = 0;
    size_t wrong = 0;

    play(12, 20 * 512, 20 * 512);
    for (size_t page = 0; page < 20 * 512; page += 512) {
        fake_join_frames(page, 512);
    }
    for (size_t page = 0; page < 20 * 512; page++) {
        fake_map(page, page);
    }
    struct vma area = { .start = FAKE_BASE + (511 << 12), .end = FAKE_BASE + (20 * 512 << 12) };
    const struct vmas vmas = { .vma_cnt = 1, .vma_list = &area };
    CHECK(scan(&vmas, &list) == 0, "scan");
    for (const struct page_refs *node = list; node != NULL; node = node->next, nodes++) {
        wrong += node->type != (nodes == 0 ? PTE_TYPE : PMD_TYPE);
    }
    CHECK(nodes == 1 + 19 && wrong == 0, "%zu of %zu nodes are wrong", wrong, nodes);
    page_list_free(list);
}

/**
 * A page that gets another frame between the reading of marks and the report counts as accessed.
 */
static void pages_that_move_count_as_accessed(void)
{
    struct page_refs *list = NULL;

    play(12, 10, 640);
    for (size_t page = 0; page < 10; page++) {
        fake_map(page, page * 7);
    }
    CHECK(scan(fake_areas(first_page), &list) == 0, "the first scan");
    page_list_free(list);

    list = NULL;
    machine.moved_page = 4;
    machine.moved_to = 600;
    machine.frames[600].idle = true; /* by whoever had it before */
    machine.moves_before_read = machine.map_reads + 1;
    CHECK(scan(fake_areas(first_page), &list) == 0, "the second scan");
    for (const struct page_refs *node = list; node != NULL; node = node->next) {
        CHECK(node->count == (node->addr == FAKE_BASE + (4 << 12) ? 1 : 0), "%llx counts %d", (unsigned long long)node->addr,
              node->count);
    }
    page_list_free(list);
}

/** Files that are not private and writable are left out, as idle_pages leaves them out. */
static void mappings_of_files_are_left_out(void)
{
    struct vma shared = { .start = FAKE_BASE + 0x3000, .end = FAKE_BASE + 0x4000, .inode = 5, .stat = { true, true, false, true } };
    struct vma code = { .start = FAKE_BASE + 0x2000, .end = FAKE_BASE + 0x3000, .inode = 5, .stat = { true }, .next = &shared };
    struct vma data = { .start = FAKE_BASE + 0x1000, .end = FAKE_BASE + 0x2000, .inode = 5, .stat = { true, true }, .next = &code };
    struct vma heap = { .start = FAKE_BASE, .end = FAKE_BASE + 0x1000, .next = &data };
    const struct vmas vmas = { .vma_cnt = 4, .vma_list = &heap };
    struct page_refs *list = NULL;

    play(12, 4, 640);
    for (size_t page = 0; page < 4; page++) {
        fake_map(page, page);
    }
    CHECK(scan(&vmas, &list) == 0, "scan");
    CHECK(list != NULL && list->addr == FAKE_BASE && list->next != NULL && list->next->addr == FAKE_BASE + 0x1000 &&
              list->next->next == NULL,
          "other pages than those of the heap and of written data");
    page_list_free(list);
}

/**
 * Without kpageflags the pages of a huge page have no mark that can be read, and count as accessed.
 */
static void huge_pages_count_as_accessed_without_page_flags(void)
{
    struct page_refs *list = NULL;
    size_t idle = 0;
    size_t pages = 0;

    play(12, 513, 1024);
    machine.no_page_flags = true;
    fake_join_frames(512, 512);
    for (size_t page = 0; page < 512; page++) {
        fake_map(page, 512 + page);
        machine.frames[512 + page].ours = true;
    }
    fake_map(512, 3);
    CHECK(scan(fake_areas(first_page), &list) == 0 && scan(fake_areas(first_page), &list) == 0, "two scans");
    for (const struct page_refs *node = list; node != NULL; node = node->next) {
        idle += node->count == 1;
        pages++;
    }
    /* the head has a mark of its own, and so has the page that is no huge page */
    CHECK(pages == 513 && idle == 2, "%zu pages, %zu of them idle in the second scan", pages, idle);
    page_list_free(list);
}

int main(int argc, char **argv)
{
    random_begin(argc, argv);
    scans_tell_what_was_used_since_the_last(12, 3000, 5000, 12);
    scans_tell_what_was_used_since_the_last(14, 6000, 9000, 2);
    scans_tell_what_was_used_since_the_last(16, 20000, 40000, 1);
    pages_larger_than_a_pmd_are_not_called_idle();
    long_areas_do_not_cut_huge_pages();
    pages_that_move_count_as_accessed();
    mappings_of_files_are_left_out();
    huge_pages_count_as_accessed_without_page_flags();
    return checks_end();
}
