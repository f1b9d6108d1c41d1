/*
 * test_profile.c - profile generic: attributes of the event log and the journal, selective access by range and by
 * entry against a filter of the whole buffer, blocks, rows in no order of time, rows that are lost or evicted.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include <stdlib.h>

#include "app/event.h"
#include "base/calendar.h"
#include "unit/app/fake_logs.h"

#define LOG "0007 0000636200FF"
#define JOURNAL "0007 0000636280FF"
#define GET_LOG "C0 01 C1 " LOG " 02 00"
#define CLOCK_COLUMN "02 04 12 0008 09 06 0000010000FF 0F 02 12 0000"
#define CODE_COLUMN "02 04 12 0001 09 06 0000600B00FF 0F 02 12 0000"
#define STATUS_COLUMN "02 04 12 0001 09 06 0000616100FF 0F 02 12 0000"
#define LOG_ID 0x0302u

static world_t world;
static fake_logs_t fake;
static fake_log_t *events;

/* A value read to its end. */
typedef struct reading {
    uint8_t octets[32768];
    size_t length;
    unsigned blocks;
    int error; /* data-access-result that ended it, or -1 */
} reading_t;

static reading_t whole;
static reading_t got;

static void put(int64_t utc_s, uint8_t code) {
    const uint8_t row[20] = {code, 0x00, 0xC4, 0xFF, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0x21, 0, 0x20, 0};
    assert_int_equal(fake.logs.append(&fake, LOG_ID, utc_s, row, sizeof row, NULL), QD_OK);
}

/* A meter with a log in memory; what its start raised is not in it. */
static void expect_log(uint16_t pdu_size, uint32_t conformance) {
    expect_world(&world);
    fake_logs_init(&fake);
    events = fake_logs_add(&fake, LOG_ID, 510);
    world.meter->services.logs = &fake.logs;
    assert_true(world_open_as(&world, 0, SAP_MANAGEMENT, conformance, pdu_size));
}

static void expect_small_log(void) {
    expect_log(0xFFFF, WORLD_CONFORMANCE);
    for (unsigned i = 0; i < 10; i++) {
        put(WORLD_UTC_S + 10 * i, (uint8_t)(i + 1));
    }
}

static void take(const uint8_t *answer, size_t length, bool list) {
    uint8_t reply[4096];
    memset(&got, 0, sizeof got);
    got.error = -1;
    assert_in_range(length, 5, sizeof reply);
    if (answer[1] != 2) {
        assert_int_equal(answer[1], list ? 3 : 1);
        if (!list && answer[3] != 0) {
            got.error = answer[4];
            return;
        }
        size_t head = list ? 3 : 4;
        got.length = length - head;
        memcpy(got.octets, answer + head, got.length);
        return;
    }
    memcpy(reply, answer, length);
    for (;;) {
        uint8_t next[7] = {0xC0, 2, 0xC1};
        got.blocks++;
        assert_int_equal(reply[1], 2);
        assert_int_equal((reply[6] << 8) | reply[7], got.blocks);
        if (reply[8] != 0) {
            got.error = reply[9];
            return;
        }
        size_t at = reply[9] < 0x80 ? 10u : reply[9] == 0x81 ? 11u : 12u;
        size_t count = reply[9] < 0x80    ? reply[9]
                       : reply[9] == 0x81 ? reply[10]
                                          : (size_t)((reply[10] << 8) | reply[11]);
        assert_int_equal(at + count, length);
        assert_true(count > 0);
        memcpy(got.octets + got.length, reply + at, count);
        got.length += count;
        if (reply[3] != 0) {
            return;
        }
        memcpy(next + 3, reply + 4, 4);
        length = world_ask(&world, 0, SAP_MANAGEMENT, next, sizeof next, reply, sizeof reply);
    }
}

static const reading_t *read_hex(const char *request) {
    uint8_t answer[4096];
    size_t length = world_ask_hex(&world, 0, SAP_MANAGEMENT, request, answer, sizeof answer);
    take(answer, length, false);
    return &got;
}

/* Date-time of an instant as a client writes it, UTC. */
static void date_time(int64_t utc_s, char text[64]) {
    qd_civil_t c;
    qd_civil_from_seconds(utc_s, &c);
    (void)snprintf(text, 64, "09 0C %04X %02X %02X FF %02X %02X %02X FF 0000 FF", (unsigned)c.year, c.month,
                   c.day, c.hour, c.minute, c.second);
}

static const reading_t *read_range(const char *object, int64_t from, int64_t to, const char *columns) {
    char a[64];
    char b[64];
    char request[512];
    date_time(from, a);
    date_time(to, b);
    (void)snprintf(request, sizeof request, "C0 01 C1 %s 02 01 01 02 04 " CLOCK_COLUMN " %s %s %s", object, a,
                   b, columns);
    return read_hex(request);
}

static const reading_t *read_entries(const char *object, uint32_t from, uint32_t to, uint16_t first,
                                     uint16_t last) {
    char request[256];
    (void)snprintf(request, sizeof request, "C0 01 C1 %s 02 01 02 02 04 06 %08X 06 %08X 12 %04X 12 %04X",
                   object, (unsigned)from, (unsigned)to, first, last);
    return read_hex(request);
}

/* Rows of an array, and the octets of one. */
static unsigned rows_of(const reading_t *r) {
    assert_int_equal(r->error, -1);
    assert_int_equal(r->octets[0], 1);
    if (r->octets[1] == 0x82) {
        return (unsigned)((r->octets[2] << 8) | r->octets[3]);
    }
    return r->octets[1] == 0x81 ? r->octets[2] : r->octets[1];
}

static size_t head_of(unsigned rows) {
    return rows < 0x80 ? 2u : rows < 0x100 ? 3u : 4u;
}

/* Octets of a row with all columns. */
#define ROW_SIZE 23u

static void expect_codes(const reading_t *r, const char *codes) {
    uint8_t wanted[64];
    size_t count = world_hex(codes, wanted);
    assert_int_equal(rows_of(r), count);
    assert_int_equal(r->length, 2u + count * ROW_SIZE);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(r->octets[2 + i * ROW_SIZE + 17], wanted[i]);
    }
}

static void test_attributes(void **state) {
    (void)state;
    expect_small_log();
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 01 00", "C4 01 C1 00 09 06 0000636200FF");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 03 00",
           "C4 01 C1 00 01 03 " CLOCK_COLUMN CODE_COLUMN STATUS_COLUMN);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 04 00", "C4 01 C1 00 06 00000000");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 05 00", "C4 01 C1 00 16 01");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 06 00",
           "C4 01 C1 00 02 04 12 0000 09 06 000000000000 0F 00 12 0000");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 07 00", "C4 01 C1 00 06 0000000A");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 08 00", "C4 01 C1 00 06 000001F4");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 09 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " LOG " 03 00 01 00", "C5 01 C1 03");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 " LOG " 02 01 0F 00", "C7 01 C1 03 00"); /* capture */
}

static void test_a_row(void **state) {
    (void)state;
    expect_log(0xFFFF, WORLD_CONFORMANCE);
    EXPECT(&world, SAP_MANAGEMENT, GET_LOG, "C4 01 C1 00 01 00");
    put(WORLD_UTC_S, 47); /* Thursday, 13:00 of the zone UTC+1 */
    EXPECT(&world, SAP_MANAGEMENT, GET_LOG,
           "C4 01 C1 00 01 01 02 03 09 0C 07EA 01 0F 04 0D 00 00 FF FFC4 00 11 2F 06 00200021");
}

/* The log may hold more than the object shows. */
static void test_the_newest_500(void **state) {
    (void)state;
    expect_log(0xFFFF, WORLD_CONFORMANCE);
    for (unsigned i = 0; i < 600; i++) {
        put(WORLD_UTC_S + i, (uint8_t)i);
    }
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 07 00", "C4 01 C1 00 06 000001F4");
    assert_int_equal(rows_of(read_hex(GET_LOG)), 500);
    assert_int_equal(got.octets[4 + 17], 100);
    assert_int_equal(rows_of(read_range(LOG, 0, WORLD_UTC_S + 99, "01 00")), 0);
    /* Midnight of the meter's first day lies before its epoch: no bound. */
    assert_int_equal(rows_of(read_hex("C0 01 C1 " LOG " 02 01 01 02 04 " CLOCK_COLUMN
                                      " 09 0C 07D0 01 01 FF 00 00 00 FF 8000 FF"
                                      " 09 0C FFFF FF FF FF FF FF FF FF 8000 FF 01 00")),
                     500);
    assert_int_equal(rows_of(read_range(LOG, 0, WORLD_UTC_S + 100, "01 00")), 1);
    expect_codes(read_entries(LOG, 1, 2, 1, 0), "64 65");
    expect_codes(read_entries(LOG, 500, 0, 1, 0), "57");
}

static void test_ranges(void **state) {
    (void)state;
    expect_small_log();
    expect_codes(read_range(LOG, WORLD_UTC_S + 20, WORLD_UTC_S + 40, "01 00"), "03 04 05");
    expect_codes(read_range(LOG, WORLD_UTC_S + 21, WORLD_UTC_S + 39, "01 00"), "04");
    expect_codes(read_range(LOG, WORLD_UTC_S + 21, WORLD_UTC_S + 29, "01 00"), "");
    expect_codes(read_range(LOG, WORLD_UTC_S, WORLD_UTC_S, "01 00"), "01");
    expect_codes(read_range(LOG, WORLD_UTC_S + 90, WORLD_UTC_S + 99999, "01 00"), "0A");
    expect_codes(read_range(LOG, WORLD_UTC_S + 91, WORLD_UTC_S + 99999, "01 00"), "");
    expect_codes(read_range(LOG, WORLD_UTC_S - 1000, WORLD_UTC_S - 1, "01 00"), "");
    expect_codes(read_range(LOG, WORLD_UTC_S + 40, WORLD_UTC_S + 20, "01 00"), "");
    expect_codes(read_range(LOG, 0, WORLD_UTC_S * 2, "01 00"), "01 02 03 04 05 06 07 08 09 0A");
}

#define RANGE_OF(from, to) "C0 01 C1 " LOG " 02 01 01 02 04 " CLOCK_COLUMN " " from " " to " 01 00"

/* The meter's own zone, other zones, fields that are not specified, the type date-time. */
static void test_bounds_of_a_range(void **state) {
    (void)state;
    expect_small_log();
    expect_codes(read_hex(RANGE_OF("09 0C 07EA 01 0F FF 0D 00 14 FF 8000 FF",
                                   "09 0C 07EA 01 0F 04 0D 00 1E 00 8000 FF")),
                 "03 04");
    expect_codes(read_hex(RANGE_OF("09 0C 07EA 01 0F FF 0C 00 14 FF 0000 FF",
                                   "09 0C 07EA 01 0F FF 0E 00 1E 63 FF88 FF")),
                 "03 04");
    expect_codes(
        read_hex(RANGE_OF("19 07EA 01 0F FF 0C 00 14 FF 0000 FF", "19 07EA 01 0F FF 0C 00 1E FF 0000 FF")),
        "03 04");
    /* 12:00:20.01 is behind the row of 12:00:20 */
    expect_codes(read_hex(RANGE_OF("09 0C 07EA 01 0F FF 0C 00 14 01 0000 FF",
                                   "09 0C 07EA 01 0F FF 0C 00 1E 00 0000 FF")),
                 "04");
    expect_codes(read_hex(RANGE_OF("09 0C 07EA 01 0F FF FF FF FF FF 8000 FF",
                                   "09 0C 07EA 01 0F FF FF FF FF FF 8000 FF")),
                 "01 02 03 04 05 06 07 08 09 0A");
    expect_codes(read_hex(RANGE_OF("09 0C 07EA 01 FF FF FF FF FF FF 8000 FF",
                                   "09 0C 07EA 01 FF FF 0C 00 00 FF 8000 FF")),
                 "01 02 03 04 05 06 07 08 09 0A");
    expect_codes(read_hex(RANGE_OF("09 0C 07EA 01 0F FF 0D 01 FF FF 8000 FF",
                                   "09 0C 07EA FF FF FF FF FF FF FF 8000 FF")),
                 "07 08 09 0A");
    expect_codes(read_hex(RANGE_OF("09 0C FFFF FF FF FF FF FF FF FF 8000 FF",
                                   "09 0C 07EA 01 0F FF 0D 00 00 FF 8000 FF")),
                 "01");
    expect_codes(read_hex(RANGE_OF("09 0C 07B2 01 01 FF 00 00 00 FF 8000 FF",
                                   "09 0C 270F 01 01 FF 00 00 00 FF 8000 FF")),
                 "01 02 03 04 05 06 07 08 09 0A");
    assert_int_equal(read_hex(RANGE_OF("09 0C 07EA 0D 0F FF 0C 00 14 FF 0000 FF",
                                       "09 0C 07EA 01 0F FF 0C 00 1E FF 0000 FF"))
                         ->error,
                     250);
    assert_int_equal(
        read_hex(RANGE_OF("09 0B 07EA 01 0F FF 0C 00 14 FF 0000", "09 0C 07EA 01 0F FF 0C 00 1E FF 0000 FF"))
            ->error,
        250);
    assert_int_equal(read_hex(RANGE_OF("06 00000000", "06 FFFFFFFF"))->error, 12);
    assert_int_equal(read_hex(RANGE_OF("00", "00"))->error, 12);
}

static void test_columns(void **state) {
    (void)state;
    expect_small_log();
    (void)read_range(LOG, WORLD_UTC_S, WORLD_UTC_S + 10, "01 01 " CODE_COLUMN);
    EXPECT_OCTETS(got.octets, got.length, "01 02 02 01 11 01 02 01 11 02");
    (void)read_range(LOG, WORLD_UTC_S, WORLD_UTC_S, "01 02 " STATUS_COLUMN CODE_COLUMN);
    EXPECT_OCTETS(got.octets, got.length, "01 01 02 02 06 00200021 11 01");
    (void)read_entries(LOG, 10, 10, 2, 2);
    EXPECT_OCTETS(got.octets, got.length, "01 01 02 01 11 0A");
    (void)read_entries(LOG, 10, 10, 2, 0);
    EXPECT_OCTETS(got.octets, got.length, "01 01 02 02 11 0A 06 00200021");
    (void)read_entries(LOG, 10, 10, 3, 9);
    EXPECT_OCTETS(got.octets, got.length, "01 01 02 01 06 00200021");
    assert_int_equal(read_entries(LOG, 1, 1, 0, 0)->error, 250);
    assert_int_equal(read_entries(LOG, 1, 1, 4, 0)->error, 250);
    assert_int_equal(read_entries(LOG, 1, 1, 3, 2)->error, 250);
    assert_int_equal(read_range(LOG, 0, 0, "01 01 02 04 12 0001 09 06 0000600B01FF 0F 02 12 0000")->error,
                     250);
    assert_int_equal(read_range(LOG, 0, 0, "01 01 02 04 12 0001 09 06 0000600B00FF 0F 03 12 0000")->error,
                     250);
    assert_int_equal(read_range(LOG, 0, 0, "01 01 02 04 12 0001 09 06 0000600B00FF 0F 02 12 0001")->error,
                     250);
}

static void test_entries(void **state) {
    (void)state;
    expect_small_log();
    expect_codes(read_entries(LOG, 1, 1, 1, 0), "01");
    expect_codes(read_entries(LOG, 1, 3, 1, 0), "01 02 03");
    expect_codes(read_entries(LOG, 9, 0, 1, 3), "09 0A");
    expect_codes(read_entries(LOG, 10, 10, 1, 3), "0A");
    expect_codes(read_entries(LOG, 9, 4000000000u, 1, 0), "09 0A");
    expect_codes(read_entries(LOG, 11, 0, 1, 0), "");
    expect_codes(read_entries(LOG, 4000000000u, 0, 1, 0), "");
    expect_codes(read_entries(LOG, 3, 2, 1, 0), "");
    assert_int_equal(read_entries(LOG, 0, 0, 1, 0)->error, 250);
}

static void test_what_is_refused_how(void **state) {
    (void)state;
    expect_small_log();
    /* no such selector, and attributes without selective access */
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 02 01 03 00", "C4 01 C1 01 0D");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 02 01 00 00", "C4 01 C1 01 0D");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 03 01 02 02 04 06 00000001 06 00000000 12 0001 12 0000",
           "C4 01 C1 01 0D");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 02 01 01 00", "C4 01 C1 01 0D");
    /* the descriptor is another type, or its elements are */
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 02 01 01 00", "C4 01 C1 01 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 02 01 02 00", "C4 01 C1 01 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 02 01 02 02 03 06 00000001 06 00000000 12 0001",
           "C4 01 C1 01 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 02 01 02 02 04 12 0001 06 00000000 12 0001 12 0000",
           "C4 01 C1 01 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 02 01 02 01 04 06 00000001 06 00000000 12 0001 12 0000",
           "C4 01 C1 01 0C");
    EXPECT(&world, SAP_MANAGEMENT,
           "C0 01 C1 " LOG " 02 01 01 02 04 02 04 12 0008 09 06 0000010000FF 0F 02 06 00000000 00 00 01 00",
           "C4 01 C1 01 0C");
    /* the range restricts another column */
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 02 01 01 02 04 " CODE_COLUMN " 11 01 11 02 01 00",
           "C4 01 C1 01 FA");
    /* rights come first */
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    EXPECT(&world, SAP_PUBLIC, "C0 01 C1 " LOG " 02 01 03 00", "C4 01 C1 01 04");
    /* the selection itself is not readable */
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 02 01 02 02", "D8 01 03");
    /* selective access was not agreed */
    assert_true(world_open_as(&world, 0, SAP_MANAGEMENT, 0x001219, 0xFFFF));
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 02 01 02 02 04 06 00000001 06 00000001 12 0001 12 0000",
           "C4 01 C1 01 0D");
}

/* Times in no order; every range against a filter of what was put, in every size of blocks. */
static void expect_filtered(int64_t from, int64_t to) {
    unsigned count = 0;
    uint8_t codes[600];
    for (uint32_t n = events->end - events->first > 500 ? events->end - 500 : events->first; n < events->end;
         n++) {
        const fake_row_t *row = &events->row[n % FAKE_ROWS];
        if (row->utc_s >= from && row->utc_s <= to) {
            codes[count++] = row->octets[0];
        }
    }
    (void)read_range(LOG, from, to, "01 00");
    assert_int_equal(rows_of(&got), count);
    assert_int_equal(got.length, head_of(count) + count * ROW_SIZE);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(got.octets[head_of(count) + i * ROW_SIZE + 17], codes[i]);
    }
}

static void test_rows_in_no_order(void **state) {
    static const uint16_t sizes[] = {0xFFFF, 64, 200, 832};
    (void)state;
    for (unsigned s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        uint32_t seed = 12345;
        expect_log(sizes[s], WORLD_CONFORMANCE);
        int64_t at = WORLD_UTC_S;
        for (unsigned i = 0; i < 620; i++) {
            seed = seed * 1664525u + 1013904223u;
            at += i % 97 == 96 || i == 500 ? -(int64_t)(seed >> 20) : (int64_t)(seed >> 26);
            put(at, (uint8_t)(i ^ (i >> 8)));
        }
        for (unsigned i = 0; i < 40; i++) {
            seed = seed * 1664525u + 1013904223u;
            int64_t from = WORLD_UTC_S - 4000 + (int64_t)(seed >> 17);
            seed = seed * 1664525u + 1013904223u;
            expect_filtered(from, from + (int64_t)(seed >> 18));
        }
        expect_filtered(0, INT64_C(0xFFFFFFF0));
        expect_filtered(at, at);
    }
}

/* A step looks at a bounded number of rows, however many there are. */
static void test_work_per_step(void **state) {
    unsigned most = 0;
    uint8_t answer[4096];
    uint8_t request[512];
    char text[512];
    char a[64];
    (void)state;
    expect_log(0xFFFF, WORLD_CONFORMANCE);
    for (unsigned i = 0; i < 499; i++) {
        put(WORLD_UTC_S + 1000 - i, (uint8_t)i);
    }
    put(WORLD_UTC_S + 1000, 0xFF);
    date_time(WORLD_UTC_S + 1000, a);
    (void)snprintf(text, sizeof text, "C0 01 C1 " LOG " 02 01 01 02 04 " CLOCK_COLUMN " %s %s 01 00", a, a);
    size_t length = world_hex(text, request);
    world_put_apdu(&world, 0, SAP_MANAGEMENT, request, length);
    length = 0;
    for (unsigned i = 0; i < 200 && length == 0; i++) {
        uint64_t next_us = 0;
        unsigned before = fake.reads;
        (void)qd_meter_step(world.meter, world.tick_us, &next_us);
        most = fake.reads - before > most ? fake.reads - before : most;
        length = world_get_apdu(&world, 0, SAP_MANAGEMENT, answer, sizeof answer);
    }
    take(answer, length, false);
    expect_codes(&got, "00 FF");
    assert_in_range(most, 1, 100);
    assert_in_range(got.blocks, 1, 30); /* passing over rows ends a block early */
}

/* A row that is lost is shown as what it is: nothing but its place. */
static void test_a_corrupt_row(void **state) {
    (void)state;
    expect_small_log();
    events->row[4].corrupt = true;
    (void)read_entries(LOG, 3, 5, 2, 2);
    EXPECT_OCTETS(got.octets, got.length, "01 03 02 01 11 03 02 01 11 00 02 01 11 05");
    (void)read_entries(LOG, 4, 4, 1, 0);
    EXPECT_OCTETS(got.octets, got.length, "01 01 02 03 00 11 00 00");
    assert_int_equal(rows_of(read_hex(GET_LOG)), 10);
    assert_int_equal(got.length, 2u + 9u * ROW_SIZE + 6u);
    /* its place in the order of time puts it into a range */
    (void)read_range(LOG, WORLD_UTC_S + 20, WORLD_UTC_S + 40, "01 01 " CODE_COLUMN);
    EXPECT_OCTETS(got.octets, got.length, "01 03 02 01 11 03 02 01 11 00 02 01 11 05");
    /* and where there is no order it is left out */
    put(WORLD_UTC_S + 15, 0x0B);
    (void)read_range(LOG, WORLD_UTC_S + 20, WORLD_UTC_S + 40, "01 01 " CODE_COLUMN);
    EXPECT_OCTETS(got.octets, got.length, "01 02 02 01 11 03 02 01 11 05");
}

static void test_rows_that_go_during_a_transfer(void **state) {
    uint8_t answer[4096];
    (void)state;
    expect_log(128, WORLD_CONFORMANCE);
    for (unsigned i = 0; i < 500; i++) {
        put(WORLD_UTC_S + i, (uint8_t)i);
    }
    size_t length = world_ask_hex(&world, 0, SAP_MANAGEMENT, GET_LOG, answer, sizeof answer);
    put(WORLD_UTC_S + 500, 0); /* the oldest is in the first block already */
    EXPECT_OCTETS(answer, 9, "C4 02 C1 00 00000001 00");
    (void)world_ask_hex(&world, 0, SAP_MANAGEMENT, "C0 02 C1 00000001", answer, sizeof answer);
    EXPECT_OCTETS(answer, 9, "C4 02 C1 00 00000002 00");
    for (unsigned i = 0; i < 20; i++) {
        put(WORLD_UTC_S + 501 + i, 0);
    }
    EXPECT(&world, SAP_MANAGEMENT, "C0 02 C1 00000002", "C4 02 C1 01 00000003 01 0F");
    length = world_ask_hex(&world, 0, SAP_MANAGEMENT, GET_LOG, answer, sizeof answer);
    EXPECT_OCTETS(answer, 9, "C4 02 C1 00 00000001 00");
    assert_true(world_open(&world, 1, SAP_MANAGEMENT));
    EXPECT_ON(&world, 1, SAP_MANAGEMENT, "C3 01 C1 " LOG " 01 01 0F 00", "C7 01 C1 00 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 02 C1 00000001", "C4 02 C1 01 00000002 01 0F");
    assert_true(length > 0);
}

static void test_reset(void **state) {
    (void)state;
    expect_small_log();
    assert_true(world_open(&world, 0, SAP_LEVEL_3));
    EXPECT(&world, SAP_LEVEL_3, "C3 01 C1 " LOG " 01 01 0F 00", "C7 01 C1 03 00");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 " LOG " 01 01 09 00", "C7 01 C1 0C 00");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 " JOURNAL " 01 01 0F 00", "C7 01 C1 03 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " LOG " 07 00", "C4 01 C1 00 06 0000000A");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 " LOG " 01 01 0F 00", "C7 01 C1 00 00");
    expect_codes(read_hex(GET_LOG), "FF"); /* "event log cleared" is the first entry */
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000600B00FF 02 00", "C4 01 C1 00 11 FF");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000600B01FF 02 00", "C4 01 C1 00 11 00");
}

/* Items of a list may choose rows; they are the same as alone. */
static void test_lists(void **state) {
#define ENTRIES_2 "02 01 02 02 04 06 00000002 06 00000003 12 0002 12 0002"
    (void)state;
    expect_small_log();
    EXPECT(&world, SAP_MANAGEMENT, "C0 03 C1 03 0001 0000600E00FF 02 00 " LOG ENTRIES_2 " " LOG "07 00",
           "C4 03 C1 03 00 11 01 00 01 02 02 01 11 02 02 01 11 03 00 06 0000000A");
    EXPECT(&world, SAP_MANAGEMENT, "C0 03 C1 02 " LOG ENTRIES_2 LOG ENTRIES_2,
           "C4 03 C1 02 00 01 02 02 01 11 02 02 01 11 03 00 01 02 02 01 11 02 02 01 11 03");
    EXPECT(&world, SAP_MANAGEMENT, "C0 03 C1 02 " LOG "03 01 01 00" LOG ENTRIES_2,
           "C4 03 C1 02 01 0D 00 01 02 02 01 11 02 02 01 11 03");
    /* whole and chosen rows side by side */
    uint8_t answer[4096];
    size_t length = world_ask_hex(&world, 0, SAP_MANAGEMENT, "C0 03 C1 02 " LOG "02 00 " LOG ENTRIES_2,
                                  answer, sizeof answer);
    assert_int_equal(length, 4u + 1u + 2u + 10u * ROW_SIZE + 1u + 10u);
}

/* Without blocks an answer fits, or does not. */
static void test_without_blocks(void **state) {
    (void)state;
    expect_log(0xFFFF, 0x00001Du);
    for (unsigned i = 0; i < 100; i++) {
        put(WORLD_UTC_S + i, (uint8_t)i);
    }
    EXPECT(&world, SAP_MANAGEMENT, GET_LOG, "D8 01 04");
    expect_codes(read_entries(LOG, 7, 8, 1, 0), "06 07");
}

static void read_journal_by(const qd_gate_way_t *gate, reading_t *r) {
    world_blank(&world, qd_model_find("st402"));
    world.options.gate = gate;
    assert_int_equal(world_start(&world), QD_OK);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0008 0000010000FF 02 00 09 0C 07EA 01 0F FF 0D 1E 00 00 8000 00",
           "C5 01 C1 00");
    world_run(&world, 2);
    *r = *read_hex("C0 01 C1 " JOURNAL " 02 00");
}

/* The journal through the gate: by call, and by a link that brings each entry as a message of its own. */
static void test_journal(void **state) {
    (void)state;
    read_journal_by(NULL, &whole);
    unsigned rows = rows_of(&whole);
    assert_in_range(rows, 3, 200);
    assert_int_equal(whole.octets[2], 2);
    assert_int_equal(whole.octets[3], 6);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " JOURNAL " 08 00", "C4 01 C1 00 06 000000C8");
    (void)read_entries(JOURNAL, 1, 3, 2, 3);
    EXPECT_OCTETS(got.octets, got.length,
                  "01 03 02 02 06 00000001 11 01 02 02 06 00000002 11 02 02 02 06 00000003 11 03");
    (void)read_range(JOURNAL, WORLD_UTC_S, WORLD_UTC_S + 10,
                     "01 01 02 04 12 0001 09 06 0000600B80FF 0F 02 12 0000");
    EXPECT_OCTETS(got.octets, got.length, "01 03 02 01 11 01 02 01 11 02 02 01 11 03");
    (void)read_range(JOURNAL, WORLD_UTC_S + 11, WORLD_UTC_S + 10000, "01 00");
    EXPECT_OCTETS(got.octets, got.length, "01 00");
    assert_true(world_open(&world, 0, SAP_LEVEL_1));
    EXPECT(&world, SAP_LEVEL_1, "C0 01 C1 " JOURNAL " 05 00", "C4 01 C1 00 16 01");
    EXPECT(&world, SAP_PUBLIC, "C0 01 C1 " JOURNAL " 05 00", "D8 01 02");
    read_journal_by(&qd_gate_by_loopback, &got);
    assert_int_equal(got.length, whole.length);
    assert_memory_equal(got.octets, whole.octets, whole.length);
    assert_true(got.blocks > 0);
    (void)read_range(JOURNAL, WORLD_UTC_S, WORLD_UTC_S + 10,
                     "01 01 02 04 12 0001 09 06 0000600B80FF 0F 02 12 0000");
    EXPECT_OCTETS(got.octets, got.length, "01 03 02 01 11 01 02 01 11 02 02 01 11 03");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_a_row),
        cmocka_unit_test(test_the_newest_500),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_bounds_of_a_range),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_what_is_refused_how),
        cmocka_unit_test(test_rows_in_no_order),
        cmocka_unit_test(test_work_per_step),
        cmocka_unit_test(test_a_corrupt_row),
        cmocka_unit_test(test_rows_that_go_during_a_transfer),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_without_blocks),
        cmocka_unit_test(test_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
