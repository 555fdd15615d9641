/*
 * latencies.h: how often a latency of about so many nanoseconds occurred. Buckets are as wide as
 * 1/64 of the values in them at most, so the middle of a bucket is off by less than 1 %.
 */
#ifndef LATENCIES_H
#define LATENCIES_H

#include <stdint.h>

#define LATENCY_BUCKETS (64 * 37)

/* The bucket of a latency below 2^42 ns (73 minutes); longer ones are in the last. */
unsigned int latency_bucket(uint64_t ns);

/* The smallest and the greatest latency of a bucket. */
uint64_t latency_lowest(unsigned int bucket);
uint64_t latency_highest(unsigned int bucket);

#endif
