/*
 * test_activity.c - the structures of classes 9, 11, 20, 21 and 22: octets written out by hand, both ways, and spoilt.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cosem/axdr_io.h"
#include "support/activity_octets.h"

#define OCTETS_MAX 1200u

typedef struct octets {
    uint8_t data[OCTETS_MAX];
    size_t length;
} octets_t;

static octets_t hex(const char *text) {
    octets_t octets = {.length = 0};
    unsigned digits = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ') {
            continue;
        }
        unsigned value = *text <= '9' ? (unsigned)(*text - '0') : (unsigned)(*text - 'A' + 10);
        octets.data[octets.length] = (uint8_t)((unsigned)octets.data[octets.length] << 4 | value);
        octets.length += digits++ % 2u;
    }
    return octets;
}

static const qd_shape_t *shape_of(const char *name) {
    const activity_shape_t *row = activity_shapes;
    while (row->name != NULL && strcmp(row->name, name) != 0) {
        row++;
    }
    assert_non_null(row->name);
    return row->shape;
}

static void same_again(const char *name, const char *text) {
    octets_t in = hex(text);
    octets_t out = {.length = OCTETS_MAX};
    assert_int_equal(activity_round(shape_of(name), in.data, in.length, out.data, &out.length), QD_OK);
    assert_int_equal(out.length, in.length);
    assert_memory_equal(out.data, in.data, in.length);
}

static void refused(const char *name, const char *text, qd_status_t status) {
    octets_t in = hex(text);
    octets_t out = {.length = OCTETS_MAX};
    assert_int_equal(activity_round(shape_of(name), in.data, in.length, out.data, &out.length), status);
}

#define OBIS_SCRIPTS "0906 00000A0064FF"
#define SCRIPT_REF "0202 " OBIS_SCRIPTS " 120001"

static void test_both_ways(void **state) {
    (void)state;
    same_again("script", "0202 120001 0100");
    same_again("script", "0202 12FFFF 0103"
                         " 0205 1601 120006 0906 00000E0001FF 0F04 0904 30303031"
                         " 0205 1602 120046 0906 0000600A03FF 0F01 0F00"
                         " 0205 1602 120003 0906 0100010800FF 0F80 00");
    same_again("special_day", "0203 120000 0905 07EA0C19FF 1101");
    same_again("special_day", "0203 12FFFF 0905 FFFFFDFEFF 11FF");
    same_again("season", "0203 0901 31 090C FFFF0401FF000000008000FF 0904 30303031");
    same_again("season", "0203 0900 090C 07EA0A19070000000000 3C00 0908 4142434445464748");
    same_again("week", "0208 0901 31 1101 1102 1103 1104 1105 1106 1107");
    same_again("day", "0202 1105 0100");
    same_again("day", "0202 1105 0102 0203 0904 06000000 " OBIS_SCRIPTS " 120001"
                      " 0203 0904 16FFFFFF " OBIS_SCRIPTS " 120002");
    same_again("threshold", "0500000000");
    same_again("threshold", "15FFFFFFFFFFFFFFFF");
    same_again("threshold", "14FFFFFFFFFFFFFFFF");
    same_again("threshold", "1080 00");
    same_again("threshold", "0301");
    same_again("threshold", "0910 000102030405060708090A0B0C0D0E0F");
    same_again("value_definition", "0203 120003 0906 0100010700FF 0F02");
    same_again("action_set", "0202 " SCRIPT_REF " 0202 0906 000000000000 120000");
    same_again("script_ref", SCRIPT_REF);
    same_again("execution_time", "0202 0904 00000000 0905 FFFFFF01FF");
    same_again("execution_time", "0202 0904 FFFFFFFF 0905 07EAFE1F07");
}

/* The most that a record takes, and one more. */
static void test_most(void **state) {
    static char text[4096];
    (void)state;
    for (unsigned count = QD_DAY_ACTIONS; count <= QD_DAY_ACTIONS + 1u; count++) {
        size_t at = (size_t)snprintf(text, sizeof text, "0202 1101 01%02X", count);
        for (unsigned i = 0; i < count; i++) {
            at += (size_t)snprintf(text + at, sizeof text - at,
                                   " 0203 0904 %02X%02X0000 " OBIS_SCRIPTS " 12%04X", i / 2u % 24u,
                                   i % 2u * 30u, i);
        }
        if (count == QD_DAY_ACTIONS) {
            same_again("day", text);
        } else {
            refused("day", text, QD_RANGE);
        }
    }
    refused("season", "0203 0909 414243444546474849 090C FFFF0401FF000000008000FF 0904 30303031", QD_RANGE);
    refused("threshold", "0911 000102030405060708090A0B0C0D0E0F10", QD_RANGE);
}

static void test_refused(void **state) {
    (void)state;
    /* another type or number of elements */
    refused("script_ref", "0203 " OBIS_SCRIPTS " 120001 00", QD_TYPE);
    refused("script_ref", "0102 " OBIS_SCRIPTS " 120001", QD_TYPE);
    refused("script_ref", "0202 " OBIS_SCRIPTS " 1101", QD_TYPE);
    refused("script_ref", "0202 0A06 00000A0064FF 120001", QD_TYPE);
    refused("script", "0202 120001 0200", QD_TYPE);
    refused("script", "0202 120001 0101 0204 1601 120006 0906 00000E0001FF 0F04", QD_TYPE);
    refused("week", "0207 0901 31 1101 1102 1103 1104 1105 1106", QD_TYPE);
    refused("threshold", "0100", QD_TYPE);
    refused("threshold", "17 00000000", QD_TYPE);
    refused("value_definition", "0203 120003 0906 0100010700FF 1102", QD_TYPE);
    /* elements missing at the end */
    refused("script_ref", "0202 " OBIS_SCRIPTS, QD_TYPE);
    refused("day", "0202 1105 0101", QD_TRUNCATED);
    /* numbers and lengths */
    refused("script", "0202 120000 0100", QD_RANGE);
    refused("script", "0202 120001 0101 0205 1600 120006 0906 00000E0001FF 0F04 00", QD_RANGE);
    refused("script", "0202 120001 0101 0205 1603 120006 0906 00000E0001FF 0F04 00", QD_RANGE);
    refused("script_ref", "0202 0905 00000A0064 120001", QD_RANGE);
    refused("special_day", "0203 120000 0904 07EA0C19 1101", QD_RANGE);
    /* dates and times that are none */
    refused("special_day", "0203 120000 0905 07EA0019FF 1101", QD_RANGE);
    refused("special_day", "0203 120000 0905 07EA0D19FF 1101", QD_RANGE);
    refused("special_day", "0203 120000 0905 07EA0C00FF 1101", QD_RANGE);
    refused("special_day", "0203 120000 0905 07EA0C20FF 1101", QD_RANGE);
    refused("special_day", "0203 120000 0905 07EA0C1908 1101", QD_RANGE);
    refused("execution_time", "0202 0904 18000000 0905 FFFFFFFFFF", QD_RANGE);
    refused("execution_time", "0202 0904 003C0000 0905 FFFFFFFFFF", QD_RANGE);
    refused("execution_time", "0202 0904 00003C00 0905 FFFFFFFFFF", QD_RANGE);
    refused("execution_time", "0202 0904 00000064 0905 FFFFFFFFFF", QD_RANGE);
    refused("season", "0203 0901 31 090C FFFF0401FF0000000002D1FF 0904 30303031", QD_RANGE);
}

/* Cut everywhere, each octet changed to anything: a status, and what was taken can be given. */
static void test_spoilt(void **state) {
    static const char *const good[][2] = {
        {"script", "0202 12FFFF 0102 0205 1601 120006 0906 00000E0001FF 0F04 0904 30303031"
                   " 0205 1602 120046 0906 0000600A03FF 0F01 0F00"},
        {"day", "0202 1105 0102 0203 0904 06000000 " OBIS_SCRIPTS " 120001 0203 0904 16FFFFFF " OBIS_SCRIPTS
                " 120002"},
        {"season", "0203 0901 31 090C FFFF0401FF000000008000FF 0904 30303031"},
        {"action_set", "0202 " SCRIPT_REF " " SCRIPT_REF},
    };
    (void)state;
    for (size_t g = 0; g < sizeof good / sizeof good[0]; g++) {
        octets_t in = hex(good[g][1]);
        octets_t out = {.length = OCTETS_MAX};
        for (size_t cut = 1; cut < in.length; cut++) {
            out.length = OCTETS_MAX;
            qd_status_t status = activity_round(shape_of(good[g][0]), in.data, cut, out.data, &out.length);
            assert_true(status == QD_TYPE || status == QD_TRUNCATED);
        }
        for (size_t at = 0; at < in.length; at++) {
            for (unsigned value = 0; value < 256; value++) {
                octets_t bad = in;
                bad.data[at] = (uint8_t)value;
                out.length = OCTETS_MAX;
                if (activity_round(shape_of(good[g][0]), bad.data, bad.length, out.data, &out.length) ==
                    QD_OK) {
                    assert_true(out.length <= bad.length);
                    assert_memory_equal(out.data, bad.data, out.length);
                }
            }
        }
    }
}

/* A whole attribute: row by row, at most so many. */
static void test_rows(void **state) {
    qd_special_day_t days[3];
    uint16_t count = 0;
    qd_axdr_source_t source;
    octets_t in = hex("0102 0203 120001 0905 07EA0C19FF 1101 0203 120002 0905 FFFF0101FF 1102");
    (void)state;
    qd_axdr_source_init(&source, in.data, in.length);
    assert_int_equal(
        qd_shape_take_rows(&qd_special_day_shape, &source.source, days, sizeof days[0], 3, &count), QD_OK);
    assert_int_equal(count, 2);
    assert_int_equal(days[1].index, 2);
    assert_int_equal(days[1].date[2], 1);
    assert_int_equal(days[1].day_id, 2);
    qd_axdr_source_init(&source, in.data, in.length);
    assert_int_equal(
        qd_shape_take_rows(&qd_special_day_shape, &source.source, days, sizeof days[0], 1, &count), QD_RANGE);
    in = hex("0200");
    qd_axdr_source_init(&source, in.data, in.length);
    assert_int_equal(
        qd_shape_take_rows(&qd_special_day_shape, &source.source, days, sizeof days[0], 3, &count), QD_TYPE);
}

/* What a record holds when it was taken: each field in its place. */
static void test_fields(void **state) {
    qd_script_t script;
    qd_axdr_source_t source;
    octets_t in = hex("0202 120102 0102 0205 1601 120006 0906 00000E0001FF 0FFC 0904 30303031"
                      " 0205 1602 120946 0906 0000600A03FF 0F01 10FF85");
    (void)state;
    qd_axdr_source_init(&source, in.data, in.length);
    assert_int_equal(qd_shape_take(&qd_script_shape, &source.source, &script), QD_OK);
    assert_int_equal(script.identifier, 0x0102);
    assert_int_equal(script.count, 2);
    assert_int_equal(script.action[0].service, 1);
    assert_int_equal(script.action[0].class_id, 6);
    assert_int_equal(script.action[0].index, -4);
    assert_int_equal(script.action[0].parameter.length, 4);
    assert_memory_equal(script.action[0].parameter.octets, "0001", 4);
    assert_int_equal(script.action[1].class_id, 0x946);
    assert_int_equal(script.action[1].logical_name[2], 0x60);
    assert_int_equal(script.action[1].parameter.type, QD_TYPE_LONG);
    assert_int_equal(script.action[1].parameter.number, -123);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways), cmocka_unit_test(test_most), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_spoilt),    cmocka_unit_test(test_rows), cmocka_unit_test(test_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
