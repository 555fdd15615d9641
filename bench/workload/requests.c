/* requests.c: see requests.h */
#include "requests.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN 0x9e3779b97f4a7c15UL

uint64_t mix64(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebUL;
	return x ^ x >> 31;
}

static bool parse_number(const char *text, uint64_t *number, char **end)
{
	*number = strtoul(text, end, 10);
	return *end != text && *number > 0;
}

static bool parse_draw(struct shape *shape, const char *text)
{
	char *end;

	if (!strncmp(text, "zipf:", 5)) {
		shape->draw = DRAW_ZIPF;
		shape->theta = strtod(text + 5, &end);
		return end != text + 5 && !*end && shape->theta > 0;
	}
	if (!strncmp(text, "hot:", 4)) {
		shape->draw = DRAW_HOT_SET;
		if (!parse_number(text + 4, &shape->hot_pages, &end))
			return false;
		return !*end || (*end == ':' && parse_number(end + 1, &shape->shift_seconds, &end) && !*end);
	}
	if (strncmp(text, "first:", 6) && strncmp(text, "every:", 6))
		return false;
	shape->draw = *text == 'f' ? DRAW_FIRST : DRAW_EVERY;
	return parse_number(text + 6, &shape->part, &end) && !*end;
}

bool shape_flag(struct shape *shape, const char *option)
{
	if (strcmp(option, "--ranked"))
		return false;
	shape->ranked = true;
	return true;
}

bool shape_option(struct shape *shape, const char *option, const char *value)
{
	uint64_t *number = !strcmp(option, "--pages") ? &shape->pages :
			   !strcmp(option, "--rate") ? &shape->rate :
			   !strcmp(option, "--seconds") ? &shape->seconds :
			   !strcmp(option, "--touches") ? &shape->touches :
			   !strcmp(option, "--seed") ? &shape->seed : NULL;
	char *end;

	if (!strcmp(option, "--draw"))
		return parse_draw(shape, value);
	return number && parse_number(value, number, &end) && !*end;
}

bool shape_is_whole(const struct shape *shape)
{
	return shape->pages && shape->pages <= UINT32_MAX && shape->rate && shape->seconds &&
	       (shape->theta > 0 || shape->hot_pages || shape->part) &&
	       shape->hot_pages <= shape->pages && shape->part <= shape->pages;
}

/*
 * Zipf's law by rejection from the area below its curve: W. Hörmann and G. Derflinger,
 * "Rejection-inversion to generate variates from monotone discrete distributions", ACM TOMACS 6
 * (1996). Exact, and without a table that would be memory of the target. area() is the integral of
 * x^-theta from 1 on; both it and its inverse hold for theta = 1, too.
 */
static double area(double theta, double x)
{
	double log_x = log(x), t = (1 - theta) * log_x;

	return fabs(t) < 1e-12 ? log_x : expm1(t) / t * log_x;
}

static double inverse_area(double theta, double y)
{
	double t = y * (1 - theta);

	return exp(fabs(t) < 1e-12 ? y : log1p(t) / t * y);
}

static uint64_t next_random(struct requests *requests)
{
	return mix64(requests->random += GOLDEN);
}

/* In [0, 1). */
static double next_fraction(struct requests *requests)
{
	return (next_random(requests) >> 11) * 0x1p-53;
}

/* From 0 on; the bias is below limit / 2^53. */
static uint64_t next_below(struct requests *requests, uint64_t limit)
{
	return next_fraction(requests) * limit;
}

/* From 0 on, which has rank 1. */
static uint64_t next_zipf(struct requests *requests)
{
	double theta = requests->shape.theta, most = requests->shape.pages;

	for (;;) {
		double y = requests->area_end + next_fraction(requests) * (requests->area_begin - requests->area_end);
		double x = inverse_area(theta, y), rank = floor(x + 0.5);

		rank = rank < 1 ? 1 : rank > most ? most : rank;
		if (rank - x <= requests->squeeze || y >= area(theta, rank + 0.5) - pow(rank, -theta))
			return rank - 1;
	}
}

/* Another number below `pages` for each: steps that can be undone, until one leads there. */
static uint64_t scatter(const struct shape *shape, uint64_t rank)
{
	int bits = 64 - __builtin_clzl((shape->pages - 1) | 1), half = (bits + 1) / 2;
	uint64_t mask = bits < 64 ? (1UL << bits) - 1 : UINT64_MAX;

	do {
		for (int round = 0; round < 3; round++) {
			rank = (rank * (mix64(shape->seed + round) | 1) + GOLDEN) & mask;
			rank ^= rank >> half;
		}
	} while (rank >= shape->pages);
	return rank;
}

void requests_begin(struct requests *requests, const struct shape *shape)
{
	double theta = shape->theta;

	*requests = (struct requests){ .shape = *shape, .random = mix64(shape->seed) };
	if (!requests->shape.touches)
		requests->shape.touches = 1;
	requests->area_begin = area(theta, 1.5) - 1;
	requests->area_end = area(theta, shape->pages + 0.5);
	requests->squeeze = 2 - inverse_area(theta, area(theta, 2.5) - pow(2, -theta));
}

uint64_t requests_next(struct requests *requests)
{
	const struct shape *shape = &requests->shape;
	uint64_t touch = requests->touched++, rank, shifts;

	switch (shape->draw) {
	case DRAW_FIRST:
		return touch % (shape->pages / shape->part);
	case DRAW_EVERY:
		return touch % ((shape->pages - 1) / shape->part + 1) * shape->part;
	case DRAW_HOT_SET:
		shifts = shape->shift_seconds ? touch / shape->touches / shape->rate / shape->shift_seconds : 0;
		rank = (shifts * (shape->hot_pages / 2) + next_below(requests, shape->hot_pages)) % shape->pages;
		break;
	default:
		rank = next_zipf(requests);
	}
	return shape->ranked ? rank : scatter(shape, rank);
}
