/*
 * decoder_baseline.c: a plain decoder of idle_pages answers, to compare the program's own with. It
 * writes a byte a page into an array that is allocated anew in each run, as the program does.
 *
 * gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o decoder_baseline decoder_baseline.c
 * decoder_baseline FILE ANSWER_BYTES PAGES RUNS
 *
 * FILE holds answers of ANSWER_BYTES bytes each, the last one may be shorter. Prints the CPU
 * seconds of each run, one a line; fails when the stream does not describe PAGES pages.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGE_SHIFT 12
#define SET_ADDRESS 0xa0

enum { PTE_ACCESSED = 0, PTE_DIRTY = 3, PTE_IDLE = 5, PTE_HOLE = 8 };

static double cpu_seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* The pages of one answer; its first address is `first` pages behind the array's. */
static size_t decode(const uint8_t *stream, size_t length, uint8_t *counts, uint64_t start, size_t room)
{
	size_t page = room, done = 0;

	for (size_t i = 0; i < length; i++) {
		uint8_t byte = stream[i], value;
		size_t run = byte & 15;

		if (byte == SET_ADDRESS) {
			uint64_t address;

			if (i + 9 > length)
				break;
			memcpy(&address, stream + i + 1, sizeof(address));
			page = (be64toh(address) - start) >> PAGE_SHIFT;
			i += 8;
			continue;
		}
		switch (byte >> 4) {
		case PTE_ACCESSED: value = 2; break;
		case PTE_DIRTY: value = 4; break;
		case PTE_IDLE: value = 1; break;
		case PTE_HOLE: page += run; continue;
		default: return 0;
		}
		if (page + run > room)
			return 0;
		for (size_t end = page + run; page < end; page++)
			counts[page] = value;
		done += run;
	}
	return done;
}

int main(int argc, char **argv)
{
	size_t answer_bytes, pages, length;
	uint64_t start;
	uint8_t *stream;
	FILE *file;

	if (argc != 5)
		return 2;
	answer_bytes = strtoul(argv[2], NULL, 10);
	pages = strtoul(argv[3], NULL, 10);
	file = fopen(argv[1], "rb");
	if (!file || fseek(file, 0, SEEK_END))
		return 1;
	length = ftell(file);
	rewind(file);
	stream = malloc(length);
	if (!stream || fread(stream, 1, length, file) != length || length < 9)
		return 1;
	memcpy(&start, stream + 1, sizeof(start));
	start = be64toh(start);

	for (long run = strtol(argv[4], NULL, 10); run > 0; run--) {
		double begin = cpu_seconds();
		uint8_t *counts = malloc(pages);
		size_t done = 0;

		if (!counts)
			return 1;
		for (size_t at = 0; at < length; at += answer_bytes) {
			size_t bytes = length - at < answer_bytes ? length - at : answer_bytes;

			done += decode(stream + at, bytes, counts, start, pages);
		}
		printf("%.9f\n", cpu_seconds() - begin);
		if (done != pages || counts[0] == 0 || counts[pages - 1] == 0)
			return 1;
		free(counts);
	}
	return 0;
}
