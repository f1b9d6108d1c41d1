/* A-XDR elements: every type both ways, every truncation, the limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/axdr.h"

typedef struct sample {
    const char *name;
    size_t size;
    uint8_t octets[24];
    uint8_t type;
    uint16_t length; /* of strings */
    int64_t number;
} sample_t;

static const sample_t samples[] = {
    {"null", 1, {0}, QD_TYPE_NULL, 0, 0},
    {"false", 2, {3, 0}, QD_TYPE_BOOLEAN, 0, 0},
    {"true", 2, {3, 1}, QD_TYPE_BOOLEAN, 0, 1},
    {"bit-string of 0", 2, {4, 0}, QD_TYPE_BIT_STRING, 0, 0},
    {"bit-string of 1", 3, {4, 1, 0x80}, QD_TYPE_BIT_STRING, 1, 0},
    {"bit-string of 8", 3, {4, 8, 0xA5}, QD_TYPE_BIT_STRING, 8, 0},
    {"bit-string of 9", 4, {4, 9, 0xA5, 0x80}, QD_TYPE_BIT_STRING, 9, 0},
    {"double-long lowest", 5, {5, 0x80, 0, 0, 0}, QD_TYPE_DOUBLE_LONG, 0, INT32_MIN},
    {"double-long highest", 5, {5, 0x7F, 0xFF, 0xFF, 0xFF}, QD_TYPE_DOUBLE_LONG, 0, INT32_MAX},
    {"double-long-unsigned", 5, {6, 0xFF, 0xFF, 0xFF, 0xFE}, QD_TYPE_DOUBLE_LONG_UNSIGNED, 0, 0xFFFFFFFE},
    {"octet-string of 0", 2, {9, 0}, QD_TYPE_OCTET_STRING, 0, 0},
    {"octet-string of 3", 5, {9, 3, 1, 2, 3}, QD_TYPE_OCTET_STRING, 3, 0},
    {"visible-string", 4, {10, 2, 'O', 'K'}, QD_TYPE_VISIBLE_STRING, 2, 0},
    {"utf8-string", 4, {12, 2, 0xC3, 0xA4}, QD_TYPE_UTF8_STRING, 2, 0},
    {"bcd", 2, {13, 0x99}, QD_TYPE_BCD, 0, 0x99},
    {"integer lowest", 2, {15, 0x80}, QD_TYPE_INTEGER, 0, -128},
    {"long lowest", 3, {16, 0x80, 0}, QD_TYPE_LONG, 0, -32768},
    {"unsigned", 2, {17, 0xFF}, QD_TYPE_UNSIGNED, 0, 255},
    {"long-unsigned", 3, {18, 0xFF, 0xFF}, QD_TYPE_LONG_UNSIGNED, 0, 65535},
    {"long64 lowest", 9, {20, 0x80, 0, 0, 0, 0, 0, 0, 0}, QD_TYPE_LONG64, 0, INT64_MIN},
    {"long64-unsigned", 9, {21, 0x7F, 1, 2, 3, 4, 5, 6, 7}, QD_TYPE_LONG64_UNSIGNED, 0, 0x7F01020304050607},
    {"enum", 2, {22, 30}, QD_TYPE_ENUM, 0, 30},
    {"float32", 5, {23, 0x3F, 0x80, 0, 0}, QD_TYPE_FLOAT32, 0, 0x3F800000},
    {"float64", 9, {24, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0}, QD_TYPE_FLOAT64, 0, 0x3FF0000000000000},
    {"date-time", 13, {25, 7, 0xEA, 3, 29, 7, 2, 0, 0, 0, 0xFF, 0xC4, 0}, QD_TYPE_DATE_TIME, 12, 0},
    {"date", 6, {26, 7, 0xEA, 3, 29, 7}, QD_TYPE_DATE, 5, 0},
    {"time", 5, {27, 2, 0, 0, 0}, QD_TYPE_TIME, 4, 0},
};

#define SAMPLES (sizeof samples / sizeof samples[0])

static void every_scalar_both_ways(void **state) {
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        const sample_t *sample = &samples[i];
        uint8_t out[24];
        qd_axdr_element_t element;
        qd_reader_t r;
        qd_writer_t w;

        qd_reader_init(&r, sample->octets, sample->size);
        assert_int_equal(qd_axdr_get(&r, &element), QD_OK);
        assert_int_equal(qd_reader_left(&r), 0);
        assert_int_equal(element.type, sample->type);
        assert_int_equal(element.scalar.type, sample->type);
        assert_int_equal(element.scalar.length, sample->length);
        if (element.scalar.external == NULL) {
            assert_true(element.scalar.v.i == sample->number);
        }
        qd_writer_init(&w, out, sizeof out);
        qd_axdr_put_scalar(&w, &element.scalar);
        assert_int_equal(w.status, QD_OK);
        assert_int_equal(w.at, sample->size);
        assert_memory_equal(out, sample->octets, sample->size);
    }
}

static void every_truncation(void **state) {
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t size = 0; size < samples[i].size; size++) {
            qd_axdr_element_t element;
            qd_reader_t r;

            qd_reader_init(&r, samples[i].octets, size);
            assert_int_equal(qd_axdr_get(&r, &element), QD_TRUNCATED);
            qd_reader_init(&r, samples[i].octets, size);
            assert_int_equal(qd_axdr_skip(&r), QD_TRUNCATED);
            assert_int_equal(r.status, QD_TRUNCATED);
        }
    }
}

static void every_room_too_small(void **state) {
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        qd_axdr_element_t element;
        qd_reader_t r;

        qd_reader_init(&r, samples[i].octets, samples[i].size);
        (void)qd_axdr_get(&r, &element);
        for (size_t size = 0; size < samples[i].size; size++) {
            uint8_t out[24];
            qd_writer_t w;

            qd_writer_init(&w, out, size);
            qd_axdr_put_scalar(&w, &element.scalar);
            assert_int_equal(w.status, QD_NO_SPACE);
        }
    }
}

static void unknown_tags(void **state) {
    (void)state;
    for (unsigned tag = 0; tag < 256; tag++) {
        uint8_t octets[32] = {0};
        bool known = tag == QD_TYPE_NULL || tag == QD_TYPE_ARRAY || tag == QD_TYPE_STRUCTURE;
        qd_axdr_element_t element;
        qd_reader_t r;
        qd_status_t status;

        for (size_t i = 0; i < SAMPLES; i++) {
            known = known || samples[i].type == tag;
        }
        octets[0] = (uint8_t)tag;
        qd_reader_init(&r, octets, sizeof octets);
        status = qd_axdr_get(&r, &element);
        if (tag == QD_TYPE_COMPACT_ARRAY) {
            assert_int_equal(status, QD_UNSUPPORTED);
        } else {
            assert_int_equal(status, known ? QD_OK : QD_MALFORMED);
        }
    }
}

static void booleans(void **state) {
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        uint8_t octets[2] = {3, (uint8_t)value};
        qd_axdr_element_t element;
        qd_reader_t r;

        qd_reader_init(&r, octets, sizeof octets);
        if (value == 0 || value == 1 || value == 255) {
            assert_int_equal(qd_axdr_get(&r, &element), QD_OK);
            assert_int_equal(element.scalar.v.u, value != 0);
        } else {
            assert_int_equal(qd_axdr_get(&r, &element), QD_MALFORMED);
        }
    }
}

static void length_round_trip(uint16_t length, size_t octets) {
    uint8_t out[4];
    qd_reader_t r;
    qd_writer_t w;

    qd_writer_init(&w, out, sizeof out);
    qd_axdr_put_length(&w, length);
    assert_int_equal(w.at, octets);
    qd_reader_init(&r, out, w.at);
    assert_int_equal(qd_axdr_get_length(&r), length);
    assert_int_equal(r.status, QD_OK);
    for (size_t size = 0; size < octets; size++) {
        qd_reader_init(&r, out, size);
        (void)qd_axdr_get_length(&r);
        assert_int_equal(r.status, QD_TRUNCATED);
    }
}

static void lengths(void **state) {
    static const uint8_t longer[] = {0x81, 0x05};
    qd_reader_t r;

    (void)state;
    length_round_trip(0, 1);
    length_round_trip(0x7F, 1);
    length_round_trip(0x80, 2);
    length_round_trip(0xFF, 2);
    length_round_trip(0x100, 3);
    length_round_trip(0xFFFF, 3);
    qd_reader_init(&r, longer, sizeof longer); /* longer than needed, and allowed */
    assert_int_equal(qd_axdr_get_length(&r), 5);
    for (unsigned form = 0x80; form < 256; form++) {
        uint8_t octets[6] = {(uint8_t)form, 0, 0, 0, 0, 0};

        if (form != 0x81 && form != 0x82) {
            qd_reader_init(&r, octets, sizeof octets);
            assert_int_equal(qd_axdr_get_length(&r), 0);
            assert_int_equal(r.status, QD_MALFORMED);
        }
    }
}

static void lying_lengths(void **state) {
    static const uint8_t cases[][6] = {
        {9, 0x82, 0xFF, 0xFF, 0, 0}, {9, 5, 1, 2, 3, 4},          {4, 33, 0, 0, 0, 0},
        {1, 5, 0, 0, 0, 0},          {2, 0x82, 0xFF, 0xFF, 0, 0},
    };
    qd_reader_t r;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        qd_reader_init(&r, cases[i], sizeof cases[i]);
        assert_int_equal(qd_axdr_skip(&r), QD_TRUNCATED);
    }
    {
        static const uint8_t four_octets[] = {2, 0x84, 0xFF, 0xFF, 0xFF, 0xFF};

        qd_reader_init(&r, four_octets, sizeof four_octets);
        assert_int_equal(qd_axdr_skip(&r), QD_MALFORMED);
    }
}

static void longest_string(void **state) {
    static uint8_t octets[4 + 0xFFFF] = {9, 0x82, 0xFF, 0xFF};
    qd_axdr_element_t element;
    qd_reader_t r;

    (void)state;
    qd_reader_init(&r, octets, sizeof octets);
    assert_int_equal(qd_axdr_get(&r, &element), QD_OK);
    assert_int_equal(element.scalar.length, 0xFFFF);
    qd_reader_init(&r, octets, sizeof octets - 1);
    assert_int_equal(qd_axdr_get(&r, &element), QD_TRUNCATED);
    octets[0] = 4; /* 65,535 bits are 8,192 octets */
    qd_reader_init(&r, octets, sizeof octets);
    assert_int_equal(qd_axdr_get(&r, &element), QD_OK);
    assert_int_equal(r.at, 4 + 8192);
    octets[0] = 9;
}

static void depth(void **state) {
    uint8_t octets[2 * (QD_AXDR_DEPTH_MAX + 1) + 1];
    qd_reader_t r;

    (void)state;
    for (size_t levels = 1; levels <= QD_AXDR_DEPTH_MAX + 1; levels++) {
        for (size_t i = 0; i < levels; i++) {
            octets[2 * i] = i % 2 == 0 ? QD_TYPE_STRUCTURE : QD_TYPE_ARRAY;
            octets[2 * i + 1] = 1;
        }
        octets[2 * levels] = QD_TYPE_NULL;
        qd_reader_init(&r, octets, 2 * levels + 1);
        assert_int_equal(qd_axdr_skip(&r), levels <= QD_AXDR_DEPTH_MAX ? QD_OK : QD_MALFORMED);
        octets[2 * levels - 1] = 0; /* an empty group counts as a level too */
        qd_reader_init(&r, octets, 2 * levels);
        assert_int_equal(qd_axdr_skip(&r), levels <= QD_AXDR_DEPTH_MAX ? QD_OK : QD_MALFORMED);
    }
}

static void skipping_stops_behind_the_element(void **state) {
    static const uint8_t octets[] = {2, 3, 1, 2, 0, 17, 5, 1, 0, 2, 1, 9, 2, 7, 7, /* next */ 17, 9};
    qd_reader_t r;

    (void)state;
    qd_reader_init(&r, octets, sizeof octets);
    assert_int_equal(qd_axdr_skip(&r), QD_OK);
    assert_int_equal(r.at, 15);
    for (size_t size = 0; size < 15; size++) {
        qd_reader_init(&r, octets, size);
        assert_int_equal(qd_axdr_skip(&r), QD_TRUNCATED);
    }
}

static void writing_what_cannot_be(void **state) {
    uint8_t out[32];
    qd_writer_t w;
    qd_scalar_t scalar = {.type = QD_TYPE_ARRAY};

    (void)state;
    qd_writer_init(&w, out, sizeof out);
    qd_axdr_put_scalar(&w, &scalar);
    assert_int_equal(w.status, QD_ARGUMENT);

    qd_writer_init(&w, out, sizeof out);
    qd_axdr_put_group(&w, QD_TYPE_UNSIGNED, 1);
    assert_int_equal(w.status, QD_ARGUMENT);

    scalar.type = QD_TYPE_DATE_TIME;
    scalar.length = 11;
    qd_writer_init(&w, out, sizeof out);
    qd_axdr_put_scalar(&w, &scalar);
    assert_int_equal(w.status, QD_ARGUMENT);

    scalar.type = QD_TYPE_OCTET_STRING;
    scalar.length = QD_SCALAR_INLINE + 1;
    qd_writer_init(&w, out, sizeof out);
    qd_axdr_put_scalar(&w, &scalar);
    assert_int_equal(w.status, QD_ARGUMENT);

    scalar.length = QD_SCALAR_INLINE;
    memset(scalar.v.octets, 0x5A, sizeof scalar.v.octets);
    qd_writer_init(&w, out, sizeof out);
    qd_axdr_put_scalar(&w, &scalar);
    assert_int_equal(w.status, QD_OK);
    assert_int_equal(w.at, 2 + QD_SCALAR_INLINE);
    assert_int_equal(out[2], 0x5A);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scalar_both_ways),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(every_room_too_small),
        cmocka_unit_test(unknown_tags),
        cmocka_unit_test(booleans),
        cmocka_unit_test(lengths),
        cmocka_unit_test(lying_lengths),
        cmocka_unit_test(longest_string),
        cmocka_unit_test(depth),
        cmocka_unit_test(skipping_stops_behind_the_element),
        cmocka_unit_test(writing_what_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
