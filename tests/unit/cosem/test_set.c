/*
 * test_set.c - SET and ACTION: nothing is changed unless success is answered.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "app/event.h"

#define ID_2 "0001 0000600102FF 02" /* device id 2, written by management */
#define ZONE "0008 0000010000FF 03"
#define TIME "0008 0000010000FF 02"
#define GET_ID_2 "C0 01 C1 " ID_2 " 00"
#define GET_ZONE "C0 01 C1 " ZONE " 00"
#define ZONE_IS_CET "C4 01 C1 00 10 FFC4"
#define SHIFT_LIMIT "0003 010000090BFF 02"

static world_t world;

static void test_set_and_read_back(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, GET_ID_2, "C4 01 C1 00 09 00");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C3 " ID_2 " 00 09 03 414243", "C5 01 C3 00");
    EXPECT(&world, SAP_MANAGEMENT, GET_ID_2, "C4 01 C1 00 09 03 414243");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ID_2 " 00 09 10 30313233343536373839616263646566",
           "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, GET_ID_2, "C4 01 C1 00 09 10 30313233343536373839616263646566");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000600103FF 02 00", "C4 01 C1 00 09 00");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ZONE " 00 10 FF88", "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, GET_ZONE, "C4 01 C1 00 10 FF88");
    /* Committed before the answer: a restart knows it. */
    assert_int_equal(world_restart(&world), QD_OK);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    EXPECT(&world, SAP_MANAGEMENT, GET_ZONE, "C4 01 C1 00 10 FF88");
    EXPECT(&world, SAP_MANAGEMENT, GET_ID_2, "C4 01 C1 00 09 10 30313233343536373839616263646566");
}

static void test_wrong_types_and_lengths(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ID_2 " 00 12 0001", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ID_2 " 00 0A 03 414243", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ID_2 " 00 00", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ID_2 " 00 02 01 09 01 41", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ID_2 " 00 09 11 3031323334353637383961626364656667",
           "C5 01 C1 FA");
    EXPECT(&world, SAP_MANAGEMENT, GET_ID_2, "C4 01 C1 00 09 00");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ZONE " 00 09 02 FFC4", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ZONE " 00 00", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ZONE " 00 05 00000000", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ZONE " 00 03 01", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ZONE " 00 10 0349", "C5 01 C1 FA");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ZONE " 00 10 FD2F", "C5 01 C1 FA");
    EXPECT(&world, SAP_MANAGEMENT, GET_ZONE, ZONE_IS_CET);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ZONE " 00 10 0348", "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ZONE " 00 10 FD30", "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, GET_ZONE, "C4 01 C1 00 10 FD30");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " TIME " 00 12 0001", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " TIME " 00 09 0B 07EA010F040D000000FFC4", "C5 01 C1 FA");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " TIME " 00 09 0D 07EA010F040D000000FFC40000", "C5 01 C1 FA");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " TIME " 00", "C4 01 C1 00 09 0C 07EA011005 00 000000 FD30 00");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " SHIFT_LIMIT " 00 06 00010000", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " SHIFT_LIMIT " 00 10 0009", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " SHIFT_LIMIT " 00 12 FFFF", "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " SHIFT_LIMIT " 00", "C4 01 C1 00 12 FFFF");
}

static void test_set_without_the_right(void **state) {
    uint64_t hash;
    (void)state;
    expect_world(&world);
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    assert_true(world_open(&world, 0, SAP_LEVEL_1));
    hash = qd_meter_hash(world.meter);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0003 0100010800FF 02 00 06 00000001", "C5 01 C1 03");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0003 0100010800FF 03 00 02 02 0F 01 16 1E", "C5 01 C1 03");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0003 0100010800FF 01 00 09 06 0100010800FF", "C5 01 C1 03");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0003 0100010800FF 04 00 06 00000001", "C5 01 C1 04");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0001 0100010800FF 02 00 06 00000001", "C5 01 C1 09");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0001 FFFFFFFFFFFF 02 00 06 00000001", "C5 01 C1 04");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0008 0000010000FF 04 00 11 00", "C5 01 C1 03");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0008 0000010000FF 09 00 16 01", "C5 01 C1 03");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ID_2 " 01 01 00 09 01 41", "C5 01 C1 0D");
    EXPECT(&world, SAP_PUBLIC, "C1 01 C1 " ZONE " 00 10 0000", "C5 01 C1 03");
    EXPECT(&world, SAP_PUBLIC, "C1 01 C1 " ID_2 " 00 09 01 41", "C5 01 C1 04");
    EXPECT(&world, SAP_LEVEL_1, "C1 01 C1 " ID_2 " 00 09 01 41", "C5 01 C1 03");
    EXPECT(&world, SAP_MANAGEMENT, GET_ID_2, "C4 01 C1 00 09 00");
    EXPECT(&world, SAP_MANAGEMENT, GET_ZONE, ZONE_IS_CET);
    assert_true(qd_meter_hash(world.meter) == hash);
}

/* Octets after the value, or too few of them: the request is not understood and nothing is written. */
static void test_broken_sets(void **state) {
    static const char *const broken[] = {"C1 01 C1 " ID_2 " 00 09 01 41 00",
                                         "C1 01 C1 " ID_2 " 00 09 02 41",
                                         "C1 01 C1 " ID_2 " 00",
                                         "C1 01 C1 " ID_2,
                                         "C1 01 C1 0001 0000600102",
                                         "C1 01",
                                         "C1 06 C1 " ID_2 " 00 09 01 41",
                                         "C1 00 C1 " ID_2 " 00 09 01 41",
                                         "C1 01 C1 " ID_2 " 02 09 01 41",
                                         "C1 01 C1 " ID_2 " 00 07 41",
                                         "C1 01 C1 " ID_2 " 00 09 84 41",
                                         "C1 01 C1 " ID_2 " 00 01 02 11 01",
                                         "C1 01 C1 " ID_2 " 00 02 82 FFFF 1101",
                                         "C1 02 C1 " ID_2 " 00 01 00000001 03 090141",
                                         "C1 01 C1 " ID_2 " 00 09 01 41 09 01 42"};
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        uint8_t answer[64];
        size_t length = world_ask_hex(&world, 0, SAP_MANAGEMENT, broken[i], answer, sizeof answer);
        if (length == 4) {
            assert_int_equal(answer[0], 0xC5);
            assert_true(answer[3] != 0);
        } else {
            assert_int_equal(length, 3);
            assert_int_equal(answer[0], 0xD8);
        }
        EXPECT(&world, SAP_MANAGEMENT, GET_ID_2, "C4 01 C1 00 09 00");
    }
}

/* 64 structures inside each other. */
static void test_deep_nesting_is_refused(void **state) {
    uint8_t apdu[256];
    uint8_t answer[64];
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    size_t length = world_hex("C1 01 C1 " ID_2 " 00", apdu);
    for (unsigned i = 0; i < 64; i++) {
        apdu[length++] = 2;
        apdu[length++] = 1;
    }
    apdu[length++] = 0;
    length = world_ask(&world, 0, SAP_MANAGEMENT, apdu, length, answer, sizeof answer);
    assert_true(length == 3 ? answer[0] == 0xD8 : answer[3] != 0);
    EXPECT(&world, SAP_MANAGEMENT, GET_ID_2, "C4 01 C1 00 09 00");
}

static void test_unconfirmed_works_in_silence(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 81 " ID_2 " 00 09 01 5A", "");
    EXPECT(&world, SAP_MANAGEMENT, GET_ID_2, "C4 01 C1 00 09 01 5A");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 01 " ID_2 " 00 12 0001", "");
    EXPECT(&world, SAP_MANAGEMENT, GET_ID_2, "C4 01 C1 00 09 01 5A");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 81 0009 00000A0064FF 01 01 12 0005", "");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000600E00FF 02 00", "C4 01 C1 00 11 05");
}

static void test_actions(void **state) {
    (void)state;
    expect_world(&world);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    assert_true(world_open(&world, 0, SAP_LEVEL_1));
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C7 0009 00000A0064FF 01 01 12 0003", "C7 01 C7 00 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000600E00FF 02 00", "C4 01 C1 00 11 03");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 0009 00000A0064FF 01 01 12 0009", "C7 01 C1 FA 00");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 0009 00000A0064FF 01 01 09 01 01", "C7 01 C1 0C 00");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 0009 00000A0064FF 01 00", "C7 01 C1 0C 00");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 0009 00000A0064FF 02 01 12 0003", "C7 01 C1 04 00");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 0009 00000A0064FF 00 01 12 0003", "C7 01 C1 04 00");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 0009 00000A0064FF 63 01 12 0003", "C7 01 C1 04 00");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 0003 00000A0064FF 01 01 12 0003", "C7 01 C1 09 00");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 0009 FFFFFFFFFFFF 01 01 12 0003", "C7 01 C1 04 00");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 0003 0100010800FF 01 01 0F 00", "C7 01 C1 03 00");
    EXPECT(&world, SAP_LEVEL_1, "C3 01 C1 0009 00000A0064FF 01 01 12 0001", "C7 01 C1 03 00");
    EXPECT(&world, SAP_PUBLIC, "C3 01 C1 0009 00000A0064FF 01 01 12 0001", "C7 01 C1 04 00");
    EXPECT(&world, SAP_PUBLIC, "C3 01 C1 0008 0000010000FF 03 01 0F 00", "C7 01 C1 03 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000600E00FF 02 00", "C4 01 C1 00 11 03");
}

static void test_broken_actions(void **state) {
    static const char *const broken[] = {"C3 01 C1 0009 00000A0064FF 01 01 12 0003 00",
                                         "C3 01 C1 0009 00000A0064FF 01 01 12 00",
                                         "C3 01 C1 0009 00000A0064FF 01 01",
                                         "C3 01 C1 0009 00000A0064FF 01 00 12 0003",
                                         "C3 01 C1 0009 00000A0064FF 01 02 12 0003",
                                         "C3 01 C1 0009 00000A0064FF 01",
                                         "C3 01 C1 0009 00000A0064",
                                         "C3 01",
                                         "C3",
                                         "C3 02 C1 00000001",
                                         "C3 07 C1 0009 00000A0064FF 01 01 12 0003"};
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        uint8_t answer[64];
        size_t length = world_ask_hex(&world, 0, SAP_MANAGEMENT, broken[i], answer, sizeof answer);
        assert_int_equal(length, 3);
        assert_int_equal(answer[0], 0xD8);
        EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000600E00FF 02 00", "C4 01 C1 00 11 01");
    }
}

static void test_passwords(void **state) {
    uint8_t apdu[128];
    uint8_t answer[128];
    (void)state;
    expect_world(&world);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    assert_true(world_open(&world, 0, SAP_LEVEL_3));
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 000F 0000280004FF 07 00 09 07 41414141414141", "C5 01 C1 FA");
    EXPECT(&world, SAP_MANAGEMENT,
           "C1 01 C1 000F 0000280004FF 07 00 09 11 4141414141414141414141414141414141", "C5 01 C1 FA");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 000F 0000280004FF 07 00 11 41", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 000F 0000280003FF 07 00 09 08 4141414141414141", "C5 01 C1 03");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 000F 0000280002FF 07 00 09 08 4141414141414141", "C5 01 C1 03");
    EXPECT(&world, SAP_LEVEL_3, "C1 01 C1 000F 0000280004FF 07 00 09 08 4141414141414141", "C5 01 C1 03");
    assert_true(world_open(&world, 0, SAP_LEVEL_1));
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 000F 0000280004FF 07 00 09 08 4141414141414141", "C5 01 C1 00");
    assert_true(world_open(&world, 0, SAP_LEVEL_2));
    assert_false(world_open(&world, 1, SAP_LEVEL_1));
    assert_int_equal(world_restart(&world), QD_OK);
    assert_false(world_open(&world, 0, SAP_LEVEL_1));
    assert_true(world_open(&world, 0, SAP_LEVEL_2));
    size_t length = world_aarq("AAAAAAAA", WORLD_CONFORMANCE, 0xFFFF, apdu);
    length = world_ask(&world, 0, SAP_LEVEL_1, apdu, length, answer, sizeof answer);
    assert_int_equal(length, 43);
    EXPECT(&world, SAP_LEVEL_1, "C0 01 C1 000F 0000280000FF 07 00", "C4 01 C1 01 03");
}

/* A device that fails: hardware-fault, and the old value stands. */
static void test_failing_memory(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ID_2 " 00 09 01 41", "C5 01 C1 00");
    world.fram_status = QD_IO;
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ID_2 " 00 09 01 42", "C5 01 C1 01");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ZONE " 00 10 0000", "C5 01 C1 01");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 0006 00000E0001FF 03 01 09 04 30303038", "C7 01 C1 01 00");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " TIME " 00 09 0C 07EA010F040F000000FFC400", "C5 01 C1 01");
    EXPECT(&world, SAP_MANAGEMENT, GET_ID_2, "C4 01 C1 00 09 01 41");
    EXPECT(&world, SAP_MANAGEMENT, GET_ZONE, ZONE_IS_CET);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " TIME " 00", "C4 01 C1 00 09 0C 07EA010F04 0D 000000 FFC4 00");
    world.fram_status = QD_OK;
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " ID_2 " 00 09 01 42", "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, GET_ID_2, "C4 01 C1 00 09 01 42");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_and_read_back),
        cmocka_unit_test(test_wrong_types_and_lengths),
        cmocka_unit_test(test_set_without_the_right),
        cmocka_unit_test(test_broken_sets),
        cmocka_unit_test(test_deep_nesting_is_refused),
        cmocka_unit_test(test_unconfirmed_works_in_silence),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_broken_actions),
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
