/*
 * reclaim.c: has the kernel reclaim a share of a control group again and again, as long as the
 * group does not wait for memory: the loop of oomd's senpai in its plainest form.
 *
 * gcc -std=gnu11 -O2 -static -Wall -Wextra -Werror -o reclaim reclaim.c
 * reclaim CGROUP INTERVAL_MS SHARE LIMIT
 *
 * Each interval SHARE (0 to 1) of memory.current is written to memory.reclaim (cgroup v2, 5.19),
 * unless `some avg10` of memory.pressure is LIMIT (in percent) or more.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const char *group;

static int open_file(const char *name, int flags)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", group, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "reclaim: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return fd;
}

static void read_file(int fd, char *text, size_t room)
{
	ssize_t length = pread(fd, text, room - 1, 0);

	if (length <= 0) {
		perror("reclaim: read");
		exit(1);
	}
	text[length] = '\0';
}

int main(int argc, char **argv)
{
	double share, limit, pressure;
	int current, psi, reclaim;
	struct timespec interval;
	char text[256];
	long ms;

	if (argc != 5)
		return 2;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	group = argv[1];
	ms = atol(argv[2]);
	share = atof(argv[3]);
	limit = atof(argv[4]);
	interval = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	current = open_file("memory.current", O_RDONLY);
	psi = open_file("memory.pressure", O_RDONLY);
	reclaim = open_file("memory.reclaim", O_WRONLY);
	puts("ready");
	fflush(stdout);
	for (;;) {
		nanosleep(&interval, NULL);
		read_file(psi, text, sizeof(text));
		if (sscanf(text, "some avg10=%lf", &pressure) != 1) {
			fprintf(stderr, "reclaim: memory.pressure says \"%s\"\n", text);
			return 1;
		}
		if (pressure >= limit)
			continue;
		read_file(current, text, sizeof(text));
		snprintf(text, sizeof(text), "%.0f", strtoul(text, NULL, 10) * share);
		/* EAGAIN: there was not as much to reclaim */
		if (write(reclaim, text, strlen(text)) < 0 && errno != EAGAIN) {
			perror("reclaim: memory.reclaim");
			return 1;
		}
	}
}
