/*
 * recorded_memory.h: memory of base pages, all of them written, and a record of it: a file of
 * 64-bit words in native order, which begins with where the memory starts and ends.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The memory; sets *words to those of the record at `path`. Exits where it cannot be had. */
static char *recorded_memory(unsigned long bytes, const char *path, volatile uint64_t **words)
{
	unsigned long page = sysconf(_SC_PAGESIZE);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *memory;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd < 0 || ftruncate(fd, 4096))
		exit(1);
	*words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (*words == MAP_FAILED || memory == MAP_FAILED)
		exit(1);
	/* a kernel without huge pages refuses, which is as well */
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	for (unsigned long at = 0; at < bytes; at += page)
		*(volatile uint64_t *)(memory + at) = at + 1;
	(*words)[0] = (uintptr_t)memory;
	(*words)[1] = (uintptr_t)memory + bytes;
	return memory;
}
