/*
 * mapping_target.c: a process with base pages, of which it touches some when it is told to. With
 * "map", a thread of it maps 16 pages, touches one and unmaps them, over and over, and counts.
 *
 * gcc -std=gnu11 -O2 -Wall -Wextra -Werror -pthread -o mapping_target mapping_target.c
 * mapping_target BYTES RECORD [map]
 *
 * RECORD is a file of 64-bit words in native order: start and end of the memory, how often the
 * thread has mapped, the longest time that it took, in ns; who writes 0 there begins anew.
 * Prints a line when the memory is filled, and after each line "PAGES STEP" that it has read and
 * obeyed: every STEP-th of the first PAGES pages is read.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include "recorded_memory.h"

static volatile uint64_t *record;
static unsigned long page;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000UL + time.tv_nsec;
}

static void *map_and_unmap(void *nothing)
{
	for (uint64_t before = now(), after;; before = after) {
		volatile char *area = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (area == MAP_FAILED)
			exit(1);
		*area = 1;
		munmap((void *)area, 16 * page);
		after = now();
		if (after - before > record[3])
			record[3] = after - before;
		record[2]++;
	}
	return nothing;
}

int main(int argc, char **argv)
{
	unsigned long bytes, pages, step;
	pthread_t thread;
	char *memory;

	if (argc < 3)
		return 2;
	page = sysconf(_SC_PAGESIZE);
	bytes = strtoul(argv[1], NULL, 10);
	memory = recorded_memory(bytes, argv[2], &record);
	if (argc > 3 && pthread_create(&thread, NULL, map_and_unmap, NULL))
		return 1;
	puts("ready");
	fflush(stdout);
	while (scanf("%lu %lu", &pages, &step) == 2) {
		for (unsigned long i = 0; i < pages && i < bytes / page; i += step)
			(void)*(volatile uint64_t *)(memory + i * page);
		puts("done");
		fflush(stdout);
	}
	return 0;
}
