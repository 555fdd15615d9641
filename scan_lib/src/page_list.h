/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef SCAN_LIB_PAGE_LIST_H
#define SCAN_LIB_PAGE_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "etmemd_exp.h"
#include "geometry.h"

/**
 * A place in a list that is sorted by address, from which pages of ascending addresses are added
 * without looking at what lies behind it again.
 */
struct page_cursor {
    struct page_refs **head; /* the caller's pointer to the first node */
    struct page_refs **link; /* points to the node that is looked at next: head, or a next */
    struct geometry geometry;

    /*
     * A node that is larger than the pages that are now in its place,
     * and what it was given for them.
     */
    struct page_refs *coarse;
    int coarse_weight;
};

/** Stands before the first node. */
void page_cursor_open(struct page_cursor *cursor, struct page_refs **head, struct geometry geometry);

/**
 * Adds one page; the list may have any page in its place, see page_cursor_add.
 *
 * @return 0 or ENOMEM
 */
int page_cursor_add_one(struct page_cursor *cursor, uint64_t address, enum page_type type, int weight);

/**
 * Adds pages in a row to the list: their weight to the nodes that are there, new nodes for the
 * others. Addresses should ascend from call to call; where they do not, the list is walked again
 * from its head.
 *
 * It is inline because a further scan consists of nothing but its loop.
 *
 * @return 0 or ENOMEM; then the pages before the one that there was no memory for are in the list
 */
static inline int page_cursor_add(struct page_cursor *cursor, uint64_t address, uint64_t pages,
                                  enum page_type type, int weight)
{
    const uint64_t bytes = unit_bytes(&cursor->geometry, type);

    for (; pages > 0; pages--, address += bytes) {
        struct page_refs *node = *cursor->link;

        if (node != NULL && node->addr == address && node->type == type) {
            node->count += weight;
            cursor->link = &node->next;
            continue;
        }
        int error = page_cursor_add_one(cursor, address, type, weight);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/** Adds a weight to the nodes that the list has from start to end. */
void page_cursor_add_known(struct page_cursor *cursor, uint64_t start, uint64_t end, int weight);

/** Gives a list back. NULL is allowed. */
void page_list_free(struct page_refs *list);

#endif
