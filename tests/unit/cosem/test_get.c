/*
 * test_get.c - GET normal, with list and next; blocks of every size against the undivided answer.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#define GET_NAME "C0 01 C1 0001 00002A0000FF 02 00"
#define NAME_IS "C4 01 C1 00 09 10 51445430303030303030303030303030"
#define GET_LIST_OF_OBJECTS "C0 01 C1 000F 0000280000FF 02 00"
#define ITEM_NAME "0001 00002A0000FF 02 00"
#define ITEM_A_PLUS "0003 0100010800FF 02 00"
#define ITEM_OBJECTS "000F 0000280000FF 02 00"
#define ITEM_MASKS "0006 00000E0001FF 03 00"
#define ITEM_CLOCK "0008 0000010000FF 02 00"
#define ITEM_UNKNOWN "0001 FFFFFFFFFFFF 02 00"
#define ITEM_SECRET "000F 0000280001FF 07 00"

static world_t world;

/* A value read to its end, over as many blocks as it takes. */
typedef struct reading {
    uint8_t octets[16384];
    size_t length;
    unsigned blocks; /* 0: came undivided */
} reading_t;

static const uint8_t *block_data(const uint8_t *answer, size_t length, size_t *count) {
    size_t at = 10;
    *count = answer[9];
    if (answer[9] == 0x81) {
        *count = answer[at++];
    } else if (answer[9] == 0x82) {
        *count = (size_t)((answer[10] << 8) | answer[11]);
        at += 2;
    }
    assert_true(answer[9] < 0x80 || answer[9] == 0x81 || answer[9] == 0x82);
    assert_int_equal(at + *count, length);
    return answer + at;
}

/* Reads by asking for the next block until the last; each block obeys the size. */
static void read_value(world_t *w, uint16_t sap, const char *request, size_t pdu_size, reading_t *r) {
    uint8_t answer[2048];
    memset(r, 0, sizeof *r);
    size_t length = world_ask_hex(w, 0, sap, request, answer, sizeof answer);
    assert_in_range(length, 4, pdu_size);
    assert_int_equal(answer[0], 0xC4);
    assert_int_equal(answer[2], 0xC1);
    if (answer[1] != 2) {
        size_t head = answer[1] == 1 ? 4 : 3; /* the choice of a normal response stands in front */
        memcpy(r->octets, answer + head, length - head);
        r->length = length - head;
        return;
    }
    for (;;) {
        size_t count = 0;
        uint8_t next[7] = {0xC0, 2, 0xC1};
        r->blocks++;
        assert_in_range(length, 11, pdu_size);
        assert_int_equal(answer[1], 2);
        assert_int_equal((answer[4] << 24) | (answer[5] << 16) | (answer[6] << 8) | answer[7], r->blocks);
        assert_int_equal(answer[8], 0);
        const uint8_t *data = block_data(answer, length, &count);
        assert_true(count > 0);
        memcpy(r->octets + r->length, data, count);
        r->length += count;
        if (answer[3] != 0) {
            assert_int_equal(answer[3], 1);
            return;
        }
        memcpy(next + 3, answer + 4, 4);
        length = world_ask(w, 0, sap, next, sizeof next, answer, sizeof answer);
    }
}

static void expect_same(const reading_t *one, const reading_t *other) {
    assert_int_equal(one->length, other->length);
    assert_memory_equal(one->octets, other->octets, one->length);
}

static void test_attributes_of_a_register(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 01 00", "C4 01 C1 00 09 06 0100010800FF");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 02 00", "C4 01 C1 00 06 00000000");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 03 00", "C4 01 C1 00 02 02 0F 00 16 1E");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010808FF 01 00", "C4 01 C1 00 09 06 0100010808FF");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010808FF 02 00", "C4 01 C1 00 06 00000000");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100030800FF 03 00", "C4 01 C1 00 02 02 0F 00 16 20");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100200700FF 03 00", "C4 01 C1 00 02 02 0F FF 16 23");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 01000E0700FF 02 00", "C4 01 C1 01 0B");
}

static void test_invoke_id_and_priority_are_echoed(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    EXPECT(&world, SAP_PUBLIC, "C0 01 42 0001 00002A0000FF 01 00", "C4 01 42 00 09 06 00002A0000FF");
    EXPECT(&world, SAP_PUBLIC, "C0 01 CF 0001 00002A0000FF 01 00", "C4 01 CF 00 09 06 00002A0000FF");
    EXPECT(&world, SAP_PUBLIC, "C0 01 40 0001 00002A0000FF 01 00", "C4 01 40 00 09 06 00002A0000FF");
}

/* Service class 0, as many clients have it in every request, does not take a GET's answer away. */
static void test_service_class_of_a_get(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    EXPECT(&world, SAP_PUBLIC, "C0 01 81 0001 00002A0000FF 01 00", "C4 01 81 00 09 06 00002A0000FF");
    EXPECT(&world, SAP_PUBLIC, "C0 01 01 0001 FFFFFFFFFFFF 02 00", "C4 01 01 01 04");
}

static void test_what_is_refused_how(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 FFFFFFFFFFFF 02 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010809FF 02 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 01000108FFFF 02 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FE 02 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0000010000FF 02 00", "C4 01 C1 01 09");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0004 0100010800FF 02 00", "C4 01 C1 01 09");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0103 0100010800FF 02 00", "C4 01 C1 01 09");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 04 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 00 00", "C4 01 C1 01 03");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 3F 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF FF 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0008 0000010000FF 0A 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 02 01 01 00", "C4 01 C1 01 0D");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " ITEM_SECRET, "C4 01 C1 01 03");
}

/* Not in the view: undefined. In the view without the right: denied. */
static void test_views_of_the_clients(void **state) {
    (void)state;
    expect_world(&world);
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    assert_true(world_open(&world, 0, SAP_LEVEL_1));
    EXPECT(&world, SAP_PUBLIC, "C0 01 C1 0003 0100010800FF 02 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_PUBLIC, "C0 01 C1 0001 0100010800FF 02 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_PUBLIC, "C0 01 C1 000F 0000280001FF 07 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_PUBLIC, "C0 01 C1 000F 0000280002FF 07 00", "C4 01 C1 01 03");
    EXPECT(&world, SAP_PUBLIC, "C0 01 C1 0006 00000E0001FF 04 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_LEVEL_1, "C0 01 C1 0003 0100010800FF 02 00", "C4 01 C1 00 06 00000000");
    EXPECT(&world, SAP_LEVEL_1, "C0 01 C1 000F 0000280004FF 07 00", "C4 01 C1 01 03");
    EXPECT(&world, SAP_LEVEL_1, "C0 01 C1 0006 00000E0001FF 04 00", "C4 01 C1 00 09 04 30303031");
}

static void test_broken_requests_leave_the_association(void **state) {
    static const char *const broken[] = {
        "C0",
        "C0 01",
        "C0 01 C1",
        "C0 01 C1 000F 0000280000",
        "C0 01 C1 000F 0000280000FF",
        "C0 01 C1 000F 0000280000FF 01",
        "C0 01 C1 000F 0000280000FF 01 02",
        "C0 01 C1 000F 0000280000FF 01 01",
        "C0 01 C1 000F 0000280000FF 01 01 01",
        "C0 01 C1 000F 0000280000FF 01 01 01 12 00",
        "C0 01 C1 000F 0000280000FF 01 00 00",
        "C0 02 C1 000000",
        "C0 02 C1 00000001 00",
        "C0 03 C1",
        "C0 03 C1 00",
        "C0 03 C1 02 " ITEM_NAME,
        "C0 03 C1 01 " ITEM_NAME "00",
        "C0 03 C1 84 00000001 " ITEM_NAME,
        "C0 00 C1 000F 0000280000FF 01 00",
        "C0 04 C1 000F 0000280000FF 01 00",
        "C0 FF C1 000F 0000280000FF 01 00",
    };
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        uint8_t answer[64];
        size_t length = world_ask_hex(&world, 0, SAP_PUBLIC, broken[i], answer, sizeof answer);
        assert_int_equal(length, 3);
        assert_int_equal(answer[0], 0xD8);
        assert_in_range(answer[1], 1, 2);
        assert_in_range(answer[2], 1, 3);
        EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
    }
}

static void test_lists(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, "C0 03 C1 01 " ITEM_NAME,
           "C4 03 C1 01 00 09 10 51445430303030303030303030303030");
    EXPECT(&world, SAP_MANAGEMENT,
           "C0 03 C1 05 " ITEM_A_PLUS ITEM_UNKNOWN ITEM_NAME ITEM_SECRET "0003 0000010000FF 02 00",
           "C4 03 C1 05 00 06 00000000 01 04 00 09 10 51445430303030303030303030303030 01 03 01 09");
    /* Found only when asked: there is no frequency yet; a selector that is not offered. */
    EXPECT(&world, SAP_MANAGEMENT,
           "C0 03 C1 03 0003 01000E0700FF 02 00" ITEM_A_PLUS "0003 0100010800FF 02 01 02 00",
           "C4 03 C1 03 01 0B 00 06 00000000 01 0D");
}

static size_t list_request(const char *item, uint8_t count, uint8_t *apdu) {
    size_t at = world_hex("C0 03 C1", apdu);
    apdu[at++] = count;
    for (unsigned i = 0; i < count; i++) {
        at += world_hex(item, apdu + at);
    }
    return at;
}

static void test_lists_of_sixteen_and_seventeen(void **state) {
    uint8_t apdu[256];
    uint8_t answer[1024];
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    size_t length = list_request(ITEM_A_PLUS, 16, apdu);
    length = world_ask(&world, 0, SAP_MANAGEMENT, apdu, length, answer, sizeof answer);
    assert_int_equal(length, 4 + 16 * 6);
    for (unsigned i = 0; i < 16; i++) {
        EXPECT_OCTETS(answer + 4 + 6 * i, 6, "00 06 00000000");
    }
    length = list_request(ITEM_A_PLUS, 17, apdu);
    length = world_ask(&world, 0, SAP_MANAGEMENT, apdu, length, answer, sizeof answer);
    EXPECT_OCTETS(answer, length, "D8 01 04");
    EXPECT(&world, SAP_MANAGEMENT, GET_NAME, NAME_IS);
}

static void test_services_that_were_not_negotiated(void **state) {
    (void)state;
    expect_world(&world);
    assert_true(world_open_as(&world, 0, SAP_PUBLIC, 0x000010, 40));
    EXPECT(&world, SAP_PUBLIC, "C0 03 C1 01 " ITEM_NAME, "D8 01 02");
    EXPECT(&world, SAP_PUBLIC, GET_LIST_OF_OBJECTS, "D8 01 04");
    EXPECT(&world, SAP_PUBLIC, "C1 01 C1 0001 0000600101FF 02 00 09 00", "D8 01 02");
    EXPECT(&world, SAP_PUBLIC, "C1 01 81 0001 0000600101FF 02 00 09 00", ""); /* no answer, no refusal */
    EXPECT(&world, SAP_PUBLIC, "C3 01 C1 0008 0000010000FF 01 00", "D8 01 02");
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
}

/* Every octet as a tag: nothing but the services is served, and the association stays. */
static void test_unknown_tags(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    for (unsigned tag = 0; tag < 256; tag++) {
        uint8_t apdu[13];
        uint8_t answer[64];
        if (tag == 0x60 || tag == 0x62) {
            continue;
        }
        size_t length = world_hex("00 01 C1 0001 00002A0000FF 09 00", apdu);
        apdu[0] = (uint8_t)tag;
        length = world_ask(&world, 0, SAP_PUBLIC, apdu, length, answer, sizeof answer);
        if (tag == 0xC0) {
            EXPECT_OCTETS(answer, length, "C4 01 C1 01 04");
        } else if (tag == 0xC3) {
            EXPECT_OCTETS(answer, length, "C7 01 C1 04 00");
        } else if (tag == 0xD9) {
            assert_int_equal(length, 0); /* its invoke-id says that it is unconfirmed */
        } else {
            assert_int_equal(length, 3);
            assert_int_equal(answer[0], 0xD8);
            assert_in_range(answer[1], 1, 2);
            assert_in_range(answer[2], 1, 3);
        }
        length = world_ask(&world, 0, SAP_PUBLIC, apdu, 1, answer, sizeof answer);
        assert_int_equal(length, 3);
        assert_int_equal(answer[0], 0xD8);
    }
    EXPECT(&world, SAP_PUBLIC, "05 01 02 FA00", "D8 01 02");
    EXPECT(&world, SAP_PUBLIC, "99 00", "D8 02 02");
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
}

static const uint16_t sizes[] = {
    12, 13, 14, 15, 16, 17, 18, 19,  20,  21,  22,  23,  24,  25,  26,  27,  28,  29,  30,  31,  32, 33, 34,
    35, 36, 37, 38, 39, 40, 41, 42,  43,  44,  45,  46,  47,  48,  49,  50,  51,  52,  53,  54,  55, 56, 57,
    58, 59, 60, 61, 62, 63, 64, 127, 128, 136, 137, 138, 139, 140, 141, 255, 266, 267, 268, 269, 832};

/* The object list of the public client, whatever the block, against the answer that needs no blocks. */
static void test_blocks_of_every_size(void **state) {
    static reading_t whole;
    static reading_t parts;
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    read_value(&world, SAP_PUBLIC, GET_LIST_OF_OBJECTS, 832, &whole);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_true(world_open_as(&world, 0, SAP_PUBLIC, WORLD_CONFORMANCE, sizes[i]));
        read_value(&world, SAP_PUBLIC, GET_LIST_OF_OBJECTS, sizes[i], &parts);
        expect_same(&parts, &whole);
        assert_true(sizes[i] < 832 ? parts.blocks > 1 : parts.blocks == whole.blocks);
        /* Each block is full up to an element that would not have fitted. */
        if (sizes[i] >= 30 && sizes[i] < 832) {
            assert_true(parts.blocks <= whole.length / (sizes[i] - 12u - 8u) + 1u);
        }
    }
    /* Another channel with another size has no part in it. */
    assert_int_equal(whole.octets[0], 1);
}

static void test_long_list_in_blocks(void **state) {
    static const char request[] =
        "C0 03 C1 06 " ITEM_OBJECTS ITEM_UNKNOWN ITEM_MASKS ITEM_CLOCK "0003 01000E0700FF 02 00 " ITEM_NAME;
    static reading_t whole;
    static reading_t parts;
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    read_value(&world, SAP_MANAGEMENT, request, 832, &whole);
    assert_true(whole.blocks > 1);
    assert_int_equal(whole.octets[0], 6);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_true(world_open_as(&world, 0, SAP_MANAGEMENT, WORLD_CONFORMANCE, sizes[i]));
        read_value(&world, SAP_MANAGEMENT, request, sizes[i], &parts);
        expect_same(&parts, &whole);
    }
}

/* Elements of up to 16 octets are whole in one block when the block has room for them at all. */
static void test_blocks_end_between_elements(void **state) {
    uint8_t answer[64];
    (void)state;
    expect_world(&world);
    assert_true(world_open_as(&world, 0, SAP_MANAGEMENT, WORLD_CONFORMANCE, 24));
    /* 14 octets of data: count, choice and 5 of a value, choice and 5 again, choice; the clock is whole. */
    size_t length = world_ask_hex(&world, 0, SAP_MANAGEMENT,
                                  "C0 03 C1 03 " ITEM_A_PLUS ITEM_A_PLUS ITEM_CLOCK, answer, sizeof answer);
    EXPECT_OCTETS(answer, length, "C4 02 C1 00 00000001 00 0E 03 00 06 00000000 00 06 00000000 00");
    length = world_ask_hex(&world, 0, SAP_MANAGEMENT, "C0 02 C1 00000001", answer, sizeof answer);
    EXPECT_OCTETS(answer, length, "C4 02 C1 01 00000002 00 0E 09 0C 07EA010F 04 0D000000 FFC4 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 02 C1 00000002", "C4 02 C1 01 00000002 01 10");
    /* 13 octets have room for the choice, 12 end before the second value. */
    assert_true(world_open_as(&world, 0, SAP_MANAGEMENT, WORLD_CONFORMANCE, 22));
    length = world_ask_hex(&world, 0, SAP_MANAGEMENT, "C0 03 C1 03 " ITEM_A_PLUS ITEM_A_PLUS ITEM_CLOCK,
                           answer, sizeof answer);
    EXPECT_OCTETS(answer, length, "C4 02 C1 00 00000001 00 08 03 00 06 00000000 00");
    length = world_ask_hex(&world, 0, SAP_MANAGEMENT, "C0 02 C1 00000001", answer, sizeof answer);
    EXPECT_OCTETS(answer, length, "C4 02 C1 00 00000002 00 06 06 00000000 00");
    length = world_ask_hex(&world, 0, SAP_MANAGEMENT, "C0 02 C1 00000002", answer, sizeof answer);
    EXPECT_OCTETS(answer, length, "C4 02 C1 00 00000003 00 0C 09 0C 07EA010F 04 0D000000 FF");
    length = world_ask_hex(&world, 0, SAP_MANAGEMENT, "C0 02 C1 00000003", answer, sizeof answer);
    EXPECT_OCTETS(answer, length, "C4 02 C1 01 00000004 00 02 C4 00");
}

static void begin_transfer(void) {
    uint8_t answer[128];
    size_t length = world_ask_hex(&world, 0, SAP_PUBLIC, GET_LIST_OF_OBJECTS, answer, sizeof answer);
    assert_true(length > 11 && answer[1] == 2 && answer[3] == 0);
}

/* Result 19 with the last-block mark, or 16 when there is no transfer. */
static void expect_block_error(const char *request, uint8_t result) {
    uint8_t answer[64] = {0};
    size_t length = world_ask_hex(&world, 0, SAP_PUBLIC, request, answer, sizeof answer);
    assert_int_equal(length, 10);
    EXPECT_OCTETS(answer, 4, "C4 02 C1 01");
    assert_int_equal(answer[8], 1);
    assert_int_equal(answer[9], result);
}

static void test_next_out_of_order(void **state) {
    (void)state;
    expect_world(&world);
    assert_true(world_open_as(&world, 0, SAP_PUBLIC, WORLD_CONFORMANCE, 64));
    expect_block_error("C0 02 C1 00000001", 16);
    for (unsigned wrong = 0; wrong < 4; wrong++) {
        static const char *const requests[] = {"C0 02 C1 00000000", "C0 02 C1 00000002", "C0 02 C1 00000005",
                                               "C0 02 C1 00010001"};
        begin_transfer();
        expect_block_error(requests[wrong], 19);
        expect_block_error("C0 02 C1 00000001", 16);
    }
    /* The number of an older block. */
    begin_transfer();
    uint8_t answer[128];
    (void)world_ask_hex(&world, 0, SAP_PUBLIC, "C0 02 C1 00000001", answer, sizeof answer);
    assert_int_equal(answer[7], 2);
    expect_block_error("C0 02 C1 00000001", 19);
}

static void test_another_request_ends_the_transfer(void **state) {
    static const char list[] = "C0 03 C2 01 " ITEM_NAME;
    static const char *const others[] = {GET_NAME, "C1 01 C2 0001 0000600101FF 02 00 09 00",
                                         "C3 01 C2 0008 0000010000FF 03 00", list,
                                         "C0 01 C2 0001 FFFFFFFFFFFF 02 00"};
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        uint8_t answer[128];
        expect_world(&world);
        assert_true(world_open_as(&world, 0, SAP_PUBLIC, WORLD_CONFORMANCE, 64));
        begin_transfer();
        assert_true(world_ask_hex(&world, 0, SAP_PUBLIC, others[i], answer, sizeof answer) > 3);
        size_t length = world_ask_hex(&world, 0, SAP_PUBLIC, "C0 02 C1 00000001", answer, sizeof answer);
        assert_int_equal(length, 10);
        assert_int_equal(answer[3], 1);
        assert_int_equal(answer[8], 1);
        assert_true(answer[9] == 15 || answer[9] == 16);
    }
    /* Another invoke-id has no transfer. */
    begin_transfer();
    uint8_t answer[128];
    size_t length = world_ask_hex(&world, 0, SAP_PUBLIC, "C0 02 C3 00000001", answer, sizeof answer);
    EXPECT_OCTETS(answer, length, "C4 02 C3 01 00000001 01 10");
}

/* Two channels in the middle of their transfers, each with its own size. */
static void test_transfers_side_by_side(void **state) {
    static reading_t whole;
    uint8_t joined[2][2048];
    size_t length[2] = {0, 0};
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    read_value(&world, SAP_PUBLIC, GET_LIST_OF_OBJECTS, 832, &whole);
    for (unsigned c = 0; c < 2; c++) {
        assert_true(world_open_as(&world, c, SAP_PUBLIC, WORLD_CONFORMANCE, c == 0 ? 50 : 77));
    }
    bool more[2] = {true, true};
    for (uint32_t block = 0; more[0] || more[1]; block++) {
        for (unsigned c = 0; c < 2; c++) {
            uint8_t next[7] = {0xC0, 2, 0xC1, 0, 0, (uint8_t)(block >> 8), (uint8_t)block};
            uint8_t answer[128];
            size_t count = 0;
            if (!more[c]) {
                continue;
            }
            size_t got =
                block == 0 ? world_ask_hex(&world, c, SAP_PUBLIC, GET_LIST_OF_OBJECTS, answer, sizeof answer)
                           : world_ask(&world, c, SAP_PUBLIC, next, sizeof next, answer, sizeof answer);
            const uint8_t *data = block_data(answer, got, &count);
            memcpy(joined[c] + length[c], data, count);
            length[c] += count;
            more[c] = answer[3] == 0;
        }
    }
    for (unsigned c = 0; c < 2; c++) {
        assert_int_equal(length[c], whole.length);
        assert_memory_equal(joined[c], whole.octets, whole.length);
    }
}

/* Rows that were re-defined while they were being read are never mixed: long-get-aborted. */
static void test_rows_redefined_in_a_transfer(void **state) {
    uint8_t answer[128];
    (void)state;
    expect_world(&world);
    assert_true(world_open_as(&world, 0, SAP_LEVEL_1, WORLD_CONFORMANCE, 64));
    assert_true(world_open(&world, 1, SAP_MANAGEMENT));
    size_t length = world_ask_hex(&world, 0, SAP_LEVEL_1, "C0 01 C1 " ITEM_MASKS, answer, sizeof answer);
    assert_true(length > 11 && answer[1] == 2 && answer[3] == 0);
    EXPECT_ON(&world, 1, SAP_MANAGEMENT, "C3 01 C1 0006 00000E0001FF 03 01 09 04 30303038", "C7 01 C1 00 00");
    length = world_ask_hex(&world, 0, SAP_LEVEL_1, "C0 02 C1 00000001", answer, sizeof answer);
    EXPECT_OCTETS(answer, length, "C4 02 C1 01 00000002 01 0F");
}

/* One snapshot per APDU: a list never mixes energy of two instants. */
static void test_one_list_is_of_one_snapshot(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    world.now.phase[0] =
        (qd_phase_quantities_t){.voltage_mv = 230000, .active_power_mw = 360000000, .valid = true};
    world_run(&world, 7); /* 360 kW for 7 s: 700 Wh */
    EXPECT(&world, SAP_MANAGEMENT,
           "C0 03 C1 04 " ITEM_A_PLUS "0003 0100010801FF 02 00 0003 0100150800FF 02 00" ITEM_A_PLUS,
           "C4 03 C1 04 00 06 000002BC 00 06 000002BC 00 06 000002BC 00 06 000002BC");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attributes_of_a_register),
        cmocka_unit_test(test_invoke_id_and_priority_are_echoed),
        cmocka_unit_test(test_service_class_of_a_get),
        cmocka_unit_test(test_what_is_refused_how),
        cmocka_unit_test(test_views_of_the_clients),
        cmocka_unit_test(test_broken_requests_leave_the_association),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_lists_of_sixteen_and_seventeen),
        cmocka_unit_test(test_services_that_were_not_negotiated),
        cmocka_unit_test(test_unknown_tags),
        cmocka_unit_test(test_blocks_of_every_size),
        cmocka_unit_test(test_long_list_in_blocks),
        cmocka_unit_test(test_blocks_end_between_elements),
        cmocka_unit_test(test_next_out_of_order),
        cmocka_unit_test(test_another_request_ends_the_transfer),
        cmocka_unit_test(test_transfers_side_by_side),
        cmocka_unit_test(test_rows_redefined_in_a_transfer),
        cmocka_unit_test(test_one_list_is_of_one_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
