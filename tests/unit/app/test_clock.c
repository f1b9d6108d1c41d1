/*
 * test_clock.c - civil time: rules of both hemispheres, doubled and missing hour, parsing, setting, adjusting.
 *
 * Expected octets are worked out by hand from the calendar and the rules of IEC 62056-62 class 8.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "app/clock.h"
#include "app/clock_state.h"
#include "app/event.h"
#include "item/scalar.h"

static world_t world;

static qd_clock_t *clock_of(world_t *w) {
    return world_module(w, QD_MODULE_CLOCK);
}

/* Seconds since 2000 of a UTC date and time, by counting days one by one. */
static int64_t utc(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                   unsigned second) {
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t n = 0;
    for (unsigned y = 2000; y < year; y++) {
        n += 365 + (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 1 : 0);
    }
    for (unsigned m = 1; m < month; m++) {
        n += days[m - 1u];
        n += m == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 1 : 0;
    }
    return ((n + day - 1) * 24 + hour) * 3600 + minute * 60 + second;
}

static void expect_time(int64_t utc_ms, const char *wanted, const char *file, int line) {
    uint8_t octets[QD_DATE_TIME_SIZE];
    qd_clock_date_time(clock_of(&world), utc_ms, octets);
    expect_octets(octets, sizeof octets, wanted, file, line);
}
#define EXPECT_TIME(utc_s, wanted) expect_time((utc_s)*1000, wanted, __FILE__, __LINE__)

static void expect_parse(const char *text, qd_status_t wanted, int64_t wanted_ms, const char *file,
                         int line) {
    uint8_t octets[QD_DATE_TIME_SIZE];
    int64_t utc_ms = -1;
    assert_int_equal(world_hex(text, octets), sizeof octets);
    qd_status_t status = qd_clock_parse(clock_of(&world), octets, &utc_ms);
    if (status != wanted || (wanted == QD_OK && utc_ms != wanted_ms)) {
        printf("%s:%d: %s gives %s, %lld ms off\n", file, line, text, qd_status_name(status),
               (long long)(utc_ms - wanted_ms));
        _fail(file, line);
    }
}
#define EXPECT_PARSE(text, utc_s) expect_parse(text, QD_OK, (utc_s)*1000, __FILE__, __LINE__)
#define EXPECT_REFUSED(text) expect_parse(text, QD_RANGE, 0, __FILE__, __LINE__)

/* Writes an attribute of the clock as management does. */
static qd_status_t put(uint8_t attribute, qd_type_t type, const char *hex, int64_t number) {
    uint8_t octets[32];
    qd_scalar_source_t source;
    const qd_call_t call = world_call(&world);
    qd_scalar_source_init(&source);
    if (hex != NULL) {
        qd_scalar_octets(&source.scalar, type, octets, (uint16_t)world_hex(hex, octets));
    } else {
        qd_scalar_integer(&source.scalar, type, number);
    }
    qd_ref_t ref = {QD_MODULE_CLOCK, QD_CLOCK_ITEM_OBJECT, attribute};
    return qd_clock_module.put(clock_of(&world), &call, ref, &source.source);
}

static qd_status_t act(uint8_t method, qd_type_t type, int64_t number) {
    qd_scalar_source_t source;
    const qd_call_t call = world_call(&world);
    qd_scalar_source_init(&source);
    qd_scalar_integer(&source.scalar, type, number);
    qd_ref_t ref = {QD_MODULE_CLOCK, QD_CLOCK_ITEM_OBJECT, method};
    return qd_clock_module.act(clock_of(&world), &call, ref, &source.source);
}

static void set_utc(int64_t utc_ms) {
    qd_gate_request_t request = {.kind = QD_GATE_SET_CLOCK};
    qd_gate_reply_t reply;
    request.u.set_clock.utc_ms = utc_ms;
    request.u.set_clock.at_us = world.tick_us;
    assert_int_equal(qd_gateway_call(&world.meter->gateway, QD_OWNER_CLOCK, &request, &reply), QD_OK);
    qd_gateway_refresh(&world.meter->gateway);
    clock_of(&world)->dst_minute = -1;
    (void)world_step(&world);
}

static int64_t utc_ms(void) {
    return qd_clock_utc_ms(clock_of(&world), world.tick_us);
}

static void test_days_counted_by_hand(void **state) {
    (void)state;
    assert_true(utc(2026, 1, 15, 12, 0, 0) == WORLD_UTC_S);
}

/* Central European rules: 2026-03-29 01:00Z and 2026-10-25 01:00Z. */
static void test_northern_rules(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT_TIME(WORLD_UTC_S, "07EA 01 0F 04 0D 00 00 00 FFC4 00");
    EXPECT_TIME(utc(2026, 3, 29, 0, 59, 59), "07EA 03 1D 07 01 3B 3B 00 FFC4 00");
    EXPECT_TIME(utc(2026, 3, 29, 1, 0, 0), "07EA 03 1D 07 03 00 00 00 FF88 80");
    EXPECT_TIME(utc(2026, 10, 25, 0, 0, 0), "07EA 0A 19 07 02 00 00 00 FF88 80");
    EXPECT_TIME(utc(2026, 10, 25, 0, 59, 59), "07EA 0A 19 07 02 3B 3B 00 FF88 80");
    EXPECT_TIME(utc(2026, 10, 25, 1, 0, 0), "07EA 0A 19 07 02 00 00 00 FFC4 00");
    EXPECT_TIME(utc(2026, 10, 25, 2, 0, 0), "07EA 0A 19 07 03 00 00 00 FFC4 00");
    /* Last Sundays on the 31st (2024, 2030), the 28th (2027) and the 25th (2029). */
    EXPECT_TIME(utc(2024, 3, 31, 0, 59, 59), "07E8 03 1F 07 01 3B 3B 00 FFC4 00");
    EXPECT_TIME(utc(2024, 3, 31, 1, 0, 0), "07E8 03 1F 07 03 00 00 00 FF88 80");
    EXPECT_TIME(utc(2030, 3, 31, 1, 0, 0), "07EE 03 1F 07 03 00 00 00 FF88 80");
    EXPECT_TIME(utc(2027, 3, 28, 0, 59, 59), "07EB 03 1C 07 01 3B 3B 00 FFC4 00");
    EXPECT_TIME(utc(2027, 3, 28, 1, 0, 0), "07EB 03 1C 07 03 00 00 00 FF88 80");
    EXPECT_TIME(utc(2029, 3, 25, 1, 0, 0), "07ED 03 19 07 03 00 00 00 FF88 80");
    EXPECT_TIME(utc(2026, 12, 31, 23, 0, 0), "07EB 01 01 05 00 00 00 00 FFC4 00");
}

static void test_years_2038_and_2106(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT_TIME(utc(2038, 1, 19, 3, 14, 8), "07F6 01 13 02 04 0E 08 00 FFC4 00");
    EXPECT_TIME(utc(2106, 2, 7, 6, 28, 16), "083A 02 07 07 07 1C 10 00 FFC4 00");
    EXPECT_PARSE("083A 02 07 07 07 1C 10 00 FFC4 00", utc(2106, 2, 7, 6, 28, 16));
    EXPECT_PARSE("07F6 01 13 02 04 0E 08 00 FFC4 00", utc(2038, 1, 19, 3, 14, 8));
    assert_int_equal(put(2, QD_TYPE_OCTET_STRING, "083A 02 07 07 07 1C 10 00 FFC4 00", 0), QD_OK);
    assert_true(utc_ms() == utc(2106, 2, 7, 6, 28, 16) * 1000);
    world_run(&world, 3600);
    EXPECT_TIME(utc_ms() / 1000, "083A 02 07 07 08 1C 10 00 FFC4 00");
    assert_int_equal(world_restart(&world), QD_OK);
    assert_true(utc_ms() == utc(2106, 2, 7, 7, 28, 16) * 1000);
}

/* New South Wales: first Sunday of October 02:00 to first Sunday of April 03:00, UTC+10. */
static void test_southern_rules(void **state) {
    (void)state;
    expect_world(&world);
    assert_int_equal(put(3, QD_TYPE_LONG, NULL, -600), QD_OK);
    assert_int_equal(put(5, QD_TYPE_OCTET_STRING, "FFFF 0A 01 07 02 00 00 00 8000 FF", 0), QD_OK);
    assert_int_equal(put(6, QD_TYPE_OCTET_STRING, "FFFF 04 01 07 03 00 00 00 8000 FF", 0), QD_OK);
    EXPECT_TIME(utc(2026, 1, 1, 0, 0, 0), "07EA 01 01 04 0B 00 00 00 FD6C 80");
    EXPECT_TIME(utc(2026, 4, 4, 15, 59, 59), "07EA 04 05 07 02 3B 3B 00 FD6C 80");
    EXPECT_TIME(utc(2026, 4, 4, 16, 0, 0), "07EA 04 05 07 02 00 00 00 FDA8 00");
    EXPECT_TIME(utc(2026, 7, 1, 0, 0, 0), "07EA 07 01 03 0A 00 00 00 FDA8 00");
    EXPECT_TIME(utc(2026, 10, 3, 15, 59, 59), "07EA 0A 04 07 01 3B 3B 00 FDA8 00");
    EXPECT_TIME(utc(2026, 10, 3, 16, 0, 0), "07EA 0A 04 07 03 00 00 00 FD6C 80");
    EXPECT_TIME(utc(2026, 12, 31, 12, 59, 59), "07EA 0C 1F 04 17 3B 3B 00 FD6C 80");
    EXPECT_TIME(utc(2026, 12, 31, 13, 0, 0), "07EB 01 01 05 00 00 00 00 FD6C 80");
    /* First Sunday on the 1st: October 2028. */
    EXPECT_TIME(utc(2028, 9, 30, 15, 59, 59), "07EC 0A 01 07 01 3B 3B 00 FDA8 00");
    EXPECT_TIME(utc(2028, 9, 30, 16, 0, 0), "07EC 0A 01 07 03 00 00 00 FD6C 80");
}

static void test_rules_by_date(void **state) {
    (void)state;
    expect_world(&world);
    /* A fixed date, 1 June to 30 September, half an hour. */
    assert_int_equal(put(7, QD_TYPE_INTEGER, NULL, 30), QD_OK);
    assert_int_equal(put(5, QD_TYPE_OCTET_STRING, "FFFF 06 01 FF 00 00 00 00 8000 FF", 0), QD_OK);
    assert_int_equal(put(6, QD_TYPE_OCTET_STRING, "FFFF 09 FE FF 17 1E 00 00 8000 FF", 0), QD_OK);
    EXPECT_TIME(utc(2026, 5, 31, 22, 59, 59), "07EA 05 1F 07 17 3B 3B 00 FFC4 00");
    EXPECT_TIME(utc(2026, 5, 31, 23, 0, 0), "07EA 06 01 01 00 1E 00 00 FFA6 80");
    EXPECT_TIME(utc(2026, 9, 30, 21, 59, 59), "07EA 09 1E 03 17 1D 3B 00 FFA6 80");
    EXPECT_TIME(utc(2026, 9, 30, 22, 0, 0), "07EA 09 1E 03 17 00 00 00 FFC4 00");
    /* The last but one day of February. */
    assert_int_equal(put(5, QD_TYPE_OCTET_STRING, "FFFF 02 FD FF 00 00 00 00 8000 FF", 0), QD_OK);
    EXPECT_TIME(utc(2027, 2, 26, 22, 59, 59), "07EB 02 1A 05 17 3B 3B 00 FFC4 00");
    EXPECT_TIME(utc(2027, 2, 26, 23, 0, 0), "07EB 02 1B 06 00 1E 00 00 FFA6 80");
    EXPECT_TIME(utc(2028, 2, 27, 23, 0, 0), "07EC 02 1C 01 00 1E 00 00 FFA6 80");
    assert_int_equal(put(8, QD_TYPE_BOOLEAN, NULL, 0), QD_OK);
    EXPECT_TIME(utc(2027, 7, 1, 0, 0, 0), "07EB 07 01 04 01 00 00 00 FFC4 00");
}

/* The weekday on or after the day, also when that lies in the next month. */
static void test_weekday_after_a_day_late_in_the_month(void **state) {
    (void)state;
    expect_world(&world);
    /* Sunday on or after 30 March: 2026-04-05; 2025-03-30. */
    assert_int_equal(put(5, QD_TYPE_OCTET_STRING, "FFFF 03 1E 07 02 00 00 00 8000 FF", 0), QD_OK);
    EXPECT_TIME(utc(2025, 3, 30, 0, 59, 59), "07E9 03 1E 07 01 3B 3B 00 FFC4 00");
    EXPECT_TIME(utc(2025, 3, 30, 1, 0, 0), "07E9 03 1E 07 03 00 00 00 FF88 80");
    EXPECT_TIME(utc(2026, 4, 5, 0, 59, 59), "07EA 04 05 07 01 3B 3B 00 FFC4 00");
    EXPECT_TIME(utc(2026, 4, 5, 1, 0, 0), "07EA 04 05 07 03 00 00 00 FF88 80");
}

/* A rule for one year holds in that year. */
static void test_rules_of_one_year(void **state) {
    (void)state;
    expect_world(&world);
    assert_int_equal(put(5, QD_TYPE_OCTET_STRING, "07EA 03 1D FF 02 00 00 00 8000 FF", 0), QD_OK);
    assert_int_equal(put(6, QD_TYPE_OCTET_STRING, "07EA 0A 19 FF 03 00 00 00 8000 FF", 0), QD_OK);
    EXPECT_TIME(utc(2026, 7, 1, 0, 0, 0), "07EA 07 01 03 02 00 00 00 FF88 80");
    EXPECT_TIME(utc(2025, 7, 1, 0, 0, 0), "07E9 07 01 02 01 00 00 00 FFC4 00");
    EXPECT_TIME(utc(2027, 7, 1, 0, 0, 0), "07EB 07 01 04 01 00 00 00 FFC4 00");
}

/* Over the turn of one year: it begins in October 2026, not in January of that year. */
static void test_rules_of_one_southern_summer(void **state) {
    (void)state;
    expect_world(&world);
    assert_int_equal(put(3, QD_TYPE_LONG, NULL, -600), QD_OK);
    assert_int_equal(put(5, QD_TYPE_OCTET_STRING, "07EA 0A 04 FF 02 00 00 00 8000 FF", 0), QD_OK);
    assert_int_equal(put(6, QD_TYPE_OCTET_STRING, "07EB 04 04 FF 03 00 00 00 8000 FF", 0), QD_OK);
    EXPECT_TIME(utc(2026, 12, 1, 0, 0, 0), "07EA 0C 01 02 0B 00 00 00 FD6C 80");
    EXPECT_TIME(utc(2027, 2, 1, 0, 0, 0), "07EB 02 01 01 0B 00 00 00 FD6C 80");
    EXPECT_TIME(utc(2026, 2, 1, 0, 0, 0), "07EA 02 01 07 0A 00 00 00 FDA8 00");
    EXPECT_TIME(utc(2027, 12, 1, 0, 0, 0), "07EB 0C 01 03 0A 00 00 00 FDA8 00");
}

static void test_rules_that_name_no_instant(void **state) {
    static const char *const refused[] = {
        "FFFF FF FE 07 02 00 00 00 8000 FF", "FFFF 00 FE 07 02 00 00 00 8000 FF",
        "FFFF 0D FE 07 02 00 00 00 8000 FF", "FFFF 03 FF 07 02 00 00 00 8000 FF",
        "FFFF 03 00 07 02 00 00 00 8000 FF", "FFFF 03 20 07 02 00 00 00 8000 FF",
        "FFFF 03 FE 00 02 00 00 00 8000 FF", "FFFF 03 FE 08 02 00 00 00 8000 FF",
        "FFFF 03 FE 07 18 00 00 00 8000 FF", "FFFF 03 FE 07 FF 00 00 00 8000 FF",
        "FFFF 03 FE 07 02 3C 00 00 8000 FF", "FFFF 03 FE 07 02 00 3C 00 8000 FF"};
    (void)state;
    expect_world(&world);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(put(5, QD_TYPE_OCTET_STRING, refused[i], 0), QD_RANGE);
        assert_int_equal(put(6, QD_TYPE_OCTET_STRING, refused[i], 0), QD_RANGE);
    }
    EXPECT_TIME(utc(2026, 3, 29, 1, 0, 0), "07EA 03 1D 07 03 00 00 00 FF88 80");
    assert_int_equal(put(3, QD_TYPE_LONG, NULL, -721), QD_RANGE);
    assert_int_equal(put(3, QD_TYPE_LONG, NULL, 841), QD_RANGE);
    assert_int_equal(put(7, QD_TYPE_INTEGER, NULL, 121), QD_RANGE);
    assert_int_equal(put(7, QD_TYPE_INTEGER, NULL, -121), QD_RANGE);
    assert_int_equal(put(7, QD_TYPE_INTEGER, NULL, 120), QD_OK);
    assert_int_equal(put(8, QD_TYPE_UNSIGNED, NULL, 1), QD_TYPE);
}

static void test_parse_with_deviation(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT_PARSE("07EA 01 0F 04 0D 00 00 00 FFC4 00", WORLD_UTC_S);
    EXPECT_PARSE("07EA 01 0F FF 0C 00 00 FF 0000 FF", WORLD_UTC_S);
    EXPECT_PARSE("07EA 01 0F 04 06 1E 00 00 014A 00", WORLD_UTC_S);
    EXPECT_PARSE("07EA 01 0F 04 05 00 00 00 01A4 00", WORLD_UTC_S);
    EXPECT_PARSE("07EA 01 10 05 00 00 00 00 FD30 00", WORLD_UTC_S);
    EXPECT_PARSE("07EA 01 0E 03 16 00 00 00 0348 00", WORLD_UTC_S);
    expect_parse("07EA 01 0F 04 0D 00 00 63 FFC4 00", QD_OK, WORLD_UTC_S * 1000 + 990, __FILE__, __LINE__);
    EXPECT_REFUSED("07EA 01 0F 04 0D 00 00 64 FFC4 00");
    EXPECT_REFUSED("07EA 01 0F 05 0D 00 00 00 FFC4 00");
    EXPECT_REFUSED("07EA 01 0F 00 0D 00 00 00 FFC4 00");
    EXPECT_REFUSED("07EA 01 0F 08 0D 00 00 00 FFC4 00");
    EXPECT_REFUSED("07EA 01 0F 04 0D 00 00 00 0349 00");
    EXPECT_REFUSED("07EA 01 0F 04 0D 00 00 00 FD2F 00");
    EXPECT_REFUSED("FFFF 01 0F FF 0D 00 00 00 FFC4 00");
    EXPECT_REFUSED("07EA FF 0F FF 0D 00 00 00 FFC4 00");
    EXPECT_REFUSED("07EA 01 FF FF 0D 00 00 00 FFC4 00");
    EXPECT_REFUSED("07EA 01 FE FF 0D 00 00 00 FFC4 00");
    EXPECT_REFUSED("07EA 01 0F 04 FF 00 00 00 FFC4 00");
    EXPECT_REFUSED("07EA 01 0F 04 0D FF 00 00 FFC4 00");
    EXPECT_REFUSED("07EA 01 0F 04 0D 00 FF 00 FFC4 00");
    EXPECT_REFUSED("07EA 01 0F 04 18 00 00 00 FFC4 00");
    EXPECT_REFUSED("07EA 01 0F 04 0D 3C 00 00 FFC4 00");
    EXPECT_REFUSED("07EA 01 0F 04 0D 00 3C 00 FFC4 00");
    EXPECT_REFUSED("07EA 02 1D FF 0D 00 00 00 FFC4 00");
    EXPECT_REFUSED("07EA 04 1F FF 0D 00 00 00 FFC4 00");
    EXPECT_REFUSED("07EA 0D 01 FF 0D 00 00 00 FFC4 00");
    EXPECT_REFUSED("07EA 00 01 FF 0D 00 00 00 FFC4 00");
    EXPECT_REFUSED("07CF 0C 1F FF 0C 00 00 00 0000 00");
    EXPECT_REFUSED("07D0 01 01 FF 00 3B 3B 00 FFC4 00");
    EXPECT_PARSE("07D0 01 01 06 01 00 00 00 FFC4 00", 0);
    EXPECT_PARSE("07E8 02 1D 04 01 00 00 00 FFC4 00", utc(2024, 2, 29, 0, 0, 0));
}

/* Deviation 8000: civil time by the meter's own zone. */
static void test_parse_without_deviation(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT_PARSE("07EA 01 0F 04 0D 00 00 00 8000 FF", WORLD_UTC_S);
    EXPECT_PARSE("07EA 07 01 03 0E 00 00 00 8000 00", utc(2026, 7, 1, 12, 0, 0));
    /* The doubled hour: the status tells. */
    EXPECT_PARSE("07EA 0A 19 07 02 1E 00 00 8000 80", utc(2026, 10, 25, 0, 30, 0));
    EXPECT_PARSE("07EA 0A 19 07 02 1E 00 00 8000 00", utc(2026, 10, 25, 1, 30, 0));
    EXPECT_PARSE("07EA 0A 19 07 01 3B 3B 00 8000 00", utc(2026, 10, 24, 23, 59, 59));
    EXPECT_PARSE("07EA 0A 19 07 03 00 00 00 8000 80", utc(2026, 10, 25, 2, 0, 0));
    /* The missing hour is read as standard time: what follows 01:59:59. */
    EXPECT_PARSE("07EA 03 1D 07 01 3B 3B 00 8000 FF", utc(2026, 3, 29, 0, 59, 59));
    EXPECT_PARSE("07EA 03 1D 07 02 1E 00 00 8000 FF", utc(2026, 3, 29, 1, 30, 0));
    EXPECT_PARSE("07EA 03 1D 07 03 00 00 00 8000 FF", utc(2026, 3, 29, 1, 0, 0));
}

/* What the clock says is what it understands, every 10 minutes of a year. */
static void test_round_trip_over_a_year(void **state) {
    (void)state;
    expect_world(&world);
    for (int64_t s = utc(2026, 1, 1, 0, 0, 0); s < utc(2027, 1, 1, 0, 0, 0); s += 600) {
        uint8_t octets[QD_DATE_TIME_SIZE];
        int64_t back = 0;
        qd_clock_date_time(clock_of(&world), s * 1000 + 370, octets);
        assert_int_equal(octets[8], 37);
        assert_int_equal(qd_clock_parse(clock_of(&world), octets, &back), QD_OK);
        assert_true(back == s * 1000 + 370);
        octets[9] = 0x80; /* also without deviation, by the status octet */
        octets[10] = 0;
        assert_int_equal(qd_clock_parse(clock_of(&world), octets, &back), QD_OK);
        assert_true(back == s * 1000 + 370);
    }
}

static void test_hundredths_go_on_between_intervals(void **state) {
    uint8_t answer[64];
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    world.tick_us += 1999999;
    size_t length =
        world_ask_hex(&world, 0, SAP_PUBLIC, "C0 01 C1 0008 0000010000FF 02 00", answer, sizeof answer);
    EXPECT_OCTETS(answer, length, "C4 01 C1 00 09 0C 07EA010F04 0D0001 63 FFC4 00");
    world.tick_us += 1;
    length = world_ask_hex(&world, 0, SAP_PUBLIC, "C0 01 C1 0008 0000010000FF 02 00", answer, sizeof answer);
    EXPECT_OCTETS(answer, length, "C4 01 C1 00 09 0C 07EA010F04 0D0002 00 FFC4 00");
}

static void expect_adjusted(uint8_t method, int64_t from_ms, int64_t to_ms) {
    set_utc(from_ms);
    assert_int_equal(act(method, QD_TYPE_INTEGER, 0), QD_OK);
    assert_true(utc_ms() == to_ms);
}

static void test_adjust_to_the_nearest(void **state) {
    const int64_t base = WORLD_UTC_S * 1000; /* on the hour */
    (void)state;
    expect_world(&world);
    for (uint8_t method = 1; method <= 2; method++) {
        expect_adjusted(method, base, base);
        expect_adjusted(method, base + 1000, base);
        expect_adjusted(method, base + 449999, base);
        expect_adjusted(method, base + 450000, base + 900000);
        expect_adjusted(method, base + 899999, base + 900000);
        expect_adjusted(method, base - 450000, base);
        expect_adjusted(method, base - 450001, base - 900000);
    }
    expect_adjusted(3, base + 29999, base);
    expect_adjusted(3, base + 30000, base + 60000);
    expect_adjusted(3, base + 59999, base + 60000);
    expect_adjusted(3, base - 30001, base - 60000);
    /* Quarters are of civil time: a zone of five minutes moves them. */
    assert_int_equal(put(3, QD_TYPE_LONG, NULL, -65), QD_OK);
    expect_adjusted(1, base, base - 300000);
    assert_int_equal(act(7, QD_TYPE_INTEGER, 0), QD_UNDEFINED);
    assert_int_equal(act(0, QD_TYPE_INTEGER, 0), QD_UNDEFINED);
}

static void test_shift_time(void **state) {
    (void)state;
    expect_world(&world);
    const int64_t base = WORLD_UTC_S * 1000;
    assert_int_equal(act(6, QD_TYPE_LONG, 900), QD_OK);
    assert_true(utc_ms() == base + 900000);
    assert_int_equal(act(6, QD_TYPE_LONG, -900), QD_OK);
    assert_int_equal(act(6, QD_TYPE_LONG, -1), QD_OK);
    assert_true(utc_ms() == base - 1000);
    assert_int_equal(act(6, QD_TYPE_LONG, 901), QD_RANGE);
    assert_int_equal(act(6, QD_TYPE_LONG, -901), QD_RANGE);
    assert_int_equal(act(6, QD_TYPE_OCTET_STRING, 0), QD_TYPE);
    assert_true(utc_ms() == base - 1000);
}

#define PRESET(time, from, to)                                                                               \
    "C3 01 C1 0008 0000010000FF 05 01 02 03 09 0C " time " 09 0C " from " 09 0C " to
#define ADJUST "C3 01 C1 0008 0000010000FF 04 01 0F 00"

static void test_preset(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, ADJUST, "C7 01 C1 02 00");
    /* Now is 13:00:00. The interval ends a second ago; begins in a second; holds on both edges. */
    EXPECT(&world, SAP_MANAGEMENT,
           PRESET("07EA010F04 0E000000 FFC400", "07EA010F04 0C000000 FFC400", "07EA010F04 0C3B3B00 FFC400"),
           "C7 01 C1 00 00");
    EXPECT(&world, SAP_MANAGEMENT, ADJUST, "C7 01 C1 02 00");
    EXPECT(&world, SAP_MANAGEMENT,
           PRESET("07EA010F04 0E000000 FFC400", "07EA010F04 0D000100 FFC400", "07EA010F04 0D3B3B00 FFC400"),
           "C7 01 C1 00 00");
    EXPECT(&world, SAP_MANAGEMENT, ADJUST, "C7 01 C1 02 00");
    assert_true(utc_ms() == WORLD_UTC_S * 1000);
    EXPECT(&world, SAP_MANAGEMENT,
           PRESET("07EA010F04 0E000000 FFC400", "07EA010F04 0D000000 FFC400", "07EA010F04 0D000000 FFC400"),
           "C7 01 C1 00 00");
    assert_true(utc_ms() == WORLD_UTC_S * 1000);
    EXPECT(&world, SAP_MANAGEMENT, ADJUST, "C7 01 C1 00 00");
    assert_true(utc_ms() == WORLD_UTC_S * 1000 + 3600000);
    /* Once only; and an interval that ends before it begins is none. */
    EXPECT(&world, SAP_MANAGEMENT, ADJUST, "C7 01 C1 02 00");
    EXPECT(&world, SAP_MANAGEMENT,
           PRESET("07EA010F04 0E000000 FFC400", "07EA010F04 0F000100 FFC400", "07EA010F04 0F000000 FFC400"),
           "C7 01 C1 FA 00");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 0008 0000010000FF 05 01 02 01 09 0C 07EA010F040E000000FFC400",
           "C7 01 C1 0C 00");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 0008 0000010000FF 05 01 09 0C 07EA010F040E000000FFC400",
           "C7 01 C1 0C 00");
}

static uint32_t newest(void) {
    qd_event_t event;
    qd_status_t status = qd_event_recent(world_module(&world, QD_MODULE_EVENT), 0, &event);
    return status == QD_OK ? event.sequence : 0;
}

/* Events 4 and 5 when a change is beyond the limit, and not when it equals it. */
static void test_events_beyond_the_limit_only(void **state) {
    qd_event_bus_t *bus = NULL;
    qd_event_t event;
    (void)state;
    expect_world(&world);
    bus = world_module(&world, QD_MODULE_EVENT);
    uint32_t before = newest();
    assert_int_equal(act(6, QD_TYPE_LONG, 9), QD_OK);
    assert_int_equal(act(6, QD_TYPE_LONG, -9), QD_OK);
    assert_int_equal(act(6, QD_TYPE_LONG, 0), QD_OK);
    assert_int_equal(newest(), before);
    assert_int_equal(act(6, QD_TYPE_LONG, 10), QD_OK);
    assert_int_equal(newest(), before + 2);
    assert_int_equal(qd_event_recent(bus, 1, &event), QD_OK);
    assert_int_equal(event.code, 4);
    assert_true(event.detail == WORLD_UTC_S);
    assert_int_equal(event.cause, 0);
    assert_int_equal(qd_event_recent(bus, 0, &event), QD_OK);
    assert_int_equal(event.code, 5);
    assert_true(event.detail == WORLD_UTC_S + 10);
    assert_int_equal(event.cause, before + 1);
    assert_int_equal(act(6, QD_TYPE_LONG, -10), QD_OK);
    assert_int_equal(newest(), before + 4);
    /* The limit is a value of its own. */
    assert_int_equal(put(2, QD_TYPE_OCTET_STRING, "07EA 01 0F 04 0D 00 09 63 FFC4 00", 0), QD_OK);
    assert_int_equal(newest(), before + 6);
    qd_scalar_source_t source;
    const qd_call_t call = world_call(&world);
    const qd_ref_t limit = {QD_MODULE_CLOCK, QD_CLOCK_ITEM_SHIFT_LIMIT, 0};
    qd_scalar_source_init(&source);
    qd_scalar_unsigned(&source.scalar, QD_TYPE_LONG_UNSIGNED, 60);
    assert_int_equal(qd_clock_module.put(clock_of(&world), &call, limit, &source.source), QD_OK);
    (void)world_step(&world); /* the journal's rows go to flash in steps only */
    before = newest();
    assert_int_equal(act(6, QD_TYPE_LONG, 60), QD_OK);
    assert_int_equal(newest(), before);
    assert_int_equal(act(6, QD_TYPE_LONG, 61), QD_OK);
    assert_int_equal(newest(), before + 2);
}

static void test_set_ends_invalidity(void **state) {
    uint8_t answer[64];
    qd_event_t event;
    (void)state;
    world_blank(&world, qd_model_find("st402"));
    world.rtc_valid = false;
    assert_int_equal(world_start(&world), QD_OK);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    size_t length =
        world_ask_hex(&world, 0, SAP_MANAGEMENT, "C0 01 C1 0008 0000010000FF 04 00", answer, sizeof answer);
    assert_int_equal(length, 6);
    assert_true((answer[5] & QD_CLOCK_INVALID) != 0);
    assert_int_equal(qd_event_recent(world_module(&world, QD_MODULE_EVENT), 0, &event), QD_OK);
    assert_int_equal(event.code, QD_EVENT_CLOCK_INVALID);
    assert_true((event.status & QD_CLOCK_INVALID) != 0);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0008 0000010000FF 02 00 09 0C 07EA010F04 0D000000 FFC400",
           "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0008 0000010000FF 02 00",
           "C4 01 C1 00 09 0C 07EA010F04 0D000000 FFC4 00");
    assert_true(world.rtc_ms == WORLD_UTC_S * 1000);
    assert_int_equal(qd_event_recent(world_module(&world, QD_MODULE_EVENT), 0, &event), QD_OK);
    assert_int_equal(event.code, QD_EVENT_CLOCK_NEW);
}

/* The date-time type itself is taken as well as an octet-string. */
static void test_settings_are_kept(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0008 0000010000FF 02 00 19 07EA010F04 0D000100 FFC400",
           "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0008 0000010000FF 07 00 0F 1E", "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0008 0000010000FF 08 00 03 00", "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0008 0000010000FF 05 00 09 0C FFFF04FE070200000080 00FF",
           "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0008 0000010000FF 06 00 09 0C FFFF09FE070300000080 00FF",
           "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0008 0000010000FF 03 00 10 FF4C", "C5 01 C1 00");
    assert_int_equal(world_restart(&world), QD_OK);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0008 0000010000FF 03 00", "C4 01 C1 00 10 FF4C");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0008 0000010000FF 05 00",
           "C4 01 C1 00 09 0C FFFF04FE07020000008000FF");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0008 0000010000FF 06 00",
           "C4 01 C1 00 09 0C FFFF09FE07030000008000FF");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0008 0000010000FF 07 00", "C4 01 C1 00 0F 1E");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0008 0000010000FF 08 00", "C4 01 C1 00 03 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0008 0000010000FF 09 00", "C4 01 C1 00 16 01");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0008 0000010000FF 02 00",
           "C4 01 C1 00 09 0C 07EA010F04 0F000100 FF4C 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0100000901FF 02 00", "C4 01 C1 00 09 04 0F000100");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0100000902FF 02 00", "C4 01 C1 00 09 05 07EA010F04");
}

/* Event 3 and the status bit at both ends of daylight saving, at the very second. */
static void test_daylight_saving_while_running(void **state) {
    static const struct {
        int64_t month_day_hour[3];
        uint8_t status;
    } ends[] = {{{3, 29, 1}, 0x80}, {{10, 25, 1}, 0x00}};
    (void)state;
    expect_world(&world);
    for (size_t i = 0; i < 2; i++) {
        qd_event_t event;
        const int64_t *at = ends[i].month_day_hour;
        int64_t end = utc(2026, (unsigned)at[0], (unsigned)at[1], (unsigned)at[2], 0, 0);
        set_utc((end - 2) * 1000);
        uint32_t before = newest();
        world_run(&world, 1);
        assert_int_equal(newest(), before);
        assert_int_equal(qd_clock_status_octet(clock_of(&world)), ends[i].status ^ 0x80);
        world_run(&world, 1);
        assert_int_equal(qd_clock_status_octet(clock_of(&world)), ends[i].status);
        assert_int_equal(newest(), before + 1);
        assert_int_equal(qd_event_recent(world_module(&world, QD_MODULE_EVENT), 0, &event), QD_OK);
        assert_int_equal(event.code, QD_EVENT_DST_CHANGED);
        assert_int_equal(event.detail, ends[i].status != 0);
        assert_true(event.utc == end);
        world_run(&world, 60);
        assert_int_equal(newest(), before + 1);
    }
}

/* Civil time goes on when nothing can be measured. */
static void test_daylight_saving_without_measurement(void **state) {
    (void)state;
    expect_world(&world);
    set_utc((utc(2026, 3, 29, 1, 0, 0) - 2) * 1000);
    uint32_t before = newest();
    world.feeding = false;
    world_run(&world, 120);
    assert_int_equal(qd_clock_status_octet(clock_of(&world)), 0x80);
    assert_int_equal(newest(), before + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days_counted_by_hand),
        cmocka_unit_test(test_northern_rules),
        cmocka_unit_test(test_years_2038_and_2106),
        cmocka_unit_test(test_southern_rules),
        cmocka_unit_test(test_rules_by_date),
        cmocka_unit_test(test_weekday_after_a_day_late_in_the_month),
        cmocka_unit_test(test_rules_of_one_year),
        cmocka_unit_test(test_rules_of_one_southern_summer),
        cmocka_unit_test(test_rules_that_name_no_instant),
        cmocka_unit_test(test_parse_with_deviation),
        cmocka_unit_test(test_parse_without_deviation),
        cmocka_unit_test(test_round_trip_over_a_year),
        cmocka_unit_test(test_hundredths_go_on_between_intervals),
        cmocka_unit_test(test_adjust_to_the_nearest),
        cmocka_unit_test(test_shift_time),
        cmocka_unit_test(test_preset),
        cmocka_unit_test(test_events_beyond_the_limit_only),
        cmocka_unit_test(test_set_ends_invalidity),
        cmocka_unit_test(test_settings_are_kept),
        cmocka_unit_test(test_daylight_saving_while_running),
        cmocka_unit_test(test_daylight_saving_without_measurement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
