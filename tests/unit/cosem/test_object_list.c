/*
 * test_object_list.c - attribute 2 of class 15: whole, by class, by object, in blocks, two readers in turn.
 *
 * The whole list is taken apart here by hand; what a selector gives must be those rows of it that a plain loop picks,
 * and the whole list is held against the order of the codes and the rights of conformance.md.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#define LIST_SIZE 20000u
#define ROWS_MAX 300u
#define SELECT(selector) "C0 01 C1 000F 0000280000FF 02 01 " selector
#define WHOLE "C0 01 C1 000F 0000280000FF 02 00"

static world_t world;

typedef struct list {
    uint8_t octets[LIST_SIZE];
    size_t length;
    int error;
    unsigned blocks;
    unsigned rows;
    size_t at[ROWS_MAX + 1]; /* of each row, and the end */
} list_t;

static list_t whole;
static list_t part;

/* One more block of a transfer, or its first; true while there is more. */
static bool take(list_t *list, const uint8_t *reply, size_t length) {
    if (reply[1] == 1) {
        list->error = reply[3] == 0 ? -1 : reply[4];
        list->length = length - 4u;
        memcpy(list->octets, reply + 4, list->length);
        return false;
    }
    assert_int_equal(reply[1], 2);
    assert_int_equal(reply[8], 0);
    size_t at = reply[9] < 0x80 ? 10u : reply[9] == 0x81 ? 11u : 12u;
    assert_true(list->length + length - at <= LIST_SIZE);
    memcpy(list->octets + list->length, reply + at, length - at);
    list->length += length - at;
    list->blocks++;
    return reply[3] == 0;
}

static size_t ask_next(unsigned channel, uint16_t sap, uint32_t block, uint8_t *reply, size_t size) {
    const uint8_t next[7] = {0xC0, 2, 0xC1, 0, 0, (uint8_t)(block >> 8), (uint8_t)block};
    return world_ask(&world, channel, sap, next, sizeof next, reply, size);
}

/* Length of the element at an offset, by its tags alone. */
static size_t element(const uint8_t *octets) {
    switch (octets[0]) {
    case 0:
        return 1;
    case 1:
    case 2: {
        size_t length = 2;
        for (unsigned i = 0; i < octets[1]; i++) {
            length += element(octets + length);
        }
        return length;
    }
    case 9:
        return 2u + octets[1];
    case 15:
    case 17:
    case 22:
        return 2;
    case 18:
        return 3;
    default:
        fail();
        return 1;
    }
}

static void split(list_t *list) {
    size_t at = list->octets[1] == 0x82 ? 4u : list->octets[1] == 0x81 ? 3u : 2u;
    unsigned rows = list->octets[1] == 0x82   ? (unsigned)((list->octets[2] << 8) | list->octets[3])
                    : list->octets[1] == 0x81 ? list->octets[2]
                                              : list->octets[1];
    assert_int_equal(list->octets[0], 1);
    assert_true(rows <= ROWS_MAX);
    list->rows = rows;
    for (unsigned i = 0; i < rows; i++) {
        list->at[i] = at;
        at += element(list->octets + at);
    }
    list->at[rows] = at;
    assert_int_equal(at, list->length);
}

static list_t *read_list(list_t *list, uint16_t sap, const char *request) {
    uint8_t reply[1024];
    memset(list, 0, sizeof *list);
    list->error = -1;
    size_t length = world_ask_hex(&world, 0, sap, request, reply, sizeof reply);
    while (take(list, reply, length)) {
        length = ask_next(0, sap, list->blocks, reply, sizeof reply);
    }
    if (list->error == -1) {
        split(list);
    }
    return list;
}

/* 02 04 12 class 11 version 09 06 code: 15 octets, then the rights. */
static uint16_t class_of(const list_t *list, unsigned row) {
    return (uint16_t)((list->octets[list->at[row] + 3] << 8) | list->octets[list->at[row] + 4]);
}

static const uint8_t *code_of(const list_t *list, unsigned row) {
    return list->octets + list->at[row] + 9;
}

static bool same_row(const list_t *a, unsigned i, const list_t *b, unsigned j, bool head_only) {
    size_t length = head_only ? 15u : a->at[i + 1] - a->at[i];
    return (head_only || length == b->at[j + 1] - b->at[j]) &&
           memcmp(a->octets + a->at[i], b->octets + b->at[j], length) == 0;
}

static void test_whole_list(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    (void)read_list(&whole, SAP_MANAGEMENT, WHOLE);
    assert_true(whole.rows >= 203);
    for (unsigned i = 1; i < whole.rows; i++) {
        assert_true(memcmp(code_of(&whole, i - 1), code_of(&whole, i), 6) < 0);
    }
    /* The association itself: attribute 2 has four selectors, 7 is written and never read, no method is there. */
    (void)read_list(&part, SAP_MANAGEMENT, SELECT("04 02 02 12 000F 09 06 0000280001FF"));
    EXPECT_OCTETS(
        part.octets, part.length,
        "0101 0204 12000F 1101 0906 0000280001FF 0202 0109"
        "02030F01160100 02030F02160101040F010F020F030F04 02030F03160100 02030F04160100 02030F05160100"
        "02030F06160100 02030F07160200 02030F08160100 02030F09160100"
        "0104 02020F011600 02020F021600 02020F031600 02020F041600");
    /* The event log: its buffer has two. */
    (void)read_list(&part, SAP_MANAGEMENT, SELECT("04 02 02 12 0007 09 06 0000636200FF"));
    EXPECT_OCTETS(part.octets, part.length,
                  "0101 0204 120007 1101 0906 0000636200FF 0202 0108"
                  "02030F01160100 02030F02160101020F010F02 02030F03160100 02030F04160100 02030F05160100"
                  "02030F06160100 02030F07160100 02030F08160100 0102 02020F011601 02020F021600");
}

static void test_without_rights(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    (void)read_list(&whole, SAP_MANAGEMENT, WHOLE);
    (void)read_list(&part, SAP_MANAGEMENT, SELECT("01 00"));
    assert_int_equal(part.rows, whole.rows);
    for (unsigned i = 0; i < whole.rows; i++) {
        assert_true(same_row(&part, i, &whole, i, true));
        EXPECT_OCTETS(part.octets + part.at[i] + 15, part.at[i + 1] - part.at[i] - 15, "0202 0100 0100");
    }
    /* Another client's list, with its own view. */
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    (void)read_list(&part, SAP_PUBLIC, SELECT("01 00"));
    assert_int_equal(part.rows, 8);
    (void)read_list(&whole, SAP_MANAGEMENT, "C0 01 C1 000F 0000280002FF 02 01 01 00");
    assert_int_equal(whole.length, part.length);
    assert_memory_equal(whole.octets, part.octets, part.length);
}

static void expect_classes(const char *list, const uint16_t *classes, size_t count) {
    char request[256];
    unsigned found = 0;
    (void)snprintf(request, sizeof request, SELECT("02 %s"), list);
    (void)read_list(&part, SAP_MANAGEMENT, request);
    for (unsigned i = 0; i < whole.rows; i++) {
        bool wanted = false;
        for (size_t c = 0; c < count; c++) {
            wanted = wanted || class_of(&whole, i) == classes[c];
        }
        if (wanted) {
            assert_true(found < part.rows);
            assert_true(same_row(&part, found, &whole, i, true));
            found++;
        }
    }
    assert_int_equal(found, part.rows);
}

static void test_by_class(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    (void)read_list(&whole, SAP_MANAGEMENT, WHOLE);
    expect_classes("01 01 12 0003", (const uint16_t[]){3}, 1);
    expect_classes("01 02 12 000F 12 0001", (const uint16_t[]){1, 15}, 2);
    expect_classes("01 03 12 0008 12 0008 12 FFFF", (const uint16_t[]){8}, 1);
    expect_classes("01 01 12 0046", (const uint16_t[]){70}, 1);
    expect_classes("01 00", NULL, 0);
    assert_int_equal(part.rows, 0);
}

static void test_by_object(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    (void)read_list(&whole, SAP_MANAGEMENT, WHOLE);
    char request[1024];
    size_t at = (size_t)snprintf(request, sizeof request, SELECT("03 01 10"));
    /* Sixteen in the order of the request, from the list's end, with members of families among them. */
    for (unsigned i = 0; i < 16; i++) {
        unsigned row = whole.rows - 1u - i * 12u;
        at += (size_t)snprintf(request + at, sizeof request - at, " 02 02 12 %04X 09 06 ",
                               class_of(&whole, row));
        for (unsigned o = 0; o < 6; o++) {
            at += (size_t)snprintf(request + at, sizeof request - at, "%02X", code_of(&whole, row)[o]);
        }
    }
    (void)read_list(&part, SAP_MANAGEMENT, request);
    assert_int_equal(part.rows, 16);
    for (unsigned i = 0; i < 16; i++) {
        assert_true(same_row(&part, i, &whole, whole.rows - 1u - i * 12u, false));
    }
    /* Not there, of another class, not in this client's view: left out. */
    (void)read_list(&part, SAP_MANAGEMENT,
                    SELECT("03 01 03 02 02 12 0001 09 06 0000010000FF 02 02 12 0008 09 06 0000010000FF"
                           " 02 02 12 0003 09 06 0101010800FF"));
    assert_int_equal(part.rows, 1);
    assert_int_equal(class_of(&part, 0), 8);
    (void)read_list(&part, SAP_MANAGEMENT, SELECT("04 02 02 12 0001 09 06 0000010000FF"));
    assert_int_equal(part.rows, 0);
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    (void)read_list(&part, SAP_PUBLIC, SELECT("04 02 02 12 0003 09 06 0100010800FF"));
    assert_int_equal(part.rows, 0);
}

static void test_what_is_refused(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, SELECT("00 00"), "C401C1010D");
    EXPECT(&world, SAP_MANAGEMENT, SELECT("05 00"), "C401C1010D");
    EXPECT(&world, SAP_MANAGEMENT, "C001C1000F0000280000FF03 01 0100", "C401C1010D");
    EXPECT(&world, SAP_MANAGEMENT, "C001C100110000290000FF02 01 0100", "C401C1010D");
    EXPECT(&world, SAP_MANAGEMENT, SELECT("01 0100"), "C401C1010C");
    EXPECT(&world, SAP_MANAGEMENT, SELECT("02 00"), "C401C1010C");
    EXPECT(&world, SAP_MANAGEMENT, SELECT("02 0101 1101"), "C401C1010C");
    EXPECT(&world, SAP_MANAGEMENT, SELECT("03 0202 120008 09060000010000FF"), "C401C1010C");
    EXPECT(&world, SAP_MANAGEMENT, SELECT("03 0101 0203 120008 09060000010000FF 00"), "C401C1010C");
    EXPECT(&world, SAP_MANAGEMENT, SELECT("04 0202 120008 09050000010000"), "C401C101FA");
    EXPECT(&world, SAP_MANAGEMENT, SELECT("04 0101 0202 120008 09060000010000FF"), "C401C1010C");
    char request[512];
    size_t at = (size_t)snprintf(request, sizeof request, SELECT("02 01 11"));
    for (unsigned i = 0; i < 17; i++) {
        at += (size_t)snprintf(request + at, sizeof request - at, " 12 %04X", i);
    }
    EXPECT(&world, SAP_MANAGEMENT, request, "C401C101FA");
}

/* Whatever the size of the blocks the octets are the same, and no small element is cut. */
static void test_blocks_of_every_size(void **state) {
    (void)state;
    expect_client(&world, SAP_LEVEL_1);
    (void)read_list(&whole, SAP_LEVEL_1, WHOLE);
    for (uint16_t size = 27; size < 400; size = (uint16_t)(size + 31u)) {
        assert_true(world_open_as(&world, 0, SAP_LEVEL_1, WORLD_CONFORMANCE, size));
        (void)read_list(&part, SAP_LEVEL_1, WHOLE);
        assert_int_equal(part.length, whole.length);
        assert_memory_equal(part.octets, whole.octets, whole.length);
    }
}

/* Two clients read different lists in turn, block by block: neither loses its place. */
static void test_two_readers_in_turn(void **state) {
    static list_t other;
    uint8_t mine[1024];
    uint8_t theirs[1024];
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    assert_true(world_open(&world, 1, SAP_LEVEL_2));
    (void)read_list(&whole, SAP_MANAGEMENT, WHOLE);
    memset(&part, 0, sizeof part);
    memset(&other, 0, sizeof other);
    size_t a = world_ask_hex(&world, 0, SAP_MANAGEMENT, WHOLE, mine, sizeof mine);
    size_t b =
        world_ask_hex(&world, 1, SAP_LEVEL_2, SELECT("02 01 02 12 0003 12 0001"), theirs, sizeof theirs);
    bool more = take(&part, mine, a);
    bool more_other = take(&other, theirs, b);
    while (more || more_other) {
        if (more) {
            a = ask_next(0, SAP_MANAGEMENT, part.blocks, mine, sizeof mine);
            more = take(&part, mine, a);
        }
        if (more_other) {
            b = ask_next(1, SAP_LEVEL_2, other.blocks, theirs, sizeof theirs);
            more_other = take(&other, theirs, b);
        }
    }
    assert_int_equal(part.length, whole.length);
    assert_memory_equal(part.octets, whole.octets, whole.length);
    split(&other);
    unsigned found = 0;
    for (unsigned i = 0; i < whole.rows; i++) {
        found += class_of(&whole, i) == 1 || class_of(&whole, i) == 3 ? 1u : 0u;
    }
    assert_int_equal(other.rows, found);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_list),
        cmocka_unit_test(test_without_rights),
        cmocka_unit_test(test_by_class),
        cmocka_unit_test(test_by_object),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_blocks_of_every_size),
        cmocka_unit_test(test_two_readers_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
