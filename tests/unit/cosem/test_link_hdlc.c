/*
 * test_link_hdlc.c - the HDLC secondary station, octet by octet: setting up, addresses, negotiation, time.
 *
 * Names in capitals are test purposes of the conformance suite.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/cosem/hdlc_line.h"

#define AARQ "E6E600 601DA109060760857405080101BE10040E01000000065F1F0400007E1F0400"
#define AARE "E6E700 6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400"
#define GET_NAME "E6E600 C001C1000100002A0000FF0200"
#define NAME "E6E700 C401C10009 10 51445430303030303030303030303030"
#define NO_ASSOCIATION "E6E700 D80102"

#define TO "02 23 21 "
#define FROM "21 02 23 "

static world_t world;

static void raw(unsigned channel, const char *text) {
    uint8_t octets[2200];
    world_put(&world, channel, octets, world_hex(text, octets));
}

static void hear_raw(unsigned channel, const char *text) {
    (void)world_step(&world);
    EXPECT_OCTETS(world.line[channel].out, world.line[channel].out_size, text);
    world.line[channel].out_size = 0;
}

#define SNRM "7E A0 08 02 23 21 93 BD 64 7E"
#define DISC "7E A0 08 02 23 21 53 B1 A2 7E"
#define RR "7E A0 08 02 23 21 11 A7 C3 7E"
#define UA "7E A0 08 21 02 23 73 7A 43 7E"
#define DM "7E A0 08 21 02 23 1F 10 EA 7E"
#define RR_BACK "7E A0 08 21 02 23 11 6E 03 7E"

static void exchange(const char *asked, const char *wanted) {
    raw(0, asked);
    hear_raw(0, wanted);
}

static void start(void) {
    line_world(&world);
}

static void start_link(void) {
    start();
    exchange(SNRM, UA);
}

/* The one thing the answer to AARQ ends with depends on the model: conformance and sizes. */
static void associate(unsigned channel) {
    line_put(&world, channel, TO "10", AARQ, false);
    HEAR(&world, channel, FROM "30", AARE "007E1D01800007");
    SILENCE(&world, channel);
}

/* --- HDLC_FRAME ------------------------------------------------------------------------------- */

static void hdlc_frame_p1(void **state) {
    (void)state;
    start();
    exchange(DISC, DM);
    exchange(SNRM, UA);
    exchange(RR, RR_BACK);
    exchange(DISC, UA);
    exchange(DISC, DM);
    exchange(RR, DM);
}

static void hdlc_frame_p2(void **state) {
    uint8_t octets[16];
    (void)state;
    start_link();
    size_t length = world_hex(SNRM, octets);
    for (size_t k = 1; k < length; k++) {
        world_put(&world, 0, octets, k);
        SILENCE(&world, 0);
        world.line[0].now_ms += 26;
        exchange(RR, RR_BACK);
    }
    for (size_t k = 0; k < length; k++) { /* slow, but in time */
        world_put(&world, 0, octets + k, 1);
        (void)world_step(&world);
        world.line[0].now_ms += 25;
    }
    hear_raw(0, UA);
}

static void hdlc_frame_p3(void **state) {
    (void)state;
    start_link();
    associate(0);
    TELL(&world, 0, TO "32", GET_NAME, FROM "52", NAME);
    for (unsigned i = 0; i < 6; i++) {
        world.line[0].now_ms += 60000;
        TELL(&world, 0, TO "51", "", FROM "51", "");
    }
    world.line[0].now_ms += 119999;
    TELL(&world, 0, TO "51", "", FROM "51", "");
    world.line[0].now_ms += 120000;
    SILENCE(&world, 0);
    exchange(DISC, DM);
    exchange(SNRM, UA);
    TELL(&world, 0, TO "10", GET_NAME, FROM "30", NO_ASSOCIATION);
    assert_int_equal(world.line[0].closes, 0);
    /* Frames of another client are no life of this link. */
    world.line[0].now_ms += 100000;
    TELL(&world, 0, "02 23 03 11", "", "03 02 23 1F", "");
    world.line[0].now_ms += 20000;
    TELL(&world, 0, TO "31", "", FROM "1F", "");
}

static void hdlc_frame_n1_n4(void **state) {
    static const char *const broken[] = {
        "A0 08 02 23 21 93 BD 64 7E", /* N1/1 */
        "7E A0 08 02 23 21 93 BD 64", /* N1/2 */
        "A0 08 02 23 21 93 BD 64",    /* N1/3 */
        "7E A0 07 02 23 21 93 BD 64 7E",
        "7E A0 06 02 23 21 93 64 7E", /* N2 */
        "7E A0 05 02 23 21 93 7E",
        "7E A0 04 02 23 21 7E",
        "7E A0 03 02 23 7E",
        "7E A0 02 02 7E",
        "7E 80 08 02 23 21 93 DD E1 7E",
        "7E 90 08 02 23 21 93 6D A3 7E", /* N3 */
        "7E A0 09 02 23 21 93 F9 6F 7E",
        "7E A0 07 02 23 21 93 41 0E 7E", /* N4 */
        ("7E A0 1F 02 23 21 93 20 E0 81 80 12 05 01 80 06 01 80 07 04 00 00 00 01 08 04 00 00 00 01 9A B2 "
         "7E"),                          /* N7 */
        "7E A0 08 02 23 21 93 BC 64 7E", /* N8 */
    };
    (void)state;
    start();
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        exchange(DISC, DM);
        exchange(broken[i], "");
        world.line[0].now_ms += 26;
        exchange(DISC, DM);
    }
    exchange(SNRM, UA);
    /* A closing flag that is the next frame's opening one. */
    exchange(DISC, UA);
    exchange("7E A0 08 02 23 21 93 BD 64" DISC, UA UA);
}

static void hdlc_frame_n5(void **state) {
    static const struct {
        const char *head, *rejection;
    } rows[] = {{TO "FF", "FF0001"},
                {TO "1F", "1F0001"},
                {TO "B3", "B30001"},
                {TO "19", "190001"},
                {TO "BF", "BF0001"}};
    (void)state;
    start_link();
    exchange("7E A0 08 02 23 21 FF D7 CD 7E", "7E A0 0D 21 02 23 97 04 C4 FF 00 01 0D 18 7E");
    exchange(SNRM, UA);
    exchange(RR, RR_BACK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        TELL(&world, 0, rows[i].head, "", FROM "97", rows[i].rejection);
        exchange(SNRM, UA);
    }
    /* Without the poll bit the rejection waits for the next frame that has it. */
    TELL_SILENT(&world, 0, TO "83", "");
    TELL(&world, 0, TO "11", "", FROM "97", "830001");
    exchange(SNRM, UA);
    TELL_SILENT(&world, 0, TO "A3", "");
    TELL(&world, 0, TO "11", "", FROM "97", "A30001");
    exchange(DISC, UA);
    TELL(&world, 0, TO "FF", "", FROM "1F", "");
    TELL_SILENT(&world, 0, TO "EF", "");
    TELL(&world, 0, TO "BF", "", FROM "1F", "");
}

/* --- HDLC_ADDRESS ----------------------------------------------------------------------------- */

static void hdlc_address_p1(void **state) {
    (void)state;
    start();
    exchange("7E A0 07 03 21 93 0F 01 7E", "7E A0 07 21 03 73 01 40 7E");
    TELL(&world, 0, "03 21 11", "", "21 03 11", "");
    TELL(&world, 0, "03 21 53", "", "21 03 73", "");
    exchange("7E A0 0A 00 02 00 23 21 93 18 71 7E", "7E A0 0A 21 00 02 00 23 73 4C E7 7E");
    TELL(&world, 0, "00 02 00 23 21 53", "", "21 00 02 00 23 73", "");
}

static void hdlc_address_n(void **state) {
    static const char *const silent[] = {
        "7E A0 09 02 23 00 21 93 72 6C 7E", /* client of two octets */
        "7E A0 08 04 23 21 93 27 2F 7E",    /* upper */
        "7E A0 08 02 25 21 93 64 B2 7E",    /* lower */
        "7E A0 08 FE FF 21 93 0E AE 7E",    /* all stations */
        "7E A0 08 00 01 21 93 48 EB 7E",    /* none */
        "7E A0 09 02 22 01 21 93 15 2A 7E", /* three octets */
        "7E A0 0B 00 02 00 22 01 21 93 33 5D 7E",
    };
    (void)state;
    start();
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
        exchange(silent[i], "");
        exchange(DISC, DM);
    }
    TELL_SILENT(&world, 0, "02 FF 21 93", ""); /* lower half only */
    TELL_SILENT(&world, 0, "02 23 01 93", ""); /* from nobody */
    TELL_SILENT(&world, 0, "02 23 FF 93", ""); /* from everybody */
    TELL_SILENT(&world, 0, "05 21 93", "");    /* one octet, another device */
    TELL_SILENT(&world, 0, "00 02 00 25 21 93", "");
    TELL_SILENT(&world, 0, "00 02 FE FF 21 93", "");
    exchange(DISC, DM);
}

/* Several meters on one line: only the lower address answers, and one octet names nobody. */
static void shared_line(void **state) {
    (void)state;
    start();
    TELL_SILENT(&world, 5, "03 21 93", "");    /* HDLC_ADDRESS_N6 */
    TELL_SILENT(&world, 5, "02 FD 21 93", ""); /* calling station */
    TELL_SILENT(&world, 5, "02 25 21 93", "");
    TELL_SILENT(&world, 5, "FE FF 21 93", "");
    TELL(&world, 5, TO "93", "", FROM "73", "");
    TELL(&world, 5, TO "11", "", FROM "11", "");
    /* What a neighbour says and hears does not concern this meter. */
    TELL_SILENT(&world, 5, "02 25 21 10", GET_NAME);
    TELL_SILENT(&world, 5, "21 02 25 30", NAME);
    TELL(&world, 5, TO "11", "", FROM "11", "");
    /* The other line has another link. */
    TELL(&world, 6, TO "11", "", FROM "1F", "");
}

/* Own octets, heard back: on a line of two wires every one of them. */
static void echo_is_ignored(void **state) {
    (void)state;
    start();
    TELL(&world, 5, TO "93", "", FROM "73", "");
    TELL_SILENT(&world, 5, FROM "73", "");
    line_put(&world, 5, TO "10", AARQ, false);
    HEAR(&world, 5, FROM "30", AARE "007E1D01800007");
    TELL_SILENT(&world, 5, FROM "30", AARE "007E1D01800007");
    TELL(&world, 5, TO "32", GET_NAME, FROM "52", NAME);
    /* The management client has the number of the logical device. */
    TELL_SILENT(&world, 5, FROM "52", NAME);
    TELL(&world, 5, TO "53", "", FROM "73", "");
    TELL(&world, 5, "02 23 03 93", "", "03 02 23 73", "");
    TELL_SILENT(&world, 5, "03 02 23 73", "");
    TELL(&world, 5, "02 23 03 11", "", "03 02 23 11", "");
}

/* Q_HDLC_24: any device that is alone on its line, and then by its own address. */
static void calling_station(void **state) {
    (void)state;
    start();
    exchange("7E A0 08 02 FD 21 93 A9 FB 7E", UA);
    TELL_SILENT(&world, 0, "02 FD 21 11", "");
    TELL(&world, 0, TO "11", "", FROM "11", "");
    TELL(&world, 0, "00 02 FE FD 21 93", "", "21 00 02 00 23 73", "");
}

/* --- HDLC_NDM2NRM ----------------------------------------------------------------------------- */

static void negotiation(void **state) {
    static const struct {
        const char *offer, *answer;
    } rows[] = {
        {"8180 12 050180 060180 070400000001 080400000001",
         "8180 12 050180 060180 070400000001 080400000001"},
        {"8180 14 050207EE 060207EE 070400000007 080400000007",
         "8180 14 05020343 06020183 070400000007 080400000007"},
        {"8180 12 050120 060120 070400000001 080400000001",
         "8180 12 050120 060120 070400000001 080400000001"},
        {"8180 14 05020FFF 06020FFF 070400000001 080400000001",
         "8180 14 05020343 06020183 070400000001 080400000001"},
        {"8180 12 050180 060180 070400000004 080400000004",
         "8180 12 050180 060180 070400000004 080400000004"},
        {"8180 12 050180 060180 070400000008 0804000000FF",
         "8180 12 050180 060180 070400000007 080400000007"},
        /* What the client sends is what the meter receives. */
        {"8180 12 050120 060140 070400000002 080400000003",
         "8180 12 050140 060120 070400000003 080400000002"},
        {"8180 03 050140", "8180 12 050180 060140 070400000001 080400000001"},
        {"8180 12 050110 060100 070400000000 080400000000",
         "8180 12 050120 060120 070400000001 080400000001"},
        {"8180 06 090100 050140", "8180 12 050180 060140 070400000001 080400000001"}, /* Q_HDLC_18 */
        {"8180 13 050140", "8180 12 050180 060180 070400000001 080400000001"},        /* Q_HDLC_19 */
        {"8280 03 050140", "8180 12 050180 060180 070400000001 080400000001"},
        {"8180 05 050140 0600", "8180 12 050180 060180 070400000001 080400000001"},
    };
    (void)state;
    start();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        TELL(&world, 0, TO "93", rows[i].offer, FROM "73", rows[i].answer);
        exchange(RR, RR_BACK);
    }
    exchange(SNRM, UA); /* nothing offered: 128 and 1, and nobody has to be told */
    associate(0);
}

/* The set-up of the line is the limit, also for who offers nothing. */
static void setup_is_the_limit(void **state) {
    (void)state;
    start();
    assert_true(world_open(&world, 1, SAP_MANAGEMENT));
    EXPECT_ON(&world, 1, SAP_MANAGEMENT, "C1 01 C1 0017 0000160000FF 05 00 12 0040", "C5 01 C1 00");
    EXPECT_ON(&world, 1, SAP_MANAGEMENT, "C1 01 C1 0017 0000160000FF 03 00 11 03", "C5 01 C1 00");
    TELL(&world, 0, TO "93", "", FROM "73", "8180 12 050140 060180 070400000001 080400000001");
    TELL(&world, 0, TO "93", "8180 14 050207EE 060207EE 070400000007 080400000007", FROM "73",
         "8180 13 050140 06020183 070400000003 080400000007");
}

/* --- Q_HDLC: flags, noise, strangers ---------------------------------------------------------- */

static void flags_and_noise(void **state) {
    (void)state;
    start();
    exchange("7E A0 08 02 23 21 53 B1 A2 7E A0 08 02 23 21 93 BD 64 7E", DM UA); /* Q_HDLC_01 */
    exchange("7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E" RR, RR_BACK);            /* Q_HDLC_02 */
    exchange("00 FF 55" SNRM, UA);                                               /* Q_HDLC_03 */
    exchange("7E 7E A0 00 FF 55 13 37 C0 FF EE" SNRM, UA);
    /* After its answer the meter hears no frame without an opening flag. */
    exchange(DISC, UA);
    exchange("A0 08 02 23 21 93 BD 64 7E", "");
    exchange(DISC, DM);
}

/* A flood of noise takes as many steps as it wants, and then a frame is heard. */
static void flood(void **state) {
    uint8_t noise[4000];
    (void)state;
    start_link();
    for (size_t i = 0; i < sizeof noise; i++) {
        noise[i] = (uint8_t)(i * 37u + (i >> 5));
    }
    for (unsigned round = 0; round < 4; round++) {
        world_put(&world, 0, noise, sizeof noise);
        SILENCE(&world, 0);
        world.line[0].now_ms += 26;
        exchange(RR, RR_BACK);
    }
}

/* Q_HDLC_20, Q_HDLC_21 */
static void strangers(void **state) {
    (void)state;
    start_link();
    associate(0);
    TELL(&world, 0, "02 23 03 53", "", "03 02 23 1F", "");
    TELL(&world, 0, "02 23 03 93", "", "03 02 23 1F", "");
    TELL(&world, 0, "02 23 03 10", GET_NAME, "03 02 23 1F", "");
    TELL_SILENT(&world, 0, "02 23 03 00", GET_NAME);
    TELL_SILENT(&world, 0, "02 23 03 43", "");
    TELL_SILENT(&world, 0, "02 23 03 73", "");
    TELL(&world, 0, "03 21 11", "", "21 03 1F", ""); /* the same client by another address is another link */
    TELL(&world, 0, TO "32", GET_NAME, FROM "52", NAME);
    /* Without poll the link ends all the same. */
    TELL_SILENT(&world, 0, TO "43", "");
    TELL(&world, 0, TO "11", "", FROM "1F", "");
    TELL(&world, 0, "02 23 03 93", "", "03 02 23 73", "");
}

/* Q_HDLC_26: a new address holds for the next link. */
static void address_changes_between_links(void **state) {
    (void)state;
    start_link();
    assert_true(world_open(&world, 1, SAP_MANAGEMENT));
    EXPECT_ON(&world, 1, SAP_MANAGEMENT, "C1 01 C1 0017 0000160000FF 09 00 12 0019", "C5 01 C1 00");
    exchange(RR, RR_BACK);
    TELL_SILENT(&world, 0, "02 33 21 93", "");
    exchange(DISC, UA);
    exchange(SNRM, "");
    TELL(&world, 0, "02 33 21 93", "", "21 02 33 73", "");
    /* The lines have addresses of their own, and they are kept. */
    TELL(&world, 5, TO "93", "", FROM "73", "");
    assert_int_equal(world_restart(&world), QD_OK);
    exchange(SNRM, "");
    TELL(&world, 0, "02 33 21 93", "", "21 02 33 73", "");
}

static void zero_means_never(void **state) {
    (void)state;
    start();
    assert_true(world_open(&world, 1, SAP_MANAGEMENT));
    EXPECT_ON(&world, 1, SAP_MANAGEMENT, "C1 01 C1 0017 0000160000FF 08 00 12 0000", "C5 01 C1 00");
    exchange(SNRM, UA);
    world.line[0].now_ms += 600000;
    exchange(RR, RR_BACK);
    world.line[0].now_ms += 0x7FFFFFFFu;
    exchange(RR, RR_BACK);
}

/* HDLC over a connection: it ends with its peer, and when nobody has a link on it for the time of class 41. */
static void connections_end(void **state) {
    (void)state;
    start_link();
    associate(0);
    world.line[0].generation = 2;
    exchange(RR, DM);
    exchange(SNRM, UA);
    TELL(&world, 0, TO "10", GET_NAME, FROM "30", NO_ASSOCIATION);
    world.line[0].now_ms += 120000;
    SILENCE(&world, 0);
    world.line[0].now_ms += 179999;
    SILENCE(&world, 0);
    assert_int_equal(world.line[0].closes, 0);
    world.line[0].now_ms += 1;
    SILENCE(&world, 0);
    assert_int_equal(world.line[0].closes, 1);
    world.line[0].generation = 0;
    exchange(SNRM, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hdlc_frame_p1),    cmocka_unit_test(hdlc_frame_p2),
        cmocka_unit_test(hdlc_frame_p3),    cmocka_unit_test(hdlc_frame_n1_n4),
        cmocka_unit_test(hdlc_frame_n5),    cmocka_unit_test(hdlc_address_p1),
        cmocka_unit_test(hdlc_address_n),   cmocka_unit_test(shared_line),
        cmocka_unit_test(echo_is_ignored),  cmocka_unit_test(calling_station),
        cmocka_unit_test(negotiation),      cmocka_unit_test(setup_is_the_limit),
        cmocka_unit_test(flags_and_noise),  cmocka_unit_test(flood),
        cmocka_unit_test(strangers),        cmocka_unit_test(address_changes_between_links),
        cmocka_unit_test(zero_means_never), cmocka_unit_test(connections_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
