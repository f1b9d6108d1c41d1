/*
 * test_scalar.c - every integer type at every bound against every other; sources and sinks.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "item/scalar.h"

/* Ranges of the common data types, IEC 62056-62. */
typedef struct range {
    qd_type_t type;
    bool is_signed;
    int64_t minimum;
    uint64_t maximum;
} range_t;

static const range_t ranges[] = {
    {QD_TYPE_BOOLEAN, false, 0, 1},
    {QD_TYPE_ENUM, false, 0, 255},
    {QD_TYPE_UNSIGNED, false, 0, 255},
    {QD_TYPE_LONG_UNSIGNED, false, 0, 65535},
    {QD_TYPE_DOUBLE_LONG_UNSIGNED, false, 0, 4294967295u},
    {QD_TYPE_LONG64_UNSIGNED, false, 0, UINT64_MAX},
    {QD_TYPE_INTEGER, true, -128, 127},
    {QD_TYPE_LONG, true, -32768, 32767},
    {QD_TYPE_DOUBLE_LONG, true, INT64_C(-2147483648), 2147483647},
    {QD_TYPE_LONG64, true, INT64_MIN, INT64_MAX},
};
#define RANGES (sizeof ranges / sizeof ranges[0])

static void make(qd_scalar_t *scalar, const range_t *range, bool negative, uint64_t bits) {
    if (range->is_signed) {
        qd_scalar_integer(scalar, range->type, (int64_t)bits);
    } else {
        qd_scalar_unsigned(scalar, range->type, bits);
    }
    assert_true(!negative || range->is_signed);
}

static bool holds(const range_t *range, bool negative, uint64_t bits) {
    return negative ? (int64_t)bits >= range->minimum : bits <= range->maximum;
}

static void convert_one(const range_t *from, const range_t *to, bool negative, uint64_t bits) {
    qd_scalar_t scalar;
    make(&scalar, from, negative, bits);
    qd_scalar_t before = scalar;
    qd_status_t status = qd_scalar_convert(&scalar, (uint8_t)to->type);
    if (holds(to, negative, bits) || from->type == to->type) {
        assert_int_equal(status, QD_OK);
        assert_int_equal(scalar.type, to->type);
        assert_true(scalar.v.u == bits);
        assert_int_equal(scalar.length, 0);
    } else {
        assert_int_equal(status, QD_RANGE);
        assert_memory_equal(&scalar, &before, sizeof before);
    }
}

/* All values next to any bound of any type that the first type can have. */
static void test_convert_at_every_bound(void **state) {
    (void)state;
    for (size_t from = 0; from < RANGES; from++) {
        for (size_t to = 0; to < RANGES; to++) {
            for (size_t edge = 0; edge < RANGES; edge++) {
                for (int64_t step = -1; step <= 1; step++) {
                    uint64_t high = ranges[edge].maximum + (uint64_t)step;
                    if (high <= ranges[from].maximum) {
                        convert_one(&ranges[from], &ranges[to], false, high);
                    }
                    int64_t low = ranges[edge].minimum;
                    if (low == 0 || (low == INT64_MIN && step < 0)) {
                        continue;
                    }
                    low += step;
                    if (low >= ranges[from].minimum) {
                        convert_one(&ranges[from], &ranges[to], true, (uint64_t)low);
                    }
                }
            }
            convert_one(&ranges[from], &ranges[to], false, 0);
            if (ranges[from].is_signed) {
                convert_one(&ranges[from], &ranges[to], true, (uint64_t)-1);
            }
        }
    }
}

static void test_convert_wants_two_integers(void **state) {
    static const uint8_t others[] = {QD_TYPE_NULL,        QD_TYPE_ARRAY,        QD_TYPE_STRUCTURE,
                                     QD_TYPE_BIT_STRING,  QD_TYPE_OCTET_STRING, QD_TYPE_VISIBLE_STRING,
                                     QD_TYPE_UTF8_STRING, QD_TYPE_BCD,          QD_TYPE_COMPACT_ARRAY,
                                     QD_TYPE_FLOAT32,     QD_TYPE_FLOAT64,      QD_TYPE_DATE_TIME,
                                     QD_TYPE_DATE,        QD_TYPE_TIME,         200};
    (void)state;
    for (size_t i = 0; i < sizeof others; i++) {
        qd_scalar_t scalar;
        qd_scalar_unsigned(&scalar, QD_TYPE_UNSIGNED, 1);
        assert_int_equal(qd_scalar_convert(&scalar, others[i]), QD_TYPE);
        assert_int_equal(scalar.type, QD_TYPE_UNSIGNED);
        scalar.type = others[i];
        assert_int_equal(qd_scalar_convert(&scalar, QD_TYPE_UNSIGNED), QD_TYPE);
        assert_int_equal(scalar.type, others[i]);
        assert_int_equal(qd_scalar_convert(&scalar, others[i]), QD_OK);
        assert_false(qd_type_is_integer(others[i]));
        assert_false(qd_type_is_signed(others[i]));
        bool is_string = others[i] == QD_TYPE_BIT_STRING || others[i] == QD_TYPE_OCTET_STRING ||
                         others[i] == QD_TYPE_VISIBLE_STRING || others[i] == QD_TYPE_UTF8_STRING;
        assert_int_equal(qd_type_is_string(others[i]), is_string);
    }
    for (size_t i = 0; i < RANGES; i++) {
        assert_true(qd_type_is_integer((uint8_t)ranges[i].type));
        assert_int_equal(qd_type_is_signed((uint8_t)ranges[i].type), ranges[i].is_signed);
        assert_false(qd_type_is_string((uint8_t)ranges[i].type));
    }
}

static void test_octets_by_value_up_to_sixteen(void **state) {
    uint8_t octets[20];
    (void)state;
    for (uint8_t i = 0; i < sizeof octets; i++) {
        octets[i] = (uint8_t)(i + 1u);
    }
    for (uint16_t length = 0; length <= sizeof octets; length++) {
        qd_scalar_t scalar;
        memset(&scalar, 0xEE, sizeof scalar);
        qd_scalar_octets(&scalar, QD_TYPE_VISIBLE_STRING, octets, length);
        assert_int_equal(scalar.type, QD_TYPE_VISIBLE_STRING);
        assert_int_equal(scalar.length, length);
        assert_memory_equal(qd_scalar_data(&scalar), octets, length);
        if (length <= 16) {
            assert_null(scalar.external);
            assert_ptr_equal(qd_scalar_data(&scalar), scalar.v.octets);
        } else {
            assert_ptr_equal(qd_scalar_data(&scalar), octets);
        }
    }
    qd_scalar_t nothing;
    memset(&nothing, 0xEE, sizeof nothing);
    qd_scalar_null(&nothing);
    assert_int_equal(nothing.type, QD_TYPE_NULL);
    assert_int_equal(nothing.length, 0);
    assert_null(nothing.external);
}

/* A source that gives a few elements and then a status. */
typedef struct script {
    qd_item_element_t element[3];
    unsigned count;
    unsigned at;
    qd_status_t then;
    qd_source_t source;
} script_t;

static qd_status_t script_next(void *context, qd_item_element_t *element) {
    script_t *script = context;
    if (script->at == script->count) {
        return script->then;
    }
    *element = script->element[script->at++];
    return QD_OK;
}

static const qd_source_t *scripted(script_t *script, uint8_t type, uint16_t count, qd_status_t then) {
    memset(script, 0, sizeof *script);
    script->source = (qd_source_t){script, script_next};
    script->then = then;
    if (type != 0) {
        script->count = 1;
        script->element[0].type = type;
        script->element[0].count = count;
        script->element[0].scalar.type = type;
    }
    return &script->source;
}

static void test_source_insists_on_its_kind(void **state) {
    script_t script;
    uint16_t count = 7;
    qd_scalar_t scalar;
    (void)state;
    assert_int_equal(qd_source_group(scripted(&script, QD_TYPE_ARRAY, 3, QD_END), QD_TYPE_ARRAY, &count),
                     QD_OK);
    assert_int_equal(count, 3);
    assert_int_equal(qd_source_group(scripted(&script, QD_TYPE_ARRAY, 9, QD_END), QD_TYPE_STRUCTURE, &count),
                     QD_TYPE);
    assert_int_equal(count, 3);
    assert_int_equal(qd_source_group(scripted(&script, 0, 0, QD_END), QD_TYPE_ARRAY, &count), QD_TYPE);
    assert_int_equal(qd_source_group(scripted(&script, 0, 0, QD_TRUNCATED), QD_TYPE_ARRAY, &count),
                     QD_TRUNCATED);
    assert_int_equal(qd_source_scalar(scripted(&script, QD_TYPE_UNSIGNED, 0, QD_END), QD_TYPE_ENUM, &scalar),
                     QD_TYPE);
    assert_int_equal(qd_source_scalar(scripted(&script, QD_TYPE_ENUM, 0, QD_END), QD_TYPE_ENUM, &scalar),
                     QD_OK);
    assert_int_equal(scalar.type, QD_TYPE_ENUM);
    assert_int_equal(qd_source_scalar(scripted(&script, 0, 0, QD_END), QD_TYPE_ENUM, &scalar), QD_TYPE);
    assert_int_equal(qd_source_scalar(scripted(&script, 0, 0, QD_MALFORMED), QD_TYPE_ENUM, &scalar),
                     QD_MALFORMED);
}

static qd_status_t integer(uint8_t given, qd_type_t wanted, int64_t value, int64_t minimum, int64_t maximum,
                           int64_t *out) {
    script_t script;
    const qd_source_t *source = scripted(&script, given, 0, QD_END);
    script.element[0].scalar.v.i = value;
    return qd_source_integer(source, wanted, minimum, maximum, out);
}

static void test_source_integer_bounds(void **state) {
    const qd_type_t u64 = QD_TYPE_LONG64_UNSIGNED;
    int64_t value = 77;
    (void)state;
    assert_int_equal(integer(QD_TYPE_LONG, QD_TYPE_LONG, -901, -900, 900, &value), QD_RANGE);
    assert_int_equal(integer(QD_TYPE_LONG, QD_TYPE_LONG, 901, -900, 900, &value), QD_RANGE);
    assert_int_equal(value, 77);
    assert_int_equal(integer(QD_TYPE_LONG, QD_TYPE_LONG, -900, -900, 900, &value), QD_OK);
    assert_int_equal(value, -900);
    assert_int_equal(integer(QD_TYPE_LONG, QD_TYPE_LONG, 900, -900, 900, &value), QD_OK);
    assert_int_equal(value, 900);
    assert_int_equal(integer((uint8_t)u64, u64, INT64_MIN, INT64_MIN, INT64_MAX, &value), QD_RANGE);
    assert_int_equal(integer((uint8_t)u64, u64, INT64_MAX, INT64_MIN, INT64_MAX, &value), QD_OK);
    assert_true(value == INT64_MAX);
    for (size_t given = 0; given < RANGES; given++) {
        for (size_t wanted = 0; wanted < RANGES; wanted++) {
            qd_status_t status = integer((uint8_t)ranges[given].type, ranges[wanted].type, 1, 0, 1, &value);
            assert_int_equal(status, given == wanted ? QD_OK : QD_TYPE);
        }
    }
    assert_int_equal(integer(QD_TYPE_OCTET_STRING, QD_TYPE_LONG, 5, 0, 9, &value), QD_TYPE);
    assert_int_equal(integer(QD_TYPE_NULL, QD_TYPE_LONG, 5, 0, 9, &value), QD_TYPE);
    assert_int_equal(integer(QD_TYPE_FLOAT32, QD_TYPE_LONG, 5, 0, 9, &value), QD_TYPE);
    script_t script;
    const qd_source_t *later = scripted(&script, 0, 0, QD_PENDING);
    assert_int_equal(qd_source_integer(later, QD_TYPE_LONG, 0, 9, &value), QD_PENDING);
    const qd_source_t *nothing = scripted(&script, 0, 0, QD_END);
    assert_int_equal(qd_source_integer(nothing, QD_TYPE_LONG, 0, 9, &value), QD_TYPE);
}

static void test_source_octets_bounds(void **state) {
    static const uint8_t text[20] = "abcdefghijklmnopqrst";
    (void)state;
    for (uint16_t given = 0; given <= sizeof text; given++) {
        script_t script;
        uint8_t out[20];
        uint16_t length = 99;
        memset(out, '.', sizeof out);
        const qd_source_t *source = scripted(&script, QD_TYPE_OCTET_STRING, 0, QD_END);
        qd_scalar_octets(&script.element[0].scalar, QD_TYPE_OCTET_STRING, text, given);
        qd_status_t status = qd_source_octets(source, out, 3, 18, &length);
        if (given < 3 || given > 18) {
            assert_int_equal(status, QD_RANGE);
            assert_int_equal(length, 99);
            assert_int_equal(out[0], '.');
        } else {
            assert_int_equal(status, QD_OK);
            assert_int_equal(length, given);
            assert_memory_equal(out, text, given);
            assert_true(given == sizeof out || out[given] == '.');
        }
    }
    script_t script;
    uint8_t out[20];
    uint16_t length = 0;
    assert_int_equal(
        qd_source_octets(scripted(&script, QD_TYPE_VISIBLE_STRING, 0, QD_END), out, 0, 9, &length), QD_TYPE);
}

static void test_scalar_source_gives_once(void **state) {
    qd_scalar_source_t source;
    qd_item_element_t element;
    (void)state;
    memset(&source, 0xEE, sizeof source);
    qd_scalar_source_init(&source);
    qd_scalar_integer(&source.scalar, QD_TYPE_LONG, -5);
    assert_int_equal(source.source.next(source.source.context, &element), QD_OK);
    assert_int_equal(element.type, QD_TYPE_LONG);
    assert_int_equal(element.count, 0);
    assert_int_equal(element.scalar.v.i, -5);
    assert_int_equal(source.source.next(source.source.context, &element), QD_END);
}

static qd_status_t sink_scalar(void *context, const qd_scalar_t *scalar) {
    *(qd_scalar_t *)context = *scalar;
    return QD_NO_SPACE;
}

static void test_sinks(void **state) {
    qd_scalar_t got;
    const qd_sink_t sink = {.context = &got, .group = NULL, .scalar = sink_scalar};
    (void)state;
    assert_int_equal(qd_sink_integer(&sink, QD_TYPE_INTEGER, -3), QD_NO_SPACE);
    assert_int_equal(got.type, QD_TYPE_INTEGER);
    assert_int_equal(got.v.i, -3);
    assert_int_equal(qd_sink_octets(&sink, QD_TYPE_OCTET_STRING, (const uint8_t *)"xyz", 2), QD_NO_SPACE);
    assert_int_equal(got.type, QD_TYPE_OCTET_STRING);
    assert_int_equal(got.length, 2);
    assert_memory_equal(qd_scalar_data(&got), "xy", 2);
}

static void test_reference_of_an_attribute(void **state) {
    const qd_ref_t ref = {3, 9, 0x0005};
    (void)state;
    qd_ref_t attribute = qd_ref_attribute(ref, 0xA7);
    assert_int_equal(attribute.module, 3);
    assert_int_equal(attribute.item, 9);
    assert_int_equal(attribute.arg, 0x05A7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convert_at_every_bound),
        cmocka_unit_test(test_convert_wants_two_integers),
        cmocka_unit_test(test_octets_by_value_up_to_sixteen),
        cmocka_unit_test(test_source_insists_on_its_kind),
        cmocka_unit_test(test_source_integer_bounds),
        cmocka_unit_test(test_source_octets_bounds),
        cmocka_unit_test(test_scalar_source_gives_once),
        cmocka_unit_test(test_sinks),
        cmocka_unit_test(test_reference_of_an_attribute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
