/* Quadrants, conventions, wiring, no-load, rates and pulses of the booking. */
#include "fixture.h"

static const int64_t KW = 1000000; /* mW */

static void accumulator_keeps_the_rest(void **state) {
    (void)state;
    qd_accumulator_t a = {0, 0};
    assert_int_equal(qd_accumulator_add(&a, 1, 999999), 0);
    assert_int_equal(a.rest_nj, 999999);
    assert_int_equal(qd_accumulator_add(&a, 7, SECOND), 7); /* a whole second leaves the rest alone */
    assert_int_equal(a.rest_nj, 999999);
    assert_int_equal(qd_accumulator_add(&a, 1, 1), 1);
    assert_int_equal(a.rest_nj, 0);
    assert_int_equal(a.whole_mj, 8);
    assert_int_equal(qd_accumulator_add(&a, UINT64_C(1) << 40, 10000000), UINT64_C(10) << 40);
    assert_int_equal(qd_accumulator_add(&a, 0, 1), 0);
}

static void each_quadrant_has_its_channels(void **state) {
    (void)state;
    static const struct {
        int32_t p, q;
        qd_energy_t active, reactive, apparent;
    } row[] = {
        {3000, 4000, QD_ENERGY_A_IMPORT, QD_ENERGY_R1, QD_ENERGY_S_IMPORT},
        {-3000, 4000, QD_ENERGY_A_EXPORT, QD_ENERGY_R2, QD_ENERGY_S_EXPORT},
        {-3000, -4000, QD_ENERGY_A_EXPORT, QD_ENERGY_R3, QD_ENERGY_S_EXPORT},
        {3000, -4000, QD_ENERGY_A_IMPORT, QD_ENERGY_R4, QD_ENERGY_S_IMPORT},
        {0, 4000, QD_ENERGY_A_IMPORT, QD_ENERGY_R1, QD_ENERGY_S_IMPORT},
        {0, -4000, QD_ENERGY_A_IMPORT, QD_ENERGY_R4, QD_ENERGY_S_IMPORT},
        {3000, 0, QD_ENERGY_A_IMPORT, QD_ENERGY_R1, QD_ENERGY_S_IMPORT},
        {-3000, 0, QD_ENERGY_A_EXPORT, QD_ENERGY_R2, QD_ENERGY_S_EXPORT},
        {0, 0, QD_ENERGY_A_IMPORT, QD_ENERGY_R1, QD_ENERGY_S_IMPORT},
    };
    for (unsigned convention = 0; convention < 2; convention++) {
        for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++) {
            fixture_t f;
            fixture_prepare(&f);
            f.config.sum = convention == 0 ? QD_SUM_ALGEBRAIC : QD_SUM_PER_PHASE;
            fixture_start(&f);
            run_one(&f, row[i].p, row[i].q, SECOND);
            int64_t p = row[i].p < 0 ? -row[i].p : row[i].p;
            int64_t q = row[i].q < 0 ? -row[i].q : row[i].q;
            int64_t s = p == 0 ? q : q == 0 ? p : 5000;
            int64_t expected[QD_ENERGY_COUNT] = {0};
            expected[row[i].active] = p;
            expected[row[i].reactive] = q;
            expected[row[i].apparent] = s;
            for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
                assert_int_equal(total(&f, (qd_energy_t)c), expected[c]);
                assert_int_equal(f.m->registers.mj[0][c], expected[c]);
                assert_int_equal(f.m->registers.mj[QD_PAGE_PHASE(0)][c], expected[c]);
                assert_int_equal(f.m->registers.mj[QD_PAGE_PHASE(1)][c], 0);
            }
        }
    }
}

static void opposing_phases_cancel_or_add_by_convention(void **state) {
    (void)state;
    for (unsigned convention = 0; convention < 2; convention++) {
        fixture_t f;
        fixture_prepare(&f);
        f.config.sum = convention == 0 ? QD_SUM_ALGEBRAIC : QD_SUM_PER_PHASE;
        fixture_start(&f);
        qd_quantities_t r = one_phase(&f, 5000, 100, SECOND);
        r.phase[1].active_power_mw = -2000;
        r.phase[1].reactive_power_mvar = 40;
        r.phase[2].reactive_power_mvar = -70;
        fixture_run(&f, &r);
        if (convention == 0) {
            assert_int_equal(total(&f, QD_ENERGY_A_IMPORT), 3000);
            assert_int_equal(total(&f, QD_ENERGY_A_EXPORT), 0);
            assert_int_equal(total(&f, QD_ENERGY_R1), 70);
            assert_int_equal(total(&f, QD_ENERGY_R2), 0);
            assert_int_equal(total(&f, QD_ENERGY_S_IMPORT), 3000); /* floor(sqrt(3000^2 + 70^2)) */
        } else {
            assert_int_equal(total(&f, QD_ENERGY_A_IMPORT), 5000);
            assert_int_equal(total(&f, QD_ENERGY_A_EXPORT), 2000);
            assert_int_equal(total(&f, QD_ENERGY_R1), 100);
            assert_int_equal(total(&f, QD_ENERGY_R2), 40);
            assert_int_equal(total(&f, QD_ENERGY_R4), 70);
            assert_int_equal(total(&f, QD_ENERGY_S_IMPORT), 5000 + 70);
            assert_int_equal(total(&f, QD_ENERGY_S_EXPORT), 2000);
        }
        qd_snapshot_t s = poll_snapshot(&f);
        assert_int_equal(s.active_power_mw, 3000);
        assert_int_equal(s.reactive_power_mvar, 70);
        assert_int_equal(s.apparent_power_mva, convention == 0 ? 3000 : 7070);
    }
}

static void apparent_power_by_convention(void **state) {
    (void)state;
    fixture_t f;
    fixture_prepare(&f);
    f.config.apparent = QD_APPARENT_ARITHMETIC;
    fixture_start(&f);
    qd_quantities_t r = one_phase(&f, 3000, 4000, SECOND); /* 230 V, 5 A */
    r.phase[1].current_ma = 3;
    r.phase[1].voltage_mv = 999; /* 2.997 mVA: truncated */
    fixture_run(&f, &r);
    assert_int_equal(total(&f, QD_ENERGY_S_IMPORT), 1150000 + 2);
    /* the largest sums: resolution 4 mVA, and no overflow */
    fixture_new(&f);
    r = one_phase(&f, 2000000000, -2000000000, SECOND);
    r.phase[1] = r.phase[0];
    r.phase[2] = r.phase[0];
    fixture_run(&f, &r);
    assert_int_equal(total(&f, QD_ENERGY_S_IMPORT), 8485281372); /* 6e9 sqrt 2 = 8485281374.2 */
    assert_int_equal(f.m->registers.mj[QD_PAGE_PHASE(2)][QD_ENERGY_S_IMPORT], 2828427124);
}

/* Square roots start from the last one; whatever it was, the result is the floor. */
static void roots_do_not_depend_on_the_past(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    uint64_t x = 99;
    for (unsigned i = 0; i < 20000; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int32_t p = (int32_t)((x >> 33) % 2000000001u) >> (i % 31u);
        int32_t q = i % 3u == 0 ? 0 : (int32_t)((x >> 20) % 2000000001u) >> (i % 29u);
        int64_t before = total(&f, QD_ENERGY_S_IMPORT);
        run_one(&f, p, -q, SECOND);
        uint64_t s = (uint64_t)(total(&f, QD_ENERGY_S_IMPORT) - before);
        uint64_t square = (uint64_t)((int64_t)p * p) + (uint64_t)((int64_t)q * q);
        assert_true(s * s <= square && (s + 1) * (s + 1) > square);
    }
}

static void wiring_chooses_the_elements(void **state) {
    (void)state;
    static const int64_t sum[] = {111, 101, 1};
    for (unsigned w = 0; w < 3; w++) {
        fixture_t f;
        fixture_prepare(&f);
        f.config.wiring = (qd_wiring_t)w;
        fixture_start(&f);
        qd_quantities_t r = one_phase(&f, 1, 0, SECOND);
        r.phase[1].active_power_mw = 10;
        r.phase[2].active_power_mw = 100;
        fixture_run(&f, &r);
        assert_int_equal(total(&f, QD_ENERGY_A_IMPORT), sum[w]);
        assert_int_equal(f.m->registers.mj[QD_PAGE_PHASE(1)][0], w == 0 ? 10 : 0);
        assert_int_equal(f.m->registers.mj[QD_PAGE_PHASE(2)][0], w == 2 ? 0 : 100);
        /* an element that is not there is not judged either */
        r = one_phase(&f, 1, 0, SECOND);
        r.phase[1].valid = false;
        r.phase[1].voltage_mv = UINT32_MAX;
        fixture_run(&f, &r);
        assert_int_equal((poll_snapshot(&f).flags & QD_METER_FLAG_PHASE_INVALID) != 0, w == 0);
    }
}

static void invalid_phases_give_no_energy(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    qd_quantities_t r = one_phase(&f, 1000, 0, SECOND);
    r.phase[1].active_power_mw = 500;
    r.phase[0].valid = false;
    fixture_run(&f, &r);
    assert_int_equal(total(&f, QD_ENERGY_A_IMPORT), 500);
    assert_int_equal(f.m->registers.mj[QD_PAGE_PHASE(0)][0], 0);
    assert_true(poll_snapshot(&f).flags & QD_METER_FLAG_PHASE_INVALID);
    run_one(&f, 0, 0, SECOND);
    assert_false(poll_snapshot(&f).flags & QD_METER_FLAG_PHASE_INVALID);
}

static void no_load_has_hysteresis_and_keeps_remainders(void **state) {
    (void)state;
    fixture_t f;
    fixture_prepare(&f);
    f.config.no_load_enter_mw = 500;
    f.config.no_load_leave_mw = 900;
    fixture_start(&f);
    run_one(&f, 700, 0, 999999); /* between the limits from above: booked */
    assert_int_equal(total(&f, QD_ENERGY_A_IMPORT), 699);
    uint32_t rest = f.m->rest_nj[0][0];
    assert_int_equal(rest, 999300);
    run_one(&f, 499, 499, SECOND);
    assert_true(poll_snapshot(&f).flags & QD_METER_FLAG_NO_LOAD);
    run_one(&f, 899, -899, SECOND); /* between the limits from below: not booked */
    assert_int_equal(total(&f, QD_ENERGY_A_IMPORT), 699);
    assert_int_equal(f.m->registers.mj[QD_PAGE_PHASE(0)][0], 699);
    assert_int_equal(f.m->rest_nj[0][0], rest);
    assert_int_equal(poll_snapshot(&f).active_power_mw, 899);
    run_one(&f, 0, -900, SECOND); /* reactive power alone leaves it */
    assert_false(poll_snapshot(&f).flags & QD_METER_FLAG_NO_LOAD);
    assert_int_equal(total(&f, QD_ENERGY_R4), 900);
    run_one(&f, 700, 0, 1);
    assert_int_equal(total(&f, QD_ENERGY_A_IMPORT), 700); /* 999,300 + 700 nJ */
    assert_int_equal(f.m->rest_nj[0][0], 0);
    run_one(&f, 500, 0, SECOND); /* at the limit is not below it */
    assert_int_equal(total(&f, QD_ENERGY_A_IMPORT), 1200);
}

static void no_load_per_phase_judges_magnitudes(void **state) {
    (void)state;
    for (unsigned convention = 0; convention < 2; convention++) {
        fixture_t f;
        fixture_prepare(&f);
        f.config.sum = convention == 0 ? QD_SUM_ALGEBRAIC : QD_SUM_PER_PHASE;
        f.config.no_load_enter_mw = 500;
        f.config.no_load_leave_mw = 900;
        fixture_start(&f);
        qd_quantities_t r = one_phase(&f, 100000, 0, SECOND);
        r.phase[1].active_power_mw = -99900;
        fixture_run(&f, &r);
        bool no_load = (poll_snapshot(&f).flags & QD_METER_FLAG_NO_LOAD) != 0;
        assert_int_equal(no_load, convention == 0);
        assert_int_equal(total(&f, QD_ENERGY_A_EXPORT), convention == 0 ? 0 : 99900);
    }
}

/* Opposing phases under the algebraic sum: the sum is idle, its phases are not. */
static void no_load_of_a_phase_is_its_own(void **state) {
    (void)state;
    static const struct {
        int32_t p[3], q[3];
        unsigned valid;  /* phases, one bit each */
        bool sum;        /* the sum books */
        unsigned phases; /* these do */
    } row[] = {
        {{1000000, -1000000, 499}, {0, 0, 499}, 7, false, 3}, /* enter is 500 */
        {{499, -899, 899}, {899, 0, -899}, 7, false, 3},      /* L1 goes on by its Q, L3 stays */
        {{499, -499, 900}, {-499, 499, 0}, 7, true, 4},
        {{500, 899, 700}, {0, 0, 0}, 3, true, 0}, /* leave is 900; without values is 0 */
        {{0, 0, 899}, {0, -900, 0}, 7, true, 2},  /* so L3 is idle now */
        {{-900, 600, -600}, {0, 0, 900}, 7, true, 7},
    };
    for (unsigned every = 0; every < 3; every++) {
        fixture_t f;
        fixture_prepare(&f);
        f.config.no_load_enter_mw = 500;
        f.config.no_load_leave_mw = 900;
        fixture_start(&f);
        for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++) {
            qd_quantities_t r = one_phase(&f, 0, 0, SECOND);
            qd_met_registers_t before = f.m->registers;
            uint64_t pulses = f.m->pulse[0].rest + f.m->pulse[1].rest;
            int64_t sum = 0;
            for (unsigned p = 0; p < QD_PHASES; p++) {
                r.phase[p].active_power_mw = row[i].p[p];
                r.phase[p].reactive_power_mvar = row[i].q[p];
                r.phase[p].valid = (row[i].valid >> p & 1u) != 0;
                sum += r.phase[p].valid ? row[i].p[p] : 0;
            }
            fixture_run(&f, &r);
            for (unsigned p = 0; p < QD_PHASES; p++) {
                const int64_t *now = f.m->registers.mj[QD_PAGE_PHASE(p)];
                const int64_t *was = before.mj[QD_PAGE_PHASE(p)];
                bool books = (row[i].phases >> p & 1u) != 0;
                bool forward = row[i].p[p] >= 0;
                int64_t s = now[QD_ENERGY_S_IMPORT] + now[QD_ENERGY_S_EXPORT] - was[QD_ENERGY_S_IMPORT] -
                            was[QD_ENERGY_S_EXPORT];
                assert_int_equal(now[QD_ENERGY_A_IMPORT] - was[QD_ENERGY_A_IMPORT],
                                 books && forward ? row[i].p[p] : 0);
                assert_int_equal(now[QD_ENERGY_A_EXPORT] - was[QD_ENERGY_A_EXPORT],
                                 books && !forward ? -row[i].p[p] : 0);
                assert_int_equal(s != 0, books);
            }
            assert_int_equal((poll_snapshot(&f).flags & QD_METER_FLAG_NO_LOAD) == 0, row[i].sum);
            assert_int_equal(f.m->registers.mj[0][QD_ENERGY_A_IMPORT] - before.mj[0][QD_ENERGY_A_IMPORT],
                             row[i].sum && sum > 0 ? sum : 0);
            assert_int_equal(f.m->pulse[0].rest + f.m->pulse[1].rest != pulses, row[i].sum);
            assert_int_equal(qd_metrology_commit(f.m), QD_OK);
            /* what was judged survives: the first commit after a start writes a base, the second a delta */
            if (every != 0 && (i + 1u) % every == 0) {
                fixture_start(&f);
            }
        }
    }
}

static void refused_intervals_book_nothing(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    run_one(&f, 1000, 0, SECOND);
    uint64_t hash = qd_metrology_hash(f.m);
    qd_quantities_t r = one_phase(&f, 1000, 0, SECOND);
    r.tick_us = f.tick_us;
    assert_int_equal(qd_metrology_run(f.m, &r), QD_ARGUMENT); /* the same one again */
    r.tick_us = f.tick_us - 1;
    assert_int_equal(qd_metrology_run(f.m, &r), QD_ARGUMENT);
    assert_false(poll_snapshot(&f).flags & QD_METER_FLAG_GAP);
    r = one_phase(&f, 1000, 0, SECOND);
    r.duration_us = 0;
    assert_int_equal(qd_metrology_run(f.m, &r), QD_RANGE);
    r.duration_us = 10000001;
    assert_int_equal(qd_metrology_run(f.m, &r), QD_RANGE);
    r = one_phase(&f, 2000000001, 0, SECOND);
    assert_int_equal(qd_metrology_run(f.m, &r), QD_RANGE);
    r = one_phase(&f, 0, INT32_MIN, SECOND);
    assert_int_equal(qd_metrology_run(f.m, &r), QD_RANGE);
    r = one_phase(&f, 0, 0, SECOND);
    r.phase[2].voltage_mv = 1000001;
    assert_int_equal(qd_metrology_run(f.m, &r), QD_RANGE);
    r = one_phase(&f, 0, 0, SECOND);
    r.phase[1].current_ma = 10000001;
    assert_int_equal(qd_metrology_run(f.m, &r), QD_RANGE);
    r = one_phase(&f, 0, 0, SECOND);
    r.phase[1].current_angle_ddeg = -1801;
    assert_int_equal(qd_metrology_run(f.m, &r), QD_RANGE);
    r = one_phase(&f, 0, 0, SECOND);
    r.tick_us = UINT64_C(1) << 63;
    assert_int_equal(qd_metrology_run(f.m, &r), QD_RANGE);
    assert_int_equal(qd_metrology_hash(f.m), hash);
    assert_true(poll_snapshot(&f).flags & QD_METER_FLAG_GAP);
}

/* Each limit of a phase to the digit: it counts, and one more is refused. */
static void limits_of_a_phase(void **state) {
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        for (int beyond = 0; beyond < 2; beyond++) {
            fixture_t f;
            fixture_new(&f);
            qd_quantities_t r = one_phase(&f, 0, 0, SECOND);
            qd_phase_quantities_t *phase = &r.phase[i % 3u];
            phase->valid = true;
            switch (i) {
            case 0:
                phase->voltage_mv = 1000000u + (unsigned)beyond;
                break;
            case 1:
                phase->current_ma = 10000000u + (unsigned)beyond;
                break;
            case 2:
                phase->active_power_mw = 2000000000 + beyond;
                break;
            case 3:
                phase->active_power_mw = -2000000000 - beyond;
                break;
            case 4:
                phase->reactive_power_mvar = 2000000000 + beyond;
                break;
            case 5:
                phase->reactive_power_mvar = -2000000000 - beyond;
                break;
            case 6:
                phase->voltage_angle_ddeg = (int16_t)(1800 + beyond);
                break;
            case 7:
                phase->voltage_angle_ddeg = (int16_t)(-1800 - beyond);
                break;
            case 8:
                phase->current_angle_ddeg = (int16_t)(1800 + beyond);
                break;
            default:
                phase->current_angle_ddeg = (int16_t)(-1800 - beyond);
                break;
            }
            assert_int_equal(qd_metrology_run(f.m, &r), beyond != 0 ? QD_RANGE : QD_OK);
        }
    }
}

static void gaps_are_told_once(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    run_one(&f, 1000, 0, SECOND);
    f.tick_us += 100000; /* timing */
    run_one(&f, 1000, 0, SECOND);
    assert_false(poll_snapshot(&f).flags & QD_METER_FLAG_GAP);
    f.tick_us += 3000000;
    run_one(&f, 1000, 0, SECOND);
    assert_true(poll_snapshot(&f).flags & QD_METER_FLAG_GAP);
    assert_int_equal(total(&f, QD_ENERGY_A_IMPORT), 3000); /* nothing is made up */
    assert_int_equal(qd_metrology_commit(f.m), QD_OK);
    qd_journal_entry_t entry = newest_entry(&f);
    assert_int_equal(entry.code, QD_JOURNAL_GAP);
    assert_int_equal(entry.old_value, 1);
    assert_int_equal(entry.new_value, 3000000);
    f.tick_us += 2000000;
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(qd_metrology_commit(f.m), QD_OK);
    assert_int_equal(newest_entry(&f).sequence, entry.sequence); /* it is gathered for an hour */
    for (unsigned i = 0; i < 360; i++) {
        run_one(&f, 1000, 0, 10 * SECOND);
        assert_int_equal(qd_metrology_commit(f.m), QD_OK);
    }
    assert_int_equal(newest_entry(&f).sequence, entry.sequence + 1);
    assert_int_equal(newest_entry(&f).code, QD_JOURNAL_GAP);
    assert_int_equal(newest_entry(&f).old_value, 1);
    assert_int_equal(newest_entry(&f).new_value, 2000000);
}

static void rate_switch_cuts_the_quantum(void **state) {
    (void)state;
    fixture_t cut, whole;
    fixture_new(&cut);
    fixture_new(&whole);
    for (uint32_t n = 1; n < 900; n++) {
        assert_int_equal(select_all(&cut, (uint8_t)(n % 9u), cut.tick_us + n * 1111u), QD_OK);
        run_one(&cut, (int32_t)(1000003 + n), -(int32_t)(77 + n), 999983);
        run_one(&whole, (int32_t)(1000003 + n), -(int32_t)(77 + n), 999983);
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            int64_t sum = 0;
            for (unsigned r = 0; r <= QD_RATES; r++) {
                sum += cut.m->registers.mj[r][c];
            }
            assert_int_equal(sum, whole.m->registers.mj[0][c]);
            assert_int_equal(total(&cut, (qd_energy_t)c), sum);
        }
        assert_memory_equal(cut.m->rest_nj, whole.m->rest_nj, sizeof cut.m->rest_nj);
    }
    assert_int_equal(cut.pulses[0], whole.pulses[0]);
    for (unsigned r = 0; r <= QD_RATES; r++) {
        assert_true(cut.m->registers.mj[r][QD_ENERGY_A_IMPORT] > 0);
    }
}

static void rate_selection_and_its_instants(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    assert_int_equal(select_all(&f, 1, 0), QD_OK);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(f.m->registers.mj[1][0], 1000);
    /* exactly half a second into the interval */
    assert_int_equal(select_all(&f, 2, f.tick_us + 500000), QD_OK);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(f.m->registers.mj[1][0], 1500);
    assert_int_equal(f.m->registers.mj[2][0], 500);
    /* at its end: from the next one on */
    assert_int_equal(select_all(&f, 3, f.tick_us + SECOND), QD_OK);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(f.m->registers.mj[2][0], 1500);
    assert_int_equal(poll_snapshot(&f).rate[0], 3);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(f.m->registers.mj[3][0], 1000);
    /* the end of the newest interval by its number is "now" */
    assert_int_equal(select_all(&f, 4, f.tick_us), QD_OK);
    assert_int_equal(poll_snapshot(&f).rate[7], 4);
    /* in the past: refused and told */
    assert_int_equal(select_all(&f, 5, f.tick_us - 1), QD_RANGE);
    qd_journal_entry_t entry = newest_entry(&f);
    assert_int_equal(entry.code, QD_JOURNAL_RATE_REFUSED);
    assert_int_equal(entry.old_value, f.tick_us);
    assert_int_equal(entry.new_value, f.tick_us - 1);
    assert_int_equal(select_all(&f, 9, 0), QD_RANGE);
    /* a waiting one: later ones are refused, the same instant and earlier ones replace it */
    assert_int_equal(select_all(&f, 5, f.tick_us + 2000000), QD_OK);
    assert_int_equal(select_all(&f, 6, f.tick_us + 2000001), QD_BUSY);
    assert_int_equal(select_all(&f, 7, f.tick_us + 2000000), QD_OK);
    assert_int_equal(select_all(&f, 8, f.tick_us + 1500000), QD_OK);
    run_one(&f, 1000, 0, 3000000);
    assert_int_equal(f.m->registers.mj[4][0], 1500);
    assert_int_equal(f.m->registers.mj[8][0], 1500);
    assert_int_equal(f.m->registers.mj[7][0], 0);
    /* now replaces a waiting one as well */
    assert_int_equal(select_all(&f, 5, f.tick_us + 1), QD_OK);
    assert_int_equal(select_all(&f, 0, 0), QD_OK);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(f.m->registers.mj[0][0], 1000);
    assert_int_equal(f.m->registers.mj[5][0], 0);
    /* an instant inside a gap holds from the next interval's start */
    assert_int_equal(select_all(&f, 5, f.tick_us + 1000), QD_OK);
    f.tick_us += 5000000;
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(f.m->registers.mj[5][0], 1000);
}

/* A selection several intervals ahead waits; the quantum of its instant is cut there. */
static void a_rate_chosen_ahead_waits_for_its_instant(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    assert_int_equal(select_all(&f, 1, 0), QD_OK);
    assert_int_equal(select_all(&f, 2, f.tick_us + 2500000), QD_OK);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(poll_snapshot(&f).rate[0], 1);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(f.m->registers.mj[1][0], 2000);
    assert_int_equal(f.m->registers.mj[2][0], 0);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(f.m->registers.mj[1][0], 2500);
    assert_int_equal(f.m->registers.mj[2][0], 500);
}

static void rates_are_per_channel(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    qd_gate_request_t request = {.kind = QD_GATE_SELECT_RATE};
    qd_gate_reply_t reply;
    for (uint8_t c = 0; c < QD_ENERGY_COUNT; c++) {
        request.u.select_rate.rate[c] = (uint8_t)(c + 1u);
    }
    assert_int_equal(ask(f.gate, &request, &reply), QD_OK);
    run_one(&f, 3000, 4000, SECOND);
    run_one(&f, -3000, -4000, SECOND);
    assert_int_equal(f.m->registers.mj[1][QD_ENERGY_A_IMPORT], 3000);
    assert_int_equal(f.m->registers.mj[2][QD_ENERGY_A_EXPORT], 3000);
    assert_int_equal(f.m->registers.mj[3][QD_ENERGY_R1], 4000);
    assert_int_equal(f.m->registers.mj[5][QD_ENERGY_R3], 4000);
    assert_int_equal(f.m->registers.mj[7][QD_ENERGY_S_IMPORT], 5000);
    assert_int_equal(f.m->registers.mj[8][QD_ENERGY_S_EXPORT], 5000);
}

static void pulses_are_exact(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f); /* 1000 per kWh: one per 3,600,000 mJ */
    run_one(&f, 3599999, -1800000, SECOND);
    assert_int_equal(f.pulses[0], 0);
    run_one(&f, -1, 0, SECOND); /* export counts on the same output */
    assert_int_equal(f.pulses[0], 1);
    assert_int_equal(f.m->pulse[0].rest, 0);
    run_one(&f, 0, 1800000, SECOND);
    assert_int_equal(f.pulses[1], 1);
    for (unsigned i = 0; i < 3600; i++) {
        run_one(&f, (int32_t)(7 * KW), 0, SECOND);
    }
    assert_int_equal(f.pulses[0], 1 + 7000);
    assert_int_equal(qd_metrology_pulse_count(f.m, 0), f.pulses[0]);
    assert_int_equal(qd_metrology_pulse_count(f.m, 2), 0);
    /* the largest powers and constants */
    fixture_prepare(&f);
    f.config.pulse_constant[0] = 100000;
    f.ports.pulse = NULL;
    fixture_start(&f);
    qd_quantities_t r = one_phase(&f, 2000000000, 0, 10000000);
    r.phase[1] = r.phase[0];
    r.phase[2] = r.phase[0];
    fixture_run(&f, &r);
    assert_int_equal(qd_metrology_pulse_count(f.m, 0), UINT64_C(60000000000) * 100000 / 3600000000u);
}

static void contradicting_configs_are_refused(void **state) {
    (void)state;
    fixture_t f;
    fixture_prepare(&f);
    f.config.no_load_enter_mw = 2;
    f.config.no_load_leave_mw = 1;
    assert_int_equal(qd_metrology_init(&f.memory, sizeof f.memory, &f.config, &f.ports, 0, &f.m),
                     QD_ARGUMENT);
    fixture_prepare(&f);
    f.config.fold_period_s = 0;
    assert_int_equal(qd_metrology_init(&f.memory, sizeof f.memory, &f.config, &f.ports, 0, &f.m),
                     QD_ARGUMENT);
    fixture_prepare(&f);
    f.config.pulse_constant[1] = 0;
    assert_int_equal(qd_metrology_init(&f.memory, sizeof f.memory, &f.config, &f.ports, 0, &f.m),
                     QD_ARGUMENT);
    fixture_prepare(&f);
    f.config.wiring = (qd_wiring_t)3;
    assert_int_equal(qd_metrology_init(&f.memory, sizeof f.memory, &f.config, &f.ports, 0, &f.m),
                     QD_ARGUMENT);
    for (unsigned i = 0; i < 7; i++) {
        fixture_prepare(&f);
        f.config.sum = i == 0 ? (qd_sum_t)(QD_SUM_PER_PHASE + 1) : f.config.sum;
        f.config.apparent = i == 1 ? (qd_apparent_t)(QD_APPARENT_ARITHMETIC + 1) : f.config.apparent;
        f.config.fold_period_s = i == 2 ? 3601 : f.config.fold_period_s;
        f.config.pulse_constant[0] = i == 3 ? 100001 : f.config.pulse_constant[0];
        f.ports.logs = i == 4 ? NULL : f.ports.logs;
        assert_int_equal(qd_metrology_init(i == 5 ? NULL : &f.memory, sizeof f.memory, &f.config, &f.ports,
                                           i == 6 ? UINT64_C(1) << 63 : 0, &f.m),
                         QD_ARGUMENT);
    }
    fixture_prepare(&f);
    assert_int_equal(qd_metrology_init(&f.memory, qd_metrology_size() - 1, &f.config, &f.ports, 0, &f.m),
                     QD_NO_SPACE);
    assert_int_equal(
        qd_metrology_init(f.memory.octets + 1, sizeof f.memory - 1, &f.config, &f.ports, 0, &f.m),
        QD_ARGUMENT);
    f.ports.records = NULL;
    assert_int_equal(qd_metrology_init(&f.memory, sizeof f.memory, &f.config, &f.ports, 0, &f.m),
                     QD_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accumulator_keeps_the_rest),
        cmocka_unit_test(each_quadrant_has_its_channels),
        cmocka_unit_test(opposing_phases_cancel_or_add_by_convention),
        cmocka_unit_test(apparent_power_by_convention),
        cmocka_unit_test(roots_do_not_depend_on_the_past),
        cmocka_unit_test(wiring_chooses_the_elements),
        cmocka_unit_test(invalid_phases_give_no_energy),
        cmocka_unit_test(no_load_has_hysteresis_and_keeps_remainders),
        cmocka_unit_test(no_load_per_phase_judges_magnitudes),
        cmocka_unit_test(no_load_of_a_phase_is_its_own),
        cmocka_unit_test(refused_intervals_book_nothing),
        cmocka_unit_test(limits_of_a_phase),
        cmocka_unit_test(gaps_are_told_once),
        cmocka_unit_test(rate_switch_cuts_the_quantum),
        cmocka_unit_test(rate_selection_and_its_instants),
        cmocka_unit_test(a_rate_chosen_ahead_waits_for_its_instant),
        cmocka_unit_test(rates_are_per_channel),
        cmocka_unit_test(pulses_are_exact),
        cmocka_unit_test(contradicting_configs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
