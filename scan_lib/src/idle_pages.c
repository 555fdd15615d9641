/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "idle_pages.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "idle_stream.h"
#include "process_file.h"

/* The ioctls of etmem_scan. */
#define IDLE_SCAN_MAGIC 0x66
#define IDLE_SCAN_ADD_FLAGS _IOW(IDLE_SCAN_MAGIC, 0x0, unsigned int)
#define VMA_SCAN_ADD_FLAGS _IOW(IDLE_SCAN_MAGIC, 0x2, unsigned int)

#define BUFFER_BYTES ((size_t)64 << 10)
/* A shorter read is refused with EINVAL. */
#define READ_MIN ((size_t)19)
/* A read of n bytes looks at 8 n base pages at most. */
#define PAGES_PER_BYTE_SHIFT 3
/*
 * With how many bytes a read of the end of user space begins, and how many reads are tried;
 * see read_to_end.
 */
#define END_READ ((size_t)512)
#define END_READS 64

/** An open idle_pages file and the scan that it is read for. */
struct idle_reader {
    int fd;
    unsigned int byte_shift; /* each byte asked for covers 2^byte_shift bytes of memory */
    struct scan_walk *walk;
    uint8_t *buffer;
    struct run_codes codes;
};

/** Adds flags to the open file. */
static int add_flags(int fd, unsigned long request, unsigned int flags)
{
    if (flags == 0) {
        return 0;
    }
    return ioctl(fd, request, &flags) == 0 ? 0 : errno;
}

int idle_pages_open(const char *pid, int flags, int *fd)
{
    const unsigned int bits = (unsigned int)flags;

    int error = process_file_open(pid, "idle_pages", fd);
    if (error != 0) {
        return error;
    }
    error = add_flags(*fd, IDLE_SCAN_ADD_FLAGS, bits & (SCAN_AS_HUGE | SCAN_IGN_HOST | SCAN_DIRTY_PAGE));
    if (error == 0) {
        error = add_flags(*fd, VMA_SCAN_ADD_FLAGS, bits & VMA_SCAN_FLAG);
    }
    if (error != 0) {
        (void)close(*fd);
    }
    return error;
}

/** Reads once from a position and decodes what came. @param next out: where the kernel goes on */
static int read_from(struct idle_reader *reader, uint64_t position, size_t bytes, uint64_t *next)
{
    ssize_t got;

    if (lseek(reader->fd, (off_t)position, SEEK_SET) < 0) {
        return errno;
    }
    do {
        got = read(reader->fd, reader->buffer, bytes);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return errno;
    }
    int error = idle_stream_decode(reader->walk, &reader->codes, reader->buffer, (size_t)got);
    if (error != 0) {
        return error;
    }
    const off_t after = lseek(reader->fd, 0, SEEK_CUR);
    if (after < 0) {
        return errno;
    }
    *next = (uint64_t)after;
    return 0;
}

/**
 * Reads on in an area that lies at the very end of user space, as the stack does without address
 * space randomization. The kernel answers 0 bytes to a read whose range goes beyond that end, and
 * the range of the smallest read is 152 pages. So the reads begin below the position and end with
 * the area; what lies below was reported before or is not wanted, and is dropped. Where so much of
 * it fills the answer that the kernel never comes as far as the position, the rest of the area
 * counts as accessed.
 *
 * @param next out: where the kernel goes on; not behind the position when it does not
 */
static int read_to_end(struct idle_reader *reader, uint64_t position, uint64_t end, uint64_t *next)
{
    const uint64_t step = UINT64_C(1) << reader->byte_shift;
    uint64_t bytes = END_READ;

    for (int reads = 0; reads < END_READS; reads++) {
        const uint64_t from = end - bytes * step;

        int error = read_from(reader, from, (size_t)bytes, next);
        if (error != 0 || *next > position || *next <= from) {
            return error;
        }
        bytes = (end - *next + step - 1) / step;
        bytes = bytes < READ_MIN ? END_READ : bytes;
    }
    scan_walk_assume_accessed(reader->walk, position, end);
    *next = end;
    return 0;
}

/**
 * How many bytes to ask for so that the kernel looks at what is left of an area,
 * no further if possible.
 */
static size_t bytes_to_ask(const struct idle_reader *reader, uint64_t left)
{
    const uint64_t bytes = left >> reader->byte_shift;

    if (bytes < READ_MIN) {
        return READ_MIN;
    }
    return bytes < BUFFER_BYTES ? (size_t)bytes : BUFFER_BYTES;
}

/**
 * Scans on to the end of an area.
 * @param position in: where to begin; out: where the kernel would go on
 */
static int scan_area(struct idle_reader *reader, const char *pid, uint64_t end, uint64_t *position)
{
    while (*position < end) {
        const uint64_t left = end - *position;
        uint64_t next;

        int error = read_from(reader, *position, bytes_to_ask(reader, left), &next);
        if (error == 0 && next <= *position && left >> reader->byte_shift < READ_MIN &&
            end >> reader->byte_shift >= END_READ) {
            error = read_to_end(reader, *position, end, &next);
        }
        if (error != 0) {
            return error;
        }
        if (next <= *position) {
            return process_has_memory(pid) ? EIO : ESRCH;
        }
        *position = next;
    }
    return 0;
}

int idle_pages_scan(int fd, const char *pid, const struct vmas *vmas, struct scan_walk *walk)
{
    struct idle_reader reader = {
        .fd = fd,
        .byte_shift = walk->cursor.geometry.shift[PTE_TYPE] + PAGES_PER_BYTE_SHIFT,
        .walk = walk,
        .buffer = malloc(BUFFER_BYTES),
    };
    uint64_t position = 0;
    int error = 0;

    if (reader.buffer == NULL) {
        return ENOMEM;
    }
    run_codes_make(&reader.codes, &walk->cursor.geometry);
    for (const struct vma *vma = vmas->vma_list; vma != NULL && error == 0; vma = vma->next) {
        position = scan_walk_enter(walk, vma, position);
        error = scan_area(&reader, pid, vma->end, &position);
    }
    free(reader.buffer);
    return error;
}
