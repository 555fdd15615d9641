/* SPDX-License-Identifier: MulanPSL-2.0 */
/* What page_idle does when something fails, and how etmemd_get_page_refs comes to it. */
#include <errno.h>

#include "check.h"
#include "etmemd_scan_export.h"
#include "failing_malloc.h"
#include "fake_page_idle.h"
#include "page_idle.h"

static int scan(const struct vmas *vmas, struct page_refs **list)
{
    struct scan_walk walk;

    scan_walk_open(&walk, list, machine.geometry);
    return page_idle_scan(FAKE_PID, vmas, &walk);
}

static void faults_are_told_apart(void)
{
    struct page_refs *list = NULL;

    fake_play(12, 10, 640);
    fake_map(0, 0);
    machine.no_page_idle = true;
    CHECK(scan(fake_areas(0), &list) == ENODEV, "no page_idle");
    machine.no_page_idle = false;
    machine.gone = true;
    CHECK(scan(fake_areas(0), &list) == ESRCH, "no process");
    machine.gone = false;
    machine.no_rights = true;
    CHECK(scan(fake_areas(0), &list) == EPERM, "no CAP_SYS_ADMIN");
    machine.no_rights = false;
    machine.mark_error = EIO;
    CHECK(scan(fake_areas(0), &list) == EIO, "marks cannot be written");
    machine.mark_error = ENXIO;
    CHECK(scan(fake_areas(0), &list) == 0, "a frame behind the last");
    page_list_free(list);

    list = NULL;
    machine.dies_after = machine.map_reads + 1;
    CHECK(scan(fake_areas(0), &list) == ESRCH && list == NULL, "the process dies");
    CHECK(machine.opens == machine.closes, "%d opened, %d closed", machine.opens, machine.closes);
}

/** Memory runs out after each allocation in turn. */
static void running_out_of_memory_is_told(void)
{
    int error = ENOMEM;
    long allocations = 0;

    fake_play(12, 10, 640);
    for (size_t page = 0; page < 10; page++) {
        fake_map(page, page);
    }
    for (; error == ENOMEM && allocations < 100; allocations++) {
        struct page_refs *list = NULL;

        allocations_left = allocations;
        error = scan(fake_areas(0), &list);
        allocations_left = -1;
        page_list_free(list);
    }
    CHECK(error == 0 && allocations > 10, "error %d after %ld allocations", error, allocations);
    CHECK(machine.opens == machine.closes, "%d opened, %d closed", machine.opens, machine.closes);
}

/** etmemd_get_page_refs comes here by itself where idle_pages is missing. */
static void interface_falls_back(void)
{
    struct page_refs *list = NULL;

    fake_play(geometry_here().shift[PTE_TYPE], 10, 640);
    fake_map(3, 30);
    CHECK(etmemd_scan_init() == 0, "init");
    CHECK(etmemd_get_page_refs(fake_areas(0), FAKE_PID, &list, SCAN_AS_HUGE) == 0, "errno %d", errno);
    CHECK(list != NULL && list->count == 1, "the first scan: accessed");
    CHECK(etmemd_get_page_refs(fake_areas(0), FAKE_PID, &list, 0) == 0, "errno %d", errno);
    CHECK(list != NULL && list->count == 1, "the second scan: idle");
    CHECK(etmemd_get_page_refs(fake_areas(0), FAKE_PID, &list, VMA_SCAN_FLAG) == -1 && errno == ENOTSUP,
          "VMA_SCAN_FLAG cannot be honoured");
    etmemd_free_page_refs(list);
    etmemd_scan_exit();
}

int main(void)
{
    faults_are_told_apart();
    running_out_of_memory_is_told();
    interface_falls_back();
    return checks_end();
}
