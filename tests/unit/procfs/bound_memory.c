/*
 * bound_memory.c: a process with two areas of 16 pages, of which the first is bound to node 0. It
 * says the address of the first one, and waits.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGES 16
#define MPOL_BIND 2 /* linux/mempolicy.h */

int main(void)
{
	unsigned long bytes = PAGES * sysconf(_SC_PAGESIZE), nodes = 1;
	char *area = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED || syscall(SYS_mbind, area, bytes, MPOL_BIND, &nodes, 8 * sizeof(nodes), 0))
		return 1;
	memset(area, 1, 2 * bytes);
	printf("%lu\n", (unsigned long)area);
	fflush(stdout);
	for (;;)
		pause();
}
