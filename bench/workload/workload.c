/*
 * workload.c: a process that serves requests, each due at its time whether or not the one before
 * is done (an open loop); a latency counts from that time. A request touches pages of an area whose
 * contents are known: it compares what it finds, and writes something new. The first wrong value
 * ends the process with status 1.
 *
 * gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o workload workload.c requests.c latencies.c -lm
 * workload --window SECONDS [--vmas N] [--huge] [--name COMM] SHAPE     (SHAPE: see requests.h)
 *
 * Prints "ready" when the area is filled, and waits for a line. Then it serves, and at the end
 * prints a line of JSON for each window, and waits for another line. Then it compares all of the
 * area, and prints in how many pages it has.
 *
 * Its own memory is locked, so that all its faults are of the area, and it reads its account only
 * between two requests.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "latencies.h"
#include "requests.h"

#define NS_PER_SECOND 1000000000UL
/* Of 4096 bytes: words that no compressor makes smaller, so that it makes 3/8 of a page. */
#define NOISE_WORDS 176

/* A page begins with these, and goes on with what filler() says. */
struct header {
	uint64_t number, version, check;
};

#define HEADER_WORDS (sizeof(struct header) / sizeof(uint64_t))

struct account {
	uint64_t wall_ns, cpu_ns, minor_faults, major_faults;
};

struct window {
	uint64_t requests; /* served since the first one was due, as what is in the account */
	struct account account;
	uint64_t swap_kib, samples, longest_ns; /* and these are of the window alone */
	uint32_t latencies[LATENCY_BUCKETS];
};

static struct {
	struct shape shape;
	uint64_t window_seconds, vmas;
	const char *name;
	bool huge;
} want = { .shape = { .seed = 1 }, .vmas = 1 };

static uint64_t page_bytes, pages_per_vma;
static char *area;
static uint32_t *versions; /* of each page: what was written last */
static struct window *windows;
static int status_fd;

static void usage(void)
{
	fputs("workload --window SECONDS [--vmas N] [--huge] [--name COMM] SHAPE\n"
	      "SHAPE " SHAPE_USAGE "\n"
	      "  --window  what is counted is counted apart for each of these\n"
	      "  --vmas    so many mappings, a page that is not there between them\n"
	      "  --huge    MADV_HUGEPAGE, else MADV_NOHUGEPAGE\n", stderr);
	exit(2);
}

static void die(const char *what)
{
	fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void parse(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (!strcmp(argv[i], "--huge")) { want.huge = true; continue; }
		if (shape_flag(&want.shape, argv[i])) continue;
		if (!strcmp(argv[i], "--window")) want.window_seconds = strtoul(value, NULL, 10);
		else if (!strcmp(argv[i], "--vmas")) want.vmas = strtoul(value, NULL, 10);
		else if (!strcmp(argv[i], "--name")) want.name = value;
		else if (!shape_option(&want.shape, argv[i], value)) usage();
		i++;
	}
	if (!shape_is_whole(&want.shape) || !want.window_seconds || !want.vmas ||
	    want.shape.seconds % want.window_seconds || want.shape.pages % want.vmas)
		usage();
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

/* Returns at that time or later; the CPU has nothing to do for it until then. */
static void wait_until(uint64_t ns)
{
	struct timespec time = { .tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

static uint64_t *words_of(uint64_t page)
{
	return (uint64_t *)(area + (page + page / pages_per_vma) * page_bytes);
}

static uint64_t check_of(uint64_t page, uint64_t version)
{
	return mix64(page << 32 ^ version ^ want.shape.seed);
}

/* A word behind the header; the same in all versions. */
static uint64_t filler(uint64_t page, uint64_t word)
{
	return word % (4096 / 8) < NOISE_WORDS ? mix64(page << 32 | word) : page;
}

static void write_header(uint64_t page, uint64_t version)
{
	*(struct header *)words_of(page) =
		(struct header){ .number = page, .version = version, .check = check_of(page, version) };
	versions[page] = version;
}

static void fail(uint64_t page, uint64_t word, uint64_t expected)
{
	fprintf(stderr, "workload: page %lu, word %lu: 0x%lx instead of 0x%lx\n", page, word,
		words_of(page)[word], expected);
	exit(1);
}

static void compare(uint64_t page, uint64_t word, uint64_t expected)
{
	if (words_of(page)[word] != expected)
		fail(page, word, expected);
}

static void compare_header(uint64_t page)
{
	compare(page, 0, page);
	compare(page, 1, versions[page]);
	compare(page, 2, check_of(page, versions[page]));
}

/* Compares the header and one word more, another one each time, and writes the next version. */
static void touch(uint64_t page)
{
	uint64_t word = HEADER_WORDS + versions[page] * 61UL % (page_bytes / 8 - HEADER_WORDS);

	compare_header(page);
	compare(page, word, filler(page, word));
	write_header(page, versions[page] + 1);
}

static void compare_all(void)
{
	for (uint64_t page = 0; page < want.shape.pages; page++) {
		compare_header(page);
		for (uint64_t word = HEADER_WORDS; word < page_bytes / 8; word++)
			compare(page, word, filler(page, word));
	}
}

static void *map(uint64_t bytes, int protection)
{
	void *memory = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	return memory;
}

/* What the process has besides the area. */
static void prepare_own_memory(void)
{
	versions = map(want.shape.pages * sizeof(*versions), PROT_READ | PROT_WRITE);
	windows = map(want.shape.seconds / want.window_seconds * sizeof(*windows), PROT_READ | PROT_WRITE);
	status_fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	if (status_fd < 0)
		die("/proc/self/status");
	/* only root may lock as much as this; others have to live with faults of the program's own */
	if (mlockall(MCL_CURRENT) && errno != ENOMEM && errno != EPERM)
		die("mlockall");
}

static void fill_area(void)
{
	uint64_t bytes = (want.shape.pages + want.vmas) * page_bytes;

	pages_per_vma = want.shape.pages / want.vmas;
	area = map(bytes, PROT_NONE);
	/* a kernel without huge pages refuses, which is as well */
	madvise(area, bytes, want.huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (uint64_t page = 0; page < want.shape.pages; page += pages_per_vma)
		if (mprotect(words_of(page), pages_per_vma * page_bytes, PROT_READ | PROT_WRITE))
			die("mprotect");
	for (uint64_t page = 0; page < want.shape.pages; page++) {
		for (uint64_t word = HEADER_WORDS; word < page_bytes / 8; word++)
			words_of(page)[word] = filler(page, word);
		write_header(page, 1);
	}
}

/* Adds how much is in swap now, by VmSwap of proc_pid_status(5). */
static void sample_swap(struct window *window)
{
	char text[4096], *line;
	ssize_t length = pread(status_fd, text, sizeof(text) - 1, 0);

	if (length <= 0)
		die("/proc/self/status");
	text[length] = '\0';
	line = strstr(text, "VmSwap:");
	if (!line)
		die("VmSwap of /proc/self/status");
	window->swap_kib += strtoul(line + strlen("VmSwap:"), NULL, 10);
	window->samples++;
}

static struct account read_account(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (struct account){ .wall_ns = now_ns(CLOCK_MONOTONIC), .cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID),
				 .minor_faults = usage.ru_minflt, .major_faults = usage.ru_majflt };
}

static struct account account_since(const struct account *begin)
{
	struct account now = read_account();

	now.wall_ns -= begin->wall_ns;
	now.cpu_ns -= begin->cpu_ns;
	now.minor_faults -= begin->minor_faults;
	now.major_faults -= begin->major_faults;
	return now;
}

static void note_latency(struct window *window, uint64_t ns)
{
	window->latencies[latency_bucket(ns)]++;
	if (ns > window->longest_ns)
		window->longest_ns = ns;
}

static void serve(void)
{
	uint64_t count = want.shape.rate * want.shape.seconds, per_window = want.shape.rate * want.window_seconds;
	struct account begin = read_account();
	struct requests requests;

	requests_begin(&requests, &want.shape);
	for (uint64_t i = 0; i < count; i++) {
		struct window *window = &windows[i / per_window];
		uint64_t due = begin.wall_ns + i * NS_PER_SECOND / want.shape.rate;

		if (now_ns(CLOCK_MONOTONIC) < due)
			wait_until(due);
		for (uint64_t touches = requests.shape.touches; touches; touches--)
			touch(requests_next(&requests));
		note_latency(window, now_ns(CLOCK_MONOTONIC) - due);
		if (i % want.shape.rate == want.shape.rate - 1)
			sample_swap(window);
		window->requests = i + 1;
		if ((i + 1) % per_window == 0)
			window->account = account_since(&begin);
	}
}

static void print_window(const struct window *window)
{
	const struct account *account = &window->account;
	const char *comma = "";

	printf("{\"requests\":%lu,\"wall_ns\":%lu,\"cpu_ns\":%lu,\"minor_faults\":%lu,\"major_faults\":%lu,"
	       "\"swap_bytes\":%lu,\"longest_ns\":%lu,\"latencies\":[", window->requests, account->wall_ns,
	       account->cpu_ns, account->minor_faults, account->major_faults,
	       window->swap_kib * 1024 / window->samples, window->longest_ns);
	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++) {
		if (!window->latencies[i])
			continue;
		printf("%s[%lu,%lu,%u]", comma, latency_lowest(i), latency_highest(i), window->latencies[i]);
		comma = ",";
	}
	puts("]}");
}

/* False at the end of the input: whoever started this is gone. */
static bool wait_for_line(void)
{
	char line[16];

	fflush(stdout);
	return fgets(line, sizeof(line), stdin);
}

int main(int argc, char **argv)
{
	page_bytes = sysconf(_SC_PAGESIZE);
	parse(argc, argv);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* a sleep ends when it is due, and not up to 50 us later (timer slack) */
	prctl(PR_SET_TIMERSLACK, 1);
	if (want.name)
		prctl(PR_SET_NAME, want.name);
	prepare_own_memory();
	fill_area();
	puts("ready");
	if (!wait_for_line())
		return 1;
	serve();
	for (uint64_t i = 0; i < want.shape.seconds / want.window_seconds; i++)
		print_window(&windows[i]);
	if (!wait_for_line())
		return 1;
	compare_all();
	printf("%lu\n", want.shape.pages);
	return 0;
}
