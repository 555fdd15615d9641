/* SPDX-License-Identifier: MulanPSL-2.0 */
#define _GNU_SOURCE
#include "live_child.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define MADV_SWAPFLAG 203

char *piece_at[PIECES];
size_t piece_bytes[PIECES];
bool child_flushes;

/* More than the kernel flushes one by one (tlb_single_page_flush_ceiling is 33): it flushes all. */
#define FLUSHED_PAGES 64

size_t unit_bytes_of(enum piece piece)
{
    return piece == THP || piece == HUGETLB ? HUGE : PAGE;
}

size_t units(enum piece piece)
{
    return piece_bytes[piece] / unit_bytes_of(piece);
}

size_t next_present(enum piece piece, size_t unit)
{
    if (piece == SMALL) {
        return unit % 5 == 4 ? unit + 1 : unit;
    }
    if (piece == SPARSE) {
        const size_t present[] = { 0, 77777, units(SPARSE) - 1 };

        for (int i = 0; i < 3; i++) {
            if (unit <= present[i]) {
                return present[i];
            }
        }
        return units(SPARSE);
    }
    return unit;
}

bool is_used(enum piece piece, size_t unit)
{
    return piece == SMALL ? unit % 3 == 0 : unit % 2 == 1;
}

static void touch(bool fill)
{
    for (int piece = 0; piece < PIECES; piece++) {
        for (size_t i = next_present(piece, 0); i < units(piece); i = next_present(piece, i + 1)) {
            volatile char *byte = piece_at[piece] + i * unit_bytes_of(piece);

            if (fill && piece != FILE_READ_ONLY) {
                *byte = 1;
            } else if (!fill && is_used(piece, i)) {
                (void)*byte;
            }
        }
    }
}

static void forget_translations(void)
{
    const size_t bytes = FLUSHED_PAGES * PAGE;
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (memory == MAP_FAILED || munmap(memory, bytes) != 0) {
        _exit(1);
    }
}

/**
 * The child: fills its memory, then uses it at each 'u' that it is sent,
 * until it is sent something else.
 */
static void be_child(int commands, int answers)
{
    char command = 'u';

    touch(true);
    /* areas of one to seven pages side by side, so that a read reaches across several of them */
    for (size_t page = 0, length = 1; page < units(MOSAIC); page += length, length = length % 7 + 1) {
        (void)mprotect(piece_at[MOSAIC] + page * PAGE, PAGE, PROT_READ);
    }
    while (write(answers, "", 1) == 1 && read(commands, &command, 1) == 1 && command == 'u') {
        if (child_flushes) {
            forget_translations();
        }
        touch(false);
    }
    _exit(0);
}

/** Maps a piece at a 2 MiB boundary, away from the others. */
static void map_piece(enum piece piece, size_t bytes, int protection, int flags, int fd)
{
    char *around = mmap(NULL, bytes + 3 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *inside = (char *)(((uintptr_t)around + 2 * HUGE - 1) & ~(uintptr_t)(HUGE - 1));

    piece_bytes[piece] = bytes;
    piece_at[piece] = mmap(inside, bytes, protection, flags | MAP_PRIVATE | MAP_FIXED, fd, 0);
    if (around == MAP_FAILED || piece_at[piece] == MAP_FAILED) {
        perror("Cannot map a piece of memory");
        exit(1);
    }
}

void map_pieces(bool mark, size_t sparse_bytes)
{
    const int all = PROT_READ | PROT_WRITE;
    const int own = MAP_ANONYMOUS | MAP_NORESERVE;
    const int file = open("/proc/self/exe", O_RDONLY);

    map_piece(SMALL, 16 * HUGE, all, own, -1);
    map_piece(THP, 8 * HUGE, all, own, -1);
    map_piece(HUGETLB, 4 * HUGE, all, own | MAP_HUGETLB, -1);
    map_piece(MARKED, HUGE / 2, all, own, -1);
    map_piece(MOSAIC, 300 * PAGE, all, own, -1);
    map_piece(FILE_WRITABLE, 16 * PAGE, all, 0, file);
    map_piece(FILE_READ_ONLY, 16 * PAGE, PROT_READ, 0, file);
    map_piece(SPARSE, sparse_bytes, all, own, -1);
    (void)close(file);
    if (mark && madvise(piece_at[MARKED], piece_bytes[MARKED], MADV_SWAPFLAG) != 0) {
        perror("Cannot mark memory by MADV_SWAPFLAG");
        exit(1);
    }
    (void)madvise(piece_at[THP], piece_bytes[THP], MADV_HUGEPAGE);
    (void)madvise(piece_at[SMALL], piece_bytes[SMALL], MADV_NOHUGEPAGE);
    (void)madvise(piece_at[SPARSE], piece_bytes[SPARSE], MADV_NOHUGEPAGE);
}

struct child start_child(void)
{
    struct child child;
    int down[2];
    int up[2];
    char done;

    CHECK(pipe(down) == 0 && pipe(up) == 0, "pipe: errno %d", errno);
    child.pid = fork();
    if (child.pid == 0) {
        (void)close(down[1]);
        (void)close(up[0]);
        be_child(down[0], up[1]);
    }
    (void)close(down[0]);
    (void)close(up[1]);
    child.commands = down[1];
    child.answers = up[0];
    snprintf(child.name, sizeof(child.name), "%d", (int)child.pid);
    CHECK(read(child.answers, &done, 1) == 1, "the child does not answer");
    return child;
}

void let_use(const struct child *child)
{
    char done;

    CHECK(write(child->commands, "u", 1) == 1 && read(child->answers, &done, 1) == 1, "the child does not answer");
}

void end_child(const struct child *child)
{
    (void)close(child->commands);
    (void)close(child->answers);
    (void)waitpid(child->pid, NULL, 0);
}
