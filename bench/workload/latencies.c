/* latencies.c: see latencies.h */
#include "latencies.h"

/* Of the values of an octave: the bits behind the first one that are kept. */
#define STEPS 64
#define STEP_BITS 6

unsigned int latency_bucket(uint64_t ns)
{
	int shift = 63 - __builtin_clzl(ns | STEPS) - STEP_BITS;
	uint64_t bucket = STEPS * (uint64_t)shift + (ns >> shift);

	return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

static int shift_of(unsigned int bucket)
{
	return bucket < 2 * STEPS ? 0 : bucket / STEPS - 1;
}

uint64_t latency_lowest(unsigned int bucket)
{
	return (uint64_t)(bucket - STEPS * shift_of(bucket)) << shift_of(bucket);
}

uint64_t latency_highest(unsigned int bucket)
{
	return latency_lowest(bucket) + (1UL << shift_of(bucket)) - 1;
}
