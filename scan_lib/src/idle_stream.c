/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "idle_stream.h"

#include <errno.h>

#define SET_ADDRESS 0xa0
#define ADDRESS_BYTES 8
/** User space ends below it on every machine. */
#define ADDRESS_LIMIT (UINT64_C(1) << 62)

/** What a type says of the memory that a byte of it speaks of. */
struct run_kind {
    enum page_type span; /* the unit that its number counts */
    enum page_type page; /* the unit that it is reported in */
    int weight;          /* below 0: nothing is there */
};

/* The types of etmem_scan: 10 is the command, 11 to 15 do not exist. */
static const struct run_kind run_kinds[] = {
    [0] = { PTE_TYPE, PTE_TYPE, 1 },  /* PTE accessed */
    [1] = { PMD_TYPE, PMD_TYPE, 1 },  /* PMD accessed */
    [2] = { PUD_TYPE, PUD_TYPE, 1 },  /* PUD present */
    [3] = { PTE_TYPE, PTE_TYPE, 3 },  /* PTE dirty */
    [4] = { PMD_TYPE, PMD_TYPE, 3 },  /* PMD dirty */
    [5] = { PTE_TYPE, PTE_TYPE, 0 },  /* PTE idle */
    [6] = { PMD_TYPE, PMD_TYPE, 0 },  /* PMD idle */
    [7] = { PMD_TYPE, PTE_TYPE, 0 },  /* a table of base pages, all of them present and idle */
    [8] = { PTE_TYPE, PTE_TYPE, -1 }, /* PTE hole */
    [9] = { PMD_TYPE, PMD_TYPE, -1 }, /* PMD hole */
};

#define RUN_KINDS (sizeof(run_kinds) / sizeof(run_kinds[0]))

void run_codes_make(struct run_codes *codes, const struct geometry *geometry)
{
    for (unsigned int byte = 0; byte <= UINT8_MAX; byte++) {
        const unsigned int type = byte >> 4;
        const uint64_t count = byte & 0xf;
        struct run_code *code = &codes->of[byte];

        if (type >= RUN_KINDS) {
            *code = (struct run_code){
                .quick_bytes = INT64_MAX,
                .kind = (uint8_t)(byte == SET_ADDRESS ? RUN_SET_ADDRESS : RUN_CORRUPT),
            };
            continue;
        }
        const struct run_kind *kind = &run_kinds[type];
        const uint64_t bytes = count << geometry->shift[kind->span];
        *code = (struct run_code){
            .quick_bytes = kind->weight < 0 || count == 0 ? INT64_MAX : (int64_t)bytes,
            .unaligned = unit_bytes(geometry, kind->span) - 1,
            .bytes = bytes,
            .page_bytes = unit_bytes(geometry, kind->page),
            .weight = kind->weight,
            .page = (uint8_t)kind->page,
            .kind = (uint8_t)(kind->weight < 0 ? RUN_OF_HOLES : RUN_OF_PAGES),
        };
    }
}

/** A stream on its way into a walk. */
struct decoder {
    struct scan_walk *walk;
    const struct run_codes *codes;
    const uint8_t *at, *end; /* what is left of the stream */
    uint64_t address;        /* where the next page is */

    /* The run that was begun; all of it is reported when address is run_end. */
    const struct run_code *run;
    uint64_t run_end;
};

/**
 * How far on from the address pages are wanted and need no clipping; below 0: they are not, or do.
 */
static int64_t quick_bytes(const struct decoder *decoder)
{
    const struct scan_walk *walk = decoder->walk;
    const uint64_t address = decoder->address;

    if (walk->vma == NULL || address < walk->vma->start || address < walk->floor || address > walk->vma->end) {
        return -1;
    }
    return (int64_t)(walk->vma->end - address);
}

/**
 * Adds runs to nodes that the list has, and stops where there is anything else to do. A further
 * scan does little else, so all that this loop looks at is in local variables.
 */
static void add_to_known(struct decoder *decoder)
{
    const struct run_code *const codes = decoder->codes->of;
    const uint8_t *const end = decoder->end;
    const uint8_t *at = decoder->at;
    struct page_refs **link = decoder->walk->cursor.link;
    struct page_refs *node = *link;
    uint64_t address = decoder->address;
    uint64_t run_end = address;
    int64_t quick = quick_bytes(decoder);

    while (at < end && codes[*at].quick_bytes <= quick && (codes[*at].unaligned & address) == 0) {
        const struct run_code *const run = &codes[*at++];
        const uint64_t page_bytes = run->page_bytes;
        const enum page_type type = (enum page_type)run->page;
        const int weight = run->weight;

        quick -= run->quick_bytes;
        run_end = address + run->bytes;
        do {
            if (node == NULL || node->addr != address || node->type != type) {
                decoder->run = run;
                goto stop;
            }
            node->count += weight;
            link = &node->next;
            node = *link;
            address += page_bytes;
        } while (address < run_end);
    }
stop:
    if (link != decoder->walk->cursor.link) {
        decoder->walk->cursor.link = link;
        decoder->walk->floor = address;
    }
    decoder->at = at;
    decoder->address = address;
    decoder->run_end = run_end;
}

/** Reports the rest of the run that was begun, which lies wholly in the area at hand. */
static int report_rest(struct decoder *decoder)
{
    struct scan_walk *walk = decoder->walk;
    const enum page_type type = (enum page_type)decoder->run->page;
    const uint64_t pages = (decoder->run_end - decoder->address) >> walk->cursor.geometry.shift[type];

    int error = page_cursor_add(&walk->cursor, decoder->address, pages, type, decoder->run->weight);
    decoder->address = decoder->run_end;
    walk->floor = decoder->run_end;
    return error;
}

static uint64_t big_endian(const uint8_t *bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < ADDRESS_BYTES; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/** Takes in one byte of any kind, and the bytes that belong to it. */
static int decode_one(struct decoder *decoder)
{
    const struct geometry *geometry = &decoder->walk->cursor.geometry;
    const struct run_code *code = &decoder->codes->of[*decoder->at++];
    const uint64_t address = decoder->address;
    int error = 0;

    if (code->kind == RUN_CORRUPT) {
        return EBADMSG;
    }
    if (code->kind == RUN_SET_ADDRESS) {
        if (decoder->end - decoder->at < ADDRESS_BYTES) {
            decoder->at = decoder->end;
            return 0;
        }
        decoder->address = big_endian(decoder->at);
        decoder->at += ADDRESS_BYTES;
        return (decoder->address & (unit_bytes(geometry, PTE_TYPE) - 1)) == 0 ? 0 : EBADMSG;
    }
    if (address > ADDRESS_LIMIT) {
        return EBADMSG;
    }
    if (code->kind == RUN_OF_PAGES && (code->unaligned & address) == 0) {
        const enum page_type type = (enum page_type)code->page;

        error = scan_walk_report_clipped(decoder->walk, address, code->bytes >> geometry->shift[type], type, code->weight);
    }
    decoder->address = address + code->bytes;
    return error;
}

int idle_stream_decode(struct scan_walk *walk, const struct run_codes *codes, const uint8_t *bytes, size_t length)
{
    struct decoder decoder = { .walk = walk, .codes = codes, .at = bytes, .end = bytes + length };
    int error = length > 0 && bytes[0] != SET_ADDRESS ? EBADMSG : 0;

    while (error == 0 && decoder.at < decoder.end) {
        add_to_known(&decoder);
        if (decoder.address < decoder.run_end) {
            error = report_rest(&decoder);
        } else if (decoder.at < decoder.end) {
            error = decode_one(&decoder);
        }
    }
    return error;
}
