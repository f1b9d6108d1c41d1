/*
 * test_profile_model.c - ranges, entries and columns of a profile of 10 columns, in three orders, in blocks of any size.
 *
 * What must come is worked out here by plain loops over the row numbers and encoded by hand; the model says in its header what
 * row n holds, and this file says it once more in its own words.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "base/calendar.h"
#include "support/profile_model.h"

#define PROFILE "0007 0100630100FF"
#define BEGIN_S INT64_C(820540800)
#define STEP_S 900
#define ANSWER_MAX 400000u

static world_t world;
static profile_model_t pm;

typedef struct octets {
    uint8_t data[ANSWER_MAX];
    size_t length;
    int error;
    unsigned blocks;
} octets_t;

static octets_t got;
static octets_t wanted;

static void begin(pm_order_t order, uint32_t rows, uint16_t pdu) {
    profile_model_make(&pm, order, rows);
    world_blank(&world, &pm.model);
    assert_int_equal(world_start(&world), QD_OK);
    assert_true(world_open_as(&world, 0, SAP_MANAGEMENT, WORLD_CONFORMANCE, pdu));
}

/* --- what is asked and what came --- */

static void ask(const char *request) {
    uint8_t reply[1024];
    size_t length = world_ask_hex(&world, 0, SAP_MANAGEMENT, request, reply, sizeof reply);
    got.length = 0;
    got.error = -1;
    got.blocks = 0;
    assert_int_equal(reply[0], 0xC4);
    if (reply[1] == 1) {
        got.error = reply[3] == 0 ? -1 : reply[4];
        got.length = length - 4u;
        memcpy(got.data, reply + 4, got.length);
        return;
    }
    for (;;) {
        got.blocks++;
        assert_int_equal(reply[1], 2);
        assert_int_equal(reply[7], got.blocks & 0xFFu);
        if (reply[8] != 0) {
            got.error = reply[9];
            return;
        }
        size_t at = reply[9] < 0x80 ? 10u : reply[9] == 0x81 ? 11u : 12u;
        memcpy(got.data + got.length, reply + at, length - at);
        got.length += length - at;
        if (reply[3] != 0) {
            return;
        }
        const uint8_t next[7] = {0xC0, 2, 0xC1, reply[4], reply[5], reply[6], reply[7]};
        length = world_ask(&world, 0, SAP_MANAGEMENT, next, sizeof next, reply, sizeof reply);
    }
}

static const char *column_text(unsigned column) {
    static char text[64];
    if (column == 0) {
        return "0204 120008 09060000010000FF 0F02 120000 ";
    }
    if (column == 1) {
        return "0204 120001 09060000600A01FF 0F02 120000 ";
    }
    (void)snprintf(text, sizeof text, "0204 120003 090601 00%02X0800FF 0F02 120000 ", column - 1u);
    return text;
}

/* A bound as a client writes it: instants in UTC, numbers as double-long-unsigned. */
static void bound_text(unsigned column, int64_t value, char *text, size_t size) {
    if (column != 0) {
        (void)snprintf(text, size, "06%08X ", (unsigned)value);
        return;
    }
    qd_civil_t c;
    qd_civil_from_seconds(value, &c);
    (void)snprintf(text, size, "090C %04X%02X%02X FF %02X%02X%02X FF 0000 FF ", (unsigned)c.year, c.month,
                   c.day, c.hour, c.minute, c.second);
}

static void ask_range(unsigned column, int64_t from, int64_t to, const uint8_t *columns, unsigned count) {
    char request[1600];
    char a[64];
    char b[64];
    bound_text(column, from, a, sizeof a);
    bound_text(column, to, b, sizeof b);
    size_t at = (size_t)snprintf(request, sizeof request, "C001C1 " PROFILE " 02 01 01 0204 %s%s%s 01%02X ",
                                 column_text(column), a, b, count);
    for (unsigned i = 0; i < count; i++) {
        at += (size_t)snprintf(request + at, sizeof request - at, "%s", column_text(columns[i]));
    }
    ask(request);
}

static void ask_entries(uint32_t from, uint32_t to, unsigned first, unsigned last) {
    char request[128];
    (void)snprintf(request, sizeof request, "C001C1 " PROFILE " 02 01 02 0204 06%08X 06%08X 12%04X 12%04X",
                   (unsigned)from, (unsigned)to, first, last);
    ask(request);
}

/* --- what must come --- */

/* What column c of the row that was captured as number n is worth. */
static int64_t value_of(uint32_t n, unsigned c) {
    if (c == 0) {
        return BEGIN_S + (int64_t)n * STEP_S;
    }
    if (c == 1) {
        return (uint8_t)(37u * n);
    }
    return c == 9 ? (uint32_t)(2654435761u * n) : (uint32_t)(7u * (c - 1u) * n + 1000003u * (c - 2u));
}

static void add_octet(unsigned octet) {
    wanted.data[wanted.length++] = (uint8_t)octet;
}

static void add_cell(uint32_t n, unsigned c) {
    int64_t value = value_of(n, c);
    if (c == 1) {
        add_octet(0x11);
        add_octet((unsigned)value);
    } else if (c > 1) {
        add_octet(6);
        for (unsigned shift = 32; shift > 0; shift -= 8) {
            add_octet((unsigned)(value >> (shift - 8)) & 0xFFu);
        }
    } else {
        qd_civil_t t;
        qd_civil_from_seconds(value, &t);
        const unsigned fields[] = {9,
                                   12,
                                   (unsigned)t.year >> 8,
                                   t.year & 0xFFu,
                                   t.month,
                                   t.day,
                                   t.weekday,
                                   t.hour,
                                   t.minute,
                                   t.second,
                                   0xFF,
                                   0,
                                   0,
                                   0};
        for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++) {
            add_octet(fields[i]);
        }
    }
}

/* The rows of a list, with all columns or some. */
static void want(const uint32_t *rows, uint32_t count, const uint8_t *columns, unsigned column_count) {
    wanted.length = 0;
    add_octet(1);
    if (count > 0xFF) {
        add_octet(0x82);
        add_octet(count >> 8);
    } else if (count > 0x7F) {
        add_octet(0x81);
    }
    add_octet(count & 0xFFu);
    for (uint32_t i = 0; i < count; i++) {
        add_octet(2);
        add_octet(column_count == 0 ? 10 : column_count);
        for (unsigned c = 0; c < (column_count == 0 ? 10 : column_count); c++) {
            add_cell(rows[i], column_count == 0 ? c : columns[c]);
        }
    }
}

static void same(void) {
    assert_int_equal(got.error, -1);
    assert_int_equal(got.length, wanted.length);
    assert_memory_equal(got.data, wanted.data, wanted.length);
}

/* Rows first .. end-1 in the order that is shown: insertion by the last column, slow and plain. */
static uint32_t shown[PM_CAPACITY];

static void show(pm_order_t order, uint32_t first, uint32_t end) {
    for (uint32_t i = 0; i < end - first; i++) {
        uint32_t place = i;
        while (order != PM_FIFO && place > 0 &&
               (order == PM_LARGEST) == (value_of(first + i, 9) > value_of(shown[place - 1], 9))) {
            shown[place] = shown[place - 1];
            place--;
        }
        shown[place] = first + i;
    }
}

static uint32_t within(uint32_t count, unsigned column, int64_t from, int64_t to, uint32_t *rows) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t value = value_of(shown[i], column);
        if (value >= from && value <= to) {
            rows[found++] = shown[i];
        }
    }
    return found;
}

/* --- tests --- */

static void test_attributes(void **state) {
    (void)state;
    begin(PM_LARGEST, 7, 0xFFFF);
    EXPECT(&world, SAP_MANAGEMENT, "C001C1 " PROFILE " 0400", "C401C100 06 00000384");
    EXPECT(&world, SAP_MANAGEMENT, "C001C1 " PROFILE " 0500", "C401C100 1603");
    EXPECT(&world, SAP_MANAGEMENT, "C001C1 " PROFILE " 0600",
           "C401C100 0204 120003 09060100080800FF 0F02 120000");
    EXPECT(&world, SAP_MANAGEMENT, "C001C1 " PROFILE " 0700", "C401C100 06 00000007");
    EXPECT(&world, SAP_MANAGEMENT, "C001C1 " PROFILE " 0800", "C401C100 06 00001680");
    EXPECT(&world, SAP_MANAGEMENT, "C101C1 " PROFILE " 0400 0600000E10", "C501C100");
    EXPECT(&world, SAP_MANAGEMENT, "C001C1 " PROFILE " 0400", "C401C100 06 00000E10");
    EXPECT(&world, SAP_MANAGEMENT, "C101C1 " PROFILE " 0400 110F", "C501C10C");
    /* capture adds a row, reset leaves none */
    EXPECT(&world, SAP_MANAGEMENT, "C301C1 " PROFILE " 0201 0F00", "C701C10000");
    EXPECT(&world, SAP_MANAGEMENT, "C001C1 " PROFILE " 0700", "C401C100 06 00000008");
    EXPECT(&world, SAP_MANAGEMENT, "C301C1 " PROFILE " 0101 0F00", "C701C10000");
    EXPECT(&world, SAP_MANAGEMENT, "C001C1 " PROFILE " 0200", "C401C100 0100");
    ask_range(0, 0, BEGIN_S * 2, NULL, 0);
    EXPECT_OCTETS(got.data, got.length, "0100");
    ask_entries(1, 0, 1, 0);
    EXPECT_OCTETS(got.data, got.length, "0100");
    EXPECT(&world, SAP_MANAGEMENT, "C301C1 " PROFILE " 0201 0F00", "C701C10000");
    ask_entries(1, 0, 1, 0);
    want((const uint32_t[]){8}, 1, NULL, 0);
    same();
}

static void test_capture_objects(void **state) {
    char all[1024] = "010A ";
    uint8_t octets[512];
    (void)state;
    begin(PM_FIFO, 3, 0xFFFF);
    for (unsigned c = 0; c < PM_COLUMNS; c++) {
        strcat(all, column_text(c));
    }
    ask("C001C1 " PROFILE " 0300");
    size_t length = world_hex(all, octets);
    assert_int_equal(got.length, length);
    assert_memory_equal(got.data, octets, length);
}

/* Both bounds below, on, between and above the rows, from above to below; for the clock, a register and the status. */
static void ranges_of(pm_order_t order, unsigned column) {
    static uint32_t rows[PM_CAPACITY];
    const uint32_t first = 5;
    const uint32_t end = 45;
    int64_t least = INT64_MAX;
    int64_t most = 0;
    begin(order, end, 200);
    for (uint32_t i = 0; i < first; i++) { /* the model has all 45 rows; the first five are cut away */
        pm.first++;
    }
    if (order != PM_FIFO) {
        memset(&pm.shown, 0, sizeof pm.shown);
        profile_model_capture(&pm); /* sorts anew, with row 45 */
    }
    uint32_t last = order != PM_FIFO ? end + 1u : end;
    show(order, first, last);
    for (uint32_t n = first; n < last; n++) {
        int64_t value = value_of(n, column);
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    const int64_t middle = value_of(20, column);
    const int64_t bounds[] = {least > 3 ? least - 3 : 0, least, least + 1, middle - 1, middle, middle + 1,
                              most > 0 ? most - 1 : 0,   most,  most + 3};
    for (unsigned a = 0; a < sizeof bounds / sizeof bounds[0]; a++) {
        for (unsigned b = 0; b < sizeof bounds / sizeof bounds[0]; b++) {
            if (bounds[a] < 0 || bounds[b] < 0 || (column != 0 && bounds[b] > UINT32_MAX)) {
                continue;
            }
            uint32_t count = within(last - first, column, bounds[a], bounds[b], rows);
            ask_range(column, bounds[a], bounds[b], NULL, 0);
            want(rows, count, NULL, 0);
            same();
        }
    }
}

static void test_ranges_as_captured(void **state) {
    (void)state;
    ranges_of(PM_FIFO, 0);
    ranges_of(PM_FIFO, 3);
    ranges_of(PM_FIFO, 1);
    ranges_of(PM_FIFO, 9);
}

static void test_ranges_largest_first(void **state) {
    (void)state;
    ranges_of(PM_LARGEST, 9);
    ranges_of(PM_LARGEST, 0);
    ranges_of(PM_LARGEST, 1);
}

static void test_ranges_smallest_first(void **state) {
    (void)state;
    ranges_of(PM_SMALLEST, 9);
    ranges_of(PM_SMALLEST, 0);
    ranges_of(PM_SMALLEST, 2);
}

/* Every entry pair around the borders of a ring that has gone round, and every pair of columns. */
static void test_entries(void **state) {
    static uint32_t rows[PM_CAPACITY];
    static const uint32_t numbers[] = {1, 2, 3, 5758, 5759, 5760, 5761, 100000, UINT32_MAX};
    const uint32_t first = 40;
    (void)state;
    begin(PM_FIFO, PM_CAPACITY + first, 0xFFFF);
    for (unsigned a = 0; a < sizeof numbers / sizeof numbers[0]; a++) {
        for (unsigned b = 0; b <= sizeof numbers / sizeof numbers[0]; b++) {
            uint32_t to = b == 0 ? 0 : numbers[b - 1u];
            uint64_t end = to == 0 || to > PM_CAPACITY ? PM_CAPACITY : to;
            uint32_t count = 0;
            for (uint64_t entry = numbers[a]; entry <= end; entry++) {
                rows[count++] = first + (uint32_t)entry - 1u;
            }
            ask_entries(numbers[a], to, 3, 4);
            want(rows, count, (const uint8_t[]){2, 3}, 2);
            same();
        }
    }
    rows[0] = first;
    for (unsigned from = 1; from <= 10; from++) {
        for (unsigned to = 0; to <= 11; to++) {
            uint8_t columns[PM_COLUMNS];
            unsigned count = 0;
            for (unsigned c = from; c <= (to == 0 || to > 10 ? 10 : to); c++) {
                columns[count++] = (uint8_t)(c - 1u);
            }
            ask_entries(1, 1, from, to);
            if (count == 0) {
                assert_int_equal(got.error, 250);
                continue;
            }
            want(rows, 1, columns, count);
            same();
        }
    }
}

/* Columns in any order, one of them, one twice, more than there are. */
static void test_columns_in_any_order(void **state) {
    static const uint8_t orders[][12] = {
        {9, 8, 7, 6, 5, 4, 3, 2, 1, 0},      {5}, {0, 0, 5, 5}, {1, 0}, {9, 0, 9, 0},
        {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8}};
    static const uint8_t counts[] = {10, 1, 4, 2, 4, 12};
    const uint32_t rows[] = {2, 3, 4};
    (void)state;
    begin(PM_FIFO, 9, 0xFFFF);
    for (unsigned i = 0; i < sizeof counts; i++) {
        ask_range(0, value_of(2, 0), value_of(4, 0), orders[i], counts[i]);
        want(rows, 3, orders[i], counts[i]);
        same();
    }
}

/* Fields that are not specified, deviation unspecified (the meter's zone is UTC+1, without daylight saving in January). */
static void test_bounds_with_wildcards(void **state) {
    static uint32_t rows[PM_CAPACITY];
    static const struct {
        const char *from;
        const char *to;
        int64_t first; /* s after the model's begin, which is midnight UTC */
        int64_t last;
    } cases[] = {
        {"07EA0101FF 020000FF 0000FF", "07EA0101FF 030000FF 0000FF", 7200, 10800},
        {"07EA0101FF 030000FF 8000FF", "07EA0101FF 040000FF 8000FF", 7200, 10800},
        {"07EA0101FF 030000FF FFC4FF", "07EA0101FF 040000FF FFC4FF", 7200, 10800},
        {"07EA0101FF FFFFFFFF 0000FF", "07EA0101FF FFFFFFFF 0000FF", 0, 86399},
        {"07EA0101FF 02FFFFFF 0000FF", "07EA0101FF 02FFFFFF 0000FF", 7200, 10799},
        {"07EA01FFFF FFFFFFFF 0000FF", "07EA0101FF 010000FF 0000FF", 0, 3600},
        {"FFFFFFFFFF FFFFFFFF 8000FF", "FFFFFFFFFF FFFFFFFF 8000FF", -1000000, 100000000},
        {"FFFFFFFFFF FFFFFFFF 8000FF", "07E90101FF 000000FF 0000FF", 1, 0},
    };
    (void)state;
    begin(PM_FIFO, 120, 0xFFFF);
    show(PM_FIFO, 0, 120);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char request[256];
        (void)snprintf(request, sizeof request, "C001C1 " PROFILE " 02 01 01 0204 %s 090C%s 090C%s 0100",
                       column_text(0), cases[i].from, cases[i].to);
        ask(request);
        want(rows, within(120, 0, BEGIN_S + cases[i].first, BEGIN_S + cases[i].last, rows), NULL, 0);
        same();
    }
}

static void test_bounds_of_numbers(void **state) {
    (void)state;
    begin(PM_FIFO, 10, 0xFFFF);
    /* any integer type; no time, no string, nothing beyond long64 */
    ask("C001C1 " PROFILE
        " 02 01 01 0204 0204 120003 09060100020800FF 0F02 120000 12 0000 14 00000000000F4251 0100");
    want((const uint32_t[]){0, 1}, 2, NULL, 0);
    same();
    ask("C001C1 " PROFILE
        " 02 01 01 0204 0204 120003 09060100020800FF 0F02 120000 0F80 157FFFFFFFFFFFFFFF 0100");
    assert_int_equal(got.data[1], 10);
    ask("C001C1 " PROFILE
        " 02 01 01 0204 0204 120003 09060100020800FF 0F02 120000 0F80 15FFFFFFFFFFFFFFFF 0100");
    assert_int_equal(got.error, 250);
    ask("C001C1 " PROFILE " 02 01 01 0204 0204 120003 09060100020800FF 0F02 120000 0901 00 0F7F 0100");
    assert_int_equal(got.error, 12);
    ask("C001C1 " PROFILE " 02 01 01 0204 0204 120003 09060100090800FF 0F02 120000 0F00 0F7F 0100");
    assert_int_equal(got.error, 250); /* not captured here */
}

/* The whole ring in blocks of several sizes; while it is read a row is captured, and none is shifted. */
static void test_whole_ring(void **state) {
    static const uint16_t sizes[] = {61, 128, 333, 832};
    static uint32_t rows[PM_CAPACITY];
    (void)state;
    for (uint32_t i = 0; i < PM_CAPACITY; i++) {
        rows[i] = 77u + i;
    }
    want(rows, PM_CAPACITY, NULL, 0);
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        begin(PM_FIFO, PM_CAPACITY + 77u, sizes[i]);
        ask("C001C1 " PROFILE " 0200");
        same();
    }
    assert_true(got.blocks > 300);
}

static void test_rows_that_go_away(void **state) {
    uint8_t reply[1024];
    (void)state;
    begin(PM_FIFO, PM_CAPACITY, 100);
    (void)world_ask_hex(&world, 0, SAP_MANAGEMENT, "C001C1 " PROFILE " 0200", reply, sizeof reply);
    profile_model_capture(&pm);
    profile_model_capture(&pm);
    profile_model_capture(&pm);
    EXPECT(&world, SAP_MANAGEMENT, "C002C1 00000001", "C402C1 01 00000002 01 0F");
    /* sorted anew: the rows behind the ones that were given are others now */
    begin(PM_LARGEST, 100, 100);
    (void)world_ask_hex(&world, 0, SAP_MANAGEMENT, "C001C1 " PROFILE " 0200", reply, sizeof reply);
    profile_model_capture(&pm);
    EXPECT(&world, SAP_MANAGEMENT, "C002C1 00000001", "C402C1 01 00000002 01 0F");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_capture_objects),
        cmocka_unit_test(test_ranges_as_captured),
        cmocka_unit_test(test_ranges_largest_first),
        cmocka_unit_test(test_ranges_smallest_first),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_columns_in_any_order),
        cmocka_unit_test(test_bounds_with_wildcards),
        cmocka_unit_test(test_bounds_of_numbers),
        cmocka_unit_test(test_whole_ring),
        cmocka_unit_test(test_rows_that_go_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
