/*
 * test_link.c - octets of the wrapper on channels: frames, peers, and what goes on beside each other.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#define GET_NAME "C0 01 C1 0001 00002A0000FF 02 00"
#define NAME_IS "C4 01 C1 00 09 10 51445430303030303030303030303030"
#define GET_SAPS "C0 01 C2 0011 0000290000FF 02 00"
#define SAPS_ARE "C4 01 C2 00 01 01 02 02 12 0001 09 10 51445430303030303030303030303030"
#define NO_ASSOCIATION "D8 01 02"

static world_t world;

static void put_hex(world_t *w, unsigned channel, const char *text) {
    uint8_t octets[2048];
    world_put(w, channel, octets, world_hex(text, octets));
}

/* Everything that the meter wrote on a channel, wrapper and all. */
static void expect_raw(world_t *w, unsigned channel, const char *wanted, const char *file, int line) {
    (void)world_step(w);
    expect_octets(w->line[channel].out, w->line[channel].out_size, wanted, file, line);
    w->line[channel].out_size = 0;
}
#define EXPECT_RAW(w, channel, wanted) expect_raw(w, channel, wanted, __FILE__, __LINE__)

static void test_head_is_answered_with_ports_swapped(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    put_hex(&world, 0, "0001 0010 0001 000D" GET_NAME);
    EXPECT_RAW(&world, 0, "0001 0001 0010 0016" NAME_IS);
}

static void test_octet_by_octet(void **state) {
    uint8_t octets[64];
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    size_t length = world_hex("0001 0010 0001 000D" GET_NAME, octets);
    for (size_t i = 0; i < length; i++) {
        assert_int_equal(world.line[0].out_size, 0);
        world_put(&world, 0, octets + i, 1);
        (void)world_step(&world);
    }
    EXPECT_RAW(&world, 0, "0001 0001 0010 0016" NAME_IS);
    /* The same from a port that hands over and takes one octet at a time. */
    world.line[0].read_most = 1;
    world.line[0].write_most = 1;
    world_put(&world, 0, octets, length);
    for (unsigned i = 0; i < 40; i++) {
        world_run(&world, 1);
    }
    EXPECT_RAW(&world, 0, "0001 0001 0010 0016" NAME_IS);
}

static void test_two_requests_in_one_segment(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    put_hex(&world, 0, "0001 0010 0001 000D" GET_NAME "0001 0010 0001 000D" GET_SAPS "0001 0010");
    EXPECT_RAW(&world, 0, "0001 0001 0010 0016" NAME_IS "0001 0001 0010 001D" SAPS_ARE);
    put_hex(&world, 0, "0001 000D" GET_NAME);
    EXPECT_RAW(&world, 0, "0001 0001 0010 0016" NAME_IS);
}

static void test_answers_wait_for_room(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    world.line[0].blocked = true;
    put_hex(&world, 0, "0001 0010 0001 000D" GET_NAME "0001 0010 0001 000D" GET_SAPS);
    EXPECT_RAW(&world, 0, "");
    world_run(&world, 3);
    world.line[0].blocked = false;
    EXPECT_RAW(&world, 0, "0001 0001 0010 0016" NAME_IS "0001 0001 0010 001D" SAPS_ARE);
}

static void test_wrong_version_closes(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    put_hex(&world, 0, "0002 0010 0001 000D" GET_NAME);
    EXPECT_RAW(&world, 0, "");
    assert_int_equal(world.line[0].closes, 1);
    assert_true(world_open(&world, 1, SAP_PUBLIC));
    world.line[0].generation = 2;
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
    assert_int_equal(world.line[0].closes, 1);
}

static void test_unknown_destination_is_silent(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    put_hex(&world, 0, "0001 0010 0063 000D" GET_NAME);
    EXPECT_RAW(&world, 0, "");
    put_hex(&world, 0, "0001 0010 0000 000D" GET_NAME);
    EXPECT_RAW(&world, 0, "");
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
    assert_int_equal(world.line[0].closes, 0);
}

static void test_empty_apdu_is_ignored(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    put_hex(&world, 0,
            "0001 0010 0001 0000"
            "0001 0010 0001 000D" GET_NAME);
    EXPECT_RAW(&world, 0, "0001 0001 0010 0016" NAME_IS);
}

/* The association lives on, and the octets that belong to the long APDU are no requests. */
static void test_oversized_is_answered_and_passed_over(void **state) {
    static const uint16_t lengths[] = {385, 2000, 65535};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t head[8] = {0, 1, 0, 16, 0, 1, (uint8_t)(lengths[i] >> 8), (uint8_t)lengths[i]};
        uint8_t part[64];
        expect_client(&world, SAP_PUBLIC);
        world_put(&world, 0, head, sizeof head);
        size_t length = world_hex("0001 0010 0001 000D" GET_NAME, part);
        for (size_t left = lengths[i]; left > 0;) {
            size_t now = left < length ? left : length;
            world_put(&world, 0, part, now);
            (void)world_step(&world);
            left -= now;
        }
        EXPECT_RAW(&world, 0, "0001 0001 0010 0003 D8 01 04");
        EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
    }
}

/* 384 octets are the server's own size: an APDU of that size is understood. */
static void test_largest_apdu(void **state) {
    uint8_t apdu[384] = {0xC0, 1, 0xC1};
    uint8_t answer[64];
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    /* Selective access with an octet-string that fills the APDU: not offered, scope of access violated. */
    size_t at = world_hex("C0 01 C1 0001 00002A0000FF 02 01 01 09 82 016E", apdu);
    assert_int_equal(at + 0x16E, sizeof apdu);
    size_t length = world_ask(&world, 0, SAP_PUBLIC, apdu, sizeof apdu, answer, sizeof answer);
    EXPECT_OCTETS(answer, length, "C4 01 C1 01 0D");
}

static void test_oversized_to_nobody_is_silent(void **state) {
    uint8_t octets[1008] = {0, 1, 0, 16, 0, 99, 3, 0xE8};
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    world_put(&world, 0, octets, sizeof octets);
    EXPECT_RAW(&world, 0, "");
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
}

static void test_association_belongs_to_its_peer(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
    world.line[0].generation = 2;
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
    world.line[0].generation = 0;
    put_hex(&world, 0, "0001 0010 0001 000D" GET_NAME);
    EXPECT_RAW(&world, 0, "");
}

/* Half a request and half an answer of the earlier peer are forgotten with it. */
static void test_octets_of_the_earlier_peer_are_forgotten(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    put_hex(&world, 0, "0001 0010 0001 000D C0 01");
    EXPECT_RAW(&world, 0, "");
    world.line[0].generation = 2;
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
    world.line[0].write_most = 5;
    world.line[0].blocked = true;
    put_hex(&world, 0, "0001 0010 0001 000D" GET_NAME);
    EXPECT_RAW(&world, 0, "");
    world.line[0].generation = 3;
    world.line[0].blocked = false;
    world.line[0].write_most = 0;
    EXPECT_RAW(&world, 0, "");
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
    put_hex(&world, 0, "0001 0010 0001 07D0 00 00");
    EXPECT_RAW(&world, 0, "0001 0001 0010 0003 D8 01 04");
    world.line[0].generation = 4;
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
}

static void test_pool_is_for_six(void **state) {
    static const uint16_t saps[] = {SAP_PUBLIC, SAP_MANAGEMENT, SAP_LEVEL_1, SAP_LEVEL_2, SAP_LEVEL_3};
    uint8_t apdu[128];
    uint8_t answer[128];
    (void)state;
    expect_world(&world);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(world_open(&world, 0, saps[i]));
    }
    assert_true(world_open(&world, 1, SAP_PUBLIC));
    size_t length = world_aarq(NULL, WORLD_CONFORMANCE, 0xFFFF, apdu);
    length = world_ask(&world, 2, SAP_PUBLIC, apdu, length, answer, sizeof answer);
    EXPECT_OCTETS(answer, length, "61 17 A1 09 06 07 60857405080101 A2 03 02 01 02 A3 05 A1 03 02 01 01");
    EXPECT_ON(&world, 2, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
    /* One who is in may begin anew; a release or a peer that leaves makes room. */
    assert_true(world_open(&world, 0, SAP_LEVEL_2));
    EXPECT(&world, SAP_LEVEL_2, "62 03 80 01 00", "63 03 80 01 00");
    assert_true(world_open(&world, 2, SAP_PUBLIC));
    assert_false(world_open(&world, 3, SAP_PUBLIC));
    world.line[1].generation = 7;
    (void)world_step(&world);
    assert_true(world_open(&world, 3, SAP_PUBLIC));
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
    EXPECT_ON(&world, 2, SAP_PUBLIC, GET_NAME, NAME_IS);
    EXPECT_ON(&world, 3, SAP_PUBLIC, GET_NAME, NAME_IS);
}

static void test_channels_and_clients_do_not_meet(void **state) {
    (void)state;
    expect_world(&world);
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    assert_true(world_open(&world, 0, SAP_LEVEL_1));
    assert_true(world_open(&world, 1, SAP_LEVEL_1));
    EXPECT_ON(&world, 1, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
    /* Both in the air at once, octets taken in turn. */
    world.line[0].read_most = 3;
    world.line[1].read_most = 5;
    put_hex(&world, 0, "0001 0011 0001 000D" GET_NAME);
    put_hex(&world, 1, "0001 0011 0001 000D" GET_SAPS);
    for (unsigned i = 0; i < 20; i++) {
        (void)world_step(&world);
    }
    EXPECT_RAW(&world, 0, "0001 0001 0011 0016" NAME_IS);
    EXPECT_RAW(&world, 1, "0001 0001 0011 001D" SAPS_ARE);
    world.line[0].read_most = 0;
    world.line[1].read_most = 0;
    EXPECT(&world, SAP_LEVEL_1, "62 00", "63 03 80 01 00");
    EXPECT(&world, SAP_LEVEL_1, GET_NAME, NO_ASSOCIATION);
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
    EXPECT_ON(&world, 1, SAP_LEVEL_1, GET_NAME, NAME_IS);
}

/* Three minutes without a whole request end a connection; octets that never become one do not count. */
static void test_silence_ends_a_connection(void **state) {
    static const uint8_t half[3] = {0, 1, 0};
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    world.line[0].now_ms += 179999;
    (void)world_step(&world);
    assert_int_equal(world.line[0].closes, 0);
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
    world.line[0].now_ms += 179999;
    memcpy(world.line[0].in + world.line[0].in_size, half, sizeof half);
    world.line[0].in_size += sizeof half;
    (void)world_step(&world);
    assert_int_equal(world.line[0].closes, 0);
    world.line[0].now_ms += 1;
    (void)world_step(&world);
    assert_int_equal(world.line[0].closes, 1);
    world.line[0].generation = 9;
    (void)world_step(&world);
    assert_int_equal(world.line[0].closes, 1);
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
}

/* Q_WRP_08: a request that is cut; Q_WRP_12: a peer that goes in the middle of a block transfer. */
static void test_cut_and_gone(void **state) {
    uint8_t answer[1024];
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    put_hex(&world, 0, "0001 0010 0001 001F 601DA109060760857405080101BE10040E010000");
    EXPECT_RAW(&world, 0, "");
    world.line[0].now_ms += 180000;
    EXPECT_RAW(&world, 0, "");
    assert_int_equal(world.line[0].closes, 1);
    world.line[0].generation = 2;
    assert_true(world_open_as(&world, 0, SAP_PUBLIC, WORLD_CONFORMANCE, 64));
    size_t length =
        world_ask_hex(&world, 0, SAP_PUBLIC, "C0 01 C1 000F 0000280000FF 02 00", answer, sizeof answer);
    assert_in_range(length, 13, 64);
    EXPECT_OCTETS(answer, 4, "C4 02 C1 00");
    world.line[0].generation = 3;
    EXPECT(&world, SAP_PUBLIC, "C0 02 C1 00000001", NO_ASSOCIATION);
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_and_gone),
        cmocka_unit_test(test_silence_ends_a_connection),
        cmocka_unit_test(test_head_is_answered_with_ports_swapped),
        cmocka_unit_test(test_octet_by_octet),
        cmocka_unit_test(test_two_requests_in_one_segment),
        cmocka_unit_test(test_answers_wait_for_room),
        cmocka_unit_test(test_wrong_version_closes),
        cmocka_unit_test(test_unknown_destination_is_silent),
        cmocka_unit_test(test_empty_apdu_is_ignored),
        cmocka_unit_test(test_oversized_is_answered_and_passed_over),
        cmocka_unit_test(test_largest_apdu),
        cmocka_unit_test(test_oversized_to_nobody_is_silent),
        cmocka_unit_test(test_association_belongs_to_its_peer),
        cmocka_unit_test(test_octets_of_the_earlier_peer_are_forgotten),
        cmocka_unit_test(test_pool_is_for_six),
        cmocka_unit_test(test_channels_and_clients_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
