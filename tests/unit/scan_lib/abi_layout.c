/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * Prints `struct size`, and `struct.member offset size` for every member,
 * as the public headers lay them out.
 */
#include <stddef.h>
#include <stdio.h>

#include "etmemd_scan_export.h"
#include "etmemd_thirdparty_export.h"

#define SIZE(type) printf("%s %zu\n", #type, sizeof(struct type))
#define MEMBER(type, member) \
    printf("%s.%s %zu %zu\n", #type, #member, offsetof(struct type, member), sizeof(((struct type *)0)->member))

int main(void)
{
    SIZE(engine_ops);
    MEMBER(engine_ops, fill_eng_params);
    MEMBER(engine_ops, clear_eng_params);
    MEMBER(engine_ops, fill_task_params);
    MEMBER(engine_ops, clear_task_params);
    MEMBER(engine_ops, start_task);
    MEMBER(engine_ops, stop_task);
    MEMBER(engine_ops, alloc_pid_params);
    MEMBER(engine_ops, free_pid_params);
    MEMBER(engine_ops, eng_mgt_func);

    SIZE(engine);
    MEMBER(engine, engine_type);
    MEMBER(engine, name);
    MEMBER(engine, params);
    MEMBER(engine, proj);
    MEMBER(engine, page_ref);
    MEMBER(engine, ops);
    MEMBER(engine, tasks);
    MEMBER(engine, page_cnt);
    MEMBER(engine, next);
    MEMBER(engine, handler);

    SIZE(task);
    MEMBER(task, type);
    MEMBER(task, value);
    MEMBER(task, name);
    MEMBER(task, max_threads);
    MEMBER(task, swap_flag);
    MEMBER(task, pids);
    MEMBER(task, eng);
    MEMBER(task, params);
    MEMBER(task, task_pt);
    MEMBER(task, timer_inst);
    MEMBER(task, threadpool_inst);
    MEMBER(task, next);

    SIZE(task_pid);
    MEMBER(task_pid, pid);
    MEMBER(task_pid, rt_swapin_rate);
    MEMBER(task_pid, params);
    MEMBER(task_pid, tk);
    MEMBER(task_pid, next);

    SIZE(project);
    MEMBER(project, name);
    MEMBER(project, type);
    MEMBER(project, scan_param);
    MEMBER(project, sysmem_threshold);
    MEMBER(project, swapcache_high_wmark);
    MEMBER(project, swapcache_low_wmark);
    MEMBER(project, start);
    MEMBER(project, wmark_set);
    MEMBER(project, engs);
    MEMBER(project, entry);

    SIZE(page_scan);
    MEMBER(page_scan, interval);
    MEMBER(page_scan, loop);
    MEMBER(page_scan, sleep);

    SIZE(vma);
    MEMBER(vma, start);
    MEMBER(vma, end);
    MEMBER(vma, stat);
    MEMBER(vma, offset);
    MEMBER(vma, inode);
    MEMBER(vma, path);
    MEMBER(vma, major);
    MEMBER(vma, minor);
    MEMBER(vma, next);

    SIZE(vmas);
    MEMBER(vmas, vma_cnt);
    MEMBER(vmas, vma_list);

    SIZE(page_refs);
    MEMBER(page_refs, addr);
    MEMBER(page_refs, count);
    MEMBER(page_refs, type);
    MEMBER(page_refs, next);

    printf("PAGE_SCAN %d\nREGION_SCAN %d\nPSI_SCAN %d\n", PAGE_SCAN, REGION_SCAN, PSI_SCAN);
    printf("PTE_TYPE %d\nPMD_TYPE %d\nPUD_TYPE %d\n", PTE_TYPE, PMD_TYPE, PUD_TYPE);
    printf("SCAN_AS_HUGE %d\nSCAN_IGN_HOST %d\nVMA_SCAN_FLAG %d\nSCAN_DIRTY_PAGE %d\n", SCAN_AS_HUGE, SCAN_IGN_HOST,
           VMA_SCAN_FLAG, SCAN_DIRTY_PAGE);
    return 0;
}
