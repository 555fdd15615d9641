/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * Scans a process of its own with libetmemd_scan on a kernel that has idle_pages or page_idle, and
 * checks what it says of pages that are used, idle, huge and missing.
 *
 *     live_test idle_pages|page_idle     prints "N checks, M failed"; status 0 when all are good
 *
 * With page_idle the library is kept from seeing idle_pages. To be linked with -Wl,--wrap=open.
 * Needs root and 16 huge pages of 2 MiB.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "etmemd_scan_export.h"
#include "live_child.h"

/* Where user space ends on x86_64, and the stack with it where addresses are not random. */
#define USER_END UINT64_C(0x7ffffffff000)

static bool without_idle_pages;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
    const char *name = strrchr(path, '/');

    if (without_idle_pages && name != NULL && strcmp(name, "/idle_pages") == 0) {
        errno = ENOENT;
        return -1;
    }
    return __real_open(path, flags);
}

/** Descriptors that this process has open. */
static int open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(folder) != NULL) {
        count++;
    }
    (void)closedir(folder);
    return count;
}

static void scan(const struct vmas *vmas, const struct child *child, struct page_refs **list, int flags)
{
    int result = etmemd_get_page_refs(vmas, child->name, list, flags);

    CHECK(result == 0, "etmemd_get_page_refs: errno %d", errno);
}

static bool is_watched(enum piece piece)
{
    return piece != FILE_READ_ONLY && !(piece == HUGETLB && without_idle_pages);
}

/** A 64 bit word of a file at an index; 0 when it cannot be read. */
static uint64_t word_of(const char *path, uint64_t index)
{
    const int fd = __real_open(path, O_RDONLY);
    uint64_t word = 0;

    if (fd < 0) {
        return 0;
    }
    if (pread(fd, &word, sizeof(word), (off_t)(index * sizeof(word))) != (ssize_t)sizeof(word)) {
        word = 0;
    }
    (void)close(fd);
    return word;
}

/** What the kernel says of a page that was not as expected (admin-guide/mm/pagemap.rst). */
static void explain(const struct child *child, enum piece piece, size_t unit, const struct page_refs *node)
{
    const uint64_t frame_bits = (UINT64_C(1) << 55) - 1;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%s/pagemap", child->name);
    const uint64_t entry = word_of(path, node->addr / PAGE);
    fprintf(stderr, "piece %d, unit %zu, count %d: pagemap %#llx, kpageflags %#llx, kpagecount %llu\n", (int)piece, unit,
            node->count, (unsigned long long)entry,
            (unsigned long long)word_of("/proc/kpageflags", entry & frame_bits),
            (unsigned long long)word_of("/proc/kpagecount", entry & frame_bits));
}

/**
 * Checks the part of a list that lies in a piece: each unit that is there is a node, in order, with
 * so much for each use, and nothing else is.
 */
static void check_piece(const struct child *child, const struct page_refs *list, enum piece piece, int idle, int used,
                        const char *when)
{
    const uint64_t start = (uint64_t)(uintptr_t)piece_at[piece];
    const enum page_type type = unit_bytes_of(piece) == HUGE ? PMD_TYPE : PTE_TYPE;
    size_t unit = is_watched(piece) ? next_present(piece, 0) : units(piece);
    size_t wrong = 0;
    size_t low = 0;
    size_t high = 0;
    size_t nodes = 0;

    for (const struct page_refs *node = list; node != NULL && node->addr < start + piece_bytes[piece]; node = node->next) {
        if (node->addr < start) {
            continue;
        }
        nodes++;
        const int count = is_used(piece, unit) ? used : idle;
        /* The first one tells enough. */
        if (node->count != count && low + high == 0) {
            explain(child, piece, unit, node);
        }
        wrong += unit >= units(piece) || node->addr != start + unit * unit_bytes_of(piece) || node->type != type;
        low += node->count < count;
        high += node->count > count;
        unit = next_present(piece, unit + 1);
    }
    CHECK(wrong == 0, "%s: piece %d: %zu of %zu nodes are elsewhere or of another type", when, (int)piece, wrong, nodes);
    CHECK(low == 0, "%s: piece %d: the counts of %zu of %zu nodes are too low", when, (int)piece, low, nodes);
    CHECK(high == 0, "%s: piece %d: the counts of %zu of %zu nodes are too high", when, (int)piece, high, nodes);
    CHECK(unit >= units(piece), "%s: piece %d: only %zu nodes", when, (int)piece, nodes);
}

static void check_all(const struct child *child, const struct page_refs *list, int idle, int used, const char *when)
{
    for (int piece = 0; piece < PIECES; piece++) {
        check_piece(child, list, piece, idle, used, when);
    }
    bool ascends = true;
    for (const struct page_refs *node = list; node != NULL && node->next != NULL; node = node->next) {
        ascends = ascends && node->next->addr > node->addr;
    }
    CHECK(ascends, "%s: the list is not sorted", when);
}

/**
 * Drains the lists of each CPU in which fresh pages wait, where page_idle does not see them:
 * mbind(2) does that before it moves pages, and here it finds none to move. (Compaction drains them
 * too, and then fills them with what it has moved.)
 */
static void drain_fresh_pages(void)
{
    const int default_policy = 0; /* MPOL_DEFAULT and MPOL_MF_MOVE of linux/mempolicy.h */
    const int move = 2;
    const size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
    void *empty = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(empty != MAP_FAILED && syscall(SYS_mbind, empty, bytes, default_policy, NULL, 0, move) == 0,
          "mbind: errno %d", errno);
    (void)munmap(empty, bytes);
}

static void counts_follow_use(const struct child *child)
{
    struct vmas *vmas = etmemd_get_vmas(child->name, NULL, 0, false);
    struct page_refs *list = NULL;

    CHECK(vmas != NULL, "etmemd_get_vmas: errno %d", errno);
    drain_fresh_pages();
    scan(vmas, child, &list, 0);
    etmemd_free_page_refs(list);
    list = NULL;
    let_use(child);
    scan(vmas, child, &list, 0);
    check_all(child, list, 0, 1, "used once");
    scan(vmas, child, &list, 0);
    check_all(child, list, 0, 1, "not used");
    let_use(child);
    scan(vmas, child, &list, SCAN_AS_HUGE | SCAN_DIRTY_PAGE);
    check_piece(child, list, SMALL, 0, without_idle_pages ? 2 : 4, "dirty pages used again");
    let_use(child);
    etmemd_free_page_refs(list);

    list = NULL;
    if (without_idle_pages) {
        CHECK(etmemd_get_page_refs(vmas, child->name, &list, VMA_SCAN_FLAG) == -1 && errno == ENOTSUP, "VMA_SCAN_FLAG");
        scan(vmas, child, &list, 0);
        check_all(child, list, 0, 1, "after VMA_SCAN_FLAG was refused");
    } else {
        scan(vmas, child, &list, VMA_SCAN_FLAG);
        check_piece(child, list, MARKED, 0, 1, "VMA_SCAN_FLAG");
        CHECK(list != NULL && list->addr == (uint64_t)(uintptr_t)piece_at[MARKED], "VMA_SCAN_FLAG begins elsewhere");
        size_t nodes = 0;
        for (const struct page_refs *node = list; node != NULL; node = node->next) {
            nodes++;
        }
        CHECK(nodes == units(MARKED), "VMA_SCAN_FLAG: %zu pages", nodes);
    }
    etmemd_free_page_refs(list);
    etmemd_free_vmas(vmas);
}

static void flags_of_areas_are_matched(const struct child *child)
{
    char *hugetlb[] = { "ht", "wr" };
    struct vmas *vmas = etmemd_get_vmas(child->name, hugetlb, 2, true);

    CHECK(vmas != NULL && vmas->vma_cnt == 1 && vmas->vma_list->start == (uint64_t)(uintptr_t)piece_at[HUGETLB],
          "ht wr");
    etmemd_free_vmas(vmas);
}

/** Lets a child use its pages between two scans, some times. */
static void *scan_repeatedly(void *argument)
{
    const struct child *child = argument;
    struct vmas *vmas = etmemd_get_vmas(child->name, NULL, 0, false);
    struct page_refs *list = NULL;

    for (int use = 0; use < 3; use++) {
        drain_fresh_pages();
        scan(vmas, child, &list, 0);
        etmemd_free_page_refs(list);
        list = NULL;
        let_use(child);
        scan(vmas, child, &list, 0);
        check_all(child, list, 0, 1, "in threads");
        etmemd_free_page_refs(list);
        list = NULL;
    }
    etmemd_free_vmas(vmas);
    return NULL;
}

static void threads_do_not_disturb_each_other(struct child *child)
{
    struct child second = start_child();
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, scan_repeatedly, &second) == 0, "pthread_create");
    (void)scan_repeatedly(child);
    (void)pthread_join(thread, NULL);
    end_child(&second);
}

/** The child is killed while it is scanned: a scan is complete or says ESRCH. */
static void *kill_child(void *argument)
{
    const struct child *child = argument;

    usleep(20000);
    (void)kill(child->pid, SIGKILL);
    (void)waitpid(child->pid, NULL, 0);
    return NULL;
}

static void death_is_noticed(void)
{
    struct child child = start_child();
    struct vmas *vmas = etmemd_get_vmas(child.name, NULL, 0, false);
    struct page_refs *list = NULL;
    pthread_t killer;
    int result;

    CHECK(vmas != NULL && pthread_create(&killer, NULL, kill_child, &child) == 0, "pthread_create");
    do {
        result = etmemd_get_page_refs(vmas, child.name, &list, 0);
    } while (result == 0);
    CHECK(errno == ESRCH, "errno %d", errno);
    (void)pthread_join(killer, NULL);
    CHECK(etmemd_get_vmas(child.name, NULL, 0, false) == NULL && errno == ESRCH, "errno %d", errno);
    (void)close(child.commands);
    (void)close(child.answers);
    etmemd_free_page_refs(list);
    etmemd_free_vmas(vmas);
}

/**
 * Starts this program anew without address space randomization. @return once it has used its stack
 */
static struct child start_still(void)
{
    struct child child = { .commands = -1 };
    char fd[16];
    char done;
    int up[2];

    CHECK(pipe(up) == 0, "pipe: errno %d", errno);
    snprintf(fd, sizeof(fd), "%d", up[1]);
    child.pid = fork();
    if (child.pid == 0) {
        (void)personality(ADDR_NO_RANDOMIZE);
        execl("/proc/self/exe", "live_test", "be_still", fd, (char *)NULL);
        _exit(1);
    }
    (void)close(up[1]);
    child.answers = up[0];
    snprintf(child.name, sizeof(child.name), "%d", (int)child.pid);
    CHECK(read(child.answers, &done, 1) == 1, "the child does not answer");
    return child;
}

/** What that process does: uses 32 pages of its stack, says so, and waits. */
static int be_still(int answers)
{
    volatile char bytes[32 * 4096];

    for (size_t i = 0; i < sizeof(bytes); i += PAGE) {
        bytes[i] = 1;
    }
    if (write(answers, "", 1) == 1) {
        pause();
    }
    return bytes[0];
}

/** Without randomization the stack ends where user space does: no read may go beyond. */
static void the_stack_is_scanned_to_its_end(void)
{
    const struct child child = start_still();
    struct vmas *vmas = etmemd_get_vmas(child.name, NULL, 0, true);
    const struct vma *stack = vmas == NULL ? NULL : vmas->vma_list;
    struct page_refs *list = NULL;
    size_t pages = 0;

    while (stack != NULL && strcmp(stack->path, "[stack]") != 0) {
        stack = stack->next;
    }
    CHECK(stack != NULL && stack->end == USER_END, "the stack ends at %llx",
          stack == NULL ? 0 : (unsigned long long)stack->end);
    scan(vmas, &child, &list, 0);
    for (const struct page_refs *node = list; node != NULL && stack != NULL; node = node->next) {
        pages += node->addr >= stack->start && node->addr < stack->end;
    }
    CHECK(pages >= 32, "%zu pages of the stack", pages);

    (void)kill(child.pid, SIGKILL);
    (void)waitpid(child.pid, NULL, 0);
    (void)close(child.answers);
    etmemd_free_page_refs(list);
    etmemd_free_vmas(vmas);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "be_still") == 0) {
        return be_still(atoi(argv[2]));
    }
    if (argc != 2 || (strcmp(argv[1], "idle_pages") != 0 && strcmp(argv[1], "page_idle") != 0)) {
        fprintf(stderr, "usage: live_test idle_pages|page_idle\n");
        return 2;
    }
    without_idle_pages = strcmp(argv[1], "page_idle") == 0;
    child_flushes = without_idle_pages;
    map_pieces(!without_idle_pages, without_idle_pages ? (size_t)2 << 30 : (size_t)1 << 40);
    CHECK(etmemd_scan_init() == 0, "etmemd_scan_init");

    const int files = open_files();
    struct child child = start_child();
    counts_follow_use(&child);
    flags_of_areas_are_matched(&child);
    threads_do_not_disturb_each_other(&child);
    end_child(&child);
    death_is_noticed();
    the_stack_is_scanned_to_its_end();
    CHECK(open_files() == files, "%d files are left open", open_files() - files);
    return checks_end();
}
