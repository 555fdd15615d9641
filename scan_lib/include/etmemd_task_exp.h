/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef ETMEMD_TASK_EXP_H
#define ETMEMD_TASK_EXP_H

#include <pthread.h>
#include <stdint.h>

struct engine;
struct task;

typedef struct timer_thread_t timer_thread;
typedef struct thread_pool_t thread_pool;

/** A process of a task. 32 bytes; offsets 0 4 8 16 24. */
struct task_pid {
    unsigned int pid;
    float rt_swapin_rate; /* not used by this version */
    void *params;         /* the engine's own, from alloc_pid_params to free_pid_params */
    struct task *tk;
    struct task_pid *next;
};

/**
 * What [task] says. It belongs to the server; params is the engine's own. 88 bytes; offsets
 * 0 8 16 24 28 32 40 48 56 64 72 80.
 */
struct task {
    char *type;  /* "pid" or "name" */
    char *value; /* of value= */
    char *name;
    int max_threads;
    int swap_flag; /* not 0: swap_flag=yes, scan with VMA_SCAN_FLAG only */

    /**
     * The processes, linked by next: filled in before start_task and unchanged until stop_task has
     * returned, so that the engine's threads walk it without a lock. A process may go away
     * meanwhile.
     */
    struct task_pid *pids;
    struct engine *eng;
    void *params;
    pthread_t task_pt;            /* the engine's, to keep its thread in if it likes */
    timer_thread *timer_inst;     /* not used by this version */
    thread_pool *threadpool_inst; /* not used by this version */

    struct task *next; /* of the same engine */
};

#endif
