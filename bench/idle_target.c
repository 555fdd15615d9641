/*
 * idle_target.c: a process with memory in many VMAs, all of it present, that does nothing. Each VMA
 * is apart from the next by a page that cannot be accessed.
 *
 * gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o idle_target idle_target.c
 * idle_target VMAS BYTES [NAME]           prints a line when its memory is filled
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long vmas, size, page = sysconf(_SC_PAGESIZE);
	char *memory;

	if (argc < 3)
		return 2;
	vmas = strtoul(argv[1], NULL, 10);
	if (!vmas)
		return 2;
	size = strtoul(argv[2], NULL, 10) / vmas / page * page;
	if (argc > 3)
		prctl(PR_SET_NAME, argv[3]);
	memory = mmap(NULL, vmas * (size + page), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	for (unsigned long i = 0; i < vmas; i++) {
		char *area = memory + i * (size + page);

		if (mprotect(area, size, PROT_READ | PROT_WRITE))
			return 1;
		for (unsigned long at = 0; at < size; at += page)
			*(unsigned long *)(area + at) = (unsigned long)(area + at);
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
