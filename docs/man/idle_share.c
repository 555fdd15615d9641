/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * An engine with one command, idle, that tells how much of each
 * process of a task was not used for a second.
 */
#include <etmemd_scan_export.h>
#include <etmemd_thirdparty_export.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fill_eng_params(GKeyFile *config, struct engine *eng)
{
    (void)config;
    (void)eng;
    return etmemd_scan_init();
}

static void clear_eng_params(struct engine *eng)
{
    (void)eng;
    etmemd_scan_exit();
}

/* An engine that does work of its own starts a thread here, and ends it in stop_task. */
static int start_task(struct engine *eng, struct task *tk)
{
    (void)eng;
    (void)tk;
    return 0;
}

static int count_pages(const char *pid, int *pages, int *idle)
{
    struct vmas *vmas = etmemd_get_vmas(pid, NULL, 0, true);
    struct page_refs *refs = NULL;

    if (vmas == NULL) {
        return -1;
    }
    /* The first scan tells of accesses whose age nobody knows: it is thrown away. */
    int failed = etmemd_get_page_refs(vmas, pid, &refs, 0);
    etmemd_free_page_refs(refs);
    refs = NULL;
    sleep(1);
    failed |= etmemd_get_page_refs(vmas, pid, &refs, 0);
    *pages = *idle = 0;
    for (const struct page_refs *page = refs; page != NULL; page = page->next) {
        *pages += 1;
        *idle += page->count == 0;
    }
    etmemd_free_page_refs(refs);
    etmemd_free_vmas(vmas);
    return failed;
}

static int eng_mgt_func(struct engine *eng, struct task *tk, char *cmd, int fd)
{
    (void)eng;
    if (strcmp(cmd, "idle") != 0 || tk == NULL) {
        dprintf(fd, "Cannot run \"%s\": the command is idle, with -t TASK\n", cmd);
        return -1;
    }
    for (const struct task_pid *process = tk->pids; process != NULL; process = process->next) {
        char pid[16];
        int pages;
        int idle;

        snprintf(pid, sizeof(pid), "%u", process->pid);
        if (count_pages(pid, &pages, &idle) == 0) {
            dprintf(fd, "%s: %d of %d pages are idle\n", pid, idle, pages);
        }
    }
    return 0;
}

struct engine_ops idle_share_ops = {
    .fill_eng_params = fill_eng_params,
    .clear_eng_params = clear_eng_params,
    .start_task = start_task,
    .eng_mgt_func = eng_mgt_func,
};
