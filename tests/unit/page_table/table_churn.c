/*
 * table_churn.c: maps, uses and unmaps pages all the time, 2 MiB apart, so that each has a page
 * table to itself. Prints the address of the first one before it begins.
 *
 * gcc -std=gnu11 -O2 -static -Wall -Wextra -Werror -o table_churn table_churn.c
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define TABLES 256UL
#define TABLE_BYTES (2UL << 20)

int main(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
	char *area = (char *)0x100000000000;

	printf("%lu\n", (unsigned long)area);
	fflush(stdout);
	for (;;) {
		if (mmap(area, TABLES * TABLE_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0) != area)
			return 1;
		madvise(area, TABLES * TABLE_BYTES, MADV_NOHUGEPAGE);
		for (unsigned long i = 0; i < TABLES; i++)
			area[i * TABLE_BYTES] = 1;
		munmap(area, TABLES * TABLE_BYTES);
	}
}
