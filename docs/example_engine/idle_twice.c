/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * A third-party engine of etmemd: swaps out what two scans in a row found idle.
 *
 *     [engine] anon_only=yes|no  scan private memory that belongs to no file only (default: yes)
 *     [task]   max_mb=N          swap out at most N MB of a process in a round (default: no limit)
 *     etmem engine showcounts -n PROJECT -s SOCKET -e ENGINE -t TASK
 *
 * One thread for each started task does all the work. A round makes three scans: one that is thrown
 * away, since nobody knows when the pages were used that it reports, and two that are counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <etmemd_scan_export.h>
#include <etmemd_thirdparty_export.h>

#define COUNTED_SCANS 2
/*
 * A write to swap_pages returns when its pages are dealt with: keep each one short,
 * so that a stop is quick.
 */
#define ADDRESSES_PER_WRITE 256
#define ADDRESS_LINE sizeof("0x0123456789abcdef\n")

/** engine.params */
struct idle_twice {
    bool anon_only;
};

/** task.params */
struct worker {
    uint64_t max_bytes;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop; /* under lock */
    const struct task *task;
};

/** task_pid.params: a process, and what a round knows of it. */
struct process {
    char pid[16];
    int folder;  /* /proc/PID, below 0: it was gone before the task started */
    int swap_fd; /* swap_pages of the process, below 0: it is left alone in this round */
    struct vmas *vmas;
    struct page_refs *pages;

    /* Read by showcounts while the worker runs. */
    atomic_ulong rounds;
    atomic_ulong pages_seen;
    atomic_ulong pages_swapped;
};

/* ---- parameters ---- */

static int fill_eng_params(GKeyFile *config, struct engine *eng)
{
    struct idle_twice *params = malloc(sizeof(*params));
    if (params == NULL) {
        return -1;
    }
    gchar *anon_only = g_key_file_get_string(config, "engine", "anon_only", NULL);
    const bool yes = anon_only == NULL || strcmp(anon_only, "yes") == 0;
    const bool valid = yes || strcmp(anon_only, "no") == 0;
    if (!valid) {
        fprintf(stderr, "Cannot take anon_only=%s: it is yes or no\n", anon_only);
    }
    g_free(anon_only);
    if (!valid || etmemd_scan_init() != 0) {
        free(params);
        return -1;
    }
    params->anon_only = yes;
    eng->params = params;
    return 0;
}

static void clear_eng_params(struct engine *eng)
{
    etmemd_scan_exit();
    free(eng->params);
    eng->params = NULL;
}

static int fill_task_params(GKeyFile *config, struct task *task)
{
    GError *error = NULL;
    gint max_mb = 0;

    if (g_key_file_has_key(config, "task", "max_mb", NULL)) {
        max_mb = g_key_file_get_integer(config, "task", "max_mb", &error);
        if (error != NULL || max_mb <= 0) {
            fprintf(stderr, "Cannot take max_mb of task \"%s\": it is a number above 0\n", task->name);
            g_clear_error(&error);
            return -1;
        }
    }
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL) {
        return -1;
    }
    worker->max_bytes = max_mb == 0 ? UINT64_MAX : (uint64_t)max_mb << 20;

    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&worker->lock, NULL);
    task->params = worker;
    return 0;
}

static void clear_task_params(struct task *tk)
{
    struct worker *worker = tk->params;

    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
    tk->params = NULL;
}

static int alloc_pid_params(struct engine *eng, struct task_pid **tk_pid)
{
    struct process *process = calloc(1, sizeof(*process));

    (void)eng;
    if (process == NULL) {
        return -1;
    }
    char path[32];
    snprintf(process->pid, sizeof(process->pid), "%u", (*tk_pid)->pid);
    snprintf(path, sizeof(path), "/proc/%s", process->pid);
    process->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    process->swap_fd = -1;
    (*tk_pid)->params = process;
    return 0;
}

static void free_pid_params(struct engine *eng, struct task_pid **tk_pid)
{
    struct process *process = (*tk_pid)->params;

    (void)eng;
    if (process->folder >= 0) {
        close(process->folder);
    }
    free(process);
    (*tk_pid)->params = NULL;
}

/* ---- the work ---- */

static bool is_stopped(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    const bool stop = worker->stop;
    pthread_mutex_unlock(&worker->lock);
    return stop;
}

/** Waits, unless the task is stopped. @return false: it is */
static bool wait_seconds(struct worker *worker, int seconds)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&worker->lock);
    while (!worker->stop && pthread_cond_timedwait(&worker->wake, &worker->lock, &until) != ETIMEDOUT) {
    }
    const bool stop = worker->stop;
    pthread_mutex_unlock(&worker->lock);
    return !stop;
}

/** Ends a process's part of a round, at its end or because it cannot go on. */
static void leave(struct process *process)
{
    if (process->swap_fd >= 0) {
        close(process->swap_fd);
        process->swap_fd = -1;
    }
    etmemd_free_page_refs(process->pages);
    process->pages = NULL;
    etmemd_free_vmas(process->vmas);
    process->vmas = NULL;
}

/** Scans a process; one that went away is left alone from then on. */
static void scan(struct process *process, int flags)
{
    if (process->swap_fd >= 0 && etmemd_get_page_refs(process->vmas, process->pid, &process->pages, flags) != 0) {
        fprintf(stderr, "Cannot scan process %s: %s\n", process->pid, strerror(errno));
        leave(process);
    }
}

/**
 * Begins a round. swap_pages is opened in the folder that is held since the task started: once the
 * process has ended nothing is found there, even when its pid is another process's by then.
 * It is written to at the end.
 */
static void enter(struct process *process, bool anon_only, int flags)
{
    process->swap_fd = openat(process->folder, "swap_pages", O_WRONLY | O_CLOEXEC);
    if (process->swap_fd >= 0) {
        process->vmas = etmemd_get_vmas(process->pid, NULL, 0, anon_only);
    }
    if (process->vmas == NULL) {
        fprintf(stderr, "Cannot begin with process %s: %s\n", process->pid, strerror(errno));
        leave(process);
        return;
    }
    scan(process, flags);
    etmemd_free_page_refs(process->pages);
    process->pages = NULL;
}

static uint64_t bytes_of(const struct page_refs *page)
{
    const uint64_t base = (uint64_t)sysconf(_SC_PAGESIZE);
    const uint64_t entries = base / sizeof(uint64_t); /* of a page table */

    return page->type == PTE_TYPE ? base : page->type == PMD_TYPE ? base * entries : base * entries * entries;
}

/** Writes the addresses of idle pages to swap_pages, some at a time. */
static void swap_out(struct worker *worker, struct process *process)
{
    char text[ADDRESSES_PER_WRITE * ADDRESS_LINE];
    const struct page_refs *page = process->pages;
    uint64_t bytes_left = worker->max_bytes;

    while (page != NULL && bytes_left > 0 && !is_stopped(worker)) {
        size_t length = 0;
        unsigned long pages = 0;

        for (; page != NULL && pages < ADDRESSES_PER_WRITE; page = page->next) {
            atomic_fetch_add(&process->pages_seen, 1);
            if (page->count > 0) {
                continue;
            }
            if (bytes_of(page) > bytes_left) {
                bytes_left = 0;
                break;
            }
            bytes_left -= bytes_of(page);
            length += (size_t)snprintf(text + length, sizeof(text) - length, "0x%" PRIx64 "\n", page->addr);
            pages++;
        }
        if (length > 0 && write(process->swap_fd, text, length) < 0) {
            fprintf(stderr, "Cannot swap out pages of process %s: %s\n", process->pid, strerror(errno));
            return;
        }
        atomic_fetch_add(&process->pages_swapped, pages);
    }
    atomic_fetch_add(&process->rounds, 1);
}

/** One round over all processes of the task. */
static void make_round(struct worker *worker, bool anon_only, int interval)
{
    const int flags = worker->task->swap_flag != 0 ? VMA_SCAN_FLAG : 0;
    bool go_on = true;

    for (struct task_pid *pid = worker->task->pids; pid != NULL; pid = pid->next) {
        enter(pid->params, anon_only, flags);
    }
    for (int i = 0; i < COUNTED_SCANS && go_on; i++) {
        go_on = wait_seconds(worker, interval);
        for (struct task_pid *pid = worker->task->pids; pid != NULL && go_on; pid = pid->next) {
            scan(pid->params, flags);
            go_on = !is_stopped(worker);
        }
    }
    for (struct task_pid *pid = worker->task->pids; pid != NULL; pid = pid->next) {
        struct process *process = pid->params;

        if (go_on && process->swap_fd >= 0) {
            swap_out(worker, process);
        }
        leave(process);
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    const struct engine *engine = worker->task->eng;
    const struct idle_twice *params = engine->params;
    const struct page_scan *times = engine->proj->scan_param;

    do {
        make_round(worker, params->anon_only, times->interval);
    } while (wait_seconds(worker, times->sleep));
    return NULL;
}

static int start_task(struct engine *eng, struct task *tk)
{
    struct worker *worker = tk->params;

    if (eng->proj->type != PAGE_SCAN || eng->proj->scan_param == NULL) {
        fprintf(stderr, "Cannot start task \"%s\": project \"%s\" does not scan pages\n", tk->name, eng->proj->name);
        return -1;
    }
    worker->stop = false;
    worker->task = tk;
    return pthread_create(&worker->thread, NULL, work, worker) == 0 ? 0 : -1;
}

static void stop_task(struct engine *eng, struct task *tk)
{
    struct worker *worker = tk->params;

    (void)eng;
    pthread_mutex_lock(&worker->lock);
    worker->stop = true;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
}

/* ---- private commands ---- */

static int eng_mgt_func(struct engine *eng, struct task *tk, char *cmd, int fd)
{
    (void)eng;
    if (strcmp(cmd, "showcounts") != 0 || tk == NULL) {
        dprintf(fd, "Cannot run \"%s\": the command is showcounts, with -t TASK\n", cmd);
        return -1;
    }
    dprintf(fd, "%10s %8s %12s %12s\n", "pid", "rounds", "seen", "swapped");
    for (const struct task_pid *pid = tk->pids; pid != NULL; pid = pid->next) {
        struct process *process = pid->params;

        if (process != NULL) {
            dprintf(fd, "%10s %8lu %12lu %12lu\n", process->pid, atomic_load(&process->rounds),
                    atomic_load(&process->pages_seen), atomic_load(&process->pages_swapped));
        }
    }
    return 0;
}

/** What ops_name= of [engine] names. */
__attribute__((visibility("default"))) struct engine_ops idle_twice_ops = {
    .fill_eng_params = fill_eng_params,
    .clear_eng_params = clear_eng_params,
    .fill_task_params = fill_task_params,
    .clear_task_params = clear_task_params,
    .start_task = start_task,
    .stop_task = stop_task,
    .alloc_pid_params = alloc_pid_params,
    .free_pid_params = free_pid_params,
    .eng_mgt_func = eng_mgt_func,
};
