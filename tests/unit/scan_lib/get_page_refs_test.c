/* SPDX-License-Identifier: MulanPSL-2.0 */
/* etmemd_get_page_refs on a kernel that the test plays: arguments, flags, and what errno says. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "etmemd_scan_export.h"
#include "failing_malloc.h"
#include "fake_idle_pages.h"

#define BASE UINT64_C(0x7f0000000000)
#define AREA_PAGES 1000

static char state[AREA_PAGES];

/** A process with one area of pages, all of them in use. */
static const struct vmas *play_simple(void)
{
    static struct vma area;
    static struct vmas vmas;
    const struct geometry geometry = geometry_here();

    memset(state, 'a', sizeof(state));
    fake = (struct fake_process){
        .geometry = geometry,
        .base = BASE,
        .user_end = UINT64_C(1) << 55,
        .pages = AREA_PAGES,
        .state = state,
        .dies_after = -1,
        .stuck_after = -1,
        .corrupt_after = -1,
    };
    area = (struct vma){ .start = BASE, .end = BASE + AREA_PAGES * unit_bytes(&geometry, PTE_TYPE) };
    vmas = (struct vmas){ .vma_cnt = 1, .vma_list = &area };
    return &vmas;
}

/** What etmemd_get_page_refs returns, and errno after a failure. */
static int get(const struct vmas *vmas, const char *pid, struct page_refs **list, int flags)
{
    errno = 0;
    return etmemd_get_page_refs(vmas, pid, list, flags) == 0 ? 0 : errno;
}

static void interface_passes_flags_and_errors_on(void)
{
    const struct vmas *vmas = play_simple();
    struct page_refs *list = NULL;

    CHECK(get(vmas, FAKE_PID, &list, 0) == EINVAL, "it works before it is initialised");
    CHECK(etmemd_scan_init() == 0 && etmemd_scan_init() == -1, "init is 0, then -1");
    etmemd_scan_exit();
    CHECK(get(vmas, FAKE_PID, &list, 0) == EINVAL, "it works after it has ended");
    CHECK(etmemd_scan_init() == 0, "init again");

    CHECK(get(vmas, FAKE_PID, &list, ~0) == 0, "all flags");
    CHECK(fake.idle_flags == 0x3040000 && fake.vma_flags == 0x1000, "flags 0x%x 0x%x", fake.idle_flags, fake.vma_flags);
    CHECK(list != NULL && list->count == 1 && fake.opens == 1 && fake.closes == 1, "one file for one scan");
    memset(state, 'a', sizeof(state));
    CHECK(get(vmas, FAKE_PID, &list, 0) == 0 && list->count == 2, "a further scan adds");
    CHECK(fake.idle_flags == 0 && fake.vma_flags == 0, "flags that were not asked for");

    fake.ioctl_error = ENOTTY;
    CHECK(get(vmas, FAKE_PID, &list, VMA_SCAN_FLAG) == ENOTTY, "an ioctl that the kernel does not know");
    CHECK(fake.opens == fake.closes, "%d opened, %d closed", fake.opens, fake.closes);
    fake.open_error = EPERM;
    CHECK(get(vmas, FAKE_PID, &list, 0) == EPERM, "no right");
    fake.open_error = ENOENT;
    CHECK(get(vmas, FAKE_PID, &list, VMA_SCAN_FLAG) == ENOTSUP, "VMA_SCAN_FLAG without idle_pages");
    CHECK(get(vmas, FAKE_PID, &list, 0) == ENODEV, "neither idle_pages nor page_idle");
    fake.open_error = ENODEV;
    CHECK(get(vmas, FAKE_PID, &list, 0) == ENODEV, "neither the module nor page_idle");
    fake.gone = true;
    CHECK(get(vmas, FAKE_PID, &list, 0) == ESRCH, "no process");
    CHECK(list != NULL && list->count == 2, "a failure changes the list");
    etmemd_free_page_refs(list);

    struct vma backwards = { .start = 0x2000, .end = 0x1000 };
    const struct vmas wrong = { .vma_cnt = 1, .vma_list = &backwards };
    const struct vmas none = { .vma_cnt = 0 };
    list = NULL;
    fake.gone = false;
    fake.open_error = 0;
    CHECK(get(&wrong, FAKE_PID, &list, 0) == EINVAL, "an area that ends before it starts");
    CHECK(get(NULL, FAKE_PID, &list, 0) == EINVAL, "no areas");
    CHECK(get(vmas, FAKE_PID, NULL, 0) == EINVAL, "no list");
    CHECK(get(&none, FAKE_PID, &list, 0) == 0 && list == NULL, "an empty list of areas");
    etmemd_scan_exit();
}

/**
 * Memory runs out after each allocation in turn: ENOMEM, and a list that holds what came before.
 */
static void running_out_of_memory_leaves_a_good_list(void)
{
    const struct vmas *vmas = play_simple();
    long allocations = 0;
    int error = ENOMEM;

    CHECK(etmemd_scan_init() == 0, "init");
    for (; error == ENOMEM && allocations < 2 * AREA_PAGES; allocations++) {
        struct page_refs *list = NULL;
        long nodes = 0;

        allocations_left = allocations;
        error = get(vmas, FAKE_PID, &list, 0);
        allocations_left = -1;
        for (const struct page_refs *node = list; node != NULL; node = node->next) {
            nodes++;
        }
        /* the first allocation is the buffer */
        CHECK(nodes == (allocations == 0 ? 0 : allocations - 1), "%ld nodes of %ld allocations", nodes, allocations);
        etmemd_free_page_refs(list);
    }
    CHECK(error == 0 && allocations == AREA_PAGES + 2, "error %d after %ld allocations", error, allocations);
    CHECK(fake.opens == fake.closes, "%d opened, %d closed", fake.opens, fake.closes);
    etmemd_scan_exit();
}

/**
 * Bytes of a base page, and what entries of the second and third
 * level of page tables map then (arch/arm64).
 */
static void geometry_is_that_of_the_kernel(void)
{
    static const unsigned int shifts[][PAGE_TYPE_INVAL] = { { 12, 21, 30 }, { 14, 25, 36 }, { 16, 29, 42 } };
    const struct geometry geometry = geometry_here();
    bool known = false;

    CHECK(unit_bytes(&geometry, PTE_TYPE) == (uint64_t)sysconf(_SC_PAGESIZE), "a base page of %llu bytes",
          (unsigned long long)unit_bytes(&geometry, PTE_TYPE));
    for (size_t i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
        known |= memcmp(shifts[i], geometry.shift, sizeof(shifts[i])) == 0;
    }
    CHECK(known, "units of 2^%u, 2^%u and 2^%u bytes", geometry.shift[0], geometry.shift[1], geometry.shift[2]);
}

int main(void)
{
    geometry_is_that_of_the_kernel();
    running_out_of_memory_leaves_a_good_list();
    interface_passes_flags_and_errors_on();
    return checks_end();
}
