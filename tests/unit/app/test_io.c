/*
 * test_io.c - set-up of local ports, HDLC lines and TCP through the objects of classes 19, 23 and 41.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#define GET "C0 01 C1 "
#define SET "C1 01 C1 "
#define DONE "C5 01 C1 00"
#define OUTSIDE "C5 01 C1 FA"
#define OTHER_TYPE "C5 01 C1 0C"
#define DENIED "C5 01 C1 03"
#define OPTICAL "0017 0000160000FF "
#define LINE_1 "0017 0001160000FF "
#define LINE_2 "0017 0002160000FF "
#define PORT_0 "0013 0000140000FF "
#define PORT_1 "0013 0000140001FF "
#define TCP "0029 0000190000FF "

static world_t world;

static void test_factory(void **state) {
    static const struct {
        const char *name, *value;
    } rows[] = {
        {OPTICAL "01", "09 06 0000160000FF"},
        {OPTICAL "02", "16 05"},
        {OPTICAL "03", "11 07"},
        {OPTICAL "04", "11 07"},
        {OPTICAL "05", "12 0343"},
        {OPTICAL "06", "12 0183"},
        {OPTICAL "07", "12 0019"},
        {OPTICAL "08", "12 0078"},
        {OPTICAL "09", "12 0011"},
        {LINE_1 "09", "12 0011"},
        {LINE_2 "09", "12 0011"},
        {PORT_0 "02", "16 01"},
        {PORT_0 "03", "16 00"},
        {PORT_0 "04", "16 05"},
        {PORT_0 "05", "16 01"},
        {PORT_0 "06", "09 00"},
        {PORT_0 "07", "09 00"},
        {PORT_0 "08", "09 00"},
        {PORT_0 "09", "09 00"},
        {PORT_1 "02", "16 01"},
        {TCP "02", "12 0FDB"},
        {TCP "03", "09 06 000000000000"},
        {TCP "04", "12 0240"},
        {TCP "05", "11 04"},
        {TCP "06", "12 00B4"},
    };
    char asked[64], wanted[64];
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(asked, sizeof asked, GET "%s 00", rows[i].name);
        (void)snprintf(wanted, sizeof wanted, "C4 01 C1 00 %s", rows[i].value);
        EXPECT(&world, SAP_MANAGEMENT, asked, wanted);
    }
    EXPECT(&world, SAP_MANAGEMENT, GET OPTICAL "0A 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP_MANAGEMENT, GET TCP "07 00", "C4 01 C1 01 04");
}

/* Both ends of every range, one beyond each, and another type. */
static void test_ranges(void **state) {
    static const struct {
        const char *name, *low, *high, *below, *above, *type;
    } rows[] = {
        {OPTICAL "02", "16 00", "16 09", NULL, "16 0A", "11 05"},
        {OPTICAL "03", "11 01", "11 07", "11 00", "11 08", "12 0001"},
        {OPTICAL "04", "11 01", "11 07", "11 00", "11 08", "16 01"},
        {OPTICAL "05", "12 0020", "12 07EE", "12 001F", "12 07EF", "11 20"},
        {LINE_1 "06", "12 0020", "12 07EE", "12 001F", "12 07EF", "06 00000020"},
        {LINE_2 "07", "12 0014", "12 1770", "12 0013", "12 1771", "11 14"},
        {OPTICAL "08", "12 0000", "12 FFFF", NULL, NULL, "11 78"},
        {LINE_1 "09", "12 0011", "12 0074", "12 0010", "12 0075", "11 11"},
        {PORT_0 "02", "16 00", "16 01", NULL, "16 02", "11 00"},
        {PORT_1 "03", "16 00", "16 09", NULL, "16 0A", "11 00"},
        {PORT_1 "04", "16 00", "16 09", NULL, "16 0A", "11 00"},
        {PORT_0 "05", "16 00", "16 01", NULL, "16 02", "11 00"},
        {PORT_0 "06", "09 00", "09 10 30313233343536373839414261622031", "09 01 21",
         "09 11 3031323334353637383941424344454647", "0A 01 31"},
        {TCP "02", "12 0001", "12 FFFF", "12 0000", NULL, "06 00000FDB"},
        {TCP "04", "12 001C", "12 FFFF", "12 001B", NULL, "11 40"},
        {TCP "06", "12 0000", "12 FFFF", NULL, NULL, "11 B4"},
    };
    char asked[128], wanted[128];
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const good[] = {rows[i].low, rows[i].high}, *const bad[] = {rows[i].below, rows[i].above};
        for (unsigned n = 0; n < 2; n++) {
            (void)snprintf(asked, sizeof asked, SET "%s 00 %s", rows[i].name, good[n]);
            EXPECT(&world, SAP_MANAGEMENT, asked, DONE);
            if (bad[n] != NULL) {
                (void)snprintf(asked, sizeof asked, SET "%s 00 %s", rows[i].name, bad[n]);
                EXPECT(&world, SAP_MANAGEMENT, asked, OUTSIDE);
            }
        }
        (void)snprintf(asked, sizeof asked, SET "%s 00 %s", rows[i].name, rows[i].type);
        EXPECT(&world, SAP_MANAGEMENT, asked, OTHER_TYPE);
        (void)snprintf(asked, sizeof asked, GET "%s 00", rows[i].name);
        (void)snprintf(wanted, sizeof wanted, "C4 01 C1 00 %s", rows[i].high);
        EXPECT(&world, SAP_MANAGEMENT, asked, wanted);
    }
    EXPECT(&world, SAP_MANAGEMENT, SET PORT_0 "07 00 09 00", DENIED);
    EXPECT(&world, SAP_MANAGEMENT, SET TCP "03 00 09 06 000000000000", DENIED);
    EXPECT(&world, SAP_MANAGEMENT, SET TCP "05 00 11 04", DENIED);
}

static void test_rights(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    EXPECT(&world, SAP_PUBLIC, GET OPTICAL "02 00", "C4 01 C1 01 04");
    assert_true(world_open(&world, 0, SAP_LEVEL_1));
    EXPECT(&world, SAP_LEVEL_1, GET OPTICAL "02 00", "C4 01 C1 00 16 05");
    EXPECT(&world, SAP_LEVEL_1, SET OPTICAL "02 00 16 05", DENIED);
}

/* Each line and each port has its own values, which a restart keeps. */
static void test_kept(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, SET OPTICAL "09 00 12 0012", DONE);
    EXPECT(&world, SAP_MANAGEMENT, SET LINE_1 "08 00 12 0013", DONE);
    EXPECT(&world, SAP_MANAGEMENT, SET LINE_2 "07 00 12 0114", DONE);
    EXPECT(&world, SAP_MANAGEMENT, SET PORT_1 "06 00 09 03 313233", DONE);
    EXPECT(&world, SAP_MANAGEMENT, SET TCP "06 00 12 0015", DONE);
    assert_int_equal(world_restart(&world), QD_OK);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    EXPECT(&world, SAP_MANAGEMENT, GET OPTICAL "09 00", "C4 01 C1 00 12 0012");
    EXPECT(&world, SAP_MANAGEMENT, GET OPTICAL "08 00", "C4 01 C1 00 12 0078");
    EXPECT(&world, SAP_MANAGEMENT, GET OPTICAL "07 00", "C4 01 C1 00 12 0019");
    EXPECT(&world, SAP_MANAGEMENT, GET LINE_1 "09 00", "C4 01 C1 00 12 0011");
    EXPECT(&world, SAP_MANAGEMENT, GET LINE_1 "08 00", "C4 01 C1 00 12 0013");
    EXPECT(&world, SAP_MANAGEMENT, GET LINE_2 "08 00", "C4 01 C1 00 12 0078");
    EXPECT(&world, SAP_MANAGEMENT, GET LINE_2 "07 00", "C4 01 C1 00 12 0114");
    EXPECT(&world, SAP_MANAGEMENT, GET PORT_0 "06 00", "C4 01 C1 00 09 00");
    EXPECT(&world, SAP_MANAGEMENT, GET PORT_1 "06 00", "C4 01 C1 00 09 03 313233");
    EXPECT(&world, SAP_MANAGEMENT, GET TCP "06 00", "C4 01 C1 00 12 0015");
    /* A record that cannot be written changes nothing. */
    world.fram_status = QD_IO;
    EXPECT(&world, SAP_MANAGEMENT, SET TCP "06 00 12 0016", "C5 01 C1 01");
    world.fram_status = QD_OK;
    EXPECT(&world, SAP_MANAGEMENT, GET TCP "06 00", "C4 01 C1 00 12 0015");
}

/* The time of class 41 closes a silent connection; 0 closes none. */
static void test_inactivity_of_tcp(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, SET TCP "06 00 12 0005", DONE);
    world.line[0].now_ms += 4999;
    (void)world_step(&world);
    assert_int_equal(world.line[0].closes, 0);
    world.line[0].now_ms += 1;
    (void)world_step(&world);
    assert_int_equal(world.line[0].closes, 1);
    world.line[0].generation = 5;
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    EXPECT(&world, SAP_MANAGEMENT, SET TCP "06 00 12 0000", DONE);
    world.line[0].now_ms += 4000000;
    (void)world_step(&world);
    assert_int_equal(world.line[0].closes, 1);
}

static void test_speeds(void **state) {
    static const uint32_t bauds[] = {300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};
    (void)state;
    for (uint8_t i = 0; i < 10; i++) {
        assert_int_equal(qd_io_baud(i), bauds[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_factory),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_inactivity_of_tcp),
        cmocka_unit_test(test_speeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
