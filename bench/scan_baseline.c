/*
 * scan_baseline.c: what it costs to scan the memory of a process with nothing around it: the same
 * files of the kernel, read from one end to the other by plain C.
 *
 * gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o scan_baseline scan_baseline.c
 * scan_baseline smaps|page_idle|idle_pages PID START END RUNS
 *
 * Prints the CPU seconds of each run, one a line; fails when a run saw another number of pages.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PRESENT (1UL << 63)
#define FRAME_MASK ((1UL << 55) - 1)
#define MAX_FRAMES (1UL << 26) /* 256 GiB of 4K pages */

static unsigned long page, start, end;
static char proc[64];
static uint64_t buffer[8192];
static uint64_t marked[MAX_FRAMES / 64];
static unsigned long last_word;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_file(const char *name, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	fd = open(path, flags);
	if (fd < 0)
		die(path);
	return fd;
}

/* Present pages of the range; marks their frames when asked. */
static unsigned long read_pagemap(bool mark)
{
	int fd = open_file("pagemap", O_RDONLY);
	unsigned long pages = 0;

	for (unsigned long at = start / page; at < end / page;) {
		unsigned long want = end / page - at < 8192 ? end / page - at : 8192;
		ssize_t got = pread(fd, buffer, want * 8, at * 8);

		if (got <= 0)
			die("pagemap");
		for (ssize_t i = 0; i < got / 8; i++) {
			if (!(buffer[i] & PRESENT))
				continue;
			pages++;
			if (mark) {
				unsigned long frame = buffer[i] & FRAME_MASK;

				if (frame >= MAX_FRAMES)
					die("frame number");
				marked[frame / 64] |= 1UL << frame % 64;
				if (frame / 64 > last_word)
					last_word = frame / 64;
			}
		}
		at += got / 8;
	}
	close(fd);
	return pages;
}

static unsigned long scan_smaps(void)
{
	int fd = open_file("smaps", O_RDONLY);

	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	close(fd);
	fd = open_file("clear_refs", O_WRONLY);
	if (write(fd, "1", 1) != 1)
		die("clear_refs");
	close(fd);
	return read_pagemap(false);
}

/*
 * Reads or marks a run of words of the bitmap: a file of sysfs takes and gives at most a page in
 * one call.
 */
static void transfer(int fd, bool mark, uint64_t *words, unsigned long first, unsigned long count)
{
	for (unsigned long done = 0; done < count;) {
		size_t bytes = (count - done) * 8;
		off_t at = (first + done) * 8;
		ssize_t n = mark ? pwrite(fd, words + done, bytes, at) :
				   pread(fd, words + done, bytes, at);

		if (n <= 0)
			die("page_idle");
		done += n / 8;
	}
}

/* One scan looks at the frames that the one before marked, and marks those that are there now. */
static unsigned long scan_page_idle(void)
{
	int fd = open("/sys/kernel/mm/page_idle/bitmap", O_RDWR);
	unsigned long pages, idle = 0;

	if (fd < 0)
		die("page_idle");
	for (unsigned long word = 0; word <= last_word; word++) {
		unsigned long first = word;

		while (word <= last_word && marked[word] && word - first < 8192)
			word++;
		transfer(fd, false, buffer, first, word - first);
		for (unsigned long i = first; i < word; i++)
			idle += __builtin_popcountl(buffer[i - first] & marked[i]);
	}
	memset(marked, 0, (last_word + 1) * 8);
	pages = read_pagemap(true);
	for (unsigned long word = 0; word <= last_word; word++) {
		unsigned long first = word;

		while (word <= last_word && marked[word] && word - first < 8192)
			word++;
		transfer(fd, true, marked + first, first, word - first);
	}
	close(fd);
	return idle <= pages ? pages : 0;
}

static unsigned long scan_idle_pages(void)
{
	int fd = open_file("idle_pages", O_RDONLY);
	unsigned long pages = 0;

	if (lseek(fd, start, SEEK_SET) < 0)
		die("idle_pages");
	for (;;) {
		unsigned char *answer = (unsigned char *)buffer;
		unsigned long at = 0, left = (end - lseek(fd, 0, SEEK_CUR)) / page;
		ssize_t got;

		if (!left || (long)left < 0)
			break;
		got = read(fd, answer, left / 8 + 19 < sizeof(buffer) ? left / 8 + 19 : sizeof(buffer));
		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got; i++) {
			if (answer[i] == 0xa0) {
				uint64_t address;

				if (i + 8 >= got)
					break;
				memcpy(&address, answer + i + 1, 8);
				at = be64toh(address);
				i += 8;
				continue;
			}
			switch (answer[i] >> 4) {
			case 0: case 3: case 5:
				for (int n = answer[i] & 15; n; n--, at += page)
					pages += at < end;
				break;
			case 7:
				pages += (answer[i] & 15) * 512;
				at += (answer[i] & 15) * 512 * page;
				break;
			case 8:
				at += (answer[i] & 15) * page;
				break;
			}
		}
	}
	close(fd);
	return pages;
}

int main(int argc, char **argv)
{
	unsigned long (*scan)(void);

	if (argc != 6)
		return 2;
	page = sysconf(_SC_PAGESIZE);
	snprintf(proc, sizeof(proc), "/proc/%s", argv[2]);
	start = strtoul(argv[3], NULL, 10);
	end = strtoul(argv[4], NULL, 10);
	scan = !strcmp(argv[1], "smaps") ? scan_smaps :
	       !strcmp(argv[1], "page_idle") ? scan_page_idle : scan_idle_pages;
	/* the first one finds nothing marked, and is not among the runs */
	if (scan == scan_page_idle)
		scan();
	for (int run = atoi(argv[5]); run > 0; run--) {
		struct timespec before, after;
		unsigned long pages;

		/* so that as many pages were used as where the program under test scans */
		sleep(1);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
		pages = scan();
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
		if (pages != (end - start) / page) {
			fprintf(stderr, "%lu of %lu pages were seen\n", pages, (end - start) / page);
			return 1;
		}
		printf("%.9f\n", after.tv_sec - before.tv_sec + (after.tv_nsec - before.tv_nsec) / 1e9);
	}
	return 0;
}
