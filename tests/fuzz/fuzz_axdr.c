/*
 * fuzz_axdr.c - one A-XDR element.
 *
 * Must hold: skipping and walking agree on what is good and where it ends; what was read writes back to
 * something that reads the same; views lie inside the input.
 * Planted: a structure of 3 inside an array inside a structure, whose last member is a double-long-unsigned
 * above 2^31.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <string.h>

#include "protocol/axdr.h"
#include "quadrant/client.h"

#define OUT_MAX 8192u

static bool same_scalar(const qd_scalar_t *a, const qd_scalar_t *b) {
    size_t octets = a->type == QD_TYPE_BIT_STRING ? (a->length + 7u) / 8u : a->length;

    if (a->type != b->type || a->length != b->length || (a->external == NULL) != (b->external == NULL)) {
        return false;
    }
    return a->external != NULL ? memcmp(a->external, b->external, octets) == 0 : a->v.u == b->v.u;
}

/* Walks with the client's iterator and writes all again; *size becomes the octets written. */
static qd_status_t copy(const uint8_t *data, size_t length, qd_element_writer_t *writer) {
    qd_element_iterator_t it;
    qd_element_t element;
    qd_element_t parent[QD_ELEMENT_DEPTH_MAX + 1u] = {0};

    qd_element_begin(&it, data, length);
    while (qd_element_next(&it, &element) == QD_OK) {
        FUZZ_MUST(element.depth <= QD_ELEMENT_DEPTH_MAX);
        if (element.type == QD_TYPE_ARRAY || element.type == QD_TYPE_STRUCTURE) {
            parent[element.depth] = element;
            qd_element_write_group(writer, (qd_type_t)element.type, element.count);
        } else {
            const uint8_t *at = element.scalar.external;

            FUZZ_MUST(at == NULL || (at >= data && at <= data + length));
            qd_element_write_scalar(writer, &element.scalar);
        }
        FUZZ_PLANT(FUZZ_STAGE(element.depth == 3u) && FUZZ_STAGE(parent[0].type == QD_TYPE_STRUCTURE) &&
                   FUZZ_STAGE(parent[1].type == QD_TYPE_ARRAY) &&
                   FUZZ_STAGE(parent[2].type == QD_TYPE_STRUCTURE) && FUZZ_STAGE(parent[2].count == 3u) &&
                   FUZZ_STAGE(it.left[2] == 0u) && FUZZ_STAGE(element.type == QD_TYPE_DOUBLE_LONG_UNSIGNED) &&
                   FUZZ_STAGE(element.scalar.v.u > 0x80000000u));
    }
    return it.status;
}

static void compare(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size) {
    qd_reader_t ra;
    qd_reader_t rb;

    qd_reader_init(&ra, a, a_size);
    qd_reader_init(&rb, b, b_size);
    while (qd_reader_left(&ra) > 0u) {
        qd_axdr_element_t ea;
        qd_axdr_element_t eb;

        FUZZ_MUST(qd_axdr_get(&ra, &ea) == QD_OK && qd_axdr_get(&rb, &eb) == QD_OK);
        FUZZ_MUST(ea.type == eb.type && ea.count == eb.count && same_scalar(&ea.scalar, &eb.scalar));
    }
    FUZZ_MUST(qd_reader_left(&rb) == 0u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t out[OUT_MAX];
    qd_element_writer_t writer;
    qd_reader_t r;
    qd_status_t skipped;
    qd_status_t walked;

    if (size > OUT_MAX) {
        return 0;
    }
    qd_reader_init(&r, data, size);
    skipped = qd_axdr_skip(&r);
    qd_element_write_begin(&writer, out, sizeof out);
    walked = copy(data, size, &writer);
    if (skipped != QD_OK) {
        FUZZ_MUST(walked == skipped);
    } else if (r.at < size) {
        FUZZ_MUST(walked == QD_MALFORMED);
    } else {
        FUZZ_MUST(walked == QD_END && writer.status == QD_OK && writer.at <= size);
        compare(data, size, out, writer.at);
    }
    return 0;
}
