/*
 * requests.h: which pages the requests of a workload touch: the same ones for the same options, so
 * that model.c needs no record of a run to know what it asked for.
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

enum draw { DRAW_ZIPF, DRAW_HOT_SET, DRAW_FIRST, DRAW_EVERY };

/* What a workload asks for. */
struct shape {
	uint64_t pages;
	uint64_t rate; /* requests a second */
	uint64_t seconds;
	uint64_t touches; /* pages a request */
	uint64_t seed;
	enum draw draw;
	double theta; /* of Zipf's law: the page of rank i is drawn with probability ~ i^-theta */
	uint64_t hot_pages, shift_seconds; /* half of the hot set is another one after so long; 0: never */
	uint64_t part; /* the first 1/part of the pages is hot, or every part-th */
	bool ranked; /* page 0 has rank 1, page 1 rank 2; else ranks are scattered over the pages */
};

/* What is drawn from. */
struct requests {
	struct shape shape;
	uint64_t random, touched;
	double area_begin, area_end, squeeze; /* of the Zipf draw */
};

/* The options that describe a shape, for a text of usage. */
#define SHAPE_USAGE \
	"--draw zipf:THETA|hot:PAGES[:SECONDS]|first:N|every:N [--ranked] --pages N\n" \
	"      --rate N --seconds N [--touches N] [--seed N]"

/*
 * Takes "--ranked", or an option with its value. False: it is none of a shape, or its value is
 * wrong.
 */
bool shape_flag(struct shape *shape, const char *option);
bool shape_option(struct shape *shape, const char *option, const char *value);

/* Whether something is missing or contradictory. */
bool shape_is_whole(const struct shape *shape);

void requests_begin(struct requests *requests, const struct shape *shape);

/* The page of the next touch, from 0 on. */
uint64_t requests_next(struct requests *requests);

/* Spreads the bits of a number (the finalizer of SplitMix64). */
uint64_t mix64(uint64_t x);

#endif
