/* The simulated line: times, formats, echo, collisions, breaks and noise, against bits drawn by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quadrant/sim.h"

#define SECOND_US UINT64_C(1000000)

typedef struct fixture {
    qd_sim_line_t line;
    qd_sim_station_t a, b, c;
    uint64_t until_us;
} fixture_t;

static fixture_t f, g;

static void open_line(fixture_t *x, bool bus, uint64_t seed) {
    x->until_us = 0;
    qd_sim_line_init(&x->line, bus, seed);
    assert_int_equal(qd_sim_line_add(&x->line, &x->a), QD_OK);
    assert_int_equal(qd_sim_line_add(&x->line, &x->b), QD_OK);
    assert_int_equal(qd_sim_line_add(&x->line, &x->c), QD_OK);
}

static void pass(fixture_t *x, uint64_t span_us) {
    x->until_us += span_us;
    while (qd_sim_line_run(&x->line, x->until_us)) {
    }
}

static size_t heard(qd_sim_station_t *station, uint8_t *octets, size_t size) {
    return qd_sim_station_receive(station, octets, size);
}

static void test_time(void **state) {
    uint8_t octets[96], got[100];
    (void)state;
    open_line(&f, true, 1);
    memset(octets, 0x5A, sizeof octets);
    assert_int_equal(qd_sim_station_send(&f.a, octets, sizeof octets), 96);
    /* The stop bit of the first octet is sampled in its middle: 9.5 of 10 bits of 104,167 ns. */
    assert_true(qd_sim_line_run(&f.line, SECOND_US));
    assert_int_equal(qd_sim_line_now_us(&f.line), 989);
    assert_int_equal(heard(&f.b, got, sizeof got), 1);
    /* 96 octets, 960 bits, 100 ms. */
    while (qd_sim_line_run(&f.line, 99999)) {
    }
    assert_false(qd_sim_line_is_silent(&f.line));
    while (qd_sim_line_run(&f.line, 100001)) {
    }
    assert_true(qd_sim_line_is_silent(&f.line));
    assert_int_equal(heard(&f.b, got, sizeof got), 95);
    assert_int_equal(heard(&f.c, got, sizeof got), 96);
    assert_int_equal(qd_sim_station_octet_us(&f.a), 1041);
    assert_int_equal(qd_sim_line_now_us(&f.line), 100001);
    assert_false(qd_sim_line_run(&f.line, 5)); /* not backwards */
    assert_int_equal(qd_sim_line_now_us(&f.line), 100001);
}

static void test_every_octet_in_every_format(void **state) {
    (void)state;
    for (unsigned format = 0; format < QD_SIM_FORMAT_COUNT; format++) {
        uint8_t octets[256], got[256];
        open_line(&f, true, 2);
        for (unsigned i = 0; i < 256; i++) {
            octets[i] = (uint8_t)i;
        }
        for (unsigned n = 0; n < 3; n++) {
            qd_sim_station_set(f.line.stations[n], 19200, (qd_sim_format_t)format, false);
        }
        assert_int_equal(qd_sim_station_send(&f.b, octets, 256), 256);
        pass(&f, SECOND_US);
        assert_int_equal(heard(&f.a, got, 256), 256);
        for (unsigned i = 0; i < 256; i++) {
            assert_int_equal(got[i], format == QD_SIM_7E1 ? i & 0x7Fu : i);
        }
        assert_int_equal(heard(&f.b, got, 256), 0); /* no echo */
        assert_int_equal(qd_sim_station_octet_us(&f.a), format == QD_SIM_8E1 ? 572 : 520);
    }
}

static size_t through(qd_sim_format_t sends, qd_sim_format_t takes, const uint8_t *octets, size_t length,
                      uint8_t *got, qd_sim_station_stats_t *stats) {
    open_line(&f, true, 3);
    qd_sim_station_set(&f.a, 9600, sends, false);
    qd_sim_station_set(&f.b, 9600, takes, false);
    /* One at a time: an octet that is taken wrong must not move the next one's start. */
    for (size_t i = 0; i < length; i++) {
        assert_int_equal(qd_sim_station_send(&f.a, octets + i, 1), 1);
        pass(&f, 5000);
    }
    qd_sim_station_get_stats(&f.b, stats);
    return heard(&f.b, got, 16);
}

static void test_wrong_formats(void **state) {
    /* Ones: 41 two, 43 three, 7F seven, 00 none; with bit 7: C3 four. */
    static const uint8_t octets[] = {0x41, 0x43, 0x7F, 0x00, 0xC3};
    qd_sim_station_stats_t stats;
    uint8_t got[16];
    (void)state;
    /* The parity bit is taken for the eighth; the sender drops that of C3. */
    static const uint8_t with_parity[] = {0x41, 0xC3, 0xFF, 0x00, 0xC3};
    assert_int_equal(through(QD_SIM_7E1, QD_SIM_8N1, octets, 5, got, &stats), 5);
    assert_memory_equal(got, with_parity, 5);
    /* The eighth bit is taken for parity: right for 41, 00 and C3. */
    static const uint8_t right[] = {0x41, 0x00, 0x43};
    assert_int_equal(through(QD_SIM_8N1, QD_SIM_7E1, octets, 5, got, &stats), 3);
    assert_memory_equal(got, right, 3);
    assert_int_equal(stats.parity, 2);
    assert_int_equal(stats.framing, 0);
    /* The parity bit is taken for the stop bit: good when it is 1. */
    static const uint8_t odd[] = {0x43, 0x7F};
    assert_int_equal(through(QD_SIM_8E1, QD_SIM_8N1, octets, 5, got, &stats), 2);
    assert_memory_equal(got, odd, 2);
    assert_int_equal(stats.framing, 3);
    assert_int_equal(stats.breaks, 1); /* 00 has no one at all */
    /* The stop bit is taken for parity, the idle line for the stop bit. */
    assert_int_equal(through(QD_SIM_8N1, QD_SIM_8E1, octets, 5, got, &stats), 2);
    assert_memory_equal(got, odd, 2);
    assert_int_equal(stats.parity, 3);
}

static void test_wrong_speed(void **state) {
    uint8_t got[16];
    (void)state;
    open_line(&f, true, 4);
    qd_sim_station_set(&f.b, 4800, QD_SIM_8N1, false);
    qd_sim_station_set(&f.c, 300, QD_SIM_8N1, false);
    assert_int_equal(qd_sim_station_send(&f.a, (const uint8_t *)"\x55", 1), 1);
    pass(&f, SECOND_US);
    /* 0 10101010 1 at twice the speed: start over bits 0 and 1 fails in its middle, at the edge to the one. */
    size_t n = heard(&f.b, got, sizeof got);
    assert_true(n == 0 || got[0] != 0x55);
    assert_int_equal(heard(&f.c, got, sizeof got), 0);
    assert_int_equal(f.c.stats.glitches,
                     1); /* 32 bits of the fast one go into its one, half of it is over then */
}

static void test_echo(void **state) {
    uint8_t got[16];
    (void)state;
    for (unsigned bus = 0; bus < 2; bus++) {
        open_line(&f, bus != 0, 5);
        qd_sim_station_set(&f.a, 9600, QD_SIM_8N1, true);
        assert_int_equal(qd_sim_station_send(&f.a, (const uint8_t *)"abc", 3), 3);
        pass(&f, SECOND_US);
        assert_int_equal(heard(&f.a, got, 16), 3);
        assert_memory_equal(got, "abc", 3);
        assert_int_equal(heard(&f.b, got, 16), 3);
        assert_int_equal(qd_sim_station_send(&f.b, (const uint8_t *)"xy", 2), 2);
        pass(&f, SECOND_US);
        assert_int_equal(heard(&f.a, got, 16), 2);
        assert_int_equal(heard(&f.b, got, 16), 0);
    }
}

/* Two wires: both speak at once and hear each other. */
static void test_full_duplex(void **state) {
    uint8_t got[16];
    (void)state;
    qd_sim_line_init(&f.line, false, 6);
    f.until_us = 0;
    (void)qd_sim_line_add(&f.line, &f.a);
    (void)qd_sim_line_add(&f.line, &f.b);
    (void)qd_sim_station_send(&f.a, (const uint8_t *)"hello", 5);
    (void)qd_sim_station_send(&f.b, (const uint8_t *)"world", 5);
    pass(&f, SECOND_US);
    assert_int_equal(heard(&f.a, got, 16), 5);
    assert_memory_equal(got, "world", 5);
    assert_int_equal(heard(&f.b, got, 16), 5);
    assert_memory_equal(got, "hello", 5);
    assert_int_equal(f.a.stats.clashes, 0);
}

static size_t collide(fixture_t *x, uint64_t seed, uint8_t got[64]) {
    uint8_t one[32], other[32];
    open_line(x, true, seed);
    memset(one, 0x0F, sizeof one);
    memset(other, 0x33, sizeof other);
    (void)qd_sim_station_send(&x->a, one, sizeof one);
    (void)qd_sim_station_send(&x->b, other, sizeof other);
    pass(x, SECOND_US);
    memset(got, 0, 64);
    return heard(&x->c, got, 64);
}

static void test_collision(void **state) {
    uint8_t got[64], again[64], other[64];
    (void)state;
    size_t n = collide(&f, 7, got);
    assert_int_equal(collide(&g, 7, again), n);
    assert_memory_equal(got, again, sizeof got);
    assert_int_equal(f.a.stats.clashes, 32);
    assert_int_equal(f.b.stats.clashes, 32);
    assert_int_equal(f.c.stats.clashes, 0);
    (void)collide(&g, 8, other);
    assert_memory_not_equal(got, other, sizeof got);
    /* Where both say the same the level is theirs: 0F and 33 agree in bits 0, 1 (ones) and 6, 7 (zeros). */
    unsigned mixed = 0;
    assert_int_equal(n, 32);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(got[i] & 0xC3, 0x03);
        mixed += got[i] != 0x0F && got[i] != 0x33 ? 1u : 0u;
    }
    assert_true(mixed >= 16);
    /* Neither of the two hears anything: their receivers are off. */
    assert_int_equal(heard(&f.a, got, sizeof got), 0);
}

static void test_two_who_say_the_same(void **state) {
    uint8_t got[16];
    (void)state;
    open_line(&f, true, 9);
    (void)qd_sim_station_send(&f.a, (const uint8_t *)"same", 4);
    (void)qd_sim_station_send(&f.b, (const uint8_t *)"same", 4);
    pass(&f, SECOND_US);
    assert_int_equal(heard(&f.c, got, 16), 4);
    assert_memory_equal(got, "same", 4);
    assert_int_equal(f.a.stats.clashes, 0);
}

static void test_break(void **state) {
    uint8_t got[16];
    (void)state;
    open_line(&f, true, 10);
    assert_false(qd_sim_station_break(&f.a, 0));
    assert_true(qd_sim_station_break(&f.a, 25));
    assert_false(qd_sim_station_break(&f.a, 25));
    (void)qd_sim_station_send(&f.a, (const uint8_t *)"k", 1); /* after it */
    pass(&f, SECOND_US);
    assert_int_equal(f.b.stats.framing, 1);
    assert_int_equal(f.b.stats.breaks, 1);
    assert_int_equal(f.a.stats.sent, 1);
    /* A start bit needs an edge: k follows the break without one, so its first edge is that after its first one. */
    (void)heard(&f.b, got, sizeof got);
    (void)qd_sim_station_send(&f.a, (const uint8_t *)"m", 1);
    pass(&f, SECOND_US);
    assert_int_equal(heard(&f.b, got, sizeof got), 1);
    assert_int_equal(got[0], 'm');
    assert_true(qd_sim_line_is_silent(&f.line));
}

static void test_noise(void **state) {
    uint8_t octets[1000], got[1000];
    unsigned whole = 0;
    (void)state;
    open_line(&f, true, 11);
    qd_sim_line_noise(&f.line, 10000); /* a bit in a hundred */
    for (unsigned i = 0; i < 1000; i++) {
        octets[0] = (uint8_t)i;
        (void)qd_sim_station_send(&f.a, octets, 1);
        pass(&f, 2000);
        size_t n = heard(&f.b, got, sizeof got);
        whole += n == 1 && got[0] == octets[0] ? 1u : 0u;
    }
    /* 0.99 ^ 10 = 0.904; five standard deviations of a binomial are 47. */
    assert_in_range(whole, 904 - 47, 904 + 47);
    assert_true(f.b.stats.framing > 0 && f.b.stats.glitches > 0);
}

static void test_overrun(void **state) {
    uint8_t octets[QD_SIM_STATION_RING], got[QD_SIM_STATION_RING];
    (void)state;
    open_line(&f, true, 12);
    memset(octets, 0x11, sizeof octets);
    assert_int_equal(qd_sim_station_send(&f.a, octets, sizeof octets), sizeof octets);
    assert_int_equal(qd_sim_station_send(&f.a, octets, 1), 0);
    pass(&f, 2 * SECOND_US);
    assert_int_equal(qd_sim_station_send(&f.a, octets, 5), 5);
    pass(&f, SECOND_US);
    assert_int_equal(f.b.stats.overruns, 5);
    assert_int_equal(heard(&f.b, got, sizeof got), sizeof got);
}

static void test_port(void **state) {
    qd_channel_port_t port;
    uint8_t got[16];
    (void)state;
    open_line(&f, true, 13);
    qd_sim_station_port(&f.a, &port);
    assert_int_equal(port.framing, QD_FRAMING_HDLC);
    assert_int_equal(port.generation(port.context), 1);
    assert_null(port.close);
    assert_int_equal(port.write(port.context, (const uint8_t *)"ab", 2), 2);
    port.configure(port.context, 300, QD_FORMAT_7E1);
    pass(&f, 3000);
    assert_int_equal(port.now_ms(port.context), 3);
    assert_int_equal(heard(&f.b, got, 16), 2); /* still at 9600 */
    (void)qd_sim_station_send(&f.b, (const uint8_t *)"c", 1);
    pass(&f, SECOND_US);
    assert_int_equal(port.read(port.context, got, 16), 0); /* now at 300 */
    qd_sim_station_set(&f.b, 300, QD_SIM_7E1, false);
    (void)qd_sim_station_send(&f.b, (const uint8_t *)"c", 1);
    pass(&f, SECOND_US);
    assert_int_equal(port.read(port.context, got, 16), 1);
    assert_int_equal(got[0], 'c');
}

static void test_too_many(void **state) {
    static qd_sim_station_t more[QD_SIM_STATIONS];
    (void)state;
    open_line(&f, true, 14);
    for (unsigned n = 3; n < QD_SIM_STATIONS; n++) {
        assert_int_equal(qd_sim_line_add(&f.line, &more[n]), QD_OK);
    }
    assert_int_equal(qd_sim_line_add(&f.line, &more[0]), QD_NO_SPACE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time),          cmocka_unit_test(test_every_octet_in_every_format),
        cmocka_unit_test(test_wrong_formats), cmocka_unit_test(test_wrong_speed),
        cmocka_unit_test(test_echo),          cmocka_unit_test(test_full_duplex),
        cmocka_unit_test(test_collision),     cmocka_unit_test(test_two_who_say_the_same),
        cmocka_unit_test(test_break),         cmocka_unit_test(test_noise),
        cmocka_unit_test(test_overrun),       cmocka_unit_test(test_port),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
