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
#include <stdio.h>
#include "recorded_memory.h"

/* Pages between two updates of the count. */
#define STRIDE 256

int main(int argc, char **argv)
{
	unsigned long page = sysconf(_SC_PAGESIZE), bytes;
	volatile uint64_t *record;
	uint64_t sum = 0;
	char *memory;

	if (argc != 3)
		return 2;
	bytes = strtoul(argv[1], NULL, 10) / (page * STRIDE) * (page * STRIDE);
	memory = recorded_memory(bytes, argv[2], &record);
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
