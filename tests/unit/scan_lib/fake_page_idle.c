/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "fake_page_idle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>

#include "check.h"

enum { PAGEMAP_FD = 1000, FLAGS_FD, BITMAP_FD, MAPS_FD };

struct fake_machine machine;

int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
int __wrap_access(const char *path, int mode);
ssize_t __wrap_read(int fd, void *into, size_t count);
ssize_t __wrap_pread(int fd, void *into, size_t count, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *from, size_t count, off_t offset);

size_t fake_head(size_t frame)
{
    while (machine.frames[frame].tail && frame > 0) {
        frame--;
    }
    return frame;
}

int __wrap_open(const char *path, int flags, ...)
{
    const struct {
        const char *path;
        bool missing;
        int access;
        int fd;
    } files[] = {
        { "/proc/" FAKE_PID "/pagemap", machine.gone, O_RDONLY, PAGEMAP_FD },
        { "/proc/" FAKE_PID "/maps", machine.gone, O_RDONLY, MAPS_FD },
        { "/proc/kpageflags", machine.no_page_flags, O_RDONLY, FLAGS_FD },
        { "/sys/kernel/mm/page_idle/bitmap", machine.no_page_idle, O_RDWR, BITMAP_FD },
    };

    CHECK((flags & O_CLOEXEC) != 0, "%s is inherited", path);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (strcmp(path, files[i].path) == 0 && !files[i].missing) {
            CHECK((flags & O_ACCMODE) == files[i].access, "%s is opened with %d", path, flags);
            machine.opens++;
            return files[i].fd;
        }
    }
    errno = ENOENT;
    return -1;
}

int __wrap_close(int fd)
{
    CHECK(fd >= PAGEMAP_FD && fd <= MAPS_FD, "closes %d", fd);
    machine.closes++;
    return 0;
}

int __wrap_access(const char *path, int mode)
{
    (void)mode;
    CHECK(strcmp(path, "/proc/" FAKE_PID) == 0, "%s", path);
    errno = ENOENT;
    return machine.gone ? -1 : 0;
}

ssize_t __wrap_read(int fd, void *into, size_t count)
{
    (void)into;
    CHECK(fd == MAPS_FD && count == 1, "read of %zu from %d", count, fd);
    return machine.dies_after >= 0 && machine.map_reads >= machine.dies_after ? 0 : 1;
}

static uint64_t pagemap_entry(uint64_t page)
{
    const uint64_t first = machine.base >> machine.geometry.shift[PTE_TYPE];

    if (page < first || page - first >= machine.page_count || machine.frame_of[page - first] == 0) {
        return UINT64_C(1) << 62; /* swapped */
    }
    const uint64_t frame = machine.no_rights ? 0 : machine.first_frame + machine.frame_of[page - first] - 1;
    return UINT64_C(1) << 63 | UINT64_C(1) << 61 | UINT64_C(1) << 55 | frame;
}

static uint64_t flags_word(uint64_t number)
{
    if (number < machine.first_frame) {
        return UINT64_C(1) << 20;
    }
    const struct fake_frame *frame = &machine.frames[number - machine.first_frame];
    const bool next_is_tail = number - machine.first_frame + 1 < machine.frame_count && frame[1].tail;
    uint64_t flags = UINT64_C(1) << 12;

    flags |= (uint64_t)frame->lru << 5;
    flags |= (uint64_t)(!frame->tail && next_is_tail) << 15;
    flags |= (uint64_t)frame->tail << 16;
    flags |= (uint64_t)frame->other << frame->flag;
    return flags;
}

static uint64_t marks_word(uint64_t word)
{
    uint64_t marks = 0;

    for (uint64_t i = 0; i < 64; i++) {
        const uint64_t index = word * 64 + i - machine.first_frame;

        if (word * 64 >= machine.first_frame && index < machine.frame_count) {
            marks |= (uint64_t)(machine.frames[index].lru && machine.frames[index].idle) << i;
        }
    }
    return marks;
}

ssize_t __wrap_pread(int fd, void *into, size_t count, off_t offset)
{
    uint64_t *words = into;
    uint64_t first = (uint64_t)offset / 8;
    size_t length = count / 8;

    CHECK(offset % 8 == 0 && count % 8 == 0 && count > 0, "pread of %zu bytes at %lld", count, (long long)offset);
    if (machine.pieces != 0 && length > 1 && random_below(machine.pieces) == 0) {
        length = 1 + random_below(length);
    }
    if (fd == PAGEMAP_FD) {
        if (machine.moves_before_read >= 0 && machine.map_reads >= machine.moves_before_read) {
            machine.frame_of[machine.moved_page] = machine.moved_to + 1;
        }
        if (machine.dies_after >= 0 && machine.map_reads >= machine.dies_after) {
            return 0;
        }
        machine.map_reads++;
    }
    size_t done = 0;
    for (; done < length; done++) {
        if (fd == PAGEMAP_FD) {
            words[done] = pagemap_entry(first + done);
            continue;
        }
        /* frames end where the machine's memory does */
        const uint64_t frame = fd == BITMAP_FD ? (first + done) * 64 : first + done;
        if (frame >= machine.first_frame + machine.frame_count) {
            break;
        }
        words[done] = fd == BITMAP_FD ? marks_word(first + done) : flags_word(first + done);
    }
    return (ssize_t)(done * 8);
}

ssize_t __wrap_pwrite(int fd, const void *from, size_t count, off_t offset)
{
    const uint64_t *words = from;

    CHECK(fd == BITMAP_FD && offset % 8 == 0 && count % 8 == 0, "pwrite of %zu bytes to %d", count, fd);
    if (machine.mark_error != 0) {
        errno = machine.mark_error;
        return -1;
    }
    for (size_t i = 0; i < count / 8 * 64; i++) {
        const uint64_t frame = (uint64_t)offset / 8 * 64 + i;
        const uint64_t index = frame - machine.first_frame;

        if ((words[i / 64] >> (i % 64) & 1) == 0) {
            continue;
        }
        CHECK(frame >= machine.first_frame && index < machine.frame_count, "a mark on no frame");
        machine.foreign_marks += !machine.frames[index].ours;
        machine.needless_marks += machine.frames[index].lru && machine.frames[index].idle;
        if (machine.frames[index].lru) {
            machine.frames[index].idle = true;
        }
    }
    return (ssize_t)count;
}

size_t fake_table_pages(void)
{
    return (size_t)1 << (machine.geometry.shift[PMD_TYPE] - machine.geometry.shift[PTE_TYPE]);
}

void fake_map(size_t page, size_t frame)
{
    machine.frame_of[page] = frame + 1;
    machine.frames[frame].ours = true;
    machine.frames[fake_head(frame)].ours = true;
}

void fake_join_frames(size_t first, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        machine.frames[first + i].tail = true;
        machine.frames[first + i].lru = false;
    }
}

void fake_lay_out(void)
{
    const size_t table = fake_table_pages();
    size_t frame = 0;

    for (size_t page = 0; page < machine.page_count;) {
        const bool fits = page + table <= machine.page_count;

        if (fits && (page % table == 0 ? random_below(2) : random_below(table / 4)) == 0) {
            /*
             * a huge page, sometimes where no PMD can map it; a page of it is missing,
             * or was copied on write
             */
            frame = (frame + table - 1) / table * table;
            if (frame + 2 * table > machine.frame_count) {
                return;
            }
            fake_join_frames(frame, table);
            const size_t odd = random_below(3) == 0 ? random_below(table) : table;
            const bool copied = random_below(2) == 0;
            const size_t shift = random_below(4) == 0 ? 1 : 0;

            for (size_t i = 0; i + shift < table; i++) {
                if (i != odd) {
                    fake_map(page + i, frame + i + shift);
                } else if (copied) {
                    fake_map(page + i, frame + table);
                }
            }
            page += table;
            frame += table + 1;
            continue;
        }
        if (frame + 40 > machine.frame_count) {
            return;
        }
        switch (random_below(12)) {
        case 0:
            break; /* not present */
        case 1: { /* hugetlb, no page, the zero page, reserved */
            const unsigned int bits[] = { 17, 20, 24, 32 };

            machine.frames[frame].other = true;
            machine.frames[frame].lru = false;
            machine.frames[frame].flag = bits[random_below(4)];
            fake_map(page, frame++);
            break;
        }
        case 2: /* on no list for the moment */
            machine.frames[frame].lru = false;
            fake_map(page, frame++);
            break;
        case 3: /* the frame of an earlier page, too (KSM) */
            fake_map(page, page == 0 || machine.frame_of[page - 1] == 0 ? frame++ : machine.frame_of[page - 1] - 1);
            break;
        case 4: /* another process's frames lie between */
            frame += random_below(30);
            fake_map(page, frame++);
            break;
        case 5: /* a small huge page */
            frame = (frame + 3) / 4 * 4;
            fake_join_frames(frame, 4);
            fake_map(page, frame + random_below(4));
            frame += 4;
            break;
        default:
            fake_map(page, frame++);
        }
        page++;
    }
}

void fake_play(unsigned int base_shift, size_t pages, size_t frames)
{
    memset(&machine, 0, sizeof(machine));
    machine.geometry = geometry_of(base_shift);
    machine.first_frame = (UINT64_C(5) << 18) + ((UINT64_C(1) << 18) - 8192);
    machine.frame_count = frames;
    machine.base = FAKE_BASE;
    machine.page_count = pages;
    machine.moves_before_read = -1;
    machine.dies_after = -1;
    for (size_t i = 0; i < frames; i++) {
        machine.frames[i].lru = true;
    }
}

const struct vmas *fake_areas(size_t first_page)
{
    static struct vma areas[2];
    static struct vmas vmas;
    const unsigned int shift = machine.geometry.shift[PTE_TYPE];
    const uint64_t cut = FAKE_BASE + ((uint64_t)(machine.page_count / 2 / fake_table_pages() * fake_table_pages()) << shift);

    areas[1] = (struct vma){ .start = cut, .end = FAKE_BASE + ((uint64_t)machine.page_count << shift) };
    areas[0] = (struct vma){ .start = FAKE_BASE + ((uint64_t)first_page << shift), .end = cut, .next = &areas[1] };
    if (areas[0].start >= cut) {
        areas[1].start = areas[0].start;
        vmas = (struct vmas){ .vma_cnt = 1, .vma_list = &areas[1] };
    } else {
        vmas = (struct vmas){ .vma_cnt = 2, .vma_list = &areas[0] };
    }
    return &vmas;
}
