/*
 * swap_baseline.c: pages out what it is told is cold, as fast as plain C does.
 *
 * gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o swap_baseline swap_baseline.c
 * swap_baseline PID START PAGES first|every N
 *
 * All pages but the first Nth, or but every Nth, are written to /proc/PID/swap_pages.
 * Prints the seconds it took.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINES 4096

static char text[LINES * 20];

int main(int argc, char **argv)
{
	unsigned long page = sysconf(_SC_PAGESIZE), start, pages, n;
	struct timespec before, after;
	char path[64];
	int fd, length = 0, lines = 0;

	if (argc != 6)
		return 2;
	snprintf(path, sizeof(path), "/proc/%s/swap_pages", argv[1]);
	start = strtoul(argv[2], NULL, 10);
	pages = strtoul(argv[3], NULL, 10);
	n = strtoul(argv[5], NULL, 10);
	clock_gettime(CLOCK_MONOTONIC, &before);
	fd = open(path, O_WRONLY);
	if (fd < 0) {
		perror(path);
		return 1;
	}
	for (unsigned long i = 0; i <= pages; i++) {
		int is_hot = !strcmp(argv[4], "first") ? i < pages / n : i % n == 0;

		if (i < pages && !is_hot) {
			length += sprintf(text + length, "0x%lx\n", start + i * page);
			lines++;
		}
		if (lines == LINES || i == pages) {
			if (write(fd, text, length) != length) {
				perror(path);
				return 1;
			}
			length = lines = 0;
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &after);
	printf("%.6f\n", after.tv_sec - before.tv_sec + (after.tv_nsec - before.tv_nsec) / 1e9);
	return 0;
}
