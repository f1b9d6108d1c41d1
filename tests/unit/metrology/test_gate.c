/* The direct gate: snapshots, pages, clock, parameters, pulses, journal. */
#include "fixture.h"

enum { BASE, DELTA, SEALED, CHECKPOINT };

static void snapshots_are_numbered_states(void **state) {
    (void)state;
    fixture_t f;
    qd_snapshot_t s;
    fixture_new(&f);
    assert_int_equal(f.gate->poll(f.gate->context, &s), QD_OK);
    assert_int_equal(s.number, 1);
    assert_int_equal(f.gate->poll(f.gate->context, &s), QD_END);
    run_one(&f, 1000, -2000, SECOND);
    assert_int_equal(f.gate->poll(f.gate->context, &s), QD_OK);
    assert_int_equal(s.number, 2);
    assert_int_equal(qd_metrology_commit(f.m), QD_OK); /* the same state: the same number */
    assert_int_equal(f.gate->poll(f.gate->context, &s), QD_END);
    assert_int_equal(s.number, 2);
    run_one(&f, 1000, -2000, SECOND);
    assert_int_equal(qd_metrology_commit(f.m), QD_OK); /* or the other way round */
    assert_int_equal(f.gate->poll(f.gate->context, &s), QD_OK);
    assert_int_equal(s.number, 3);
    assert_int_equal(s.tick_us, 2 * SECOND);
    assert_int_equal(s.now.phase[0].reactive_power_mvar, -2000);
    assert_int_equal(s.active_power_mw, 1000);
    assert_int_equal(s.reactive_power_mvar, -2000);
    assert_int_equal(s.apparent_power_mva, 2236);
    assert_int_equal(s.total_mj[QD_ENERGY_R4], 4000);
    assert_int_equal(s.utc_ms, 800000000000 + 2000);
}

static qd_status_t page(fixture_t *f, uint32_t snapshot, uint8_t number, qd_page_t *out) {
    qd_gate_request_t request = {.sequence = 3, .kind = QD_GATE_PAGE};
    qd_gate_reply_t reply;
    request.u.page.snapshot = snapshot;
    request.u.page.page = number;
    qd_status_t status = ask(f->gate, &request, &reply);
    *out = reply.u.page;
    return status;
}

static void pages_belong_to_the_polled_snapshot(void **state) {
    (void)state;
    fixture_t f;
    qd_page_t p;
    fixture_new(&f);
    assert_int_equal(page(&f, 0, 0, &p), QD_OK); /* before any poll: of the start */
    assert_int_equal(select_all(&f, 8, 0), QD_OK);
    run_one(&f, 1000, 0, SECOND);
    uint32_t number = poll_snapshot(&f).number;
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(qd_metrology_commit(f.m), QD_OK);
    for (uint8_t i = 0; i < QD_PAGE_COUNT; i++) {
        assert_int_equal(page(&f, number, i, &p), QD_OK);
        assert_int_equal(p.snapshot, number);
        assert_int_equal(p.page, i);
        bool has = i == QD_PAGE_RATE(8) || i == QD_PAGE_PHASE(0);
        assert_int_equal(p.energy_mj[0], has ? 1000 : 0);
    }
    assert_int_equal(page(&f, number + 1, 0, &p), QD_UNDEFINED);
    assert_int_equal(page(&f, 0, QD_PAGE_COUNT, &p), QD_UNDEFINED);
    qd_snapshot_t s = poll_snapshot(&f);
    assert_int_equal(page(&f, number, 0, &p), QD_UNDEFINED);
    assert_int_equal(page(&f, s.number, 8, &p), QD_OK);
    assert_int_equal(p.energy_mj[0], s.total_mj[0]);
}

static void one_request_at_a_time(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    qd_gate_request_t request = {.sequence = 77, .kind = QD_GATE_HELLO};
    qd_gate_reply_t reply;
    assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_STATE);
    assert_int_equal(f.gate->submit(f.gate->context, &request), QD_OK);
    assert_int_equal(f.gate->submit(f.gate->context, &request), QD_BUSY);
    assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_OK);
    assert_int_equal(reply.sequence, 77);
    assert_memory_equal(reply.u.hello.version, "V030101", 8);
    assert_int_equal(reply.u.hello.journal_entries, 2);
    assert_int_equal(reply.u.hello.pulse_constant[1], 1000);
    assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_STATE);
    request.kind = 0;
    assert_int_equal(f.gate->submit(f.gate->context, &request), QD_ARGUMENT);
    request.kind = QD_GATE_SELF_TEST + 1;
    assert_int_equal(f.gate->submit(f.gate->context, &request), QD_ARGUMENT);
}

static void self_test_tells_what_is_wrong(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    qd_gate_request_t request = {.kind = QD_GATE_SELF_TEST};
    qd_gate_reply_t reply;
    assert_int_equal(ask(f.gate, &request, &reply), QD_OK);
    assert_int_equal(reply.u.self_test, 0);
    f.m->registers.mj[3][2]++;
    f.m->rest_nj[3][7] = 1000000;
    f.store.write_status[BASE] = QD_IO;
    assert_int_equal(qd_metrology_commit(f.m), QD_IO);
    assert_int_equal(ask(f.gate, &request, &reply), QD_OK);
    assert_int_equal(reply.u.self_test, QD_SELF_TEST_TOTALS | QD_SELF_TEST_REMAINDERS | QD_SELF_TEST_STORAGE);
}

static void the_clock_starts_from_what_there_is(void **state) {
    (void)state;
    fixture_t f;
    fixture_prepare(&f);
    f.rtc_get = QD_UNAVAILABLE;
    fixture_start(&f);
    qd_snapshot_t s = poll_snapshot(&f);
    assert_int_equal(s.utc_ms, INT64_C(31622400000)); /* 2001-01-01 */
    assert_false(s.clock.valid);
    assert_true(s.clock.doubtful);
    assert_int_equal(s.clock.uncertainty_ms, UINT32_MAX);
    /* the last committed one goes on, invalid */
    assert_int_equal(set_clock(&f, 700000000000, 0, 10), QD_OK);
    run_one(&f, 1, 0, SECOND);
    assert_int_equal(qd_metrology_commit(f.m), QD_OK);
    f.rtc_get = QD_IO;
    fixture_start(&f);
    s = poll_snapshot(&f);
    assert_int_equal(s.utc_ms, 700000001000);
    assert_false(s.clock.valid);
    f.ports.rtc = NULL;
    fixture_start(&f);
    assert_int_equal(poll_snapshot(&f).utc_ms, 700000001000);
    /* the RTC is better; it drifted since the last commit: 1,000,000 s at 20 ppm and 10 ms before */
    fixture_prepare(&f);
    fixture_start(&f);
    assert_int_equal(set_clock(&f, 700000000000, 0, 10), QD_OK);
    assert_int_equal(f.rtc_ms, 700000000000);
    f.rtc_ms = 701000000000;
    fixture_start(&f);
    s = poll_snapshot(&f);
    assert_true(s.clock.valid);
    assert_int_equal(s.utc_ms, 701000000000);
    assert_int_equal(s.clock.uncertainty_ms, 20010);
    assert_true(s.clock.doubtful);
    /* one that went back is wrong by at least the way back */
    f.rtc_ms = 699999999000;
    f.store.slot[DELTA].length = 0;
    fixture_start(&f);
    assert_int_equal(poll_snapshot(&f).clock.uncertainty_ms, 10 + 1000);
}

static void uncertainty_grows_and_saturates(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    assert_int_equal(set_clock(&f, 1000, 5000, 980), QD_OK);
    assert_int_equal(qd_metrology_utc_ms(f.m, 5000), 1000);
    assert_int_equal(qd_metrology_utc_ms(f.m, 4999), 999); /* rounded down on both sides */
    assert_int_equal(qd_metrology_utc_ms(f.m, 4000), 999);
    assert_int_equal(qd_metrology_utc_ms(f.m, 5999), 1000);
    assert_int_equal(qd_metrology_utc_ms(f.m, 6000), 1001);
    run_one(&f, 0, 0, SECOND);
    assert_int_equal(poll_snapshot(&f).clock.uncertainty_ms, 980);
    assert_false(poll_snapshot(&f).clock.doubtful);
    f.tick_us = UINT64_C(999000000) + 5000;
    run_one(&f, 0, 0, SECOND);
    assert_int_equal(poll_snapshot(&f).clock.uncertainty_ms, 1000); /* 1000 s at 20 ppm */
    assert_true(poll_snapshot(&f).clock.doubtful);
    assert_true(poll_snapshot(&f).clock.valid);
    f.tick_us = UINT64_C(9000000000000000000);
    run_one(&f, 0, 0, SECOND);
    assert_int_equal(poll_snapshot(&f).clock.uncertainty_ms, UINT32_MAX);
}

/* In the midst of an interval, before the newest end or behind it: the value set, to the ms, from then on. */
static void a_clock_just_set_shows_what_was_set(void **state) {
    (void)state;
    fixture_t f;
    uint64_t x = 1;
    fixture_new(&f);
    for (unsigned i = 0; i < 3000; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        run_one(&f, 1000, 0, (uint32_t)(1 + (x >> 33) % 2000000u));
        uint64_t at_us = f.tick_us + (x >> 20) % 1700000u;
        at_us -= i % 3u == 0 && at_us > 900000u ? 900000u : 0;
        int64_t utc_ms = (int64_t)(700000000000 + (x >> 24) % 100000000000u);
        assert_int_equal(set_clock(&f, utc_ms, at_us, 0), QD_OK);
        assert_int_equal(qd_metrology_utc_ms(f.m, at_us), utc_ms);
        assert_int_equal(qd_metrology_utc_ms(f.m, at_us - 1u), utc_ms - 1);
        assert_int_equal(qd_metrology_utc_ms(f.m, at_us + 999u), utc_ms);
        qd_snapshot_t s = poll_snapshot(&f);
        assert_int_equal(utc_shown(&s, at_us), utc_ms);
        assert_int_equal(utc_shown(&s, at_us + 999u), utc_ms);
        assert_int_equal(utc_shown(&s, at_us + 1000u), utc_ms + 1);
        f.tick_us += 3000000u;
        run_one(&f, 1000, 0, 777777);
        s = poll_snapshot(&f);
        assert_int_equal(utc_shown(&s, f.tick_us), utc_ms + (int64_t)((f.tick_us - at_us) / 1000u));
    }
    /* before 2000, and beyond what 64 bits hold in us: rounded down, at the ends */
    assert_int_equal(set_clock(&f, 5000, f.tick_us, 0), QD_OK);
    assert_int_equal(qd_metrology_utc_ms(f.m, f.tick_us - 5000000u), 0);
    assert_int_equal(qd_metrology_utc_ms(f.m, f.tick_us - 5000001u), -1);
    assert_int_equal(qd_metrology_utc_ms(f.m, f.tick_us - 5001000u), -1);
    assert_int_equal(qd_metrology_utc_ms(f.m, f.tick_us - 5001001u), -2);
    assert_int_equal(set_clock(&f, INT64_C(250000000000000), f.tick_us, 0), QD_OK);
    assert_int_equal(qd_metrology_utc_ms(f.m, QD_MET_TICK_LIMIT - 1u), INT64_MAX / 1000);
}

static void the_clock_is_set_for_good(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    run_one(&f, 1, 0, 3 * SECOND);
    unsigned writes = f.store.writes[BASE];
    assert_int_equal(set_clock(&f, 800000100000, 2 * SECOND, 5), QD_OK);
    assert_int_equal(f.store.writes[BASE], writes + 1);
    assert_int_equal(f.rtc_ms, 800000101000); /* as of the newest interval */
    qd_snapshot_t s = poll_snapshot(&f);
    assert_int_equal(s.utc_ms, 800000101000);
    assert_int_equal(s.clock.uncertainty_ms, 5);
    qd_journal_entry_t entry = newest_entry(&f);
    assert_int_equal(entry.code, QD_JOURNAL_CLOCK_SET);
    assert_int_equal(entry.old_value, 800000002000);
    assert_int_equal(entry.new_value, 800000100000);
    assert_int_equal(entry.utc_ms, 800000003000);
    assert_int_equal(entry.clock_valid, 1);
    assert_int_equal(set_clock(&f, -1, 0, 0), QD_RANGE);
    assert_int_equal(set_clock(&f, INT64_C(252455616000000), f.tick_us, 0), QD_RANGE);
    assert_int_equal(set_clock(&f, 0, UINT64_C(1) << 63, 0), QD_RANGE);
    assert_int_equal(set_clock(&f, 0, f.tick_us + 1000, 0),
                     QD_RANGE); /* before 2000 at the newest interval */
    assert_int_equal(newest_entry(&f).sequence, entry.sequence);
    /* a restart without RTC finds the new clock, and the entry */
    f.ports.rtc = NULL;
    fixture_start(&f);
    assert_int_equal(poll_snapshot(&f).utc_ms, 800000101000);
    assert_int_equal(read_journal(&f, entry.sequence, &entry), QD_OK);
    assert_int_equal(entry.code, QD_JOURNAL_CLOCK_SET);
}

/* The log refuses: no entry, no effect. A record or the RTC refuses: the entry stands, and a second one says so. */
static void a_clock_that_cannot_be_kept_is_not_set(void **state) {
    (void)state;
    for (unsigned how = 0; how < 3; how++) {
        fixture_t f;
        fixture_new(&f);
        run_one(&f, 1, 0, SECOND);
        assert_int_equal(qd_metrology_commit(f.m), QD_OK);
        uint32_t sequence = newest_entry(&f).sequence;
        if (how == 0) {
            f.log.append_status = QD_IO;
        } else if (how == 1) {
            f.store.write_status[BASE] = QD_NO_SPACE;
        } else {
            f.rtc_set = QD_IO;
        }
        assert_int_equal(set_clock(&f, 1000000, f.tick_us, 0), how == 1 ? QD_NO_SPACE : QD_IO);
        assert_int_equal(poll_snapshot(&f).utc_ms, 800000001000);
        assert_int_equal(f.rtc_sets, 0);
        qd_journal_entry_t entry = newest_entry(&f);
        assert_int_equal(entry.sequence, how == 0 ? sequence : sequence + 2);
        if (how > 0) {
            assert_int_equal(entry.code, QD_JOURNAL_WITHOUT_EFFECT);
            assert_int_equal(entry.old_value, sequence + 1);
            assert_int_equal(entry.detail, how == 1 ? QD_NO_SPACE : QD_IO);
            assert_int_equal(read_journal(&f, sequence + 1, &entry), QD_OK);
            assert_int_equal(entry.code, QD_JOURNAL_CLOCK_SET);
        }
        memset(f.store.write_status, 0, sizeof f.store.write_status);
        f.log.append_status = QD_OK;
        /* the device forgets it with the next commit at the latest */
        run_one(&f, 1, 0, SECOND);
        assert_int_equal(qd_metrology_commit(f.m), QD_OK);
        uint64_t hash = qd_metrology_hash(f.m);
        f.ports.rtc = NULL;
        fixture_start(&f);
        assert_int_equal(poll_snapshot(&f).utc_ms, 800000002000);
        assert_int_equal(newest_entry(&f).code, QD_JOURNAL_STARTED);
        assert_int_equal(newest_entry(&f).sequence, how == 0 ? sequence + 1 : sequence + 3);
        assert_int_equal(newest_entry(&f).lost, 0);
        assert_int_equal(qd_metrology_hash(f.m), hash);
    }
}

static void a_pending_clock_is_not_in_force(void **state) {
    (void)state;
    for (unsigned pending = 2; pending < 6; pending++) {
        fixture_t f;
        fixture_new(&f);
        qd_gate_request_t request = {.sequence = 1, .kind = QD_GATE_SET_CLOCK};
        qd_gate_reply_t reply;
        request.u.set_clock.utc_ms = 5000000;
        f.log.pending = pending - 1u;
        f.store.pending = pending;
        assert_int_equal(f.gate->submit(f.gate->context, &request), QD_OK);
        while (f.log.pending > 0 || f.store.pending > 1) {
            assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_PENDING);
        }
        run_one(&f, 1000, 0, SECOND);
        assert_int_equal(poll_snapshot(&f).utc_ms, 800000001000);
        assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_OK);
        assert_int_equal(reply.status, QD_OK);
        assert_int_equal(poll_snapshot(&f).utc_ms, 5001000);
        assert_int_equal(qd_metrology_commit(f.m), QD_OK);
        uint64_t hash = qd_metrology_hash(f.m);
        fixture_start(&f);
        assert_int_equal(qd_metrology_hash(f.m), hash);
    }
}

static void a_request_waits_for_the_commits_write(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    run_one(&f, 1000, 0, SECOND);
    f.store.pending = 3;
    assert_int_equal(qd_metrology_commit(f.m), QD_PENDING);
    f.store.pending = 0; /* the base of the commit is still to be finished */
    f.open = true;
    qd_gate_request_t request = {.sequence = 1, .kind = QD_GATE_SET_PARAMETER};
    qd_gate_reply_t reply;
    request.u.parameter.value = 5;
    assert_int_equal(f.gate->submit(f.gate->context, &request), QD_OK);
    assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_PENDING);
    assert_int_equal(f.m->sealed.ratio[0], 1);
    assert_int_equal(qd_metrology_commit(f.m), QD_OK);
    /* now the request's write is the pending one, and the commit has to wait */
    f.store.pending = 2;
    assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_PENDING);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(qd_metrology_commit(f.m), QD_BUSY);
    assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_OK);
    assert_int_equal(reply.status, QD_OK);
    assert_int_equal(f.m->sealed.ratio[0], 5);
    assert_int_equal(qd_metrology_commit(f.m), QD_OK);
}

static void parameters_are_sealed(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    for (uint8_t p = 0; p < QD_SEALED_PARAMETER_COUNT; p++) {
        assert_int_equal(get_parameter(&f, p), p == QD_SEALED_PRIMARY ? 0 : 1);
        assert_int_equal(set_parameter(&f, p, 1), QD_SEALED);
        qd_journal_entry_t entry = newest_entry(&f);
        assert_int_equal(entry.code, QD_JOURNAL_PARAMETER_REFUSED);
        assert_int_equal(entry.detail, p);
    }
    assert_int_equal(set_parameter(&f, QD_SEALED_PARAMETER_COUNT, 1), QD_UNDEFINED);
    f.open = true;
    for (uint8_t p = 0; p < QD_SEALED_PARAMETER_COUNT; p++) {
        bool flag = p == QD_SEALED_PRIMARY;
        assert_int_equal(set_parameter(&f, p, flag ? -1 : 0), QD_RANGE);
        assert_int_equal(set_parameter(&f, p, flag ? 2 : 65536), QD_RANGE);
        assert_int_equal(set_parameter(&f, p, flag ? 1 : 65535 - p), QD_OK);
        qd_journal_entry_t entry = newest_entry(&f);
        assert_int_equal(entry.code, QD_JOURNAL_PARAMETER);
        assert_int_equal(entry.detail, p);
        assert_int_equal(entry.old_value, flag ? 0 : 1);
        assert_int_equal(entry.new_value, flag ? 1 : 65535 - p);
    }
    f.open = false;
    assert_int_equal(set_parameter(&f, 0, 2), QD_SEALED);
    f.ports.factory = NULL;
    fixture_start(&f);
    assert_int_equal(set_parameter(&f, 0, 2), QD_SEALED);
    for (uint8_t p = 0; p < QD_SEALED_PARAMETER_COUNT; p++) {
        assert_int_equal(get_parameter(&f, p), p == QD_SEALED_PRIMARY ? 1 : 65535 - p);
    }
}

static void a_parameter_that_cannot_be_kept_is_not_set(void **state) {
    (void)state;
    for (unsigned how = 0; how < 2; how++) {
        fixture_t f;
        fixture_new(&f);
        f.open = true;
        uint32_t sequence = newest_entry(&f).sequence;
        f.log.append_status = how == 0 ? QD_IO : QD_OK;
        f.store.write_status[SEALED] = how == 0 ? QD_OK : QD_IO;
        assert_int_equal(set_parameter(&f, QD_SEALED_VT_DENOMINATOR, 100), QD_IO);
        assert_int_equal(get_parameter(&f, QD_SEALED_VT_DENOMINATOR), 1);
        assert_int_equal(newest_entry(&f).sequence, sequence + 2 * how);
        assert_int_equal(newest_entry(&f).code, how == 0 ? QD_JOURNAL_STARTED : QD_JOURNAL_WITHOUT_EFFECT);
        f.log.append_status = QD_OK;
        f.store.write_status[SEALED] = QD_OK;
        fixture_start(&f);
        assert_int_equal(get_parameter(&f, QD_SEALED_VT_DENOMINATOR), 1);
        assert_int_equal(newest_entry(&f).sequence, sequence + 1 + 2 * how);
        assert_int_equal(newest_entry(&f).code, QD_JOURNAL_STARTED);
    }
}

static qd_status_t set_pulse(fixture_t *f, uint8_t output, uint32_t constant) {
    qd_gate_request_t request = {.sequence = 2, .kind = QD_GATE_SET_PULSE};
    qd_gate_reply_t reply;
    request.u.pulse.output = output;
    request.u.pulse.constant = constant;
    return ask(f->gate, &request, &reply);
}

static void pulse_constants_are_sealed(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    assert_int_equal(set_pulse(&f, 0, 2000), QD_SEALED);
    assert_int_equal(newest_entry(&f).code, QD_JOURNAL_PARAMETER_REFUSED);
    assert_int_equal(newest_entry(&f).detail, 0x100);
    f.open = true;
    assert_int_equal(set_pulse(&f, 2, 2000), QD_UNDEFINED);
    assert_int_equal(set_pulse(&f, 1, 0), QD_RANGE);
    assert_int_equal(set_pulse(&f, 1, 100001), QD_RANGE);
    run_one(&f, 1800000, 0, SECOND); /* half a pulse stays half a pulse */
    assert_int_equal(set_pulse(&f, 0, 2000), QD_OK);
    assert_int_equal(newest_entry(&f).code, QD_JOURNAL_PULSE);
    assert_int_equal(newest_entry(&f).detail, 0);
    assert_int_equal(newest_entry(&f).old_value, 1000);
    run_one(&f, 900000, 0, SECOND);
    assert_int_equal(f.pulses[0], 1);
    assert_int_equal(f.m->pulse[0].rest, 0);
    assert_int_equal(qd_metrology_commit(f.m), QD_OK);
    fixture_start(&f);
    assert_int_equal(f.m->sealed.pulse_constant[0], 2000);
    assert_int_equal(qd_metrology_pulse_count(f.m, 0), 1);
}

/* Two meters in one process know nothing of each other. */
static void meters_do_not_share(void **state) {
    (void)state;
    fixture_t a, b, alone;
    fixture_new(&a);
    fixture_new(&b);
    fixture_new(&alone);
    for (int32_t i = 0; i < 100; i++) {
        run_one(&a, i * 1000, -i, 999999);
        run_one(&b, -i * 77, i * 3, SECOND);
        assert_int_equal(qd_metrology_commit(a.m), QD_OK);
        assert_int_equal(qd_metrology_commit(b.m), QD_OK);
    }
    for (int32_t i = 0; i < 100; i++) {
        run_one(&alone, i * 1000, -i, 999999);
    }
    assert_int_equal(qd_metrology_hash(a.m), qd_metrology_hash(alone.m));
    assert_int_not_equal(qd_metrology_hash(b.m), qd_metrology_hash(alone.m));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snapshots_are_numbered_states),
        cmocka_unit_test(pages_belong_to_the_polled_snapshot),
        cmocka_unit_test(one_request_at_a_time),
        cmocka_unit_test(self_test_tells_what_is_wrong),
        cmocka_unit_test(the_clock_starts_from_what_there_is),
        cmocka_unit_test(uncertainty_grows_and_saturates),
        cmocka_unit_test(a_clock_just_set_shows_what_was_set),
        cmocka_unit_test(the_clock_is_set_for_good),
        cmocka_unit_test(a_clock_that_cannot_be_kept_is_not_set),
        cmocka_unit_test(a_pending_clock_is_not_in_force),
        cmocka_unit_test(a_request_waits_for_the_commits_write),
        cmocka_unit_test(parameters_are_sealed),
        cmocka_unit_test(a_parameter_that_cannot_be_kept_is_not_set),
        cmocka_unit_test(pulse_constants_are_sealed),
        cmocka_unit_test(meters_do_not_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
