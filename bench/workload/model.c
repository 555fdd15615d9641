/*
 * model.c: what workload.c would ask for, without asking.
 *
 * gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o model model.c requests.c latencies.c -lm
 * model pages SHAPE                                    the page of each touch, one a line
 * model misses SHAPE --processes N --last S --resident PAGES
 *                     faults in the last S seconds if an ideal LRU kept so many pages resident
 * model buckets NS...               the smallest and the greatest latency of the bucket of each
 *
 * SHAPE: see SHAPE_USAGE of requests.h. With several processes the first one has the given seed,
 * the others those that follow; their requests are taken in turn, and all share the resident pages.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "latencies.h"
#include "requests.h"

static struct shape shape = { .seed = 1 };
static uint64_t processes = 1, last, resident;

static void usage(void)
{
	fputs("model pages SHAPE\n"
	      "model misses SHAPE --processes N --last SECONDS --resident PAGES\n"
	      "model buckets NS...\n"
	      "SHAPE " SHAPE_USAGE "\n", stderr);
	exit(2);
}

static void parse(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (shape_flag(&shape, argv[i]))
			continue;
		if (!strcmp(argv[i], "--processes")) processes = strtoul(value, NULL, 10);
		else if (!strcmp(argv[i], "--last")) last = strtoul(value, NULL, 10);
		else if (!strcmp(argv[i], "--resident")) resident = strtoul(value, NULL, 10);
		else if (!shape_option(&shape, argv[i], value))
			usage();
		i++;
	}
	if (!shape_is_whole(&shape) || !processes || processes * shape.pages >= UINT32_MAX)
		usage();
}

/* An exact LRU: a ring of all resident pages, the one used last behind the head. */
struct lru {
	uint32_t *newer, *older; /* of a page that is not resident, both are the page itself */
	uint32_t head;
	uint64_t kept, most;
};

static void *allocate(uint64_t count)
{
	void *memory = calloc(count, sizeof(uint32_t));

	if (!memory) {
		perror("model");
		exit(1);
	}
	return memory;
}

static void unlink_page(struct lru *lru, uint32_t page)
{
	lru->newer[lru->older[page]] = lru->newer[page];
	lru->older[lru->newer[page]] = lru->older[page];
	lru->newer[page] = lru->older[page] = page;
}

/* Uses a page; whether it had to be brought in. */
static bool use(struct lru *lru, uint32_t page)
{
	bool missed = lru->newer[page] == page;

	if (missed && lru->kept == lru->most) {
		if (!lru->most)
			return true;
		unlink_page(lru, lru->newer[lru->head]);
	} else if (missed) {
		lru->kept++;
	}
	unlink_page(lru, page);
	lru->older[page] = lru->older[lru->head];
	lru->newer[page] = lru->head;
	lru->newer[lru->older[page]] = page;
	lru->older[lru->head] = page;
	return missed;
}

/* All pages are there at first, and the oldest are those that a target fills first. */
static struct lru full_lru(uint32_t pages)
{
	struct lru lru = { .newer = allocate(pages + 1UL), .older = allocate(pages + 1UL), .head = pages, .most = resident };

	for (uint64_t page = 0; page <= pages; page++)
		lru.newer[page] = lru.older[page] = page;
	for (uint32_t page = 0; page < pages; page++)
		use(&lru, page);
	return lru;
}

static void print_misses(void)
{
	struct requests *requests = malloc(processes * sizeof(*requests));
	struct lru lru = full_lru(processes * shape.pages);
	uint64_t misses = 0, count = shape.rate * shape.seconds, from = shape.rate * (shape.seconds - last);

	if (!requests || last > shape.seconds)
		usage();
	for (uint64_t p = 0; p < processes; p++, shape.seed++)
		requests_begin(&requests[p], &shape);
	for (uint64_t i = 0; i < count; i++)
		for (uint64_t p = 0; p < processes; p++)
			for (uint64_t touch = 0; touch < requests[p].shape.touches; touch++)
				misses += use(&lru, p * shape.pages + requests_next(&requests[p])) && i >= from;
	printf("%lu\n", misses);
}

static void print_pages(void)
{
	struct requests requests;

	requests_begin(&requests, &shape);
	for (uint64_t left = shape.rate * shape.seconds * requests.shape.touches; left; left--)
		printf("%lu\n", requests_next(&requests));
}

int main(int argc, char **argv)
{
	if (argc < 3)
		usage();
	if (!strcmp(argv[1], "buckets")) {
		for (int i = 2; i < argc; i++) {
			unsigned int bucket = latency_bucket(strtoul(argv[i], NULL, 10));

			printf("%lu %lu\n", latency_lowest(bucket), latency_highest(bucket));
		}
		return 0;
	}
	parse(argc, argv);
	if (!strcmp(argv[1], "pages"))
		print_pages();
	else if (!strcmp(argv[1], "misses"))
		print_misses();
	else
		usage();
	return 0;
}
