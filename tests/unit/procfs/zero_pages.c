/*
 * zero_pages.c: a process with memory that was only read. It says the address of an area of 4 MiB,
 * aligned to 2 MiB, and waits. The first half is of base pages: all are read, every 16th is
 * written.
 * The second half may be a huge page; it is read.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define HALF (2UL << 20)

int main(void)
{
	char *mapping = mmap(NULL, 3 * HALF, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *area = (char *)(((uintptr_t)mapping + HALF - 1) & ~(HALF - 1));
	long page = sysconf(_SC_PAGESIZE);
	unsigned long sum = 0;

	if (mapping == MAP_FAILED || madvise((char *)area, HALF, MADV_NOHUGEPAGE) ||
	    madvise((char *)area + HALF, HALF, MADV_HUGEPAGE))
		return 1;
	for (unsigned long i = 0; i < 2 * HALF; i += page)
		sum += area[i];
	for (unsigned long i = 0; i < HALF; i += 16 * page)
		area[i] = 1;
	printf("%lu\n", (unsigned long)area + sum);
	fflush(stdout);
	for (;;)
		pause();
}
