/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef ETMEMD_ENGINE_EXP_H
#define ETMEMD_ENGINE_EXP_H

#include <glib.h>
#include <stdint.h>

struct engine_ops;
struct page_refs;
struct project;
struct task;
struct task_pid;

/**
 * A third-party engine of a project. It belongs to the server; params and page_ref are the engine's
 * own. 80 bytes; offsets 0 8 16 24 32 40 48 56 64 72.
 */
struct engine {
    int engine_type; /* 7 */
    char *name;      /* of eng_name= */
    void *params;
    struct project *proj;
    struct page_refs *page_ref;
    struct engine_ops *ops;
    struct task *tasks; /* linked by task.next */
    uint64_t page_cnt;
    struct engine *next; /* of the same project */
    void *handler;       /* the server's */
};

/**
 * What the library exports under the name that ops_name= gives: a struct of nine pointers,
 * 72 bytes, any of which may be NULL (without start_task the project cannot be started). They are
 * called one at a time. An operation that does not return within 5 seconds counts as hung, and the
 * process in which the engine lives is ended.
 *
 * config holds [project] if the file has one, the [engine] group of this engine, and, for
 * fill_task_params, the [task] group of this task. It is valid during the call only.
 */
struct engine_ops {
    /** The engine is added. Not 0: it is refused, and clear_eng_params is not called. */
    int (*fill_eng_params)(GKeyFile *config, struct engine *eng);
    /** The engine is removed; all its tasks were removed before. */
    void (*clear_eng_params)(struct engine *eng);
    /** A task is added. Not 0: it is refused, and clear_task_params is not called. */
    int (*fill_task_params)(GKeyFile *config, struct task *task);
    /** A task is removed; it was stopped before. */
    void (*clear_task_params)(struct task *tk);
    /**
     * The project starts, or a task is added to a started one. It returns soon: the work is done by
     * threads that it starts. Not 0: the start fails.
     */
    int (*start_task)(struct engine *eng, struct task *tk);
    /**
     * The work of a task ends. When it returns no thread of the engine uses the task or its pids.
     */
    void (*stop_task)(struct engine *eng, struct task *tk);
    /**
     * Called for each process just before start_task: fills in (*tk_pid)->params. Not 0:
     * the start fails.
     */
    int (*alloc_pid_params)(struct engine *eng, struct task_pid **tk_pid);
    /** Called for each process after stop_task: gives (*tk_pid)->params back. */
    void (*free_pid_params)(struct engine *eng, struct task_pid **tk_pid);
    /**
     * `etmem engine CMD`: writes its answer, which must not hold the bytes 0xff and 0xfe, to the
     * blocking stream socket fd and leaves that open. tk is NULL when the client named no task.
     * Not 0: the command failed.
     */
    int (*eng_mgt_func)(struct engine *eng, struct task *tk, char *cmd, int fd);
};

#endif
