/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * The sorted list of pages: what a cursor does with nodes that are there, missing,
 * larger and smaller.
 */
#include "page_list.h"

#include <string.h>

#include "check.h"

/* With "base pages" of 32 bytes a table has 4 entries: PMD 128 bytes, PUD 512. */
#define TINY_SHIFT 5
#define MODEL_NODES 4096

/** The same list as an array, kept by the rules of the header as plainly as can be. */
struct model {
    struct page_refs nodes[MODEL_NODES];
    int given[MODEL_NODES]; /* in this scan, to a node that is larger than what was reported */
    size_t count;
    struct geometry geometry;
};

static void model_insert(struct model *model, uint64_t address, enum page_type type, int weight)
{
    size_t at = 0;

    while (at < model->count && model->nodes[at].addr < address) {
        at++;
    }
    memmove(&model->nodes[at + 1], &model->nodes[at], (model->count - at) * sizeof(model->nodes[0]));
    memmove(&model->given[at + 1], &model->given[at], (model->count - at) * sizeof(model->given[0]));
    model->nodes[at] = (struct page_refs){ .addr = address, .count = weight, .type = type };
    model->given[at] = 0;
    model->count++;
}

static void model_report(struct model *model, uint64_t address, enum page_type type, int weight)
{
    const uint64_t bytes = unit_bytes(&model->geometry, type);
    bool holds_nodes = false;

    for (size_t i = 0; i < model->count; i++) {
        struct page_refs *node = &model->nodes[i];
        const uint64_t node_end = node->addr + unit_bytes(&model->geometry, node->type);

        if (node->addr == address && node->type == type) {
            node->count += weight;
            return;
        }
        if (node->addr <= address && address < node_end && node->type > type) {
            if (weight > model->given[i]) {
                node->count += weight - model->given[i];
                model->given[i] = weight;
            }
            return;
        }
        holds_nodes = holds_nodes || (node->addr >= address && node->addr < address + bytes);
    }
    if (!holds_nodes) {
        model_insert(model, address, type, weight);
        return;
    }
    const enum page_type finer = (enum page_type)(type - 1);
    for (uint64_t at = address; at < address + bytes; at += unit_bytes(&model->geometry, finer)) {
        model_report(model, at, finer, weight);
    }
}

static void compare(const struct model *model, const struct page_refs *list, const char *when)
{
    size_t i = 0;

    for (const struct page_refs *node = list; node != NULL; node = node->next, i++) {
        const struct page_refs *expected = &model->nodes[i];

        if (i >= model->count) {
            break;
        }
        CHECK(node->addr == expected->addr && node->type == expected->type && node->count == expected->count,
              "%s: node %zu is %llx type %d count %d, not %llx type %d count %d", when, i,
              (unsigned long long)node->addr, (int)node->type, node->count, (unsigned long long)expected->addr,
              (int)expected->type, expected->count);
    }
    CHECK(i == model->count, "%s: %zu nodes or more, not %zu", when, i, model->count);
}

/**
 * Reports random units in ascending order, leaving some out, in several scans over the same list.
 */
static void scans_agree_with_model(void)
{
    static struct model model;
    const struct geometry geometry = geometry_of(TINY_SHIFT);

    for (int list_number = 0; list_number < 500; list_number++) {
        struct page_refs *list = NULL;

        model = (struct model){ .geometry = geometry };
        for (int scan = 0; scan < 4; scan++) {
            struct page_cursor cursor;
            const uint64_t presence = 1 + random_below(4);
            uint64_t address = random_below(8) << TINY_SHIFT;

            memset(model.given, 0, sizeof(model.given));
            page_cursor_open(&cursor, &list, geometry);
            while (address < (UINT64_C(200) << TINY_SHIFT)) {
                const enum page_type type = (enum page_type)random_below(PAGE_TYPE_INVAL);
                const uint64_t bytes = unit_bytes(&geometry, type);
                const int weight = random_below(3) == 0 ? 3 : (int)random_below(2);

                address = (address + bytes - 1) & ~(bytes - 1);
                if (random_below(4) < presence) {
                    const uint64_t pages = 1 + random_below(3);

                    CHECK(page_cursor_add(&cursor, address, pages, type, weight) == 0, "out of memory");
                    for (uint64_t i = 0; i < pages; i++) {
                        model_report(&model, address + i * bytes, type, weight);
                    }
                    address += pages * bytes;
                } else {
                    address += bytes;
                }
            }
            compare(&model, list, "random scans");
        }
        page_list_free(list);
    }
}

/** Where addresses do not ascend, nodes still go where they belong. */
static void order_does_not_matter(void)
{
    const struct geometry geometry = geometry_of(12);
    struct page_refs *list = NULL;
    struct page_cursor cursor;
    uint64_t last = 0;
    int nodes = 0;

    page_cursor_open(&cursor, &list, geometry);
    for (int i = 0; i < 500; i++) {
        CHECK(page_cursor_add(&cursor, (1 + random_below(200)) << 12, 1, PTE_TYPE, 1) == 0, "out of memory");
    }
    for (const struct page_refs *node = list; node != NULL; node = node->next) {
        CHECK(node->addr > last, "%llx after %llx", (unsigned long long)node->addr, (unsigned long long)last);
        last = node->addr;
        nodes += node->count;
    }
    CHECK(nodes == 500, "counts add up to %d", nodes);
    page_list_free(list);
}

/**
 * A list that its caller has cut in two is given back in two pieces, and nodes of its own with it.
 */
static void pieces_are_given_back(void)
{
    struct page_refs *list = NULL;
    struct page_cursor cursor;

    page_cursor_open(&cursor, &list, geometry_of(12));
    CHECK(page_cursor_add(&cursor, 0x1000, 10, PTE_TYPE, 0) == 0, "out of memory");

    struct page_refs *second = list->next->next;
    list->next->next = NULL;
    struct page_refs *own = malloc(sizeof(*own));
    *own = (struct page_refs){ .addr = 0, .next = second };
    page_list_free(list);
    page_list_free(own);
    page_list_free(NULL);
}

int main(int argc, char **argv)
{
    random_begin(argc, argv);
    scans_agree_with_model();
    order_does_not_matter();
    pieces_are_given_back();
    return checks_end();
}
