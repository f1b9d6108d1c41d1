/*
 * test_tariff.c - register activation, scripts, and which register counts.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "app/tariff_state.h"

#define OBJECT "0006 00000E0001FF"
#define GET_ACTIVE "C0 01 C1 " OBJECT " 04 00"
#define SET_ACTIVE(name) "C1 01 C1 " OBJECT " 04 00 09 04 303030" name
#define ACTIVE_IS(name) "C4 01 C1 00 09 04 303030" name
#define ADD_MASK(value) "C3 01 C1 " OBJECT " 02 01 " value
#define DELETE_MASK(name) "C3 01 C1 " OBJECT " 03 01 09 04 303030" name
#define SCRIPT(n) "C3 01 C1 0009 00000A0064FF 01 01 12 00" n
#define GET_RATE "C0 01 C1 0001 0000600E00FF 02 00"
#define GET_ENERGY(e) "C0 01 C1 0003 01000108" e "FF 02 00"
#define SET_OK "C5 01 C1 00"
#define SET_REFUSED "C5 01 C1 FA"
#define ACTION_OK "C7 01 C1 00 00"
#define ACTION_REFUSED "C7 01 C1 FA 00"

static world_t world;

static const uint8_t *rates(void) {
    return world.meter->gateway.snapshot.rate;
}

/* One kWh in ten seconds: import on L1, inductive. */
static void feed(void) {
    world.now.phase[0] = (qd_phase_quantities_t){
        .voltage_mv = 230000, .active_power_mw = 360000000, .reactive_power_mvar = 36000000, .valid = true};
}

static void test_as_delivered(void **state) {
    uint8_t answer[2048];
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, GET_ACTIVE, ACTIVE_IS("31"));
    EXPECT(&world, SAP_MANAGEMENT, GET_RATE, "C4 01 C1 00 11 01");
    size_t length =
        world_ask_hex(&world, 0, SAP_MANAGEMENT, "C0 01 C1 " OBJECT " 03 00", answer, sizeof answer);
    /* Eight masks of eight registers each. */
    assert_int_equal(length, 4 + 2 + 8 * (2 + 6 + 2 + 8 * 2));
    EXPECT_OCTETS(answer, 6, "C4 01 C1 00 01 08");
    EXPECT_OCTETS(answer + 6, 26,
                  "02 02 09 04 30303031 01 08 11 01 11 02 11 03 11 04 11 05 11 06 11 07 11 08");
    EXPECT_OCTETS(answer + 6 + 7 * 26, 26,
                  "02 02 09 04 30303038 01 08 11 39 11 3A 11 3B 11 3C 11 3D 11 3E 11 3F 11 40");
    length = world_ask_hex(&world, 0, SAP_MANAGEMENT, "C0 01 C1 " OBJECT " 02 00", answer, sizeof answer);
    EXPECT_OCTETS(answer, 4, "C4 02 C1 00");
    /* The first assignments: A+, A-, R1 .. R4, S+, S- of rate 1. */
    EXPECT_OCTETS(answer + 12, 2 + 8 * 13,
                  "01 40 02 02 12 0003 09 06 0100010801FF 02 02 12 0003 09 06 0100020801FF"
                  "02 02 12 0003 09 06 0100050801FF 02 02 12 0003 09 06 0100060801FF"
                  "02 02 12 0003 09 06 0100070801FF 02 02 12 0003 09 06 0100080801FF"
                  "02 02 12 0003 09 06 0100090801FF 02 02 12 0003 09 06 01000A0801FF");
    assert_true(length <= 832);
    length =
        world_ask_hex(&world, 0, SAP_MANAGEMENT, "C0 01 C1 0009 00000A0064FF 02 00", answer, sizeof answer);
    assert_int_equal(length, 4 + 2 + 8 * 30);
    EXPECT_OCTETS(answer + 6 + 2 * 30, 30,
                  "02 02 12 0003 01 01 02 05 16 01 12 0006 09 06 00000E0001FF 0F 04 09 04 30303033");
}

static void test_scripts_switch_all_channels(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    for (unsigned n = 1; n <= 8; n++) {
        uint8_t apdu[32];
        uint8_t answer[64];
        size_t length = world_hex(SCRIPT("00"), apdu);
        apdu[length - 1] = (uint8_t)n;
        length = world_ask(&world, 0, SAP_MANAGEMENT, apdu, length, answer, sizeof answer);
        EXPECT_OCTETS(answer, length, ACTION_OK);
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            assert_int_equal(rates()[c], n);
        }
    }
    EXPECT(&world, SAP_MANAGEMENT, GET_ACTIVE, ACTIVE_IS("38"));
    EXPECT(&world, SAP_MANAGEMENT, SCRIPT("00"), ACTION_OK); /* identifier 0 does nothing */
    EXPECT(&world, SAP_MANAGEMENT, SCRIPT("09"), ACTION_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, GET_ACTIVE, ACTIVE_IS("38"));
    assert_int_equal(rates()[0], 8);
}

/* Energy after the switch goes to the new register, before it to the old one; the total has both. */
static void test_energy_goes_to_the_rate_in_force(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    feed();
    world_run(&world, 10);
    EXPECT(&world, SAP_MANAGEMENT, SCRIPT("03"), ACTION_OK);
    world_run(&world, 20);
    EXPECT(&world, SAP_MANAGEMENT, SET_ACTIVE("32"), SET_OK);
    world_run(&world, 5);
    EXPECT(&world, SAP_MANAGEMENT, GET_ENERGY("00"), "C4 01 C1 00 06 00000DAC");
    EXPECT(&world, SAP_MANAGEMENT, GET_ENERGY("01"), "C4 01 C1 00 06 000003E8");
    EXPECT(&world, SAP_MANAGEMENT, GET_ENERGY("02"), "C4 01 C1 00 06 000001F4");
    EXPECT(&world, SAP_MANAGEMENT, GET_ENERGY("03"), "C4 01 C1 00 06 000007D0");
    EXPECT(&world, SAP_MANAGEMENT, GET_ENERGY("04"), "C4 01 C1 00 06 00000000");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100050803FF 02 00", "C4 01 C1 00 06 000000C8");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100060803FF 02 00", "C4 01 C1 00 06 00000000");
}

static void test_active_mask(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, SET_ACTIVE("37"), SET_OK);
    EXPECT(&world, SAP_MANAGEMENT, GET_RATE, "C4 01 C1 00 11 07");
    EXPECT(&world, SAP_MANAGEMENT, SET_ACTIVE("39"), SET_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " OBJECT " 04 00 09 03 303030", SET_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " OBJECT " 04 00 09 05 3030303700", SET_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " OBJECT " 04 00 09 00", SET_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " OBJECT " 04 00 12 0007", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, GET_ACTIVE, ACTIVE_IS("37"));
    assert_int_equal(world_restart(&world), QD_OK);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    EXPECT(&world, SAP_MANAGEMENT, GET_ACTIVE, ACTIVE_IS("37"));
    EXPECT(&world, SAP_MANAGEMENT, GET_RATE, "C4 01 C1 00 11 07");
    assert_int_equal(rates()[QD_ENERGY_S_EXPORT], 7);
}

/* Index 1 is A+ rate 1, 9 is A+ rate 2, 18 is A- rate 3: a mask of A+ alone, one of two channels. */
static void test_masks_of_some_channels(void **state) {
    static const uint8_t a_plus_alone[QD_ENERGY_COUNT] = {2, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t two[QD_ENERGY_COUNT] = {1, 3, 0, 0, 0, 0, 0, 0};
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, DELETE_MASK("38"), ACTION_OK);
    EXPECT(&world, SAP_MANAGEMENT, ADD_MASK("02 02 09 04 30303041 01 01 11 09"), ACTION_OK);
    EXPECT(&world, SAP_MANAGEMENT, SET_ACTIVE("41"), SET_OK);
    assert_memory_equal(rates(), a_plus_alone, sizeof a_plus_alone);
    /* A name that exists is replaced, at once where it is in force. */
    EXPECT(&world, SAP_MANAGEMENT, ADD_MASK("02 02 09 04 30303041 01 02 11 01 11 12"), ACTION_OK);
    assert_memory_equal(rates(), two, sizeof two);
    feed();
    world_run(&world, 10);
    EXPECT(&world, SAP_MANAGEMENT, GET_ENERGY("01"), "C4 01 C1 00 06 000003E8");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100050801FF 02 00", "C4 01 C1 00 06 00000000");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100050800FF 02 00", "C4 01 C1 00 06 00000064");
}

static void test_masks_that_are_refused(void **state) {
    static const char *const refused[] = {
        ADD_MASK("02 02 09 04 30303041 01 02 11 01 11 09"),     /* A+ in two rates */
        ADD_MASK("02 02 09 04 30303041 01 02 11 01 11 01"),     /* the same twice */
        ADD_MASK("02 02 09 04 30303041 01 01 11 00"),           /* counted from 1 */
        ADD_MASK("02 02 09 04 30303041 01 01 11 41"),           /* 64 assignments */
        ADD_MASK("02 02 09 00 01 01 11 01"),                    /* no name */
        ADD_MASK("02 02 09 09 303030303030303030 01 01 11 01"), /* a long name */
        ADD_MASK("02 02 09 04 30303041 01 09 1101 1102 1103 1104 1105 1106 1107 1108 1101"),
        DELETE_MASK("31"), /* in force */
        DELETE_MASK("39"),
    };
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    qd_tariff_table_t before = ((qd_tariff_t *)world_module(&world, QD_MODULE_TARIFF))->now;
    EXPECT(&world, SAP_MANAGEMENT, DELETE_MASK("38"), ACTION_OK); /* makes room */
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        EXPECT(&world, SAP_MANAGEMENT, refused[i], ACTION_REFUSED);
    }
    EXPECT(&world, SAP_MANAGEMENT, ADD_MASK("02 03 09 04 30303041 01 01 11 01 00"), "C7 01 C1 0C 00");
    EXPECT(&world, SAP_MANAGEMENT, ADD_MASK("09 04 30303041"), "C7 01 C1 0C 00");
    EXPECT(&world, SAP_MANAGEMENT, ADD_MASK("02 02 09 04 30303041 11 01"), "C7 01 C1 0C 00");
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 " OBJECT " 03 00", "C7 01 C1 0C 00");
    EXPECT(&world, SAP_MANAGEMENT,
           ADD_MASK("02 02 09 04 30303038 01 08 1139 113A 113B 113C 113D 113E 113F 1140"), ACTION_OK);
    EXPECT(&world, SAP_MANAGEMENT, ADD_MASK("02 02 09 04 30303041 01 01 11 01"),
           ACTION_REFUSED); /* a ninth */
    const qd_tariff_table_t *after = &((qd_tariff_t *)world_module(&world, QD_MODULE_TARIFF))->now;
    assert_int_equal(after->mask_count, 8);
    assert_int_equal(after->active, before.active);
    assert_memory_equal(after->mask, before.mask, sizeof before.mask);
    assert_memory_equal(after->assignment, before.assignment, sizeof before.assignment);
}

/* Masks behind a deleted one move up, and the active one stays the active one. */
static void test_delete_before_the_active_mask(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, SET_ACTIVE("35"), SET_OK);
    EXPECT(&world, SAP_MANAGEMENT, DELETE_MASK("32"), ACTION_OK);
    EXPECT(&world, SAP_MANAGEMENT, GET_ACTIVE, ACTIVE_IS("35"));
    EXPECT(&world, SAP_MANAGEMENT, DELETE_MASK("38"), ACTION_OK);
    EXPECT(&world, SAP_MANAGEMENT, GET_ACTIVE, ACTIVE_IS("35"));
    assert_int_equal(rates()[0], 5);
    world_run(&world, 2);
    assert_int_equal(rates()[0], 5);
    EXPECT(&world, SAP_MANAGEMENT, SET_ACTIVE("32"), SET_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, SCRIPT("02"), ACTION_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, SCRIPT("06"), ACTION_OK);
    assert_int_equal(rates()[0], 6);
    assert_int_equal(world_restart(&world), QD_OK);
    assert_int_equal(rates()[0], 6);
    assert_int_equal(((qd_tariff_t *)world_module(&world, QD_MODULE_TARIFF))->now.mask_count, 6);
}

static void test_write_lists(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    /* Masks first: two of them, the active one among them. */
    EXPECT(&world, SAP_MANAGEMENT,
           "C1 01 C1 " OBJECT " 03 00 01 02 02 02 09 04 30303031 01 01 11 01 02 02 09 01 58 01 01 11 02",
           SET_OK);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " OBJECT " 03 00",
           "C4 01 C1 00 01 02 02 02 09 04 30303031 01 01 11 01 02 02 09 01 58 01 01 11 02");
    assert_int_equal(rates()[0], 1);
    assert_int_equal(rates()[1], 0);
    /* Without the active one; one name twice. */
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " OBJECT " 03 00 01 01 02 02 09 01 58 01 01 11 02", SET_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " OBJECT " 03 00 01 00", SET_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT,
           "C1 01 C1 " OBJECT
           " 03 00 01 02 02 02 09 04 30303031 01 01 11 01 02 02 09 04 30303031 01 01 11 02",
           SET_REFUSED);
    /* Assignments: A+ rate 4, A- rate 2. A register without rates, a total, another class are none. */
    EXPECT(&world, SAP_MANAGEMENT,
           "C1 01 C1 " OBJECT
           " 02 00 01 02 02 02 12 0003 09 06 0100010804FF 02 02 12 0003 09 06 0100020802FF",
           SET_OK);
    assert_int_equal(rates()[0], 4);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " OBJECT " 02 00 01 01 02 02 12 0003 09 06 0100010804FF",
           SET_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 " OBJECT " 01 01 02 02 12 0003 09 06 0100010800FF",
           ACTION_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 " OBJECT " 01 01 02 02 12 0003 09 06 0100030801FF",
           ACTION_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 " OBJECT " 01 01 02 02 12 0003 09 06 0100010700FF",
           ACTION_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 " OBJECT " 01 01 02 02 12 0001 09 06 0100010801FF",
           ACTION_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 " OBJECT " 01 01 02 02 12 0003 09 06 0100010809FF",
           ACTION_REFUSED);
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 " OBJECT " 01 01 02 02 12 0003 09 06 01000A0808FF", ACTION_OK);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 " OBJECT " 02 00",
           "C4 01 C1 00 01 03 02 02 12 0003 09 06 0100010804FF 02 02 12 0003 09 06 0100020802FF"
           "02 02 12 0003 09 06 01000A0808FF");
    EXPECT(&world, SAP_MANAGEMENT, ADD_MASK("02 02 09 01 59 01 03 11 03 11 01 11 02"), ACTION_OK);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 " OBJECT " 04 00 09 01 59", SET_OK);
    static const uint8_t three[QD_ENERGY_COUNT] = {4, 2, 0, 0, 0, 0, 0, 8};
    assert_memory_equal(rates(), three, sizeof three);
    assert_int_equal(world_restart(&world), QD_OK);
    assert_memory_equal(rates(), three, sizeof three);
}

static void test_sixty_four_assignments_are_all(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 " OBJECT " 01 01 02 02 12 0003 09 06 0100010801FF",
           ACTION_REFUSED);
}

static void test_rate_vector(void **state) {
    qd_tariff_table_t table = {.assignment_count = 3, .mask_count = 1, .active = 0};
    uint8_t rate[QD_ENERGY_COUNT];
    (void)state;
    table.assignment[0] = (qd_tariff_assignment_t){0, 5};
    table.assignment[1] = (qd_tariff_assignment_t){7, 8};
    table.assignment[2] = (qd_tariff_assignment_t){0, 1};
    table.mask[0].count = 2;
    table.mask[0].index[0] = 2;
    table.mask[0].index[1] = 1;
    static const uint8_t wanted[QD_ENERGY_COUNT] = {5, 0, 0, 0, 0, 0, 0, 8};
    memset(rate, 0xEE, sizeof rate);
    assert_int_equal(qd_tariff_rates(&table, rate), QD_OK);
    assert_memory_equal(rate, wanted, sizeof wanted);
    table.mask[0].index[0] = 3;
    assert_int_equal(qd_tariff_rates(&table, rate), QD_RANGE);
    static const uint8_t none[QD_ENERGY_COUNT] = {0};
    table.active = QD_TARIFF_NO_MASK;
    memset(rate, 0xEE, sizeof rate);
    assert_int_equal(qd_tariff_rates(&table, rate), QD_OK);
    assert_memory_equal(rate, none, sizeof none);
}

/* A write that fails: the old mask goes on, and the client is told. */
static void test_failed_write_leaves_the_old_mask(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    world.fram_status = QD_IO;
    EXPECT(&world, SAP_MANAGEMENT, SET_ACTIVE("34"), "C5 01 C1 01");
    EXPECT(&world, SAP_MANAGEMENT, GET_ACTIVE, ACTIVE_IS("31"));
    world.fram_status = QD_OK;
    world_run(&world, 2);
    EXPECT(&world, SAP_MANAGEMENT, GET_RATE, "C4 01 C1 00 11 01");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_delivered),
        cmocka_unit_test(test_scripts_switch_all_channels),
        cmocka_unit_test(test_energy_goes_to_the_rate_in_force),
        cmocka_unit_test(test_active_mask),
        cmocka_unit_test(test_masks_of_some_channels),
        cmocka_unit_test(test_masks_that_are_refused),
        cmocka_unit_test(test_delete_before_the_active_mask),
        cmocka_unit_test(test_write_lists),
        cmocka_unit_test(test_sixty_four_assignments_are_all),
        cmocka_unit_test(test_rate_vector),
        cmocka_unit_test(test_failed_write_leaves_the_old_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
