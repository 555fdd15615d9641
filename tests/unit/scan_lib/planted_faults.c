/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * Does what the argument names with a list of the library's,
 * so that it is seen that the checks of memory notice.
 */
#include <string.h>

#include "check.h"
#include "page_list.h"

int main(int argc, char **argv)
{
    const char *fault = argc == 2 ? argv[1] : "";
    struct page_refs *list = NULL;
    struct page_cursor cursor;

    page_cursor_open(&cursor, &list, geometry_of(12));
    CHECK(page_cursor_add(&cursor, 0x1000, 2, PTE_TYPE, 1) == 0, "no memory");
    struct page_refs *volatile second = list->next;
    if (strcmp(fault, "leak") == 0) {
        list->next = NULL;
        second = NULL;
    }
    page_list_free(list);
    if (strcmp(fault, "overflow") == 0) {
        struct page_refs *volatile node = malloc(sizeof(*node));

        ((volatile char *)node)[sizeof(*node)] = 1;
        free(node);
    }
    if (strcmp(fault, "after_free") == 0) {
        CHECK(second->count == 1, "the count is %d", second->count);
    }
    return checks_end();
}
