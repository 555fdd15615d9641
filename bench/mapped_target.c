/*
 * mapped_target.c: a process with many page tables and little memory. It maps one file of 1 GiB in
 * memory again and again, privately and writable, and reads every page of each mapping. Behind them
 * lies a terabyte of which 64 pages are present, a huge page or more apart.
 *
 * gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o mapped_target mapped_target.c
 * mapped_target GIBS          prints where the mappings begin and where the terabyte does
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define GIB (1UL << 30)
#define SPARSE_BYTES (1UL << 40)
#define STRAY_PAGES 64

static void check(int failed, const char *what)
{
	if (!failed)
		return;
	perror(what);
	exit(1);
}

/* Maps the file at an address that is reserved, and has the page tables filled by reading. */
static void map_file(char *at, int fd)
{
	check(mmap(at, GIB, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, fd, 0) != at, "mmap");
	check(mprotect(at, GIB, PROT_READ | PROT_WRITE), "mprotect");
}

int main(int argc, char **argv)
{
	unsigned long gibs = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, bytes = (gibs + 1) * GIB;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	int fd = memfd_create("mapped", 0);
	char *reserved, *start, *sparse;

	if (!gibs)
		return 2;
	check(fd < 0 || ftruncate(fd, GIB), "memfd_create");
	reserved = mmap(NULL, bytes, PROT_NONE, flags, -1, 0);
	check(reserved == MAP_FAILED, "mmap");
	start = (char *)(((unsigned long)reserved + GIB - 1) & ~(GIB - 1));
	for (unsigned long i = 0; i < gibs; i++)
		map_file(start + i * GIB, fd);
	sparse = mmap(NULL, SPARSE_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
	check(sparse == MAP_FAILED, "mmap of a terabyte");
	madvise(sparse, SPARSE_BYTES, MADV_NOHUGEPAGE);
	for (unsigned long i = 0; i < STRAY_PAGES; i++)
		sparse[SPARSE_BYTES / STRAY_PAGES * i] = 1;
	printf("%lu %lu\n", (unsigned long)start, (unsigned long)sparse);
	fflush(stdout);
	for (;;)
		pause();
}
