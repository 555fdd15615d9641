/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "page_list.h"

#include <errno.h>
#include <stdlib.h>

void page_cursor_open(struct page_cursor *cursor, struct page_refs **head, struct geometry geometry)
{
    *cursor = (struct page_cursor){ .head = head, .link = head, .geometry = geometry };
}

/** The node before the place of the cursor; NULL at the list's head. */
static struct page_refs *node_before(const struct page_cursor *cursor)
{
    if (cursor->link == cursor->head) {
        return NULL;
    }
    return (struct page_refs *)((char *)cursor->link - offsetof(struct page_refs, next));
}

/** Moves to the first node at or behind an address. */
static void seek(struct page_cursor *cursor, uint64_t address)
{
    const struct page_refs *before = node_before(cursor);

    if (before != NULL && before->addr >= address) {
        cursor->link = cursor->head;
    }
    while (*cursor->link != NULL && (*cursor->link)->addr < address) {
        cursor->link = &(*cursor->link)->next;
    }
}

/** Gives a node the highest weight of the smaller pages that are now in its place, once a scan. */
static void add_to_coarse(struct page_cursor *cursor, struct page_refs *node, int weight)
{
    if (cursor->coarse != node) {
        cursor->coarse = node;
        cursor->coarse_weight = 0;
    }
    if (weight > cursor->coarse_weight) {
        node->count += weight - cursor->coarse_weight;
        cursor->coarse_weight = weight;
    }
}

/** Puts a new node in at the place of the cursor, which then stands behind it. */
static int insert(struct page_cursor *cursor, uint64_t address, enum page_type type, int weight)
{
    struct page_refs *node = malloc(sizeof(*node));

    if (node == NULL) {
        return ENOMEM;
    }
    *node = (struct page_refs){ .addr = address, .count = weight, .type = type, .next = *cursor->link };
    *cursor->link = node;
    cursor->link = &node->next;
    return 0;
}

int page_cursor_add_one(struct page_cursor *cursor, uint64_t address, enum page_type type, int weight)
{
    seek(cursor, address);

    struct page_refs *before = node_before(cursor);
    if (before != NULL && address - before->addr < unit_bytes(&cursor->geometry, before->type)) {
        add_to_coarse(cursor, before, weight);
        return 0;
    }

    struct page_refs *node = *cursor->link;
    if (node != NULL && node->addr == address && node->type >= type) {
        cursor->link = &node->next;
        if (node->type == type) {
            node->count += weight;
        } else {
            add_to_coarse(cursor, node, weight);
        }
        return 0;
    }

    const uint64_t bytes = unit_bytes(&cursor->geometry, type);
    if (node != NULL && node->addr - address < bytes && type > PTE_TYPE) {
        const enum page_type finer = (enum page_type)(type - 1);
        return page_cursor_add(cursor, address, bytes >> cursor->geometry.shift[finer], finer, weight);
    }
    return insert(cursor, address, type, weight);
}

void page_cursor_add_known(struct page_cursor *cursor, uint64_t start, uint64_t end, int weight)
{
    seek(cursor, start);
    for (struct page_refs *node = *cursor->link; node != NULL && node->addr < end; node = node->next) {
        node->count += weight;
        cursor->link = &node->next;
    }
}

void page_list_free(struct page_refs *list)
{
    while (list != NULL) {
        struct page_refs *next = list->next;

        free(list);
        list = next;
    }
}
