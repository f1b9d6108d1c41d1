/*
 * test_link_mode_e.c - opening of a local port with mode E (IEC 62056-21), and the way back.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/cosem/hdlc_line.h"

#define TO "02 23 21 "
#define FROM "21 02 23 "
#define SIGN_ON "2F3F210D0A"                             /* /?! */
#define IDENTITY "2F51445435 5C32 5155414452414E54 0D0A" /* /QDT5\2QUADRANT */
#define OPTION "063235320D0A"                            /* ACK 2 5 2 */

static world_t world;
static struct {
    unsigned calls;
    uint32_t baud;
    uint8_t format;
    size_t out_size; /* when it was called */
} line;

static void configure(void *context, uint32_t baud, uint8_t format) {
    line.calls++;
    line.baud = baud;
    line.format = format;
    line.out_size = ((const world_line_t *)context)->out_size;
}

static void ask(const char *octets, const char *wanted) {
    uint8_t buffer[256];
    world_put(&world, 4, buffer, world_hex(octets, buffer));
    (void)world_step(&world);
    EXPECT_OCTETS(world.line[4].out, world.line[4].out_size, wanted);
    world.line[4].out_size = 0;
}

static void expect_line(uint32_t baud, uint8_t format) {
    (void)world_step(&world);
    assert_int_equal(line.baud, baud);
    assert_int_equal(line.format, format);
}

/* A meter whose optical port opens with mode E. */
static void start(void) {
    memset(&line, 0, sizeof line);
    world_blank(&world, qd_model_find("st402"));
    world.channel[4].framing = QD_FRAMING_HDLC;
    world.channel[4].configure = configure;
    world.channel[4].close = NULL;
    assert_int_equal(world_start(&world), QD_OK);
    expect_line(9600, QD_FORMAT_8N1); /* direct HDLC, as the factory left it */
    assert_int_equal(line.calls, 1);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    TELL(&world, 4, TO "93", "", FROM "73", "");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0013 0000140000FF 02 00 16 00", "C5 01 C1 00");
    TELL(&world, 4, TO "11", "", FROM "11", ""); /* this link goes on, the next one begins the other way */
    assert_int_equal(line.calls, 1);
    TELL(&world, 4, TO "53", "", FROM "73", "");
    expect_line(300, QD_FORMAT_7E1);
}

static void test_opening(void **state) {
    (void)state;
    start();
    TELL_SILENT(&world, 4, TO "93", "");
    ask(SIGN_ON, IDENTITY);
    assert_int_equal(line.baud, 300);
    ask(OPTION, OPTION);
    expect_line(9600, QD_FORMAT_8N1);
    assert_int_equal(line.out_size, 6); /* after the last octets of the opening */
    TELL(&world, 4, TO "93", "", FROM "73", "");
    TELL(&world, 4, TO "11", "", FROM "11", "");
    TELL(&world, 4, TO "53", "", FROM "73", "");
    expect_line(300, QD_FORMAT_7E1);
    ask(SIGN_ON, IDENTITY);
}

/* With parity bits, from a port that cannot take them away; with the null octets that wake a meter. */
static void test_parity_and_wake_up(void **state) {
    (void)state;
    start();
    ask("000000AF3F218D0A", IDENTITY);
    ask("06B235B28D0A", OPTION);
    expect_line(9600, QD_FORMAT_8N1);
}

static void test_nonsense(void **state) {
    (void)state;
    start();
    ask("2F3F0D0A", "");
    ask("2F21210D0A", "");
    ask("3F210D0A", "");
    ask("0D0A0D0A", "");
    ask("2F3F3132210D0A", ""); /* an address that is not this meter's */
    ask("2F3F2F3F210D0A", IDENTITY);
    ask("063030300D0A", ""); /* mode C: not here */
    ask(OPTION, "");
    ask(SIGN_ON, IDENTITY);
    ask("063236320D0A", ""); /* faster than was proposed */
    ask(SIGN_ON, IDENTITY);
    ask("0632353200000D0A", "");
    ask(SIGN_ON, IDENTITY);
    world.line[4].now_ms += 2001;
    ask(OPTION, ""); /* too late */
    ask("2F3F30303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030210D"
        "0A",
        "");
    ask(SIGN_ON, IDENTITY);
    ask("063231320D0A", "063231320D0A"); /* slower is allowed */
    expect_line(600, QD_FORMAT_8N1);
    /* Nobody opens a link: the line goes back. */
    world.line[4].now_ms += 120000;
    expect_line(300, QD_FORMAT_7E1);
}

static void test_device_address(void **state) {
    (void)state;
    start();
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0013 0000140000FF 06 00 09 02 3132", "C5 01 C1 00");
    ask("2F3F3133210D0A", "");
    ask("2F3F3132210D0A", IDENTITY);
    ask("2F3F210D0A", ""); /* it waits for the option now */
    world.line[4].now_ms += 2001;
    ask("2F3F210D0A", IDENTITY);
}

/* A link that dies of silence gives the line back as well. */
static void test_inactivity(void **state) {
    (void)state;
    start();
    ask(SIGN_ON, IDENTITY);
    ask(OPTION, OPTION);
    TELL(&world, 4, TO "93", "", FROM "73", "");
    world.line[4].now_ms += 119999;
    TELL(&world, 4, TO "11", "", FROM "11", "");
    world.line[4].now_ms += 120000;
    expect_line(300, QD_FORMAT_7E1);
}

/* Without a link a new set-up holds at once. */
static void test_setup_changes(void **state) {
    (void)state;
    start();
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0013 0000140000FF 02 00 16 01", "C5 01 C1 00");
    expect_line(9600, QD_FORMAT_8N1);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0017 0000160000FF 02 00 16 06", "C5 01 C1 00");
    expect_line(19200, QD_FORMAT_8N1);
    TELL(&world, 4, TO "93", "", FROM "73", "");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0017 0000160000FF 02 00 16 07", "C5 01 C1 00");
    expect_line(19200, QD_FORMAT_8N1);
    TELL(&world, 4, TO "53", "", FROM "73", "");
    expect_line(38400, QD_FORMAT_8N1);
}

/* A port that cannot change stays with HDLC. */
static void test_port_without_speed(void **state) {
    (void)state;
    start();
    world.channel[4].configure = NULL;
    world.line[4].generation = 2;
    TELL(&world, 4, TO "93", "", FROM "73", "");
    ask(SIGN_ON, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opening),
        cmocka_unit_test(test_parity_and_wake_up),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_device_address),
        cmocka_unit_test(test_setup_changes),
        cmocka_unit_test(test_inactivity),
        cmocka_unit_test(test_port_without_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
