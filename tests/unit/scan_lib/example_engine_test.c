/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * Does with the example engine what etmemd does: calls its operations in their order,
 * for one process.
 *
 *     example_engine_test LIBRARY               adds, starts, asks, stops, removes it, some times
 *     example_engine_test LIBRARY PID SECONDS   lets it work on a process and prints its showcounts
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "etmemd_thirdparty_export.h"

#define ENGINE_THIRDPARTY 7

/*
 * How often swap_pages was opened by a path, which may be another process's by then,
 * and below a folder.
 */
static unsigned int opened_by_path;
static unsigned int opened_below;

/** Stands in for that of the C library, for the engine too. */
int openat(int folder, const char *path, int flags, ...)
{
    opened_below += strcmp(path, "swap_pages") == 0;
    return (int)syscall(SYS_openat, folder, path, flags, 0);
}

/** The same. */
int open(const char *path, int flags, ...)
{
    opened_by_path += strstr(path, "/swap_pages") != NULL;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
}

/** The objects that etmemd would make of a file. */
struct objects {
    struct page_scan times;
    struct project project;
    struct engine engine;
    struct task task;
    struct task_pid pid;
    GKeyFile *config;
};

static void make_objects(struct objects *objects, struct engine_ops *ops, const char *text, unsigned int pid)
{
    *objects = (struct objects){
        .times = { .interval = 1, .loop = 2, .sleep = 1 },
        .project = { .name = "example", .type = PAGE_SCAN, .sysmem_threshold = -1, .start = true },
        .engine = { .engine_type = ENGINE_THIRDPARTY, .name = "idle_twice", .ops = ops },
        .task = { .type = "pid", .value = "1", .name = "one", .max_threads = 1 },
        .pid = { .pid = pid },
        .config = g_key_file_new(),
    };
    objects->project.scan_param = &objects->times;
    objects->project.engs = &objects->engine;
    objects->engine.proj = &objects->project;
    objects->task.eng = &objects->engine;
    objects->pid.tk = &objects->task;
    CHECK(g_key_file_load_from_data(objects->config, text, strlen(text), G_KEY_FILE_NONE, NULL), "%s", text);
}

/** Asks for showcounts. @return what the engine returned; its answer is printed */
static int ask(struct objects *objects, struct task *task, char *command)
{
    char answer[4096];
    int ends[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    int result = objects->engine.ops->eng_mgt_func(&objects->engine, task, command, ends[0]);
    (void)close(ends[0]);
    ssize_t length = read(ends[1], answer, sizeof(answer) - 1);
    (void)close(ends[1]);
    CHECK(length > 0, "no answer to %s", command);
    answer[length > 0 ? length : 0] = '\0';
    fputs(answer, stdout);
    return result;
}

/** Adds the engine and its task, starts it, waits, asks, stops and removes it. */
static void live(struct engine_ops *ops, unsigned int pid, unsigned int seconds)
{
    struct objects objects;
    struct task_pid *tk_pid = &objects.pid;
    struct timespec before;
    struct timespec after;

    make_objects(&objects, ops, "[engine]\nanon_only=yes\n[task]\nmax_mb=100\n", pid);
    CHECK(ops->fill_eng_params(objects.config, &objects.engine) == 0, "fill_eng_params");
    CHECK(ops->fill_task_params(objects.config, &objects.task) == 0, "fill_task_params");
    objects.engine.tasks = &objects.task;
    CHECK(ops->alloc_pid_params(&objects.engine, &tk_pid) == 0, "alloc_pid_params");
    objects.task.pids = tk_pid;
    CHECK(ops->start_task(&objects.engine, &objects.task) == 0, "start_task");
    (void)sleep(seconds);
    CHECK(ask(&objects, &objects.task, "showcounts") == 0, "showcounts");
    CHECK(ask(&objects, NULL, "showcounts") != 0, "showcounts without a task");
    CHECK(ask(&objects, &objects.task, "nonsense") != 0, "a command that does not exist");

    clock_gettime(CLOCK_MONOTONIC, &before);
    ops->stop_task(&objects.engine, &objects.task);
    clock_gettime(CLOCK_MONOTONIC, &after);
    printf("stopped after %.3f s\n", (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9);
    ops->free_pid_params(&objects.engine, &tk_pid);
    ops->clear_task_params(&objects.task);
    ops->clear_eng_params(&objects.engine);
    g_key_file_free(objects.config);
}

/** Gives the engine values that it must refuse. */
static void refuse(struct engine_ops *ops, const char *text, bool engine_takes_it)
{
    struct objects objects;

    make_objects(&objects, ops, text, 1);
    CHECK((ops->fill_eng_params(objects.config, &objects.engine) == 0) == engine_takes_it, "%s", text);
    if (engine_takes_it) {
        CHECK(ops->fill_task_params(objects.config, &objects.task) != 0, "%s", text);
        ops->clear_eng_params(&objects.engine);
    }
    g_key_file_free(objects.config);
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: example_engine_test LIBRARY [PID SECONDS]\n");
        return 2;
    }
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(library != NULL, "%s", dlerror());
    if (library == NULL) {
        return checks_end();
    }
    struct engine_ops *ops = dlsym(library, "idle_twice_ops");
    CHECK(ops != NULL, "no idle_twice_ops");
    if (argc == 4) {
        live(ops, (unsigned int)strtoul(argv[2], NULL, 10), (unsigned int)strtoul(argv[3], NULL, 10));
        return checks_end();
    }
    for (int i = 0; i < 3; i++) {
        live(ops, (unsigned int)getpid(), 0);
        live(ops, 2147483647U, 0);
    }
    CHECK(opened_by_path == 0 && opened_below > 0, "swap_pages: %u by path, %u below", opened_by_path, opened_below);
    refuse(ops, "[engine]\nanon_only=perhaps\n", false);
    refuse(ops, "[engine]\n[task]\nmax_mb=0\n", true);
    refuse(ops, "[engine]\n[task]\nmax_mb=many\n", true);
    (void)dlclose(library);
    return checks_end();
}
