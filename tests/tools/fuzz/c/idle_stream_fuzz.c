/* SPDX-License-Identifier: MulanPSL-2.0 */
/*
 * The decoder of idle_pages under a fuzzer, against a model that looks at one unit after the other.
 * An input is a byte that chooses the areas, then the stream; the address after 0xa0 has two bytes
 * in it, the number of a page, and only where the stream ends is it cut short.
 */
#include "idle_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Tables of 4 entries, so that units of all sizes fit into a small space. */
#define BASE_SHIFT 5
#define MAX_STREAM 4096
#define MAX_UNITS 65536

static const int weights[10] = { 1, 1, 1, 3, 3, 0, 0, 0, -1, -1 };
static const enum page_type spans[10] = { PTE_TYPE, PMD_TYPE, PUD_TYPE, PTE_TYPE, PMD_TYPE,
                                          PTE_TYPE, PMD_TYPE, PMD_TYPE, PTE_TYPE, PMD_TYPE };

struct unit {
    uint64_t address;
    enum page_type type;
    int weight;
};

struct model {
    const struct vma *vma;
    uint64_t floor;
    size_t count;
    struct unit units[MAX_UNITS];
};

static size_t expand(const uint8_t *data, size_t size, uint8_t *stream)
{
    size_t length = 0;

    for (size_t i = 0; i < size && length < MAX_STREAM - 9; i++) {
        stream[length++] = data[i];
        if (data[i] == 0xa0 && i + 2 < size) {
            const uint64_t address = (uint64_t)(data[i + 1] << 8 | data[i + 2]) << BASE_SHIFT;

            for (int byte = 0; byte < 8; byte++) {
                stream[length++] = (uint8_t)(address >> (56 - 8 * byte));
            }
            i += 2;
        }
    }
    return length;
}

static void model_unit(struct model *model, uint64_t address, uint64_t bytes, enum page_type type, int weight)
{
    while (model->vma != NULL && address >= model->vma->end) {
        model->vma = model->vma->next;
    }
    if (model->vma == NULL || address < model->vma->start || address < model->floor || model->count == MAX_UNITS) {
        return;
    }
    model->units[model->count++] = (struct unit){ address, type, weight };
    model->floor = address + bytes;
}

static int model_stream(struct model *model, const struct geometry *geometry, const uint8_t *stream, size_t length)
{
    uint64_t address = 0;

    if (length > 0 && stream[0] != 0xa0) {
        return EBADMSG;
    }
    for (size_t i = 0; i < length; i++) {
        const unsigned int type = stream[i] >> 4;
        const unsigned int count = stream[i] & 0xf;

        if (stream[i] == 0xa0) {
            if (length - i <= 8) {
                return 0;
            }
            address = 0;
            for (int byte = 1; byte <= 8; byte++) {
                address = address << 8 | stream[i + (size_t)byte];
            }
            i += 8;
            if (address % unit_bytes(geometry, PTE_TYPE) != 0) {
                return EBADMSG;
            }
            continue;
        }
        if (type > 9) {
            return EBADMSG;
        }
        const enum page_type unit = type == 7 ? PTE_TYPE : spans[type];
        const bool is_aligned = address % unit_bytes(geometry, spans[type]) == 0;
        const uint64_t end = address + count * unit_bytes(geometry, spans[type]);
        for (; address < end; address += unit_bytes(geometry, unit)) {
            if (weights[type] >= 0 && is_aligned) {
                model_unit(model, address, unit_bytes(geometry, unit), unit, weights[type]);
            }
        }
    }
    return 0;
}

/** Decodes a stream for areas into a list. */
static int decode(struct page_refs **list, const struct geometry *geometry, const struct vma *vma,
                  const uint8_t *stream, size_t length)
{
    struct run_codes codes;
    struct scan_walk walk;

    run_codes_make(&codes, geometry);
    scan_walk_open(&walk, list, *geometry);
    (void)scan_walk_enter(&walk, vma, 0);
    return idle_stream_decode(&walk, &codes, stream, length);
}

/** The list is the model's units; each counts as often as there were scans. */
static void compare(const struct model *model, const struct page_refs *list, int scans)
{
    for (size_t i = 0; i < model->count; i++, list = list->next) {
        const struct unit *unit = &model->units[i];

        MUST(list != NULL, "unit %zu is missing", i);
        MUST(list->addr == unit->address && list->type == unit->type, "unit %zu is another", i);
        MUST(list->count == scans * unit->weight, "unit %zu counts %d", i, list->count);
    }
    MUST(list == NULL || model->count == MAX_UNITS, "there are more units than %zu", model->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t stream[MAX_STREAM];
    static struct model model;
    const struct geometry geometry = geometry_of(BASE_SHIFT);
    const uint64_t page = unit_bytes(&geometry, PTE_TYPE);

    if (size == 0) {
        return 0;
    }
    struct vma last = { .start = page * 40000, .end = page * 40001 };
    struct vma second = { .start = page * (300 + data[0]), .end = page * 2000, .next = &last };
    struct vma first = { .start = page * (data[0] & 15), .end = page * (16 + (data[0] & 127)), .next = &second };
    struct vma everything = { .start = 0, .end = UINT64_C(1) << 62 };
    const struct vma *vma = data[0] >= 0xf0 ? &everything : &first;
    const size_t length = expand(data + 1, size - 1, stream);
    struct page_refs *list = NULL;

    model = (struct model){ .vma = vma };
    const int expected = model_stream(&model, &geometry, stream, length);
    /* A copy that ends where the stream does: what is read behind it is found. */
    uint8_t *copy = malloc(length);
    if (length > 0) {
        memcpy(copy, stream, length);
    }
    for (int scan = 1; scan <= 2; scan++) {
        const int error = decode(&list, &geometry, vma, copy, length);

        MUST(error == expected, "decoding ended with %d, not %d", error, expected);
        compare(&model, list, scan);
    }
    free(copy);
    page_list_free(list);
    return 0;
}
