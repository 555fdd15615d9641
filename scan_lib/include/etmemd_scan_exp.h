/* SPDX-License-Identifier: MulanPSL-2.0 */
#ifndef ETMEMD_SCAN_EXP_H
#define ETMEMD_SCAN_EXP_H

#include <stdbool.h>
#include <stdint.h>

#include "etmemd_exp.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VMA_PATH_STR_LEN 256
#define VMA_MAJOR_MINOR_LEN 8

/*
 * Flags of etmemd_get_page_refs. The values are those of the etmem_scan kernel module.
 */
#define SCAN_AS_HUGE 0x1000000   /* report small second-stage pages of a KVM guest in PMD units */
#define SCAN_IGN_HOST 0x2000000  /* of a KVM guest: leave out the accesses of the host itself */
#define VMA_SCAN_FLAG 0x1000     /* scan only memory marked by madvise(MADV_SWAPFLAG) */
#define SCAN_DIRTY_PAGE 0x40000  /* report a written page as dirty (weight 3), not as accessed */

/* Indices of vma.stat, in the order of the letters in /proc/PID/maps. */
enum {
    VMA_STAT_READ = 0,
    VMA_STAT_WRITE = 1,
    VMA_STAT_EXEC = 2,
    VMA_STAT_MAY_SHARE = 3, /* 's', shared; otherwise 'p', private */
    VMA_STAT_INIT
};

/**
 * A virtual memory area as /proc/PID/maps shows it. 320 bytes; offsets 0 8 16 24 32 40 296 304 312.
 */
struct vma {
    uint64_t start; /* first byte */
    uint64_t end;   /* first byte behind it */
    bool stat[VMA_STAT_INIT];
    uint64_t offset;                 /* of its first byte in the file, in bytes */
    uint64_t inode;                  /* of the file; 0: none */
    char path[VMA_PATH_STR_LEN];     /* as in maps, cut to 255 bytes; "" where maps shows none */
    char major[VMA_MAJOR_MINOR_LEN]; /* the device of the file, hexadecimal */
    char minor[VMA_MAJOR_MINOR_LEN];

    struct vma *next; /* the area with the next higher address; NULL at the end */
};

/** A list of areas, sorted by address. 16 bytes; offsets 0 8. */
struct vmas {
    uint64_t vma_cnt;
    struct vma *vma_list;
};

/**
 * Makes the library ready. To be called once, before etmemd_get_page_refs.
 *
 * @return 0, or -1 when it was called before and etmemd_scan_exit was not
 */
int etmemd_scan_init(void);

/**
 * Ends the use of the library, so that etmemd_scan_init may be called again.
 * Lists that were handed out stay valid.
 */
void etmemd_scan_exit(void);

/**
 * Reads the areas of a process that are to be scanned. [vsyscall],
 * which is no memory of the process, is left out.
 *
 * @param pid           the process, in decimal: "1234"
 * @param vmflags_array two-letter flags, for example "ht" (see VmFlags in proc(5), smaps); an area
 *                      is taken only if it has all of them. May be NULL when vmflags_num is 0.
 * @param vmflags_num   how many; with 0 the areas are read from maps, which is much cheaper than
 *                      smaps
 * @param is_anon_only  take only areas that are private, not executable, and anonymous (inode 0) or
 *                      writable: heap, stacks, anonymous mappings, anonymous hugetlb mappings, and
 *                      writable private mappings of files
 * @return the areas, perhaps none (a kernel thread has none), to be given to etmemd_free_vmas;
 *         or NULL with errno: EINVAL pid or flags are malformed, ESRCH no such process,
 *         EACCES or EPERM no right to look, ENOMEM, EBADMSG the kernel's text was not understood
 */
struct vmas *etmemd_get_vmas(const char *pid, char **vmflags_array, int vmflags_num, bool is_anon_only);

/**
 * Gives areas back. NULL is allowed, and so are areas that the caller
 * allocated by malloc(3) itself.
 */
void etmemd_free_vmas(struct vmas *vmas);

/**
 * Scans the areas once and adds what each present page was used for to a list. Begin with a list of
 * NULL; hand the same list in again to count over several scans. Pages that are new are inserted
 * where their address belongs; pages that are no longer there keep their count; no node is ever
 * taken out, so pointers to nodes stay valid. The cost is constant for each page,
 * in a first scan and in a further one.
 *
 * A scan tells what was used since the scan before it, which another program may have made: the
 * first one after a long time reports nearly everything as accessed. Make a first scan whose counts
 * are thrown away, wait, then begin to count. Between a scan and the next one no other program may
 * scan the process.
 *
 * Where memory is mapped in other units than the list has it in (a huge page was split or put
 * together meanwhile), the list keeps its own: the nodes in a huge page each get its weight, and a
 * huge page that is a node of the list gets the highest weight of what is now in it, once.
 *
 * How access is watched:
 *
 * - /proc/PID/idle_pages where the module etmem_scan is loaded. Private mappings of files that are
 *   not writable, and shared ones, are skipped by the kernel. Memory that was read and never
 *   written, which is the page of zeros, is reported like other memory: there is nothing to move.
 * - Where that file is missing: /sys/kernel/mm/page_idle/bitmap (4.3 or later). A call reads for
 *   each page whether it was used since it was last marked, and marks it again. A page that was
 *   never marked, or came into being since, or lies in another page frame than it did when this
 *   call began counts as accessed: so the first call for a process reports everything as accessed,
 *   and the next one what was used in between, as idle_pages does. The differences: a frame that
 *   several processes share has one mark, so scanning one of them shortens the time that is seen of
 *   the others; the TLB is not flushed, so use of a page whose translation a processor keeps for
 *   all of the time is not seen; hugetlb memory cannot be watched and is left out, and so is the
 *   page of zeros; dirty pages are reported as accessed; a KVM guest's memory is reported in the
 *   units of the host with the accesses of both, with or without SCAN_AS_HUGE and SCAN_IGN_HOST;
 *   VMA_SCAN_FLAG is refused with ENOTSUP.
 *
 * Lists of different processes may be worked on at the same time from different threads.
 *
 * @param vmas      the areas; those that are gone meanwhile are passed over
 * @param pid       the process they were read from, in decimal
 * @param page_refs in: the list of the scans before, or NULL; out: its first node. Valid
 *                  after an error too: then it holds what was counted until then, and is still
 *                  the caller's.
 * @param flags     0 or several of the flags above; other bits are ignored
 * @return 0, or -1 with errno; then the scan is not complete and the counts of the pages that it
 *         did not reach are too low. EINVAL an argument is missing, the pid is malformed, an area
 *         ends before it starts, or etmemd_scan_init was not called; ESRCH the process is gone;
 *         EPERM or EACCES no right (CAP_SYS_ADMIN is needed); ENODEV the kernel offers neither way;
 *         ENOTSUP see above; EBADMSG the kernel's stream is corrupt; EIO the kernel does not go on;
 *         ENOMEM
 */
int etmemd_get_page_refs(const struct vmas *vmas, const char *pid, struct page_refs **page_refs, int flags);

/**
 * Gives a list of pages back, from the node that is handed in to the end. Every node is a block of
 * malloc(3) of its own: a list may be cut, joined, and given back in pieces. NULL is allowed.
 */
void etmemd_free_page_refs(struct page_refs *page_refs);

#ifdef __cplusplus
}
#endif

#endif
