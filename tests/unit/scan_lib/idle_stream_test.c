/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * The decoder of idle_pages: what each byte means, streams that are cut or corrupt,
 * and a slow model.
 */
#include "idle_stream.h"

#include <errno.h>
#include <string.h>

#include "check.h"

#define BASE UINT64_C(0x7f0000000000)
#define MODEL_PAGES 4096

/** Decodes bytes for areas into a new list. */
static int decode(const struct geometry *geometry, const struct vma *vma, const void *bytes, size_t length,
                  struct page_refs **list)
{
    struct run_codes codes;
    struct scan_walk walk;

    *list = NULL;
    run_codes_make(&codes, geometry);
    scan_walk_open(&walk, list, *geometry);
    (void)scan_walk_enter(&walk, vma, 0);
    return idle_stream_decode(&walk, &codes, bytes, length);
}

static size_t length_of(const struct page_refs *list)
{
    size_t length = 0;

    for (; list != NULL; list = list->next) {
        length++;
    }
    return length;
}

static size_t put_address(uint8_t *bytes, uint64_t address)
{
    bytes[0] = 0xa0;
    for (int i = 0; i < 8; i++) {
        bytes[1 + i] = (uint8_t)(address >> (56 - 8 * i));
    }
    return 9;
}

/** Each type alone, with each number of pages, on each page size. */
static void types_mean_what_they_should(unsigned int base_shift)
{
    const struct geometry geometry = geometry_of(base_shift);
    const uint64_t table = UINT64_C(1) << (base_shift - 3);
    const struct {
        enum page_type span, page;
        int weight; /* -1: nothing there */
    } kinds[10] = {
        { PTE_TYPE, PTE_TYPE, 1 }, { PMD_TYPE, PMD_TYPE, 1 }, { PUD_TYPE, PUD_TYPE, 1 }, { PTE_TYPE, PTE_TYPE, 3 },
        { PMD_TYPE, PMD_TYPE, 3 }, { PTE_TYPE, PTE_TYPE, 0 }, { PMD_TYPE, PMD_TYPE, 0 }, { PMD_TYPE, PTE_TYPE, 0 },
        { PTE_TYPE, PTE_TYPE, -1 }, { PMD_TYPE, PMD_TYPE, -1 },
    };
    const struct vma everything = { .start = 0, .end = UINT64_C(1) << 62 };

    for (int type = 0; type < 10; type++) {
        for (uint64_t count = 1; count <= 15; count += base_shift == 12 ? 1 : 14) {
            uint8_t bytes[11];
            struct page_refs *list;
            const uint64_t span = unit_bytes(&geometry, kinds[type].span);
            const uint64_t pages = kinds[type].span == kinds[type].page ? count : count * table;
            const uint64_t base = BASE & ~(span - 1);

            (void)put_address(bytes, base);
            bytes[9] = (uint8_t)((unsigned int)type << 4 | count);
            bytes[10] = 0x01; /* one accessed base page shows where the run ended */
            CHECK(decode(&geometry, &everything, bytes, sizeof(bytes), &list) == 0, "type %d", type);
            CHECK(length_of(list) == (kinds[type].weight < 0 ? 0 : pages) + 1, "type %d x %d: %zu pages", type,
                  (int)count, length_of(list));

            const struct page_refs *node = list;
            size_t wrong = 0;
            for (uint64_t i = 0; kinds[type].weight >= 0 && i < pages && node != NULL; i++, node = node->next) {
                wrong += node->addr != base + i * unit_bytes(&geometry, kinds[type].page) ||
                         node->type != kinds[type].page || node->count != kinds[type].weight;
            }
            CHECK(wrong == 0, "type %d x %d: %zu pages are wrong", type, (int)count, wrong);
            CHECK(node != NULL && node->addr == base + count * span && node->type == PTE_TYPE && node->count == 1,
                  "type %d x %d: what follows is in the wrong place", type, (int)count);
            page_list_free(list);
        }
    }
}

/** What decode answers to bytes after a set-address and two pages, and how many pages are kept. */
static void check_rest(const char *what, const uint8_t *rest, size_t length, int error, size_t pages)
{
    const struct geometry geometry = geometry_of(12);
    const struct vma everything = { .start = 0, .end = UINT64_C(1) << 62 };
    struct page_refs *list;
    uint8_t bytes[64];

    size_t at = put_address(bytes, BASE);
    bytes[at++] = 0x52;
    if (length > 0) {
        memcpy(bytes + at, rest, length);
    }
    int got = decode(&geometry, &everything, bytes, at + length, &list);
    CHECK(got == error, "%s: %d, not %d", what, got, error);
    CHECK(length_of(list) == pages, "%s: %zu pages, not %zu", what, length_of(list), pages);
    page_list_free(list);
}

static void cut_and_corrupt_streams_keep_what_came_before(void)
{
    const struct geometry geometry = geometry_of(12);
    const struct vma everything = { .start = 0, .end = UINT64_C(1) << 62 };
    const uint8_t cut[9] = { 0xa0, 0, 0, 0x7f, 0, 0, 0, 0x10, 0 };
    struct page_refs *list;

    for (size_t length = 0; length < sizeof(cut); length++) {
        check_rest("a set-address cut short", cut, length, 0, 2);
    }
    for (unsigned int byte = 0xa1; byte <= 0xff; byte++) {
        const uint8_t rest[2] = { (uint8_t)byte, 0x01 };

        check_rest("a type or command that does not exist", rest, sizeof(rest), EBADMSG, 2);
    }
    for (unsigned int type = 0; type < 10; type++) {
        const uint8_t rest[2] = { (uint8_t)(type << 4), 0x01 };

        check_rest("a run of no pages", rest, sizeof(rest), 0, 3);
    }
    check_rest("an address inside of a page", (const uint8_t[]){ 0xa0, 0, 0, 0x7f, 0, 0, 0, 0, 1, 0x01 }, 10, EBADMSG,
               2);
    check_rest("a run beyond 2^64",
               (const uint8_t[]){ 0xa0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0, 0, 0x01, 0x01 }, 11, EBADMSG, 2);
    check_rest("two addresses in a row",
               (const uint8_t[]){ 0xa0, 0, 0, 0x7f, 1, 0, 0, 0, 0, 0xa0, 0, 0, 0x7f, 2, 0, 0, 0, 0, 0x01 }, 19, 0, 3);

    for (unsigned int byte = 0; byte <= 0xff; byte++) {
        const uint8_t first[1] = { (uint8_t)byte };

        CHECK(decode(&geometry, &everything, first, 1, &list) == (byte == 0xa0 ? 0 : EBADMSG), "first byte %02x", byte);
        CHECK(list == NULL, "first byte %02x", byte);
    }
    CHECK(decode(&geometry, &everything, "", 0, &list) == 0 && list == NULL, "an empty stream");
}

/** Pages outside of the areas are dropped; those in the next area are not. */
static void only_wanted_areas_are_reported(void)
{
    const struct geometry geometry = geometry_of(12);
    struct vma last = { .start = BASE + 0x300000, .end = BASE + 0x301000 };
    struct vma second = { .start = BASE + 0x8000, .end = BASE + 0xa000, .next = &last };
    struct vma first = { .start = BASE + 0x2000, .end = BASE + 0x4000, .next = &second };
    const uint64_t expected[] = { 0x2000, 0x3000, 0x8000, 0x9000, 0x300000 };
    struct page_refs *list;
    uint8_t bytes[32];
    size_t i = 0;

    (void)put_address(bytes, BASE);
    bytes[9] = 0x0f; /* 15 accessed pages: before, in, between, in, behind */
    (void)put_address(bytes + 10, BASE);
    bytes[19] = 0x91; /* a PMD hole */
    bytes[20] = 0x71; /* 512 idle pages from 0x200000 on, one of them in the last area */
    CHECK(decode(&geometry, &first, bytes, 21, &list) == 0, "decode");
    for (const struct page_refs *node = list; node != NULL && i < 5; node = node->next, i++) {
        CHECK(node->addr == BASE + expected[i] && node->count == (i < 4 ? 1 : 0), "page %zu is at +%llx, count %d", i,
              (unsigned long long)(node->addr - BASE), node->count);
    }
    CHECK(i == 5 && length_of(list) == 5, "%zu pages", length_of(list));
    page_list_free(list);
}

/** Pages that are reported again in one scan count once, whether the list knew them or not. */
static void nothing_counts_twice_in_a_scan(void)
{
    const struct geometry geometry = geometry_of(12);
    /* the second area begins inside of the third run */
    struct vma second = { .start = BASE + 0x9000, .end = BASE + 0x20000 };
    struct vma first = { .start = BASE + 0x1000, .end = BASE + 0x6000, .next = &second };
    struct page_refs *list = NULL;
    struct run_codes codes;
    uint8_t bytes[64];
    size_t length = 0;

    run_codes_make(&codes, &geometry);
    /* one run twice, then each reaches into the next */
    const uint64_t starts[4] = { 0x1000, 0x1000, 0x3000, 0x5000 };
    const uint8_t counts[4] = { 3, 3, 8, 13 };
    for (int run = 0; run < 4; run++) {
        length += put_address(bytes + length, BASE + starts[run]);
        bytes[length++] = counts[run];
    }
    for (int scan = 1; scan <= 3; scan++) {
        struct scan_walk walk;
        size_t wrong = 0;

        scan_walk_open(&walk, &list, geometry);
        (void)scan_walk_enter(&walk, &first, 0);
        /* in one answer, and in another one */
        CHECK(idle_stream_decode(&walk, &codes, bytes, length) == 0, "decode");
        (void)scan_walk_enter(&walk, &second, 0);
        CHECK(idle_stream_decode(&walk, &codes, bytes + 3 * 10, length - 3 * 10) == 0, "decode");
        for (const struct page_refs *node = list; node != NULL; node = node->next) {
            wrong += node->count != scan;
        }
        CHECK(wrong == 0 && length_of(list) == 5 + 9, "scan %d: %zu of %zu pages are wrong", scan, wrong, length_of(list));
    }
    page_list_free(list);
}

/**
 * Base pages in place of a huge page that the list has: it gets the highest weight of them, once.
 */
static void pages_of_a_split_huge_page_count_once(void)
{
    const struct geometry geometry = geometry_of(12);
    const struct vma everything = { .start = 0, .end = UINT64_C(1) << 62 };
    struct page_refs *list = NULL;
    struct run_codes codes;
    uint8_t bytes[16];

    run_codes_make(&codes, &geometry);
    (void)put_address(bytes, BASE);
    bytes[9] = 0x12; /* two huge pages accessed; then, in place of the first, base pages */
    bytes[10] = 0x01;
    bytes[11] = 0x55;
    bytes[12] = 0x32;
    bytes[13] = 0x71; /* the second, all of it idle base pages */
    for (int scan = 0; scan < 2; scan++) {
        struct scan_walk walk;
        uint8_t *answer = bytes;
        size_t length = 10;

        if (scan == 1) {
            memmove(bytes + 9, bytes + 10, 4);
            length = 12;
        }
        scan_walk_open(&walk, &list, geometry);
        (void)scan_walk_enter(&walk, &everything, 0);
        CHECK(idle_stream_decode(&walk, &codes, answer, length) == 0, "decode");
    }
    CHECK(length_of(list) == 2 && list->count == 1 + 3 && list->next->count == 1 && list->type == PMD_TYPE,
          "%zu pages, the first counts %d", length_of(list), list->count);
    page_list_free(list);
}

/**
 * No page table has an entry of a PMD or PUD at such an address: it is dropped,
 * and what follows is not.
 */
static void unaligned_huge_entries_are_dropped(void)
{
    const struct geometry geometry = geometry_of(12);
    const struct vma everything = { .start = 0, .end = UINT64_C(1) << 62 };
    const uint8_t entries[] = { 0x11, 0x13, 0x21, 0x41, 0x61, 0x71, 0x91 };

    for (size_t i = 0; i < sizeof(entries); i++) {
        const enum page_type span = entries[i] == 0x21 ? PUD_TYPE : PMD_TYPE;
        const uint64_t behind = BASE + 0x1000 + (entries[i] & 15) * unit_bytes(&geometry, span);
        struct page_refs *list = NULL;
        struct run_codes codes;
        uint8_t bytes[11];

        (void)put_address(bytes, BASE + 0x1000);
        bytes[9] = entries[i];
        bytes[10] = 0x01;
        run_codes_make(&codes, &geometry);
        /* the second scan comes upon a list that it has made */
        for (int scan = 1; scan <= 2; scan++) {
            struct scan_walk walk;

            scan_walk_open(&walk, &list, geometry);
            (void)scan_walk_enter(&walk, &everything, 0);
            CHECK(idle_stream_decode(&walk, &codes, bytes, sizeof(bytes)) == 0, "entry %02x", entries[i]);
            CHECK(length_of(list) == 1 && list->addr == behind && list->count == scan && list->type == PTE_TYPE,
                  "entry %02x, scan %d: %zu pages", entries[i], scan, length_of(list));
        }
        page_list_free(list);
    }
}

/** Random bytes, mostly of valid kinds, against a model that keeps one count for each base page. */
static void random_streams_agree_with_model(void)
{
    static int expected[MODEL_PAGES];
    static uint8_t bytes[200];
    /* Tables of 4 entries, so that all types fit into a small space. */
    const struct geometry geometry = geometry_of(5);
    const uint64_t page = UINT64_C(1) << 5;
    const int weights[10] = { 1, 1, 1, 3, 3, 0, 0, 0, -1, -1 };
    const uint64_t spans[10] = { 1, 4, 16, 1, 4, 1, 4, 4, 1, 4 };

    for (int round = 0; round < 2000; round++) {
        struct vma second = { .start = page * (1200 + random_below(500)), .end = page * 2000 };
        struct vma first = { .start = page * random_below(800), .end = page * (810 + random_below(390)), .next = &second };
        struct page_refs *list;
        size_t length = 0;
        uint64_t at = random_below(600);
        int error = 0;

        for (int i = 0; i < MODEL_PAGES; i++) {
            expected[i] = -1;
        }
        while (length < sizeof(bytes) - 10 && at < 2300 && error == 0) {
            const unsigned int type = (unsigned int)random_below(10);
            const uint64_t count = random_below(16);

            if (length == 0 || random_below(8) == 0) {
                at += random_below(100);
                length += put_address(bytes + length, at * page);
            }
            const bool is_taken = weights[type] >= 0 && at % spans[type] == 0;

            bytes[length++] = (uint8_t)(type << 4 | count);
            for (uint64_t i = 0; i < count * spans[type] && is_taken; i++) {
                const uint64_t unit = type == 7 ? at + i : at + i / spans[type] * spans[type];
                const uint64_t address = unit * page;

                if ((address >= first.start && address < first.end) ||
                    (address >= second.start && address < second.end)) {
                    expected[at + i] = weights[type];
                }
            }
            at += count * spans[type];
            if (random_below(100) == 0) {
                bytes[length++] = (uint8_t)(0xa1 + random_below(0x5f));
                error = EBADMSG;
            }
        }
        int got = decode(&geometry, &first, bytes, length, &list);
        CHECK(got == error, "round %d: %d, not %d", round, got, error);
        size_t wrong = 0;
        for (const struct page_refs *node = list; node != NULL; node = node->next) {
            for (uint64_t i = 0; i < unit_bytes(&geometry, node->type) / page; i++) {
                int *cell = &expected[node->addr / page + i];

                wrong += *cell != node->count;
                *cell = -1;
            }
        }
        for (int i = 0; i < MODEL_PAGES; i++) {
            wrong += expected[i] != -1;
        }
        CHECK(wrong == 0, "round %d: %zu pages are wrong or missing", round, wrong);
        page_list_free(list);
    }
}

/** Bytes of any kind neither crash nor lead out of the areas, nor disturb the order of the list. */
static void garbage_is_harmless(void)
{
    const struct geometry geometry = geometry_of(12);
    const struct vma vma = { .start = BASE, .end = BASE + (UINT64_C(1) << 32) };
    static uint8_t bytes[64];

    for (int round = 0; round < 500; round++) {
        struct page_refs *list;
        uint64_t last = 0;

        size_t length = put_address(bytes, BASE + (random_below(1 << 20) << 12));
        while (length < sizeof(bytes)) {
            /* a type 7 run or a set-address now and then, the rest any byte */
            bytes[length++] = random_below(16) == 0 ? 0xa0 : (uint8_t)random_below(random_below(2) == 0 ? 0x60 : 0x100);
        }
        int error = decode(&geometry, &vma, bytes, random_below(sizeof(bytes) + 1), &list);
        CHECK(error == 0 || error == EBADMSG, "round %d: %d", round, error);
        for (const struct page_refs *node = list; node != NULL; node = node->next) {
            CHECK(node->addr >= vma.start && node->addr < vma.end && node->addr > last, "round %d: %llx after %llx", round,
                  (unsigned long long)node->addr, (unsigned long long)last);
            last = node->addr;
        }
        page_list_free(list);
    }
}

int main(int argc, char **argv)
{
    random_begin(argc, argv);
    unaligned_huge_entries_are_dropped();
    types_mean_what_they_should(12);
    types_mean_what_they_should(14);
    types_mean_what_they_should(16);
    cut_and_corrupt_streams_keep_what_came_before();
    only_wanted_areas_are_reported();
    nothing_counts_twice_in_a_scan();
    pages_of_a_split_huge_page_count_once();
    random_streams_agree_with_model();
    garbage_is_harmless();
    return checks_end();
}
