/* Three meters and one master on one RS-485 line, bit by bit at 9600 bit/s: who answers, echo, collisions, noise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/io.h"
#include "quadrant/sim.h"
#include "unit/cosem/hdlc_line.h"

#define METERS 3u
#define CHANNEL 5u
#define MS UINT64_C(1000)

static world_t worlds[METERS];
static qd_sim_line_t line;
static qd_sim_station_t stations[METERS], master, stranger;
static uint8_t heard[1024];
static size_t heard_size;
static uint64_t begun_us;

/* Meters with the lower addresses 17, 18 and 19. */
static void open_bus(bool echo) {
    qd_sim_line_init(&line, true, 1);
    (void)qd_sim_line_add(&line, &master);
    (void)qd_sim_line_add(&line, &stranger);
    heard_size = 0;
    for (unsigned n = 0; n < METERS; n++) {
        world_t *w = &worlds[n];
        world_blank(w, qd_model_find("st402"));
        (void)qd_sim_line_add(&line, &stations[n]);
        qd_sim_station_set(&stations[n], 9600, QD_SIM_8N1, echo);
        qd_sim_station_port(&stations[n], &w->channel[CHANNEL]);
        assert_int_equal(world_start(w), QD_OK);
        qd_io_line_t *setup = (qd_io_line_t *)(uintptr_t)qd_io_line(w->meter->links[CHANNEL].io, 1);
        setup->device_address = (uint16_t)(17u + n);
    }
    begun_us = worlds[0].tick_us;
}

/* Time passes; the meters step every millisecond, which is how long a driver takes to turn round: the last stop bit of
 * whoever asked is over by then. */
static void pass(uint64_t span_us) {
    uint64_t end_us = qd_sim_line_now_us(&line) + span_us;
    while (qd_sim_line_now_us(&line) < end_us) {
        uint64_t until_us = qd_sim_line_now_us(&line) + MS;
        while (qd_sim_line_run(&line, until_us)) {
        }
        for (unsigned n = 0; n < METERS; n++) {
            worlds[n].tick_us = begun_us + qd_sim_line_now_us(&line);
            (void)world_step(&worlds[n]);
        }
        heard_size += qd_sim_station_receive(&master, heard + heard_size, sizeof heard - heard_size);
    }
}

static void say(qd_sim_station_t *station, const char *head, const char *information) {
    uint8_t content[256], out[300];
    size_t length = line_frame(head, content, world_hex(information, content), false, out);
    assert_int_equal(qd_sim_station_send(station, out, length), length);
}

static bool has_heard(const char *head, const char *information) {
    uint8_t content[256], wanted[300];
    size_t length = line_frame(head, content, world_hex(information, content), false, wanted);
    bool same = heard_size == length && memcmp(heard, wanted, length) == 0;
    heard_size = 0;
    return same;
}

/* Addresses: 02 is logical device 1, then 2n + 1; client 16 is 21. */
static const char *const snrm[METERS + 1] = {"0223 21 93", "0225 21 93", "0227 21 93", "0229 21 93"};
static const char *const ua[METERS] = {"21 0223 73", "21 0225 73", "21 0227 73"};

static void test_only_the_addressed_answers(void **state) {
    (void)state;
    open_bus(false);
    for (unsigned n = 0; n < METERS; n++) {
        say(&master, snrm[n], "");
        pass(100 * MS);
        assert_true(has_heard(ua[n], ""));
        for (unsigned i = 0; i < METERS; i++) {
            assert_int_equal(stations[i].stats.sent > 0, i <= n);
        }
    }
    say(&master, snrm[METERS], ""); /* 20 is not there */
    pass(100 * MS);
    assert_int_equal(heard_size, 0);
    say(&master, "03 21 93", ""); /* one octet does not say whom it means */
    pass(100 * MS);
    assert_int_equal(heard_size, 0);
    assert_int_equal(master.stats.framing + stations[0].stats.clashes, 0);
}

static void test_all_hear_and_none_answers(void **state) {
    (void)state;
    open_bus(false);
    say(&master, snrm[1], "");
    pass(100 * MS);
    assert_true(has_heard(ua[1], ""));
    uint32_t sent = stations[1].stats.sent;
    for (unsigned poll = 0; poll < 2; poll++) {
        say(&master, poll != 0 ? "FEFF 21 13" : "FEFF 21 03", "E6E600 C001C1 0001 00002A0000FF 02 00");
        pass(100 * MS);
        assert_int_equal(heard_size, 0);
    }
    for (unsigned n = 0; n < METERS; n++) {
        assert_int_equal(stations[n].stats.sent, n == 1 ? sent : 0);
        assert_true(stations[n].stats.received > 50); /* every one of them has heard it */
    }
    say(&master, "0225 21 11", ""); /* the link of the one stands: RR for RR */
    pass(100 * MS);
    assert_true(has_heard("21 0225 11", ""));
}

/* A whole association and a GET, with every station hearing itself. */
static void test_echo(void **state) {
    (void)state;
    open_bus(true);
    say(&master, snrm[2], "");
    pass(100 * MS);
    assert_true(has_heard(ua[2], ""));
    say(&master, "0227 21 10", "E6E600 601D A109060760857405080101 BE10040E 01000000065F1F04 00001E1D FFFF");
    pass(300 * MS);
    assert_true(heard_size > 40);
    heard_size = 0;
    say(&master, "0227 21 32", "E6E600 C001C1 0008 0000010000FF 03 00");
    pass(300 * MS);
    assert_true(has_heard("21 0227 52", "E6E700 C401C1 00 10 FFC4"));
    assert_true(stations[2].stats.received > stations[0].stats.received - 1);
}

static void test_a_collision(void **state) {
    (void)state;
    open_bus(false);
    say(&master, snrm[0], "");
    say(&stranger, snrm[1], "");
    pass(200 * MS);
    assert_true(master.stats.clashes > 0 && stranger.stats.clashes > 0);
    assert_int_equal(stations[0].stats.sent + stations[1].stats.sent + stations[2].stats.sent, 0);
    say(&master, snrm[0], "");
    pass(100 * MS);
    assert_true(has_heard(ua[0], ""));
    /* Two meters of one address speak at once: nothing whole comes, and each can be told apart from then on. */
    ((qd_io_line_t *)(uintptr_t)qd_io_line(worlds[1].meter->links[CHANNEL].io, 1))->device_address = 19;
    say(&master, snrm[2], "");
    pass(100 * MS);
    assert_int_equal(stations[1].stats.sent, stations[2].stats.sent);
    say(&master, snrm[0], "");
    heard_size = 0;
    pass(100 * MS);
    assert_true(has_heard(ua[0], ""));
}

static void test_noise_between_frames(void **state) {
    uint8_t noise[64];
    uint32_t random = 12345;
    (void)state;
    open_bus(false);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < sizeof noise; i++) {
            random = random * 1664525u + 1013904223u;
            noise[i] = (uint8_t)(random >> 24);
        }
        qd_sim_station_set(&stranger, round % 2u == 0 ? 9600 : 4800,
                           round % 3u == 0 ? QD_SIM_8E1 : QD_SIM_8N1, false);
        (void)qd_sim_station_send(&stranger, noise, 1u + round * 3u);
        pass(400 * MS);
        assert_int_equal(stations[0].stats.clashes, 0);
        heard_size = 0;
        say(&master, snrm[round % METERS], "");
        pass(100 * MS);
        assert_true(has_heard(ua[round % METERS], ""));
    }
}

/* An octet that is turned over on the way is a frame that never came; sent again it is answered. */
static void test_noise_in_frames(void **state) {
    unsigned answered = 0;
    (void)state;
    open_bus(false);
    qd_sim_line_noise(&line, 2000);
    for (unsigned round = 0; round < 60; round++) {
        heard_size = 0;
        say(&master, snrm[0], "");
        pass(100 * MS);
        answered += has_heard(ua[0], "") ? 1u : 0u;
    }
    /* Two frames of 10 octets and 10 bits each, 0.998 ^ 200 = 0.67; five standard deviations are 18. */
    assert_in_range(answered, 40 - 18, 40 + 18);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_addressed_answers),
        cmocka_unit_test(test_all_hear_and_none_answers),
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_a_collision),
        cmocka_unit_test(test_noise_between_frames),
        cmocka_unit_test(test_noise_in_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
