/* Load files: numbers, errors with their places, lookup, and records of the player. */
#include "quadrant/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "t_s,u1_v,i1_a,p1_w,q1_var\n"

static qd_load_t *parsed(const char *text) {
    qd_load_error_t error;
    qd_load_t *load = NULL;

    if (qd_load_parse("f", text, strlen(text), &load, &error) != QD_OK) {
        fail_msg("%s", error.text);
    }
    return load;
}

static void refused(const char *text, qd_status_t status, const char *message) {
    qd_load_error_t error;
    qd_load_t *load = NULL;

    assert_int_equal(qd_load_parse("f", text, strlen(text), &load, &error), status);
    assert_null(load);
    if (strstr(error.text, message) == NULL) {
        fail_msg("'%s' is not in '%s'", message, error.text);
    }
    assert_null(strchr(error.text, '\n'));
    assert_non_null(strchr(error.text, ';'));
}

static qd_quantities_t at(const qd_load_t *load, int64_t second) {
    qd_quantities_t record;
    uint32_t row = 0;

    memset(&record, 0xFF, sizeof record);
    qd_load_at(load, second, &row, &record);
    return record;
}

static void numbers_are_exact(void **state) {
    static const struct {
        const char *cell;
        int32_t mw;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"1", 1000},
        {"+1.5", 1500},
        {"-1.5", -1500},
        {".5", 500},
        {"5.", 5000},
        {"0.001", 1},
        {"0.0004999", 0},
        {"0.0005", 1},
        {"-0.0005", -1},
        {"-0.00049", 0},
        {"1.2345", 1235},
        {"-1.2345", -1235},
        {"0.1", 100},
        {"2000000", 2000000000},
        {"-2000000", -2000000000},
        {"0000000000000000000001", 1000},
        {"333.3333333333333333333333", 333333},
    };

    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        char text[128] = HEAD "0,230,1,";
        qd_load_t *load;

        strcat(strcat(text, cases[n].cell), ",0\n");
        load = parsed(text);
        assert_int_equal(at(load, 0).phase[0].active_power_mw, cases[n].mw);
        qd_load_free(load);
    }
}

static void errors_name_their_place(void **state) {
    (void)state;
    refused("", QD_MALFORMED, "f:0:-: no head row");
    refused("# only\n", QD_MALFORMED, "no head row");
    refused("t_s,u1_v\n", QD_MALFORMED, "f:1:p1_w: column is missing");
    refused("u1_v,i1_a,p1_w\n", QD_MALFORMED, "f:1:t_s: column is missing");
    refused("t_s,f_hz\n", QD_MALFORMED, "f:1:u1_v: no phase at all");
    refused("t_s,q1_var\n", QD_MALFORMED, "column is missing");
    refused("t_s,t_s\n", QD_MALFORMED, "f:1:t_s: column is there twice");
    refused("t_s,power\n", QD_MALFORMED, "f:1:power: no such column");
    refused(HEAD, QD_MALFORMED, "no rows");
    refused(HEAD "0,230,1,x,0\n", QD_RANGE, "f:2:p1_w: not a number");
    refused(HEAD "0,230,1,1e3,0\n", QD_RANGE, "f:2:p1_w: an exponent");
    refused(HEAD "0,230,1,1.2.3,0\n", QD_RANGE, "f:2:p1_w: not a number");
    refused(HEAD "0,230,1,-,0\n", QD_RANGE, "f:2:p1_w: not a number");
    refused(HEAD "0,230,1,.,0\n", QD_RANGE, "f:2:p1_w: not a number");
    refused(HEAD "0,230,1,2000000.001,0\n", QD_RANGE, "f:2:p1_w: out of range");
    refused(HEAD "0,230,1,99999999999999999999999,0\n", QD_RANGE, "f:2:p1_w: out of range");
    refused(HEAD "0,-1,1,1,0\n", QD_RANGE, "f:2:u1_v: out of range");
    refused(HEAD "0,1000.001,1,1,0\n", QD_RANGE, "f:2:u1_v: out of range");
    refused(HEAD "0,230,1,1\n", QD_MALFORMED, "f:2:q1_var: cell is missing");
    refused(HEAD "0,230,1,1,5,0\n", QD_MALFORMED, "f:2:-: more cells");
    refused(HEAD ",230,1,1,5\n", QD_MALFORMED, "f:2:t_s: no second");
    refused(HEAD "5,230,1,1,5\n", QD_RANGE, "f:2:t_s: the first row is not at 0");
    refused("#\n" HEAD "0,230,1,1,5\n#\n0,230,1,1,5\n", QD_RANGE, "f:5:t_s: not later");
    refused(HEAD "0,230,1,1,5\n-1,230,1,1,5\n", QD_RANGE, "f:3:t_s: out of range");
}

static void lookup_holds_and_repeats(void **state) {
    qd_load_t *load = parsed("\xEF\xBB\xBF# head\r\n" HEAD "0,230,1,1,0\r\n10,230,1,2,0\r\n\r\n15,230,1,3,0");
    uint32_t row = 0;

    (void)state;
    assert_int_equal(qd_load_rows(load), 3);
    assert_int_equal(qd_load_period_s(load), 20); /* the last row holds as long as the one before it */
    assert_int_equal(qd_load_phase_mask(load), 1);
    for (int64_t second = -45; second < 100; second++) {
        int64_t position = (second % 20 + 20) % 20;
        int32_t expected = position < 10 ? 1000 : position < 15 ? 2000 : 3000;
        qd_quantities_t record;

        qd_load_at(load, second, &row, &record);
        assert_int_equal(record.phase[0].active_power_mw, expected);
        assert_int_equal(at(load, second).phase[0].active_power_mw, expected);
        qd_load_at(load, second * 7919, &row, &record); /* somewhere else in between */
    }
    qd_load_free(load);
}

static void what_is_missing_is_invalid(void **state) {
    qd_load_t *load = parsed("f_hz,t_s,u1_v,i1_a,p1_w,q1_var,p2_w,i2_a,u2_v\n"
                             "50.02,0,230,1,100,5,200,2,231\n"
                             ",10,230,1,100,,200,2,231\n"
                             "50,20,230,,100,5,200,2,0\n");
    qd_quantities_t record = at(load, 0);

    (void)state;
    assert_int_equal(qd_load_phase_mask(load), 3);
    assert_true(record.phase[0].valid && record.phase[1].valid && !record.phase[2].valid);
    assert_int_equal(record.phase[1].voltage_mv, 231000);
    assert_int_equal(record.phase[1].reactive_power_mvar, 0);
    assert_int_equal(record.frequency_mhz, 50020);
    record = at(load, 10);
    assert_true(!record.phase[0].valid && record.phase[1].valid);
    assert_int_equal(record.phase[0].active_power_mw, 0);
    assert_int_equal(record.frequency_mhz, 50000);
    record = at(load, 20);
    assert_true(!record.phase[0].valid && record.phase[1].valid);
    assert_int_equal(record.frequency_mhz, 0); /* nothing is live */
    qd_load_free(load);
}

static void angles_follow_power(void **state) {
    qd_load_t *load =
        parsed(HEAD "0,230,1,100,0\n1,230,1,100,100\n2,230,1,-100,0\n3,230,1,-100,-100\n4,230,1,100,-100\n"
                    "5,230,0,0,0\n6,230,1,0,7\n7,230,1,-100,100\n");
    static const int angles[] = {0, -450, 1800, 1350, 450, 0, -900, -1350};

    (void)state;
    for (int64_t second = 0; second < 8; second++) {
        assert_int_equal(at(load, second).phase[0].current_angle_ddeg, angles[second]);
    }
    qd_load_free(load);
}

static void records_begin_at_full_seconds(void **state) {
    qd_load_t *load = parsed(HEAD "0,230,1,1,0\n1,230,1,2,0\n2,230,1,3,0\n");
    qd_load_player_t player = {.load = load, .utc_ms = 86400250, .origin_utc_s = 86400};
    qd_quantities_port_t port = qd_load_player_port(&player);
    qd_quantities_t record;

    (void)state;
    qd_load_player_start(&player, 0);
    assert_int_equal(port.take(port.context, 749999, &record), QD_END);
    assert_int_equal(port.take(port.context, 750000, &record), QD_OK);
    assert_int_equal(record.tick_us, 750000);
    assert_int_equal(record.duration_us, 750000);
    assert_int_equal(record.phase[0].active_power_mw, 1000);
    assert_int_equal(port.take(port.context, 750000, &record), QD_END);
    assert_int_equal(port.take(port.context, 5000000, &record), QD_OK);
    assert_int_equal(record.tick_us, 1750000);
    assert_int_equal(record.duration_us, 1000000);
    assert_int_equal(record.phase[0].active_power_mw, 2000);
    /* A clean stop in the middle of a second, and what follows. */
    qd_load_player_cut(&player, 2000000);
    assert_int_equal(port.take(port.context, 2000000, &record), QD_OK);
    assert_int_equal(record.duration_us, 250000);
    assert_int_equal(record.phase[0].active_power_mw, 3000);
    assert_int_equal(port.take(port.context, 2750000, &record), QD_OK);
    assert_int_equal(record.duration_us, 750000);
    assert_int_equal(record.phase[0].active_power_mw, 3000);
    /* An outage leaves a gap. */
    player.off = true;
    assert_int_equal(port.take(port.context, 9000000, &record), QD_END);
    player.off = false;
    qd_load_player_start(&player, 9000000);
    assert_int_equal(port.take(port.context, 10000000, &record), QD_OK);
    assert_int_equal(record.tick_us, 9750000);
    assert_int_equal(record.duration_us, 750000);
    qd_load_free(load);
}

static void a_cut_ends_the_running_interval(void **state) {
    qd_load_t *load = parsed(HEAD "0,230,1,1,0\n1,230,1,2,0\n2,230,1,3,0\n");
    qd_load_player_t player = {.load = load, .utc_ms = 86400250, .origin_utc_s = 86400};
    qd_quantities_port_t port = qd_load_player_port(&player);
    qd_quantities_t record;

    (void)state;
    qd_load_player_start(&player, 0);
    assert_int_equal(port.cut(port.context, 0, &record), QD_END); /* nothing measured yet */
    assert_int_equal(port.cut(port.context, 1, &record), QD_OK);
    assert_int_equal(record.tick_us, 1);
    assert_int_equal(record.duration_us, 1);
    assert_int_equal(port.cut(port.context, 1, &record), QD_END);
    /* What is due comes first, then the part of the running second, then nothing. */
    assert_int_equal(port.cut(port.context, 1000000, &record), QD_OK);
    assert_int_equal(record.tick_us, 750000);
    assert_int_equal(record.duration_us, 749999);
    assert_int_equal(record.phase[0].active_power_mw, 1000);
    assert_int_equal(port.cut(port.context, 1000000, &record), QD_OK);
    assert_int_equal(record.tick_us, 1000000);
    assert_int_equal(record.duration_us, 250000);
    assert_int_equal(record.phase[0].active_power_mw, 2000);
    assert_int_equal(port.cut(port.context, 1000000, &record), QD_END);
    /* A dip that recovers: the next record is the rest of the second. */
    assert_int_equal(port.take(port.context, 1749999, &record), QD_END);
    assert_int_equal(port.take(port.context, 1750000, &record), QD_OK);
    assert_int_equal(record.duration_us, 750000);
    assert_int_equal(record.phase[0].active_power_mw, 2000);
    /* At the end of a second there is nothing beside the whole one. */
    assert_int_equal(port.cut(port.context, 2750000, &record), QD_OK);
    assert_int_equal(record.duration_us, 1000000);
    assert_int_equal(port.cut(port.context, 2750000, &record), QD_END);
    player.off = true;
    assert_int_equal(port.cut(port.context, 3000000, &record), QD_END);
    qd_load_free(load);
}

/* Takes everything up to tick_us by take or by cut; no gap and no overlap. */
static void taken(qd_load_player_t *player, uint64_t tick_us, bool by_cut, uint64_t *end_us,
                  int64_t *energy) {
    qd_quantities_port_t port = qd_load_player_port(player);
    qd_quantities_t record;

    while ((by_cut ? port.cut : port.take)(port.context, tick_us, &record) == QD_OK) {
        assert_true(record.tick_us <= tick_us && record.tick_us - record.duration_us == *end_us);
        assert_true(record.duration_us >= 1 && record.duration_us <= 1000000);
        *end_us = record.tick_us;
        *energy += (int64_t)record.phase[0].active_power_mw * record.duration_us;
    }
    assert_true(!by_cut || *end_us == tick_us);
}

static void cuts_anywhere_lose_no_energy(void **state) {
    qd_load_t *load = parsed(HEAD "0,230,1,1,0\n1,230,1,20,0\n2,230,1,300,0\n5,230,1,-4,0\n");
    uint32_t random = 1;

    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        qd_load_player_t player = {.load = load, .utc_ms = 7 + (int64_t)round * 13};
        qd_load_player_t whole = player;
        uint64_t tick_us = 0, end_us = 0, whole_end_us = 0;
        int64_t energy = 0, wanted = 0;

        qd_load_player_start(&player, 0);
        qd_load_player_start(&whole, 0);
        for (unsigned n = 0; n < 200; n++) {
            random = random * 1664525u + 1013904223u;
            tick_us += (random >> 8) % 2500000u;
            taken(&player, tick_us, (random & 0x80u) != 0, &end_us, &energy);
        }
        taken(&player, tick_us, true, &end_us, &energy);
        taken(&whole, tick_us, false, &whole_end_us, &wanted);
        taken(&whole, tick_us, true, &whole_end_us, &wanted);
        assert_true(energy == wanted && energy != 0);
    }
    qd_load_free(load);
}

static qd_quantities_t played(qd_load_player_t *player) {
    qd_quantities_port_t port = qd_load_player_port(player);
    qd_quantities_t record;

    assert_int_equal(port.take(port.context, player->end_us, &record), QD_OK);
    return record;
}

static void facts_change_what_is_measured(void **state) {
    qd_load_t *load = parsed("t_s,u1_v,i1_a,p1_w,q1_var,u2_v,i2_a,p2_w,u3_v,i3_a,p3_w\n"
                             "0,200,1,100,50,200,1,100,200,1,100\n");
    qd_load_player_t player = {.load = load};
    qd_quantities_t r;

    (void)state;
    qd_load_player_start(&player, 0);
    player.facts.reversed = 1;
    r = played(&player);
    assert_int_equal(r.phase[0].active_power_mw, -100000);
    assert_int_equal(r.phase[0].reactive_power_mvar, -50000);
    assert_int_equal(r.phase[0].current_angle_ddeg, 1800 - 266);
    player.facts.reversed = 0;
    player.facts.dropped = 2;
    player.facts.constant = true;
    player.facts.total_w = -3001;
    r = played(&player);
    assert_true(r.phase[1].valid);
    assert_int_equal(r.phase[1].voltage_mv, 0);
    assert_int_equal(r.phase[1].active_power_mw, 0);
    assert_int_equal(r.phase[0].active_power_mw + r.phase[2].active_power_mw, -3001000);
    assert_int_equal(r.phase[0].current_ma, 7502);
    assert_int_equal(r.phase[0].current_angle_ddeg, 1800);
    player.facts.dropped = 7;
    r = played(&player);
    assert_int_equal(r.frequency_mhz, 0);
    assert_int_equal(r.phase[0].active_power_mw, 0);
    qd_load_free(load);
}

static void shipped_loads_parse(void **state) {
    static const struct {
        const char *path;
        uint32_t rows, period_s;
        uint8_t mask;
    } files[] = {
        {"data/loads/house_january.csv", 44640, 2678400, 1},
        {"data/loads/house_january_3ph_pv.csv", 44640, 2678400, 7},
        {"data/loads/four_quadrants.csv", 10, 600, 7},
    };

    (void)state;
    for (size_t n = 0; n < sizeof files / sizeof files[0]; n++) {
        qd_load_error_t error;
        qd_load_t *load = NULL;

        if (qd_load_read(files[n].path, &load, &error) != QD_OK) {
            fail_msg("%s", error.text);
        }
        assert_int_equal(qd_load_rows(load), files[n].rows);
        assert_int_equal(qd_load_period_s(load), files[n].period_s);
        assert_int_equal(qd_load_phase_mask(load), files[n].mask);
        qd_load_free(load);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(errors_name_their_place),
        cmocka_unit_test(lookup_holds_and_repeats),
        cmocka_unit_test(what_is_missing_is_invalid),
        cmocka_unit_test(angles_follow_power),
        cmocka_unit_test(records_begin_at_full_seconds),
        cmocka_unit_test(a_cut_ends_the_running_interval),
        cmocka_unit_test(cuts_anywhere_lose_no_energy),
        cmocka_unit_test(facts_change_what_is_measured),
        cmocka_unit_test(shipped_loads_parse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
