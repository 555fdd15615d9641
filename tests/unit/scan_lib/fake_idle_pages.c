/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "fake_idle_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>

#include "check.h"

#define IDLE_FD 1000
#define MAPS_FD 1001
#define READ_MIN 19

struct fake_process fake;
static uint64_t position;
/** Pages that were reported since idle_pages was opened. */
static bool reported[FAKE_PAGES_MAX];

int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
int __wrap_access(const char *path, int mode);
int __wrap_ioctl(int fd, unsigned long request, ...);
off_t __wrap_lseek(int fd, off_t offset, int whence);
ssize_t __wrap_read(int fd, void *into, size_t count);

int __wrap_open(const char *path, int flags, ...)
{
    CHECK((flags & O_CLOEXEC) != 0, "%s is inherited", path);
    if (fake.gone) {
        errno = ENOENT;
        return -1;
    }
    if (strcmp(path, "/proc/" FAKE_PID "/idle_pages") == 0) {
        if (fake.open_error != 0) {
            errno = fake.open_error;
            return -1;
        }
        fake.opens++;
        fake.idle_flags = 0;
        fake.vma_flags = 0;
        position = 0;
        memset(reported, 0, sizeof(reported));
        return IDLE_FD;
    }
    if (strcmp(path, "/proc/" FAKE_PID "/maps") == 0) {
        fake.opens++;
        return MAPS_FD;
    }
    errno = ENOENT;
    return -1;
}

int __wrap_close(int fd)
{
    CHECK(fd == IDLE_FD || fd == MAPS_FD, "closes %d", fd);
    fake.closes++;
    return 0;
}

int __wrap_access(const char *path, int mode)
{
    (void)mode;
    CHECK(strcmp(path, "/proc/" FAKE_PID) == 0, "%s", path);
    errno = ENOENT;
    return fake.gone ? -1 : 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;

    va_start(arguments, request);
    const unsigned int *flags = va_arg(arguments, unsigned int *);
    va_end(arguments);
    CHECK(fd == IDLE_FD, "ioctl on %d", fd);
    if (fake.ioctl_error != 0) {
        errno = fake.ioctl_error;
        return -1;
    }
    /* the numbers that kernel-abi documents */
    CHECK(request == 0x40046600 || request == 0x40046602, "ioctl 0x%lx", request);
    *(request == 0x40046600 ? &fake.idle_flags : &fake.vma_flags) |= *flags;
    return 0;
}

off_t __wrap_lseek(int fd, off_t offset, int whence)
{
    CHECK(fd == IDLE_FD, "lseek on %d", fd);
    if (whence == SEEK_SET) {
        position = (uint64_t)offset;
    }
    return (off_t)position;
}

/** The answer to a read while it is written. */
struct answer {
    uint8_t *bytes;
    size_t length, room;
    uint64_t next; /* the address it stands at; valid when length > 0 */
    size_t run;    /* index of the last run's byte, which more pages may join; 0: none */
};

/** Adds one unit, or says that there is no room. */
static bool put(struct answer *answer, unsigned int type, uint64_t address, uint64_t bytes)
{
    const bool jump = answer->length == 0 || address != answer->next;

    if (answer->length + (jump ? 10 : 1) > answer->room) {
        return false;
    }
    if (jump) {
        answer->bytes[answer->length++] = 0xa0;
        for (int shift = 56; shift >= 0; shift -= 8) {
            answer->bytes[answer->length++] = (uint8_t)(address >> shift);
        }
        answer->run = 0;
    }
    if (answer->run != 0 && answer->bytes[answer->run] >> 4 == type && (answer->bytes[answer->run] & 15) < 15) {
        answer->bytes[answer->run]++;
    } else {
        answer->run = answer->length;
        answer->bytes[answer->length++] = (uint8_t)(type << 4 | 1);
    }
    answer->next = address + bytes;
    return true;
}

static size_t table_pages(void)
{
    return (size_t)1 << (fake.geometry.shift[PMD_TYPE] - fake.geometry.shift[PTE_TYPE]);
}

static bool all_idle(size_t page)
{
    for (size_t i = 0; i < table_pages(); i++) {
        if (page + i >= fake.pages || fake.state[page + i] != 'i') {
            return false;
        }
    }
    return true;
}

/** What is reported of a page, and the page or unit that it is reported for. */
struct unit {
    unsigned int type;
    size_t page;  /* its first */
    size_t pages; /* base pages in it */
};

static struct unit unit_at(size_t page, size_t end_page)
{
    const size_t table = table_pages();
    size_t head = page;

    while (fake.state[head] == '.') {
        head--;
    }
    switch (fake.state[head]) {
    case 'a':
        return (struct unit){ 0, head, 1 };
    case 'd':
        return (struct unit){ (fake.idle_flags & 0x40000) != 0 ? 3 : 0, head, 1 };
    case 'i':
        if (fake.fold && head % table == 0 && head + table <= end_page && all_idle(head)) {
            return (struct unit){ 7, head, table };
        }
        return (struct unit){ 5, head, 1 };
    case 'A':
        return (struct unit){ 1, head, table };
    case 'D':
        return (struct unit){ (fake.idle_flags & 0x40000) != 0 ? 4 : 1, head, table };
    case 'I':
        return (struct unit){ 6, head, table };
    case 'P':
        return (struct unit){ 2, head,
                              (size_t)1 << (fake.geometry.shift[PUD_TYPE] - fake.geometry.shift[PTE_TYPE]) };
    default:
        return (struct unit){ 8, head, 1 };
    }
}

static void clear_accessed(size_t page)
{
    char *state = &fake.state[page];

    if (*state == 'a' || *state == 'd') {
        *state = 'i';
    } else if (*state == 'A' || *state == 'D') {
        *state = 'I';
    }
}

/** Fills the answer from the position on. @return the next position */
static uint64_t walk(struct answer *answer, uint64_t end)
{
    const unsigned int shift = fake.geometry.shift[PTE_TYPE];
    uint64_t at = position;

    while (at < end) {
        const size_t page = (size_t)((at - fake.base) >> shift);

        if (at < fake.base || page >= fake.pages || fake.state[page] == '-') {
            at += UINT64_C(1) << shift;
            continue;
        }
        const struct unit unit = unit_at(page, (size_t)((end - fake.base) >> shift));
        const uint64_t address = fake.base + ((uint64_t)unit.page << shift);
        const uint64_t bytes = (uint64_t)unit.pages << shift;

        /* a hole is mentioned only where the stream stands */
        if (unit.type != 8 || (answer->length > 0 && answer->next == address)) {
            if (!put(answer, unit.type, address, bytes)) {
                return at;
            }
        }
        if (unit.type != 8) {
            fake.repeats += reported[unit.page];
            reported[unit.page] = true;
        }
        clear_accessed(unit.page);
        at = address + bytes;
        if (fake.early != 0 && random_below(fake.early * 2000) == 0) {
            return at;
        }
    }
    return at;
}

ssize_t __wrap_read(int fd, void *into, size_t count)
{
    if (fd == MAPS_FD) {
        return fake.dies_after >= 0 && fake.reads >= fake.dies_after ? 0 : 1;
    }
    const uint64_t page = UINT64_C(1) << fake.geometry.shift[PTE_TYPE];
    CHECK(fd == IDLE_FD, "read of %d", fd);
    CHECK(count >= READ_MIN, "a read of %zu bytes", count);
    CHECK(position % page == 0, "a read at %llx", (unsigned long long)position);

    const long read_number = fake.reads++;
    if ((fake.dies_after >= 0 && read_number >= fake.dies_after) ||
        (fake.stuck_after >= 0 && read_number >= fake.stuck_after)) {
        return 0;
    }
    if (fake.eintr != 0 && random_below(fake.eintr) == 0) {
        errno = EINTR;
        return -1;
    }
    if (position >= fake.user_end || count > (fake.user_end - position) / (8 * page)) {
        return 0;
    }
    struct answer answer = { .bytes = into, .room = count };
    position = walk(&answer, position + count * 8 * page);
    if (fake.corrupt_after >= 0 && read_number >= fake.corrupt_after && answer.length > 0) {
        answer.bytes[answer.length - 1] = 0xf3;
    }
    return (ssize_t)answer.length;
}
