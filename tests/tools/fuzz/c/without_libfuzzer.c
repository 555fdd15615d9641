/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * Where there is no libFuzzer: runs the inputs in a folder, then what becomes of them by changing
 * bytes, without being led by coverage. SECONDS and CASES limit what is made of them;
 * 0 is no limit.
 *
 * NAME FOLDER SECONDS CASES SEED
 */
#include <dirent.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"

#define MAX_INPUTS 4096
#define MAX_BYTES 4096

static struct {
    uint8_t bytes[MAX_BYTES];
    size_t size;
} inputs[MAX_INPUTS];
static size_t input_count;
static uint64_t state;

static uint64_t random_below(uint64_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % limit;
}

/** In the order of their names: a seed stands for the same inputs on any file system. */
static void read_inputs(const char *folder)
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, NULL, alphasort);

    MUST(count >= 0, "Cannot open \"%s\"", folder);
    for (int i = 0; i < count; i++) {
        char path[4096];

        (void)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        FILE *file = entries[i]->d_name[0] == '.' || input_count == MAX_INPUTS ? NULL : fopen(path, "rb");
        if (file != NULL) {
            inputs[input_count].size = fread(inputs[input_count].bytes, 1, MAX_BYTES, file);
            input_count++;
            (void)fclose(file);
        }
        free(entries[i]);
    }
    free(entries);
}

static void run_changed(void)
{
    static uint8_t bytes[MAX_BYTES];
    const size_t chosen = random_below(input_count);
    size_t size = inputs[chosen].size;

    memcpy(bytes, inputs[chosen].bytes, size);
    for (uint64_t change = random_below(6); change > 0; change--) {
        const size_t at = random_below(size + 1);
        const size_t other = random_below(input_count);

        switch (random_below(4)) {
        case 0: /* another byte */
            if (at < size) {
                bytes[at] = (uint8_t)random_below(256);
            }
            break;
        case 1: /* one byte less */
            if (at < size) {
                memmove(bytes + at, bytes + at + 1, size - at - 1);
                size--;
            }
            break;
        case 2: /* one byte more */
            if (size < MAX_BYTES) {
                memmove(bytes + at + 1, bytes + at, size - at);
                bytes[at] = (uint8_t)random_below(256);
                size++;
            }
            break;
        default: /* the rest of another input */
            if (at <= inputs[other].size) {
                memcpy(bytes + at, inputs[other].bytes + at, inputs[other].size - at);
                size = inputs[other].size;
            }
        }
    }
    /* Of its own size, so that what is read behind it is found. */
    uint8_t *input = malloc(size + 1);
    MUST(input != NULL, "malloc");
    input[size] = 0xff;
    memcpy(input, bytes, size);
    (void)LLVMFuzzerTestOneInput(input, size);
    free(input);
}

int main(int argc, char **argv)
{
    unsigned long runs = 0;

    MUST(argc == 5, "%s FOLDER SECONDS CASES SEED", argv[0]);
    const long seconds = strtol(argv[2], NULL, 10);
    const unsigned long cases = strtoul(argv[3], NULL, 10);
    state = strtoull(argv[4], NULL, 10) * 2 + 1;
    read_inputs(argv[1]);
    for (size_t i = 0; i < input_count; i++) {
        (void)LLVMFuzzerTestOneInput(inputs[i].bytes, inputs[i].size);
    }
    if (input_count == 0) {
        inputs[input_count++].size = 0;
    }
    const time_t end = time(NULL) + seconds;
    for (; (seconds == 0 || time(NULL) < end) && (cases == 0 || runs < cases); runs++) {
        run_changed();
    }
    printf("stat::number_of_executed_units: %lu\n", runs);
    return 0;
}
