/*
 * soak_target.c: a process, perhaps with children, that uses some of its memory and not the rest.
 *
 * gcc -std=gnu11 -O2 -static -Wall -Wextra -Werror -o soak_target soak_target.c
 * soak_target NAME HOT COLD MIXED CHILDREN PAUSE_MS
 *
 * Each process maps three areas, of HOT, COLD and MIXED bytes: every page of the first and every
 * fourth of the last is read every PAUSE_MS. Prints "ready" when all have filled theirs.
 * Reads commands, one character each:
 *   r   touch a quarter of the cold area, another one each time
 *   v   compare all memory with what was written there, print "verified BAD", in pages of all
 *   q   the same, and exit
 * The end of its input, or of its parent, is its own end.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CHILDREN 15

enum { HOT, COLD, MIXED, AREAS };

static struct shared {
	volatile unsigned number; /* of the last command */
	volatile char command;
	struct {
		volatile bool ready;
		volatile unsigned done;
		volatile unsigned long bad;
	} process[MAX_CHILDREN + 1];
} *shared;

static unsigned long page;
static unsigned long bytes[AREAS];
static char *area[AREAS];
static unsigned long wrong_touches;
static unsigned quarter;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* No two pages hold the same, and none holds zeros. */
static uint64_t pattern(const void *address)
{
	return ((uintptr_t)address + 1) * 0x9e3779b97f4a7c15UL;
}

static void map_areas(void)
{
	unsigned long size = page;
	char *at;

	for (int i = 0; i < AREAS; i++)
		size += bytes[i] + page;
	at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		die("mmap");
	for (int i = 0; i < AREAS; i++) {
		at += page; /* stays without access, so that each area is a mapping of its own */
		area[i] = at;
		if (!bytes[i])
			continue;
		/*
		 * a huge page would make its cold part look used; a kernel without them refuses,
		 * which is as well
		 */
		madvise(at, bytes[i], MADV_NOHUGEPAGE);
		if (mprotect(at, bytes[i], PROT_READ | PROT_WRITE))
			die("mprotect");
		for (unsigned long o = 0; o < bytes[i]; o += page)
			for (unsigned long w = 0; w < page; w += 8)
				*(volatile uint64_t *)(at + o + w) = pattern(at + o);
		at += bytes[i];
	}
}

/* Makes every page of the program's own data private, so that each that moves goes to swap. */
static void own_data(void)
{
	char line[512], mode[5];
	unsigned long from, to, inode;
	FILE *maps = fopen("/proc/self/maps", "r");

	if (!maps)
		die("/proc/self/maps");
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &from, &to, mode, &inode) != 4 || !inode ||
		    strcmp(mode, "rw-p"))
			continue;
		for (volatile char *at = (char *)from; at < (char *)to; at += page)
			*at = *at;
	}
	fclose(maps);
}

static void touch(void)
{
	for (unsigned long o = 0; o < bytes[HOT]; o += page)
		wrong_touches += *(volatile uint64_t *)(area[HOT] + o) != pattern(area[HOT] + o);
	for (unsigned long o = 0; o < bytes[MIXED]; o += 4 * page)
		wrong_touches += *(volatile uint64_t *)(area[MIXED] + o) != pattern(area[MIXED] + o);
}

static void come_back(void)
{
	unsigned long size = bytes[COLD] / 4 / page * page;
	char *from = area[COLD] + quarter++ % 4 * size;

	for (unsigned long o = 0; o < size; o += page)
		wrong_touches += *(volatile uint64_t *)(from + o) != pattern(from + o);
}

static unsigned long count_bad(void)
{
	unsigned long bad = wrong_touches;

	for (int i = 0; i < AREAS; i++)
		for (unsigned long o = 0; o < bytes[i]; o += page) {
			uint64_t value = pattern(area[i] + o), difference = 0;

			for (unsigned long w = 0; w < page; w += 8)
				difference |= *(volatile uint64_t *)(area[i] + o + w) ^ value;
			bad += difference != 0;
		}
	return bad;
}

static void obey(int own)
{
	unsigned number = shared->number;

	if (number == shared->process[own].done)
		return;
	if (shared->command == 'r')
		come_back();
	else
		shared->process[own].bad = count_bad();
	shared->process[own].done = number;
}

static void command(char what, int children)
{
	unsigned long bad = 0;

	shared->command = what;
	shared->number++;
	obey(0);
	if (what == 'r')
		return;
	for (int i = 0; i <= children; i++) {
		while (shared->process[i].done != shared->number)
			usleep(1000);
		bad += shared->process[i].bad;
	}
	printf("verified %lu\n", bad);
	if (what == 'q')
		exit(0);
}

int main(int argc, char **argv)
{
	int children, pause_ms;
	struct timespec pause;
	pid_t parent = getpid();
	int own = 0;

	if (argc != 7)
		return 2;
	page = sysconf(_SC_PAGESIZE);
	for (int i = 0; i < AREAS; i++)
		bytes[i] = strtoul(argv[2 + i], NULL, 10) / page * page;
	children = atoi(argv[5]);
	pause_ms = atoi(argv[6]);
	if (children < 0 || children > MAX_CHILDREN || pause_ms < 1)
		return 2;
	pause = (struct timespec){ .tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000L };
	setvbuf(stdout, NULL, _IOLBF, 0);
	prctl(PR_SET_NAME, argv[1]);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	for (int i = 1; i <= children && own == 0; i++) {
		pid_t child = fork();

		if (child < 0)
			die("fork");
		if (child == 0)
			own = i;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (own && getppid() != parent)
		return 1;
	map_areas();
	own_data();
	touch();
	shared->process[own].ready = true;
	if (own)
		for (;;) {
			touch();
			obey(own);
			nanosleep(&pause, NULL);
		}
	for (int i = 1; i <= children; i++)
		while (!shared->process[i].ready)
			usleep(1000);
	puts("ready");
	for (;;) {
		struct pollfd input = { .fd = 0, .events = POLLIN };
		char what;

		touch();
		if (poll(&input, 1, pause_ms) <= 0)
			continue;
		if (read(0, &what, 1) != 1)
			return 0;
		command(what, children);
	}
}
