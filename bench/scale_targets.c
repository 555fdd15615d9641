/*
 * scale_targets.c: many processes with memory of their own, all of it present, that do nothing, or
 * wake up now and then and write to one page.
 *
 * gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o scale_targets scale_targets.c
 * scale_targets COUNT BYTES SECONDS     prints the pid of each when its memory is filled, one a
 *                                       line; they wake up every SECONDS, or never with 0
 *
 * They end with it.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static void live_with(unsigned long size, unsigned int seconds, int ready)
{
	unsigned long page = sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || madvise(memory, size, MADV_NOHUGEPAGE))
		_exit(1);
	for (unsigned long at = 0; at < size; at += page)
		*(unsigned long *)(memory + at) = (unsigned long)(memory + at);
	if (write(ready, "", 1) != 1)
		_exit(1);
	close(ready);
	while (seconds) {
		sleep(seconds);
		*(volatile char *)memory = 1;
	}
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	long count;
	unsigned long size;
	unsigned int seconds;
	int ends[2];
	char byte;

	if (argc != 4)
		return 2;
	count = strtol(argv[1], NULL, 10);
	size = strtoul(argv[2], NULL, 10);
	seconds = strtoul(argv[3], NULL, 10);
	if (pipe(ends))
		return 1;
	for (long i = 0; i < count; i++) {
		pid_t parent = getpid(), pid = fork();

		if (pid < 0) {
			perror("fork");
			return 1;
		}
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				_exit(1);
			close(ends[0]);
			live_with(size, seconds, ends[1]);
		}
		if (read(ends[0], &byte, 1) != 1)
			return 1;
		printf("%d\n", pid);
	}
	fflush(stdout);
	for (;;)
		pause();
}
