/* The optical head bit by bit: mode E opens with 7E1 at 300 bit/s and goes on with 8N1 at 9600. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/io.h"
#include "quadrant/sim.h"
#include "unit/cosem/hdlc_line.h"

#define CHANNEL 4u
#define MS UINT64_C(1000)

static world_t w;
static qd_sim_line_t line;
static qd_sim_station_t meter, reader;
static uint8_t heard[512];
static size_t heard_size;
static uint64_t begun_us;

static void pass(uint64_t span_us) {
    uint64_t end_us = qd_sim_line_now_us(&line) + span_us;
    while (qd_sim_line_now_us(&line) < end_us) {
        uint64_t until_us = qd_sim_line_now_us(&line) + MS;
        while (qd_sim_line_run(&line, until_us)) {
        }
        w.tick_us = begun_us + qd_sim_line_now_us(&line);
        (void)world_step(&w);
        heard_size += qd_sim_station_receive(&reader, heard + heard_size, sizeof heard - heard_size);
    }
}

static void say(const char *text) {
    heard_size = 0;
    assert_int_equal(qd_sim_station_send(&reader, (const uint8_t *)text, strlen(text)), strlen(text));
}

static void link_is_there(void) {
    uint8_t out[64], wanted[64];
    heard_size = 0;
    (void)qd_sim_station_send(&reader, out, line_frame("03 21 93", NULL, 0, false, out));
    pass(100 * MS);
    size_t length = line_frame("21 03 73", NULL, 0, false, wanted);
    assert_int_equal(heard_size, length);
    assert_memory_equal(heard, wanted, length);
}

/* echo: the head sees its own light. */
static void open_head(bool mode_e, bool echo) {
    world_blank(&w, qd_model_find("st402"));
    qd_sim_line_init(&line, false, 1);
    (void)qd_sim_line_add(&line, &reader);
    (void)qd_sim_line_add(&line, &meter);
    qd_sim_station_set(&meter, 9600, QD_SIM_8N1, echo);
    qd_sim_station_port(&meter, &w.channel[CHANNEL]);
    begun_us = w.tick_us;
    assert_int_equal(world_start(&w), QD_OK);
    qd_io_port_t *port = (qd_io_port_t *)(uintptr_t)qd_io_port(w.meter->links[CHANNEL].io, 0);
    port->mode = mode_e ? QD_IO_MODE_E : QD_IO_DIRECT_HDLC;
    port->default_speed = 0;
    port->proposed_speed = 5;
    pass(10 * MS);
    assert_int_equal(meter.baud, mode_e ? 300 : 9600);
    assert_int_equal(meter.format, mode_e ? QD_SIM_7E1 : QD_SIM_8N1);
}

static void test_direct(void **state) {
    (void)state;
    open_head(false, false);
    link_is_there();
    open_head(false, true);
    link_is_there();
}

static void test_mode_e(void **state) {
    (void)state;
    open_head(true, false);
    qd_sim_station_set(&reader, 300, QD_SIM_7E1, false);
    say("/?!\r\n");
    pass(1500 * MS); /* who waits two seconds to choose has to sign on again */
    assert_true(heard_size > 7 && heard[0] == '/' && heard[4] == '5' && heard[heard_size - 1] == '\n');
    say("\x06"
        "252\r\n");
    pass(1000 * MS);
    assert_int_equal(heard_size, 6); /* said back before both change */
    assert_memory_equal(heard,
                        "\x06"
                        "252\r\n",
                        6);
    assert_int_equal(meter.baud, 9600);
    assert_int_equal(meter.format, QD_SIM_8N1);
    qd_sim_station_set(&reader, 9600, QD_SIM_8N1, false);
    link_is_there();
}

/* Signed on with the wrong format: the parity of some octets is wrong, and nothing is answered. */
static void test_a_sign_on_without_parity(void **state) {
    (void)state;
    open_head(true, false);
    qd_sim_station_set(&reader, 300, QD_SIM_8N1, false);
    say("/?!\r\n");
    pass(3000 * MS);
    assert_int_equal(heard_size, 0);
    assert_true(meter.stats.parity > 0);
    qd_sim_station_set(&reader, 300, QD_SIM_7E1, false);
    say("/?!\r\n");
    pass(3000 * MS);
    assert_true(heard_size > 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_direct),
        cmocka_unit_test(test_mode_e),
        cmocka_unit_test(test_a_sign_on_without_parity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
