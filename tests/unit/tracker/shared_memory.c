/*
 * shared_memory.c: a process with 8 MiB of shared memory, all of it present, that says "ready" and
 * waits. With an argument it has the same as a private mapping of a memfd.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BYTES (8UL << 20)

int main(int argc, char **argv)
{
	int fd = memfd_create("shared", 0);
	char *all, *memory;

	(void)argv;
	if (fd < 0 || ftruncate(fd, BYTES))
		return 1;
	all = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (all == MAP_FAILED)
		return 1;
	memset(all, 1, BYTES);
	if (argc > 1) {
		memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, fd, 0);
		if (memory == MAP_FAILED || munmap(all, BYTES))
			return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
