/* SPDX-License-Identifier: MulanPSL-2.0 */
/* Areas from the text of maps and smaps. */
#include "vma_text.h"

#include <errno.h>
#include <string.h>

#include "check.h"
#include "failing_malloc.h"

static const char maps[] =
    "55d0c0000000-55d0c0002000 r--p 00000000 fd:01 1311 /usr/bin/cat\n"
    "55d0c0002000-55d0c0007000 r-xp 00002000 fd:01 1311 /usr/bin/cat\n"
    "55d0c000a000-55d0c000b000 rw-p 00009000 fd:01 1311 /usr/bin/cat\n"
    "55d0c1000000-55d0c1021000 rw-p 00000000 00:00 0                          [heap]\n"
    "7f0000000000-7f0040000000 rw-p 00000000 00:10 24580 /anon_hugepage (deleted)\n"
    "7f0040000000-7f0040200000 rw-s 00000000 00:10 24581 /anon_hugepage (deleted)\n"
    "7f0050000000-7f0050001000 rw-s 00000000 00:01 1025 /dev/zero (deleted)\n"
    "7f0060000000-7f0060001000 rw-p 00000000 00:00 0 \n"
    "7f0060001000-7f0060002000 rw-p 00000000 00:00 0 [anon:arena of mine]\n"
    "7f0070000000-7f0070001000 rw-p ffffffffff000 103:abcde 18446744073709551615 /a b\\012c  d\n"
    "7f0080000000-7f0080001000 rwxp 00000000 00:00 0 \n"
    "7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0 [stack]\n"
    "7ffc00100000-7ffc00104000 r--p 00000000 00:00 0 [vvar]\n"
    "7ffc00104000-7ffc00106000 r-xp 00000000 00:00 0 [vdso]\n"
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n";

/** Reads areas of a text. @return an errno value */
static int read_text(const char *text, size_t length, const struct vma_filter *filter, struct vmas **vmas)
{
    FILE *file = fmemopen((void *)text, length, "r");

    int error = vma_text_read(file, filter, vmas);
    (void)fclose(file);
    return error;
}

/** One of the areas, counted from 0; where there are fewer, one that is like none of them. */
static const struct vma *nth(const struct vmas *vmas, int n)
{
    static const struct vma none = { .path = "(none)", .stat = { false, false, false, true } };
    const struct vma *vma = vmas->vma_list;

    while (n-- > 0 && vma != NULL) {
        vma = vma->next;
    }
    return vma != NULL ? vma : &none;
}

static void every_column_is_read(void)
{
    struct vmas *vmas;
    const struct vma_filter all = { .flags = NULL };

    CHECK(read_text(maps, strlen(maps), &all, &vmas) == 0, "maps");
    CHECK(vmas->vma_cnt == 14, "%llu areas", (unsigned long long)vmas->vma_cnt);

    const struct vma *cat = nth(vmas, 1);
    CHECK(cat->start == 0x55d0c0002000 && cat->end == 0x55d0c0007000, "addresses");
    CHECK(cat->stat[VMA_STAT_READ] && !cat->stat[VMA_STAT_WRITE] && cat->stat[VMA_STAT_EXEC] &&
              !cat->stat[VMA_STAT_MAY_SHARE],
          "permissions");
    CHECK(cat->offset == 0x2000 && cat->inode == 1311, "offset and inode");
    CHECK(strcmp(cat->major, "fd") == 0 && strcmp(cat->minor, "01") == 0, "device %s:%s", cat->major, cat->minor);
    CHECK(strcmp(cat->path, "/usr/bin/cat") == 0, "path \"%s\"", cat->path);

    const struct vma *zero = nth(vmas, 6);
    CHECK(zero->stat[VMA_STAT_MAY_SHARE] && strcmp(zero->path, "/dev/zero (deleted)") == 0, "shared \"%s\"", zero->path);
    CHECK(nth(vmas, 7)->path[0] == '\0', "no path");

    const struct vma *odd = nth(vmas, 9);
    CHECK(odd->offset == 0xffffffffff000 && odd->inode == UINT64_MAX, "large numbers");
    CHECK(strcmp(odd->major, "103") == 0 && strcmp(odd->minor, "abcde") == 0, "device %s:%s", odd->major, odd->minor);
    CHECK(strcmp(odd->path, "/a b\\012c  d") == 0, "path with blanks \"%s\"", odd->path);
    CHECK(strcmp(nth(vmas, 13)->path, "[vdso]") == 0 && nth(vmas, 13)->next == NULL, "[vsyscall] is not left out");
    vma_list_free(vmas);
}

static void anonymous_only_takes_what_is_private_not_executable_and_anonymous_or_writable(void)
{
    const char *const expected[] = {
        "/usr/bin/cat", "[heap]", "/anon_hugepage (deleted)", "", "[anon:arena of mine]", "/a b\\012c  d", "[stack]",
        "[vvar]"
    };
    const int expected_count = sizeof(expected) / sizeof(expected[0]);
    const struct vma_filter anonymous = { .anonymous_only = true };
    struct vmas *vmas;

    CHECK(read_text(maps, strlen(maps), &anonymous, &vmas) == 0, "maps");
    CHECK(vmas->vma_cnt == (uint64_t)expected_count, "%llu areas", (unsigned long long)vmas->vma_cnt);
    for (int i = 0; i < expected_count && nth(vmas, i) != NULL; i++) {
        CHECK(strcmp(nth(vmas, i)->path, expected[i]) == 0, "area %d is not \"%s\"", i, expected[i]);
        CHECK(!nth(vmas, i)->stat[VMA_STAT_MAY_SHARE] && !nth(vmas, i)->stat[VMA_STAT_EXEC], "area %d", i);
    }
    vma_list_free(vmas);
}

static const char smaps[] =
    "7f0000000000-7f0000200000 rw-p 00000000 00:10 7 /anon_hugepage (deleted)\n"
    "Size:               2048 kB\n"
    "Private_Hugetlb:    2048 kB\n"
    "THPeligible:    0\n"
    "VmFlags: rd wr mr mw me de ht sd \n"
    "7f0000200000-7f0000300000 rw-p 00000000 00:00 0 \n"
    "Size:               1024 kB\n"
    "VmFlags: rd wr mr mw me ac sd \n"
    "7f0000300000-7f0000301000 r--p 00000000 00:00 0 \n"
    "Size:                  4 kB\n"
    "VmFlags: rd mr mw me xac ht\n"
    "7f0000400000-7f0000401000 rw-p 00000000 00:00 0 \n"
    "Size:                  4 kB\n";

/** How many areas of smaps have all flags of a list of two. */
static uint64_t areas_with(char *first, char *second, bool anonymous_only)
{
    char *flags[] = { first, second };
    const struct vma_filter filter = {
        .flags = flags, .flag_count = second == NULL ? 1 : 2, .anonymous_only = anonymous_only
    };
    struct vmas *vmas;

    CHECK(read_text(smaps, strlen(smaps), &filter, &vmas) == 0, "smaps");
    const uint64_t count = vmas->vma_cnt;
    vma_list_free(vmas);
    return count;
}

static void flags_must_all_be_there(void)
{
    CHECK(areas_with("ht", NULL, false) == 2, "ht");
    CHECK(areas_with("ht", "wr", false) == 1, "ht wr");
    CHECK(areas_with("wr", "ht", true) == 1, "wr ht, anonymous");
    CHECK(areas_with("rd", NULL, false) == 3, "rd");
    CHECK(areas_with("ac", "ht", false) == 0, "ac ht");
    CHECK(areas_with("sd", NULL, false) == 2, "sd, the last of its line");
    CHECK(areas_with("ac", NULL, false) == 1, "ac, and a longer word that ends with it");
    CHECK(areas_with("dw", NULL, false) == 0, "dw: letters of two flags");
    CHECK(areas_with("mF", NULL, false) == 0, "mF: of the line's own name");

    const char *const good[] = { "ht", "rd" };
    for (int i = 0; i < 2; i++) {
        CHECK(vma_flag_is_valid(good[i]), "%s", good[i]);
    }
    const char *const bad[] = { "", "h", "hta", " h", "h ", "ht ", "??", "1a" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(!vma_flag_is_valid(bad[i]), "\"%s\"", bad[i]);
    }
    CHECK(!vma_flag_is_valid(NULL), "no flag");
}

static void long_paths_are_cut(void)
{
    const struct vma_filter all = { .flags = NULL };
    static char text[10000];
    struct vmas *vmas;

    int length = snprintf(text, sizeof(text), "1000-2000 rw-p 00000000 00:00 5 /");
    memset(text + length, 'x', 5000);
    snprintf(text + length + 5000, 100, "\n2000-3000 rw-p 00000000 00:00 5 /short\n");
    CHECK(read_text(text, strlen(text), &all, &vmas) == 0, "long path");
    CHECK(vmas->vma_cnt == 2 && strlen(vmas->vma_list->path) == 255, "%zu bytes", strlen(vmas->vma_list->path));
    CHECK(strcmp(nth(vmas, 1)->path, "/short") == 0, "the next one");
    vma_list_free(vmas);
}

static void other_text_is_refused(void)
{
    const char *const texts[] = {
        "1000-2000 rw-p 00000000 00:00\n",
        "1000-2000 rw-p 00000000 00:00 x\n",
        "2000-1000 rw-p 00000000 00:00 0 \n",
        "1000-1000 rw-p 00000000 00:00 0 \n",
        "1000-2000 rw 00000000 00:00 0 \n",
        "1000 2000 rw-p 00000000 00:00 0 \n",
        "1000-2000 rw-p 00000000 00:123456789 0 \n",
        "1000-2000 rw-p 00000000 00:00 0 \n# a comment\n",
        "1000-2000 rw-p 00000000 00:00 0 \n\n",
        " 1000-2000 rw-p 00000000 00:00 0 \n",
    };
    const struct vma_filter all = { .flags = NULL };
    struct vmas *vmas;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CHECK(read_text(texts[i], strlen(texts[i]), &all, &vmas) == EBADMSG && vmas == NULL, "\"%s\" is taken", texts[i]);
    }
    FILE *empty = fopen("/dev/null", "r");
    CHECK(vma_text_read(empty, &all, &vmas) == 0 && vmas->vma_cnt == 0 && vmas->vma_list == NULL, "an empty text");
    (void)fclose(empty);
    vma_list_free(vmas);

    FILE *folder = fopen("/proc", "r");
    CHECK(vma_text_read(folder, &all, &vmas) == EISDIR && vmas == NULL, "a read that fails");
    (void)fclose(folder);
}

/** Memory runs out after each allocation in turn. */
static void running_out_of_memory_is_told(void)
{
    const struct vma_filter all = { .flags = NULL };
    int error = ENOMEM;
    long allocations = 0;

    for (; error == ENOMEM && allocations < 100; allocations++) {
        FILE *text = fmemopen((void *)maps, strlen(maps), "r");
        struct vmas *vmas;

        allocations_left = allocations;
        error = vma_text_read(text, &all, &vmas);
        allocations_left = -1;
        CHECK((error == 0) == (vmas != NULL), "areas and error %d", error);
        vma_list_free(vmas);
        (void)fclose(text);
    }
    CHECK(error == 0 && allocations == 14 + 2, "error %d after %ld allocations", error, allocations);
}

/** Text with bytes changed is read or refused, and nothing is lost of it. */
static void damaged_text_is_harmless(void)
{
    char *flags[] = { "rd" };
    static char text[sizeof(smaps) + sizeof(maps)];

    for (int round = 0; round < 2000; round++) {
        const struct vma_filter filter = {
            .flags = flags, .flag_count = (int)random_below(2), .anonymous_only = random_below(2) == 0
        };
        struct vmas *vmas;
        uint64_t areas = 0;

        size_t length = (size_t)snprintf(text, sizeof(text), "%s", random_below(2) == 0 ? smaps : maps);
        for (uint64_t i = random_below(4); i > 0; i--) {
            text[random_below(length)] = (char)random_below(256);
        }
        int error = read_text(text, 1 + random_below(length), &filter, &vmas);
        CHECK(error == 0 || error == EBADMSG, "round %d: %d", round, error);
        CHECK((error == 0) == (vmas != NULL), "round %d: areas and error %d", round, error);
        for (const struct vma *vma = vmas == NULL ? NULL : vmas->vma_list; vma != NULL; vma = vma->next) {
            areas++;
            CHECK(vma->start < vma->end, "round %d: an area ends before it starts", round);
        }
        CHECK(vmas == NULL || areas == vmas->vma_cnt, "round %d: %llu areas", round, (unsigned long long)areas);
        vma_list_free(vmas);
    }
}

int main(int argc, char **argv)
{
    random_begin(argc, argv);
    every_column_is_read();
    anonymous_only_takes_what_is_private_not_executable_and_anonymous_or_writable();
    flags_must_all_be_there();
    long_paths_are_cut();
    other_text_is_refused();
    running_out_of_memory_is_told();
    damaged_text_is_harmless();
    return checks_end();
}
