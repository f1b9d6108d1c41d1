/* The supply fails with notice: what is written then, how much of it, and what the next start knows. */
#include "fixture.h"

#include <stdlib.h>

enum { BASE, DELTA, SEALED, CHECKPOINT };

static uint64_t lcg(uint64_t *x) {
    *x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *x >> 33;
}

static int32_t power(uint64_t *x) {
    return (int32_t)(lcg(x) % 60000001u) - 30000000;
}

static void run_varied(fixture_t *f, uint64_t *x, uint32_t duration_us) {
    qd_quantities_t r = one_phase(f, 0, 0, duration_us);
    for (unsigned p = 0; p < QD_PHASES; p++) {
        r.phase[p].active_power_mw = power(x);
        r.phase[p].reactive_power_mvar = power(x);
        r.phase[p].valid = lcg(x) % 20u != 0;
    }
    fixture_run(f, &r);
}

static void commit(fixture_t *f) {
    assert_int_equal(qd_metrology_commit(f->m), QD_OK);
}

static qd_gate_reply_t hello(fixture_t *f) {
    qd_gate_request_t request = {.sequence = 1, .kind = QD_GATE_HELLO};
    qd_gate_reply_t reply;
    assert_int_equal(ask(f->gate, &request, &reply), QD_OK);
    return reply;
}

/* A notice now: one delta within the bound, nothing else, and a start on it finds everything. */
static size_t notice(fixture_t *f) {
    fixture_t *copy = calloc(1, sizeof *copy);
    unsigned writes[4];
    assert_non_null(copy);
    memcpy(writes, f->store.writes, sizeof writes);
    f->store.longest[DELTA] = 0;
    unsigned appends = f->log.appends;
    assert_int_equal(qd_metrology_commit_notice(f->m), QD_OK);
    writes[DELTA]++;
    assert_memory_equal(writes, f->store.writes, sizeof writes);
    assert_int_equal(f->log.appends, appends);
    fixture_copy(copy, f);
    fixture_start(copy);
    assert_int_equal(qd_metrology_hash(copy->m), qd_metrology_hash(f->m));
    assert_memory_equal(copy->m->rate, f->m->rate, sizeof f->m->rate);
    assert_memory_equal(copy->m->total_mj, f->m->total_mj, sizeof f->m->total_mj);
    assert_false(poll_snapshot(copy).flags & QD_METER_FLAG_CORRUPT);
    assert_true(hello(copy).u.hello.down_noticed);
    assert_int_equal(hello(copy).u.hello.down_utc_ms, qd_metrology_utc_ms(f->m, f->tick_us));
    assert_int_equal(newest_entry(copy).detail, 1);
    assert_int_equal(newest_entry(copy).old_value, qd_metrology_utc_ms(f->m, f->tick_us));
    /* before its first commit it can be cut again, with and without another change of rates */
    copy->tick_us = f->tick_us;
    assert_int_equal(select_all(copy, (uint8_t)(f->tick_us % 9u), 0), QD_OK);
    uint64_t x = f->tick_us;
    run_varied(copy, &x, 4321);
    assert_int_equal(qd_metrology_commit_notice(copy->m), QD_OK);
    assert_true(copy->store.longest[DELTA] <= QD_METROLOGY_NOTICE_MAX);
    uint64_t hash = qd_metrology_hash(copy->m);
    fixture_start(copy);
    assert_int_equal(qd_metrology_hash(copy->m), hash);
    free(copy);
    return f->store.longest[DELTA];
}

/* Every phase in another quadrant every second, rates that change before, in and at the end of the interval that
 * is cut, every channel's remainder moving. */
static void a_notice_is_small(void **state) {
    (void)state;
    size_t longest = 0;
    for (unsigned round = 0; round < 24; round++) {
        fixture_t f;
        uint64_t x = round;
        fixture_prepare(&f);
        f.config.sum = round % 2u == 0 ? QD_SUM_ALGEBRAIC : QD_SUM_PER_PHASE;
        f.config.fold_period_s = round % 3u == 0 ? 10 : 3600;
        fixture_start(&f);
        for (unsigned i = 0; i < 400; i++) {
            run_varied(&f, &x, 1u + (uint32_t)(lcg(&x) % 2000000u));
            commit(&f);
            if (lcg(&x) % 3u == 0) {
                uint64_t ahead = lcg(&x) % 3u == 0 ? 0 : lcg(&x) % 1000000u;
                (void)select_all(&f, (uint8_t)(lcg(&x) % 9u), ahead == 0 ? 0 : f.tick_us + ahead);
            }
            if (lcg(&x) % 4u != 0) {
                continue;
            }
            run_varied(&f, &x, 1u + (uint32_t)(lcg(&x) % 1000000u));
            f.m->waiting = f.m->waiting && f.m->selection.from_us < f.tick_us; /* forgotten by a restart */
            size_t length = notice(&f);
            longest = length > longest ? length : longest;
            if (lcg(&x) % 2u == 0) {
                fixture_start(&f);
            } /* else the supply comes back */
        }
    }
    assert_in_range(longest, 200, QD_METROLOGY_NOTICE_MAX);
    print_message("longest delta of a notice: %zu octets\n", longest);
}

#define HALF_MJ 0x40000000 /* an ordinary delta stays below it, one of a notice below twice as much */

static void start_again(fixture_t *f) {
    uint64_t hash = qd_metrology_hash(f->m);
    fixture_start(f);
    assert_int_equal(qd_metrology_hash(f->m), hash);
}

/* The most that an ordinary delta tells, and the most that the intervals of a notice may add. */
static void a_notice_has_room_for_energy(void **state) {
    (void)state;
    for (int32_t more = 0; more < 2; more++) {
        fixture_t f;
        fixture_new(&f);
        f.config.fold_period_s = 3600;
        run_one(&f, 1000, 0, SECOND);
        commit(&f);
        unsigned bases = f.store.writes[BASE];
        run_one(&f, HALF_MJ - 1, 0, SECOND);
        commit(&f);
        assert_int_equal(f.store.writes[BASE], bases);
        run_one(&f, HALF_MJ + more, 0, SECOND);
        assert_int_equal(qd_metrology_commit_notice(f.m), more == 0 ? QD_OK : QD_STATE);
        if (more == 0) {
            start_again(&f);
        } else {
            commit(&f);
            assert_int_equal(f.store.writes[BASE], bases + 1u);
        }
    }
    /* exports, reactive energy, a phase whose energy the sum does not have */
    for (unsigned how = 0; how < 3; how++) {
        fixture_t f;
        fixture_new(&f);
        run_one(&f, 1000, 0, SECOND);
        commit(&f);
        for (unsigned i = 0; i < 3; i++) {
            qd_quantities_t r = one_phase(&f,
                                          how == 0   ? -HALF_MJ + 1
                                          : how == 1 ? 0
                                                     : HALF_MJ - 1,
                                          how == 1 ? HALF_MJ - 1 : 0, SECOND);
            r.phase[1].active_power_mw = how == 2 ? -HALF_MJ + 1 : 0;
            fixture_run(&f, &r);
            if (i < 2) {
                commit(&f);
                assert_int_equal(f.store.writes[BASE], i + 1u);
            }
        }
        assert_int_equal(qd_metrology_commit_notice(f.m), QD_OK);
        start_again(&f);
    }
}

/* Whatever the last notice told, the next one has its room: after a start before any commit, and when the supply comes
 * back. */
static void every_notice_has_its_room(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    run_one(&f, 1000, 0, SECOND);
    commit(&f);
    for (unsigned i = 0; i < 12; i++) {
        run_one(&f, HALF_MJ - 1, 0, SECOND);
        if (i % 3u != 0) {
            commit(&f);
        }
        run_one(&f, HALF_MJ - 1, 0, SECOND);
        assert_int_equal(qd_metrology_commit_notice(f.m), QD_OK);
        if (i % 2u == 0) {
            start_again(&f);
        } else {
            unsigned bases = f.store.writes[BASE];
            commit(&f);
            assert_int_equal(f.store.writes[BASE], bases + 1u);
            assert_int_equal(qd_metrology_commit(f.m), QD_END);
        }
    }
    /* one that left room enough is what an ordinary commit would have written */
    run_one(&f, 1000, 0, SECOND);
    commit(&f);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(qd_metrology_commit_notice(f.m), QD_OK);
    assert_int_equal(qd_metrology_commit(f.m), QD_END);
    /* starts that are never followed by a commit use numbers up */
    f.m->number += 30000u;
    f.m->generation++;
    assert_int_equal(qd_metrology_commit_notice(f.m), QD_OK);
    unsigned bases = f.store.writes[BASE];
    fixture_start(&f);
    assert_int_equal(f.store.writes[BASE], bases + 1u);
}

/* A late step: a whole interval and the begun one. */
static void two_intervals_fit_one_notice(void **state) {
    (void)state;
    size_t longest[2] = {0, 0};
    for (unsigned round = 0; round < 8; round++) {
        fixture_t f;
        uint64_t x = 100u + round;
        fixture_prepare(&f);
        f.config.sum = round % 2u == 0 ? QD_SUM_ALGEBRAIC : QD_SUM_PER_PHASE;
        f.config.fold_period_s = 3600;
        fixture_start(&f);
        for (unsigned i = 0; i < 2000; i++) {
            bool switches = i % 2u != 0;
            run_varied(&f, &x, SECOND - i);
            commit(&f);
            if (switches) {
                assert_int_equal(select_all(&f, (uint8_t)(lcg(&x) % 9u), 0), QD_OK);
            }
            run_varied(&f, &x, SECOND - 7u);
            run_varied(&f, &x, 1u + (uint32_t)(lcg(&x) % 999999u));
            f.store.longest[DELTA] = 0;
            assert_int_equal(qd_metrology_commit_notice(f.m), QD_OK);
            longest[switches] =
                f.store.longest[DELTA] > longest[switches] ? f.store.longest[DELTA] : longest[switches];
            start_again(&f);
        }
    }
    assert_in_range(longest[0], 200, QD_METROLOGY_NOTICE_MAX);
    assert_in_range(longest[1], 200, QD_RECORD_METROLOGY_DELTA_SIZE);
    print_message("two intervals: %zu octets, when rates change %zu\n", longest[0], longest[1]);
}

static void what_was_under_way_does_not_hinder(void **state) {
    (void)state;
    for (unsigned how = 0; how < 4; how++) {
        fixture_t f;
        uint64_t x = how;
        qd_gate_request_t request = {.sequence = 1, .kind = QD_GATE_SET_CLOCK};
        qd_gate_reply_t reply;
        fixture_new(&f);
        f.open = true;
        run_varied(&f, &x, SECOND);
        commit(&f);
        run_varied(&f, &x, SECOND);
        f.store.pending = 3;
        if (how == 0) {
            f.m->base_wanted = true;
            assert_int_equal(qd_metrology_commit(f.m), QD_PENDING);
        } else if (how == 1) {
            assert_int_equal(qd_metrology_commit(f.m), QD_PENDING);
        } else {
            request.kind = how == 2 ? QD_GATE_SET_CLOCK : QD_GATE_SET_PARAMETER;
            request.u.set_clock.utc_ms = how == 2 ? 5000000 : 0;
            if (how == 3) {
                request.u.parameter.parameter = QD_SEALED_CT_NUMERATOR;
                request.u.parameter.value = 5;
            }
            assert_int_equal(f.gate->submit(f.gate->context, &request), QD_OK);
        }
        run_varied(&f, &x, 300000);
        f.store.pending = 0;
        fixture_t before;
        fixture_copy(&before, &f);
        assert_int_equal(qd_metrology_commit_notice(f.m), QD_OK);
        uint64_t hash = qd_metrology_hash(f.m);
        fixture_t copy;
        fixture_copy(&copy, &f);
        fixture_start(&copy);
        assert_int_equal(qd_metrology_hash(copy.m), hash);
        assert_int_equal(get_parameter(&copy, QD_SEALED_CT_NUMERATOR), 1);
        /* the supply comes back: request and commit go on from the newest state */
        if (how >= 2) {
            assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_OK);
            assert_int_equal(reply.status, QD_OK);
        }
        fixture_copy(&copy, &f);
        fixture_start(&copy);
        assert_int_equal(qd_metrology_hash(copy.m), hash);
        run_varied(&f, &x, SECOND);
        commit(&f);
        hash = qd_metrology_hash(f.m);
        fixture_start(&f);
        assert_int_equal(qd_metrology_hash(f.m), hash);
        assert_false(hello(&f).u.hello.down_noticed);
        assert_int_equal(get_parameter(&f, QD_SEALED_CT_NUMERATOR), how == 3 ? 5 : 1);
    }
}

static void without_a_base_nothing_is_written(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(qd_metrology_commit_notice(f.m), QD_STATE);
    assert_int_equal(f.store.writes[DELTA] + f.store.writes[BASE], 0);
    group_begin(&f);
    commit(&f);
    group_end(&f, false);
    qd_metrology_commit_failed(f.m);
    assert_int_equal(qd_metrology_commit_notice(f.m), QD_STATE);
    commit(&f);
    assert_int_equal(qd_metrology_commit_notice(f.m), QD_OK);
    /* a device that refuses */
    run_one(&f, 1000, 0, SECOND);
    f.store.write_status[DELTA] = QD_IO;
    assert_int_equal(qd_metrology_commit_notice(f.m), QD_IO);
    assert_true(poll_snapshot(&f).flags & QD_METER_FLAG_DEGRADED);
    f.store.write_status[DELTA] = QD_OK;
    /* energy under a third rate */
    assert_int_equal(select_all(&f, 1, 0), QD_OK);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(qd_metrology_commit_notice(f.m), QD_OK);
    assert_int_equal(select_all(&f, 2, 0), QD_OK);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(qd_metrology_commit_notice(f.m), QD_STATE);
    commit(&f);
    /* a rate under which nothing was booked does not count */
    assert_int_equal(select_all(&f, 3, 0), QD_OK);
    assert_int_equal(select_all(&f, 4, 0), QD_OK);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(qd_metrology_commit_notice(f.m), QD_OK);
    uint64_t hash = qd_metrology_hash(f.m);
    fixture_start(&f);
    assert_int_equal(qd_metrology_hash(f.m), hash);
    assert_int_equal(f.m->registers.mj[4][0], 1000);
}

static void the_next_start_knows_how_it_ended(void **state) {
    (void)state;
    fixture_t f;
    qd_gate_reply_t reply;
    fixture_new(&f);
    reply = hello(&f);
    assert_int_equal(reply.u.hello.down_utc_ms, INT64_MIN);
    assert_false(reply.u.hello.down_noticed);
    run_one(&f, 1000, 0, SECOND);
    commit(&f);
    run_one(&f, 1000, 0, 250000);
    assert_int_equal(qd_metrology_commit_notice(f.m), QD_OK);
    fixture_start(&f);
    assert_true(hello(&f).u.hello.down_noticed);
    assert_int_equal(hello(&f).u.hello.down_utc_ms, 800000000000 + 1250);
    assert_int_equal(newest_entry(&f).code, QD_JOURNAL_STARTED);
    assert_int_equal(newest_entry(&f).detail, 1);
    /* without notice, after a base and after a delta */
    for (unsigned i = 1; i < 3; i++) {
        for (unsigned n = 0; n < i; n++) {
            run_one(&f, 1000, 0, SECOND);
            commit(&f);
        }
        int64_t utc_ms = poll_snapshot(&f).utc_ms;
        fixture_start(&f);
        assert_false(hello(&f).u.hello.down_noticed);
        assert_int_equal(hello(&f).u.hello.down_utc_ms, utc_ms);
        assert_int_equal(newest_entry(&f).detail, 0);
        assert_int_equal(newest_entry(&f).old_value, utc_ms);
    }
    f.store.read_status[BASE] = QD_CORRUPT;
    fixture_start(&f);
    assert_int_equal(hello(&f).u.hello.down_utc_ms, INT64_MIN);
}

/* A second in any parts is the second: no gap, and the same registers, remainders and pulses. */
static void a_cut_interval_changes_nothing(void **state) {
    (void)state;
    static const uint32_t parts[][4] = {{1, 999999, 0, 0},
                                        {999999, 1, 0, 0},
                                        {1, 1, 1, 999997},
                                        {333333, 333333, 333334, 0},
                                        {500000, 499999, 1, 0}};
    fixture_t whole, cut;
    fixture_new(&whole);
    fixture_new(&cut);
    for (unsigned i = 0; i < 200; i++) {
        int32_t p = 1000003 * (i % 7u == 3u ? -1 : 1) + (int32_t)i;
        run_one(&whole, p, -777 * (int32_t)i, SECOND);
        for (unsigned n = 0; n < 4 && parts[i % 5u][n] > 0; n++) {
            run_one(&cut, p, -777 * (int32_t)i, parts[i % 5u][n]);
            if (i % 3u == 0) {
                (void)qd_metrology_commit(cut.m);
            }
        }
        assert_int_equal(qd_metrology_hash(cut.m), qd_metrology_hash(whole.m));
    }
    assert_false(poll_snapshot(&cut).flags & QD_METER_FLAG_GAP);
    assert_int_equal(cut.m->gap_count, 0);
    /* the meter goes on after a cut, a whole interval later, and after one that is missing */
    run_one(&cut, 1000, 0, 10 * SECOND);
    assert_false(poll_snapshot(&cut).flags & QD_METER_FLAG_GAP);
    cut.tick_us += 100001;
    run_one(&cut, 1000, 0, 1);
    assert_true(poll_snapshot(&cut).flags & QD_METER_FLAG_GAP);
    assert_int_equal(cut.m->gap_us, 100001);
}

/* from_us one us before the cut, at it, and after it: the next interval begins where the cut was. */
static void rates_change_around_a_cut(void **state) {
    (void)state;
    for (unsigned how = 0; how < 4; how++) {
        fixture_t f;
        fixture_new(&f);
        run_one(&f, 1000000, 0, SECOND);
        commit(&f);
        uint64_t cut_us = f.tick_us + 400000;
        uint64_t from_us = cut_us - 1u + how; /* 3: inside the next interval */
        from_us += how == 3 ? 199998u : 0;
        assert_int_equal(select_all(&f, 5, from_us), QD_OK);
        run_one(&f, 1000000, 0, 400000); /* 1 mJ per us */
        assert_int_equal(f.m->registers.mj[5][0], how == 0 ? 1 : 0);
        assert_int_equal(f.m->rate[0], how <= 1 ? 5 : 0);
        assert_int_equal(qd_metrology_commit_notice(f.m), QD_OK);
        if (how == 0) {
            fixture_t copy;
            fixture_copy(&copy, &f);
            fixture_start(&copy);
            assert_int_equal(copy.m->registers.mj[5][0], 1);
            assert_int_equal(copy.m->registers.mj[0][0], 1399999);
            assert_int_equal(copy.m->rate[0], 5);
        }
        run_one(&f, 1000000, 0, 600000);
        static const int64_t expected[] = {600001, 600000, 599999, 400000};
        assert_int_equal(f.m->registers.mj[5][0], expected[how]);
        assert_int_equal(f.m->registers.mj[0][0], 2000000 - f.m->registers.mj[5][0]);
        commit(&f);
        uint64_t hash = qd_metrology_hash(f.m);
        fixture_start(&f);
        assert_int_equal(qd_metrology_hash(f.m), hash);
    }
    /* exactly at the end of the newest interval after the cut: from then on; before it: refused */
    fixture_t f;
    fixture_new(&f);
    run_one(&f, 1000000, 0, 400000);
    assert_int_equal(select_all(&f, 5, f.tick_us - 1u), QD_RANGE);
    assert_int_equal(select_all(&f, 5, f.tick_us), QD_OK);
    assert_int_equal(f.m->rate[0], 5);
    run_one(&f, 1000000, 0, 1);
    assert_int_equal(f.m->registers.mj[5][0], 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notice_is_small),
        cmocka_unit_test(a_notice_has_room_for_energy),
        cmocka_unit_test(every_notice_has_its_room),
        cmocka_unit_test(two_intervals_fit_one_notice),
        cmocka_unit_test(what_was_under_way_does_not_hinder),
        cmocka_unit_test(without_a_base_nothing_is_written),
        cmocka_unit_test(the_next_start_knows_how_it_ended),
        cmocka_unit_test(a_cut_interval_changes_nothing),
        cmocka_unit_test(rates_change_around_a_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
