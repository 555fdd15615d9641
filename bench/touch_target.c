/*
 * touch_target.c: a process that reads one word of every page of its
 * memory, over and over, and counts.
 *
 * gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o touch_target touch_target.c
 * touch_target BYTES RECORD
 *
 * RECORD is a file of 64-bit words in native order: start and end of the memory, pages read so far.
 * Prints a line when the memory is filled.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

/* Pages between two updates of the count. */
#define STRIDE 256

int main(int argc, char **argv)
{
	unsigned long page = sysconf(_SC_PAGESIZE), bytes;
	volatile uint64_t *record;
	uint64_t sum = 0;
	char *memory;
	int fd;

	if (argc != 3)
		return 2;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bytes = strtoul(argv[1], NULL, 10) / (page * STRIDE) * (page * STRIDE);
	fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || ftruncate(fd, 4096))
		return 1;
	record = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (record == MAP_FAILED || memory == MAP_FAILED)
		return 1;
	/* a kernel without huge pages refuses, which is as well */
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	for (unsigned long at = 0; at < bytes; at += page)
		*(volatile uint64_t *)(memory + at) = at + 1;
	record[0] = (uintptr_t)memory;
	record[1] = (uintptr_t)memory + bytes;
	puts("ready");
	fflush(stdout);
	for (;;)
		for (unsigned long at = 0; at < bytes;) {
			for (int i = 0; i < STRIDE; i++, at += page)
				sum += *(volatile uint64_t *)(memory + at);
			record[2] += STRIDE;
			record[3] = sum;
		}
}
