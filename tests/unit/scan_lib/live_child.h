/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * A process that uses its memory when it is told to,
 * so that a test knows what a scan must say of every page.
 */
#ifndef TESTS_LIVE_CHILD_H
#define TESTS_LIVE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PAGE ((size_t)4096)
#define HUGE ((size_t)2 << 20)

/** Pieces of the child's memory. */
enum piece {
    SMALL,          /* base pages, every fifth is missing; used: every third */
    THP,            /* transparent huge pages; used, as in all others: every second unit */
    HUGETLB,        /* hugetlb pages */
    MARKED,         /* marked by MADV_SWAPFLAG where the kernel knows that */
    MOSAIC,         /* areas of one to seven pages side by side */
    FILE_WRITABLE,  /* a private writable mapping of a file, written to */
    FILE_READ_ONLY, /* a private read-only mapping of a file */
    SPARSE,         /* vast, three pages are there */
    PIECES
};

/** Where the pieces are, in this process and in its children. */
extern char *piece_at[PIECES];
extern size_t piece_bytes[PIECES];

/**
 * Whether a child has its processor forget translations before it uses its pages. page_idle clears
 * accessed bits and leaves them in the TLB; where nothing else runs meanwhile,
 * use of those pages would not be seen.
 */
extern bool child_flushes;

/** Bytes in a unit of a piece: a base page or a huge page. */
size_t unit_bytes_of(enum piece piece);

/** Units that a piece has room for. */
size_t units(enum piece piece);

/** The first unit at or behind one that the child has; units(piece): none. */
size_t next_present(enum piece piece, size_t unit);

/** Whether the child uses a unit, if it has it, when it is told to. */
bool is_used(enum piece piece, size_t unit);

/**
 * Reserves the pieces; children that are started afterwards have them.
 * Ends the program where that fails.
 */
void map_pieces(bool mark, size_t sparse_bytes);

/** A child, and the pipe ends to talk to it. */
struct child {
    pid_t pid;
    char name[16]; /* the pid as text */
    int commands;
    int answers;
};

/** Starts a child. @return once all its pages are there */
struct child start_child(void);

/** Lets a child use its pages. @return once it has */
void let_use(const struct child *child);

/** Ends a child and waits for it. */
void end_child(const struct child *child);

#endif
