/* SPDX-License-Identifier: MulanPSL-2.0 */
/* The library as engines see it, loaded as a library, on the kernel that the test runs on. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "etmemd_scan_export.h"

/** A process that holds still, so that its areas can be compared with the kernel's text. */
static pid_t start_still(char *name, size_t room)
{
    const pid_t pid = fork();

    if (pid == 0) {
        for (;;) {
            pause();
        }
    }
    snprintf(name, room, "%d", (int)pid);
    return pid;
}

/** Reads /proc/PID/maps line by line. @return the lines that are wanted, [vsyscall] not counted */
static uint64_t lines_in_maps(const char *pid, bool (*is_wanted)(const char *line))
{
    char path[64];
    char line[8192];
    uint64_t areas = 0;

    snprintf(path, sizeof(path), "/proc/%s/maps", pid);
    FILE *maps = fopen(path, "r");
    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        areas += strstr(line, "[vsyscall]") == NULL && is_wanted(line);
    }
    (void)fclose(maps);
    return areas;
}

static bool any(const char *line)
{
    return line[0] != '\0';
}

static uint64_t areas_in_maps(const char *pid)
{
    return lines_in_maps(pid, any);
}

/** The rule of the original: awk '$2~/^..-p/&&($5==0||$2~/w/)'. */
static bool is_anonymous(const char *line)
{
    char permissions[5];
    unsigned long long inode;

    return sscanf(line, "%*s %4s %*s %*s %llu", permissions, &inode) == 2 && permissions[2] == '-' &&
           permissions[3] == 'p' && (inode == 0 || permissions[1] == 'w');
}

static uint64_t anonymous_in_maps(const char *pid)
{
    return lines_in_maps(pid, is_anonymous);
}

static uint64_t count(const char *pid, char **flags, int flag_count, bool anonymous_only)
{
    struct vmas *vmas = etmemd_get_vmas(pid, flags, flag_count, anonymous_only);
    uint64_t areas = 0;
    uint64_t last = 0;

    CHECK(vmas != NULL, "etmemd_get_vmas: errno %d", errno);
    for (const struct vma *vma = vmas == NULL ? NULL : vmas->vma_list; vma != NULL; vma = vma->next) {
        CHECK(vma->start >= last && vma->end > vma->start, "an area at %llx", (unsigned long long)vma->start);
        CHECK(!anonymous_only || !vma->stat[VMA_STAT_MAY_SHARE], "a shared area");
        last = vma->end;
        areas++;
    }
    CHECK(vmas == NULL || areas == vmas->vma_cnt, "%llu areas", (unsigned long long)areas);
    etmemd_free_vmas(vmas);
    return areas;
}

static void areas_are_those_of_the_kernel(void)
{
    char *readable[] = { "rd" };
    char *writable[] = { "rd", "wr" };
    char *impossible[] = { "rd", "zz" };
    char name[16];
    const size_t bytes = (size_t)sysconf(_SC_PAGESIZE) * 3;
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const pid_t pid = start_still(name, sizeof(name));

    CHECK(count(name, NULL, 0, false) == areas_in_maps(name), "areas without a filter");
    const uint64_t all_readable = count(name, readable, 1, false);
    const uint64_t all_writable = count(name, writable, 2, false);
    const uint64_t anonymous = count(name, NULL, 0, true);
    CHECK(all_readable > 0 && all_readable <= areas_in_maps(name), "%llu", (unsigned long long)all_readable);
    CHECK(all_writable > 0 && all_writable < all_readable, "%llu", (unsigned long long)all_writable);
    CHECK(count(name, impossible, 2, false) == 0, "a flag that does not exist");
    CHECK(anonymous == anonymous_in_maps(name), "%llu areas, not %llu", (unsigned long long)anonymous,
          (unsigned long long)anonymous_in_maps(name));
    CHECK(anonymous > 0 && anonymous < areas_in_maps(name), "%llu", (unsigned long long)anonymous);

    struct vmas *vmas = etmemd_get_vmas(name, NULL, 0, false);
    const struct vma *vma = vmas->vma_list;
    while (vma != NULL && vma->start != (uint64_t)(uintptr_t)memory) {
        vma = vma->next;
    }
    CHECK(vma != NULL && vma->end == vma->start + bytes && vma->stat[VMA_STAT_READ] && vma->stat[VMA_STAT_WRITE] &&
              !vma->stat[VMA_STAT_EXEC] && vma->stat[VMA_STAT_MAY_SHARE] && vma->inode != 0 &&
              strcmp(vma->path, "/dev/zero (deleted)") == 0,
          "the shared mapping");
    etmemd_free_vmas(vmas);
    (void)munmap(memory, bytes);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

static void wrong_arguments_are_refused(void)
{
    const char *const pids[] = { "",   "0",  "01",         "-1",         "+1",  " 1",   "1 ", "1/../2",
                                 "1a", "0x1", "self", "2147483648", "99999999999999999999", ".", "1\n" };
    char *long_flag[] = { "rdx" };
    char *no_flag[] = { NULL };
    struct page_refs *list = NULL;
    struct vmas none = { .vma_cnt = 0 };

    CHECK(etmemd_scan_init() == 0, "init");
    for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
        CHECK(etmemd_get_vmas(pids[i], NULL, 0, false) == NULL && errno == EINVAL, "pid \"%s\"", pids[i]);
        CHECK(etmemd_get_page_refs(&none, pids[i], &list, 0) == -1 && errno == EINVAL, "pid \"%s\"", pids[i]);
    }
    CHECK(etmemd_get_vmas(NULL, NULL, 0, false) == NULL && errno == EINVAL, "no pid");
    CHECK(etmemd_get_vmas("1", NULL, 1, false) == NULL && errno == EINVAL, "no flags");
    CHECK(etmemd_get_vmas("1", NULL, -1, false) == NULL && errno == EINVAL, "a negative number of flags");
    CHECK(etmemd_get_vmas("1", long_flag, 1, false) == NULL && errno == EINVAL, "a flag of three letters");
    CHECK(etmemd_get_vmas("1", no_flag, 1, false) == NULL && errno == EINVAL, "a flag that is NULL");
    etmemd_free_vmas(NULL);
    etmemd_free_page_refs(NULL);
    etmemd_scan_exit();
}

/** Lists that the caller made itself are given back like the library's. */
static void lists_of_the_caller_are_given_back(void)
{
    struct vmas *vmas = calloc(1, sizeof(*vmas));
    struct page_refs *page = calloc(1, sizeof(*page));

    vmas->vma_list = calloc(1, sizeof(*vmas->vma_list));
    page->next = calloc(1, sizeof(*page));
    etmemd_free_vmas(vmas);
    etmemd_free_page_refs(page);
}

static void processes_that_are_gone_are_told(void)
{
    struct page_refs *list = NULL;
    char name[16];
    const pid_t pid = start_still(name, sizeof(name));
    struct vmas *vmas = etmemd_get_vmas(name, NULL, 0, false);

    CHECK(etmemd_scan_init() == 0, "init");
    (void)kill(pid, SIGKILL);
    siginfo_t info;
    CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0, "waitid");
    CHECK(count(name, NULL, 0, false) == 0, "areas of a zombie");
    CHECK(etmemd_get_page_refs(vmas, name, &list, 0) == -1, "pages of a zombie");

    (void)waitpid(pid, NULL, 0);
    CHECK(etmemd_get_vmas(name, NULL, 0, false) == NULL && errno == ESRCH, "maps: errno %d", errno);
    CHECK(etmemd_get_vmas(name, (char *[]){ "rd" }, 1, false) == NULL && errno == ESRCH, "smaps: errno %d", errno);
    CHECK(etmemd_get_page_refs(vmas, name, &list, 0) == -1 && errno == ESRCH, "pages: errno %d", errno);
    CHECK(list == NULL, "pages of no process");
    etmemd_free_vmas(vmas);
    etmemd_scan_exit();
}

/** Whatever this kernel offers: pages in their areas and sorted, or a reason. */
static void scans_work_or_say_why_not(void)
{
    struct page_refs *list = NULL;
    char name[16];
    const pid_t pid = start_still(name, sizeof(name));
    struct vmas *vmas = etmemd_get_vmas(name, NULL, 0, true);
    uint64_t last = 0;
    uint64_t pages = 0;

    CHECK(etmemd_scan_init() == 0, "init");
    const bool offered = access("/proc/self/idle_pages", F_OK) == 0 || access("/sys/kernel/mm/page_idle/bitmap", F_OK) == 0;
    const int result = etmemd_get_page_refs(vmas, name, &list, 0);
    if (!offered) {
        CHECK(result == -1 && errno == ENODEV, "errno %d", errno);
    } else if (geteuid() == 0) {
        CHECK(result == 0 || errno == EPERM, "errno %d", errno);
    }
    for (const struct page_refs *node = list; node != NULL; node = node->next, pages++) {
        CHECK(node->addr > last && node->count >= 0 && node->type < PAGE_TYPE_INVAL, "a node at %llx",
              (unsigned long long)node->addr);
        last = node->addr;
    }
    CHECK(result != 0 || pages > 0, "a process without pages");
    etmemd_free_page_refs(list);
    etmemd_free_vmas(vmas);
    etmemd_scan_exit();
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

int main(void)
{
    areas_are_those_of_the_kernel();
    wrong_arguments_are_refused();
    lists_of_the_caller_are_given_back();
    processes_that_are_gone_are_told();
    scans_work_or_say_why_not();
    return checks_end();
}
