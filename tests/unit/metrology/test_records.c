/* What the records keep: deltas, bases, restarts, losses, failing writes and failing groups. */
#include "fixture.h"

enum { BASE, DELTA, SEALED, CHECKPOINT };

static uint64_t lcg(uint64_t *x) {
    *x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *x >> 33;
}

static int32_t power(uint64_t *x) {
    return (int32_t)(lcg(x) % 60000001u) - 30000000;
}

/* All channels move: three phases in varied quadrants. */
static void run_varied(fixture_t *f, uint64_t *x) {
    qd_quantities_t r = one_phase(f, power(x), power(x), (uint32_t)(1 + lcg(x) % 2000000u));
    r.phase[1].active_power_mw = power(x);
    r.phase[1].reactive_power_mvar = power(x);
    r.phase[2].active_power_mw = power(x);
    r.phase[2].reactive_power_mvar = power(x);
    fixture_run(f, &r);
}

/* Twelve channels move, the same ones in each interval. */
static void run_steady(fixture_t *f, uint64_t *x) {
    qd_quantities_t r = one_phase(f, 0, 0, (uint32_t)(1 + lcg(x) % 2000000u));
    for (unsigned p = 0; p < QD_PHASES; p++) {
        r.phase[p].active_power_mw = (int32_t)(1 + lcg(x) % 30000000u);
        r.phase[p].reactive_power_mvar = (int32_t)(1 + lcg(x) % 30000000u);
    }
    fixture_run(f, &r);
}

static void commit(fixture_t *f) {
    assert_int_equal(qd_metrology_commit(f->m), QD_OK);
}

static void restart(fixture_t *f) {
    fixture_start(f);
}

static void every_commit_survives_a_restart(void **state) {
    (void)state;
    fixture_t f;
    uint64_t x = 1;
    fixture_prepare(&f);
    f.config.sum = QD_SUM_PER_PHASE;
    fixture_start(&f);
    uint32_t number = 0;
    for (unsigned i = 0; i < 500; i++) {
        if (lcg(&x) % 50u == 0) {
            assert_int_equal(select_all(&f, (uint8_t)(lcg(&x) % 9u), f.tick_us + lcg(&x) % 3000000u), QD_OK);
            f.m->waiting = f.m->waiting && f.m->selection.from_us < f.tick_us; /* forgotten by a restart */
        }
        if (i % 4u == 0) {
            run_varied(&f, &x);
        } else {
            run_steady(&f, &x);
        }
        commit(&f);
        uint64_t hash = qd_metrology_hash(f.m);
        qd_snapshot_t before = poll_snapshot(&f);
        assert_true(before.number > number);
        number = before.number;
        if (lcg(&x) % 3u != 0) {
            continue;
        }
        restart(&f);
        assert_int_equal(qd_metrology_hash(f.m), hash);
        qd_snapshot_t after = poll_snapshot(&f);
        assert_memory_equal(after.total_mj, before.total_mj, sizeof after.total_mj);
        assert_memory_equal(after.rate, before.rate, sizeof after.rate);
        assert_true(after.number > number);
        number = after.number;
        assert_false(after.flags & QD_METER_FLAG_CORRUPT);
    }
    assert_true(f.store.writes[DELTA] > 100);
    assert_true(f.store.writes[BASE] > 100);
}

static void deltas_stay_within_their_record(void **state) {
    (void)state;
    fixture_t f;
    uint64_t x = 3;
    fixture_prepare(&f);
    f.config.sum = QD_SUM_PER_PHASE;
    f.config.fold_period_s = 3600;
    fixture_start(&f);
    for (unsigned i = 0; i < 200; i++) {
        run_varied(&f, &x);
        commit(&f);
    }
    assert_in_range(f.store.longest[DELTA], 34 + 65, 34 + 78); /* 12 channels at most, then a base */
    assert_true(f.store.writes[BASE] > 50);
    restart(&f);
    uint64_t hash = qd_metrology_hash(f.m);
    assert_int_equal(select_all(&f, 0, 0), QD_OK);
    commit(&f);
    restart(&f);
    assert_int_equal(qd_metrology_hash(f.m), hash);
}

static void base_is_due_by_time_by_size_and_by_rate(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    run_one(&f, 1000, 0, SECOND);
    commit(&f);
    assert_int_equal(f.store.writes[BASE], 1); /* the first after a start */
    for (unsigned i = 0; i < 60; i++) {
        run_one(&f, 1000, 0, SECOND);
        commit(&f);
    }
    assert_int_equal(f.store.writes[BASE], 2);
    assert_int_equal(f.store.writes[DELTA], 59);
    /* an ordinary delta holds less than 2^30 mJ */
    run_one(&f, 107374182, 0, 10000000);
    run_one(&f, 3, 0, SECOND);
    commit(&f);
    assert_int_equal(f.store.writes[BASE], 2);
    run_one(&f, 1, 0, SECOND);
    commit(&f);
    assert_int_equal(f.store.writes[BASE], 3);
    /* there and back again within one interval's time is a change as well */
    assert_int_equal(select_all(&f, 1, 0), QD_OK);
    run_one(&f, 1000, 0, SECOND);
    assert_int_equal(select_all(&f, 0, 0), QD_OK);
    commit(&f);
    assert_int_equal(f.store.writes[BASE], 4);
    uint64_t hash = qd_metrology_hash(f.m);
    restart(&f);
    assert_int_equal(qd_metrology_hash(f.m), hash);
    assert_int_equal(f.m->registers.mj[1][0], 1000);
}

static void nothing_new_is_not_written(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    commit(&f);
    assert_int_equal(qd_metrology_commit(f.m), QD_END);
    run_one(&f, 1, 0, SECOND);
    commit(&f);
    assert_int_equal(qd_metrology_commit(f.m), QD_END);
}

static void a_failed_write_loses_nothing(void **state) {
    (void)state;
    for (unsigned record = BASE; record <= DELTA; record++) {
        fixture_t f;
        uint64_t x = 4;
        fixture_new(&f);
        run_steady(&f, &x);
        commit(&f);
        uint64_t old = qd_metrology_hash(f.m);
        f.store.write_status[record] = QD_IO;
        if (record == BASE) {
            assert_int_equal(select_all(&f, 3, 0), QD_OK);
        }
        uint32_t number = poll_snapshot(&f).number;
        for (unsigned i = 0; i < 3; i++) {
            run_steady(&f, &x);
            assert_int_equal(qd_metrology_commit(f.m), QD_IO);
            qd_snapshot_t s = poll_snapshot(&f);
            assert_true(s.flags & QD_METER_FLAG_DEGRADED);
            assert_int_equal(s.number, number + 1u); /* each state has its own */
            number = s.number;
        }
        fixture_t copy; /* the power fails here */
        fixture_copy(&copy, &f);
        restart(&copy);
        assert_int_equal(qd_metrology_hash(copy.m), old);
        f.store.write_status[record] = QD_OK;
        run_steady(&f, &x);
        commit(&f);
        assert_false(poll_snapshot(&f).flags & QD_METER_FLAG_DEGRADED);
        uint64_t hash = qd_metrology_hash(f.m);
        restart(&f);
        assert_int_equal(qd_metrology_hash(f.m), hash);
    }
}

/* A second of the composition: run, poll, commit in a group that succeeds or fails as a whole. At any
 * time a restart finds what the last good group held. */
static void failed_groups_are_survived(void **state) {
    (void)state;
    fixture_t f, copy;
    uint64_t x = 5;
    fixture_prepare(&f);
    f.config.fold_period_s = 5;
    fixture_start(&f);
    uint64_t durable = qd_metrology_hash(f.m);
    for (unsigned i = 0; i < 600; i++) {
        if (lcg(&x) % 20u == 0) {
            (void)select_all(&f, (uint8_t)(lcg(&x) % 9u), 0);
        }
        run_varied(&f, &x);
        uint32_t number = poll_snapshot(&f).number;
        bool good = lcg(&x) % 3u != 0;
        group_begin(&f);
        commit(&f);
        assert_int_equal(poll_snapshot(&f).number, number);
        group_end(&f, good);
        if (good) {
            durable = qd_metrology_hash(f.m);
        } else {
            qd_metrology_commit_failed(f.m);
            assert_true(poll_snapshot(&f).flags & QD_METER_FLAG_DEGRADED);
        }
        fixture_copy(&copy, &f);
        restart(&copy);
        assert_int_equal(qd_metrology_hash(copy.m), durable);
        assert_false(poll_snapshot(&copy).flags & QD_METER_FLAG_CORRUPT);
    }
}

/* A request inside the group: what it wrote is lost with the group and comes again with the next. */
static void requests_in_a_failed_group_come_again(void **state) {
    (void)state;
    fixture_t f;
    uint64_t x = 11;
    fixture_new(&f);
    f.open = true;
    run_varied(&f, &x);
    commit(&f);
    uint64_t durable = qd_metrology_hash(f.m);
    run_varied(&f, &x);
    group_begin(&f);
    assert_int_equal(set_parameter(&f, QD_SEALED_CT_NUMERATOR, 9), QD_OK);
    assert_int_equal(set_clock(&f, 700000000000, f.tick_us, 0), QD_OK);
    commit(&f);
    group_end(&f, false);
    qd_metrology_commit_failed(f.m);
    fixture_t copy;
    fixture_copy(&copy, &f);
    restart(&copy);
    assert_int_equal(qd_metrology_hash(copy.m), durable);
    assert_int_equal(get_parameter(&copy, QD_SEALED_CT_NUMERATOR), 1);
    assert_int_equal(newest_entry(&f).code, QD_JOURNAL_STARTED);
    uint32_t sequence = newest_entry(&f).sequence + 2;
    group_begin(&f);
    commit(&f);
    group_end(&f, true);
    uint64_t hash = qd_metrology_hash(f.m);
    f.ports.rtc = NULL;
    restart(&f);
    assert_int_equal(qd_metrology_hash(f.m), hash);
    assert_int_equal(get_parameter(&f, QD_SEALED_CT_NUMERATOR), 9);
    assert_int_equal(poll_snapshot(&f).utc_ms, 700000000000);
    qd_journal_entry_t entry;
    assert_int_equal(read_journal(&f, sequence - 1, &entry), QD_OK);
    assert_int_equal(entry.code, QD_JOURNAL_PARAMETER);
    assert_int_equal(read_journal(&f, sequence, &entry), QD_OK);
    assert_int_equal(entry.code, QD_JOURNAL_CLOCK_SET);
    assert_int_equal(newest_entry(&f).sequence, sequence + 1); /* each of them once */
    assert_int_equal(newest_entry(&f).code, QD_JOURNAL_STARTED);
    assert_false(poll_snapshot(&f).flags & QD_METER_FLAG_CORRUPT);
}

static void a_pending_write_gets_the_same_octets(void **state) {
    (void)state;
    for (unsigned kind = BASE; kind <= DELTA; kind++) {
        fixture_t f;
        uint64_t x = 6;
        fixture_new(&f);
        run_steady(&f, &x);
        commit(&f);
        if (kind == BASE) {
            assert_int_equal(select_all(&f, 2, 0), QD_OK);
        }
        run_steady(&f, &x);
        f.store.pending = 3;
        assert_int_equal(qd_metrology_commit(f.m), QD_PENDING);
        uint8_t first[1024];
        memcpy(first, f.store.pending_octets, sizeof first);
        uint64_t taken = qd_metrology_hash(f.m);
        run_steady(&f, &x);
        assert_int_equal(select_all(&f, 4, 0), QD_OK);
        assert_int_equal(qd_metrology_commit(f.m), QD_PENDING);
        assert_memory_equal(first, f.store.pending_octets, kind == BASE ? 971 : 34);
        commit(&f);
        fixture_t copy;
        fixture_copy(&copy, &f);
        restart(&copy);
        assert_int_equal(qd_metrology_hash(copy.m), taken);
        commit(&f); /* what came meanwhile */
        uint64_t hash = qd_metrology_hash(f.m);
        restart(&f);
        assert_int_equal(qd_metrology_hash(f.m), hash);
    }
}

static unsigned count_lost(fixture_t *f, uint16_t record) {
    unsigned found = 0;
    qd_journal_entry_t entry = newest_entry(f);
    for (uint32_t s = entry.sequence; s > 0 && read_journal(f, s, &entry) == QD_OK; s--) {
        found += entry.code == QD_JOURNAL_RECORD_LOST && entry.detail == record;
    }
    return found;
}

static void a_lost_delta_leaves_the_base(void **state) {
    (void)state;
    fixture_t f;
    uint64_t x = 7;
    fixture_new(&f);
    run_steady(&f, &x);
    commit(&f);
    uint64_t base = qd_metrology_hash(f.m);
    run_steady(&f, &x);
    commit(&f);
    for (unsigned how = 0; how < 4; how++) {
        fixture_t copy;
        fixture_copy(&copy, &f);
        if (how == 0) {
            copy.store.read_status[DELTA] = QD_CORRUPT;
        } else if (how == 1) {
            copy.store.slot[DELTA].length--;
        } else if (how == 2) {
            copy.store.slot[DELTA].octets[0] = 1;
        } else {
            /* a remainder of a millijoule and more cannot have been written */
            uint8_t *image = copy.store.slot[DELTA].octets;
            unsigned moved = 0;
            for (unsigned bit = 0; bit < 32; bit++) {
                moved += (unsigned)image[29 + bit / 8] >> bit % 8 & 1u;
            }
            image[38] = 0xFF;
            image[39] = 0xFF;
            image[34 + 6 * moved] |= 0x0F;
        }
        restart(&copy);
        assert_int_equal(qd_metrology_hash(copy.m), base);
        assert_true(poll_snapshot(&copy).flags & QD_METER_FLAG_CORRUPT);
        assert_int_equal(count_lost(&copy, QD_RECORD_METROLOGY_DELTA), 1);
        assert_int_equal(count_lost(&copy, QD_RECORD_METROLOGY_BASE), 0);
        /* and it goes on, durably */
        copy.store.read_status[DELTA] = QD_OK;
        copy.tick_us = f.tick_us;
        run_steady(&copy, &x);
        commit(&copy);
        uint64_t hash = qd_metrology_hash(copy.m);
        restart(&copy);
        assert_int_equal(qd_metrology_hash(copy.m), hash);
        assert_false(poll_snapshot(&copy).flags & QD_METER_FLAG_CORRUPT);
    }
}

static void a_lost_base_goes_on_from_the_checkpoint(void **state) {
    (void)state;
    fixture_t f;
    uint64_t x = 8;
    fixture_new(&f);
    (void)select_all(&f, 3, 0);
    run_steady(&f, &x);
    commit(&f);
    run_steady(&f, &x);
    commit(&f); /* behind that of the base */
    assert_int_equal(f.store.writes[CHECKPOINT], 1);
    int64_t checkpoint[QD_ENERGY_COUNT];
    memcpy(checkpoint, f.m->total_mj, sizeof checkpoint);
    run_steady(&f, &x);
    commit(&f);
    run_steady(&f, &x);
    commit(&f);
    uint32_t number = poll_snapshot(&f).number;
    uint32_t sequence = newest_entry(&f).sequence;
    for (unsigned how = 0; how < 4; how++) {
        fixture_t copy;
        fixture_copy(&copy, &f);
        if (how == 0) {
            copy.store.read_status[BASE] = QD_CORRUPT;
        } else if (how == 1) {
            copy.store.slot[BASE].octets[75 + 7] = 0x80; /* a negative register */
        } else {
            copy.store.slot[BASE].length = 0; /* never written, says the store, but there is a delta */
        }
        restart(&copy);
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            assert_int_equal(total(&copy, (qd_energy_t)c), checkpoint[c]);
            assert_int_equal(copy.m->registers.mj[0][c], checkpoint[c]);
        }
        assert_true(poll_snapshot(&copy).flags & QD_METER_FLAG_CORRUPT);
        assert_true(poll_snapshot(&copy).number > number);
        assert_int_equal(count_lost(&copy, QD_RECORD_METROLOGY_BASE), 1);
        assert_true(newest_entry(&copy).sequence > sequence);
        copy.store.read_status[BASE] = QD_OK;
        copy.tick_us = f.tick_us;
        run_steady(&copy, &x);
        commit(&copy);
        run_steady(&copy, &x);
        commit(&copy);
        uint64_t hash = qd_metrology_hash(copy.m);
        restart(&copy);
        assert_int_equal(qd_metrology_hash(copy.m), hash);
    }
}

static void an_older_base_is_told(void **state) {
    (void)state;
    fixture_t f;
    uint64_t x = 9;
    fixture_new(&f);
    run_varied(&f, &x);
    commit(&f);
    slot_t older = f.store.slot[BASE];
    uint64_t hash = qd_metrology_hash(f.m);
    (void)select_all(&f, 3, 0);
    run_varied(&f, &x);
    commit(&f);
    run_varied(&f, &x);
    commit(&f);
    uint32_t number = poll_snapshot(&f).number;
    f.store.slot[BASE] = older; /* the newer copy is bad, the store gives the one before */
    restart(&f);
    assert_int_equal(qd_metrology_hash(f.m), hash);
    assert_true(poll_snapshot(&f).flags & QD_METER_FLAG_CORRUPT);
    assert_int_equal(count_lost(&f, QD_RECORD_METROLOGY_BASE), 1);
    assert_true(poll_snapshot(&f).number > number);
    run_varied(&f, &x);
    commit(&f);
    hash = qd_metrology_hash(f.m);
    restart(&f);
    assert_int_equal(qd_metrology_hash(f.m), hash);
}

static void lost_parameters_come_from_the_base(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    f.open = true;
    assert_int_equal(set_parameter(&f, QD_SEALED_CT_NUMERATOR, 200), QD_OK);
    run_one(&f, 1, 0, SECOND);
    commit(&f);
    f.store.read_status[SEALED] = QD_CORRUPT;
    restart(&f);
    assert_int_equal(get_parameter(&f, QD_SEALED_CT_NUMERATOR), 200);
    assert_int_equal(count_lost(&f, QD_RECORD_METROLOGY_SEALED), 1);
    f.store.read_status[SEALED] = QD_OK;
    f.store.slot[SEALED].length = 0;
    commit(&f); /* written again */
    assert_int_equal(f.store.slot[SEALED].length, 18);
    restart(&f);
    assert_int_equal(get_parameter(&f, QD_SEALED_CT_NUMERATOR), 200);
    assert_false(poll_snapshot(&f).flags & QD_METER_FLAG_CORRUPT);
}

/* Numbers are never given twice, whatever the log and the records have lost. */
static void a_lost_journal_goes_on_with_its_numbers(void **state) {
    (void)state;
    for (unsigned how = 0; how < 5; how++) {
        fixture_t f;
        qd_journal_entry_t entry;
        fixture_new(&f);
        run_one(&f, 1, 0, SECOND);
        commit(&f);
        assert_int_equal(set_parameter(&f, 0, 2), QD_SEALED); /* an entry behind the base */
        run_one(&f, 1, 0, SECOND);
        commit(&f);
        uint32_t sequence = newest_entry(&f).sequence;
        if (how == 0) {
            f.log.read_status = QD_CORRUPT;
        } else if (how == 1) {
            f.log.end = f.log.first = FAKE_FIRST; /* all of it */
        } else if (how == 2) {
            f.log.end -= 2; /* a page */
        } else if (how == 3) {
            f.log.read_status = QD_IO;
        } else {
            f.log.end = f.log.first = 1;
            f.store.read_status[BASE] = QD_CORRUPT;
        }
        restart(&f);
        f.log.read_status = QD_OK;
        entry = newest_entry(&f);
        assert_int_equal(entry.code, QD_JOURNAL_STARTED);
        assert_int_equal(entry.sequence, sequence + (how == 4 ? 3 : 2));
        assert_int_equal(count_lost(&f, QD_LOG_METROLOGY_JOURNAL), 1);
        assert_true(poll_snapshot(&f).flags & QD_METER_FLAG_CORRUPT);
        if (how == 1 || how == 2) {
            assert_int_equal(read_journal(&f, sequence, &entry), QD_UNDEFINED);
        } else if (how == 0 || how == 3) {
            assert_int_equal(read_journal(&f, sequence, &entry), QD_OK);
        }
    }
}

static void devices_that_do_not_answer_stop_the_start(void **state) {
    (void)state;
    for (unsigned record = BASE; record <= CHECKPOINT; record++) {
        fixture_t f;
        fixture_prepare(&f);
        f.store.read_status[record] = QD_IO;
        assert_int_equal(qd_metrology_init(&f.memory, sizeof f.memory, &f.config, &f.ports, 0, &f.m), QD_IO);
        f.store.read_status[record] = QD_UNDEFINED;
        assert_int_equal(qd_metrology_init(&f.memory, sizeof f.memory, &f.config, &f.ports, 0, &f.m),
                         QD_ARGUMENT);
    }
}

/* No image may make the start read outside it or accept nonsense silently. */
static void damaged_images_are_refused_or_good(void **state) {
    (void)state;
    fixture_t f, copy;
    uint64_t x = 10;
    fixture_new(&f);
    run_steady(&f, &x);
    commit(&f);
    run_steady(&f, &x);
    commit(&f);
    for (unsigned i = 0; i < 4000; i++) {
        fixture_copy(&copy, &f);
        slot_t *slot = &copy.store.slot[lcg(&x) % 4u];
        if (lcg(&x) % 4u == 0) {
            slot->length = (size_t)(lcg(&x) % (slot->length + 2u));
        } else if (slot->length > 0) {
            slot->octets[lcg(&x) % slot->length] ^= (uint8_t)(1u << lcg(&x) % 8u);
        }
        restart(&copy);
        for (unsigned set = 0; set < QD_MET_SETS; set++) {
            for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
                assert_true(copy.m->rest_nj[set][c] < QD_MET_NJ_PER_MJ);
                assert_true(copy.m->rate[c] <= QD_RATES);
            }
        }
        run_steady(&copy, &x);
        commit(&copy);
    }
}

static void the_checkpoint_follows_every_base(void **state) {
    (void)state;
    fixture_t f;
    fixture_prepare(&f);
    f.config.fold_period_s = 3600;
    fixture_start(&f);
    for (unsigned i = 0; i < 8641; i++) {
        run_one(&f, 1000, 0, 10000000);
        commit(&f);
    }
    assert_int_equal(f.store.writes[BASE], 25);
    assert_int_equal(f.store.writes[CHECKPOINT], 24); /* that of the last one is to come */
    assert_int_equal(f.store.longest[CHECKPOINT], 88);
    /* also when every commit is a base */
    fixture_prepare(&f);
    f.config.fold_period_s = 1;
    fixture_start(&f);
    for (unsigned i = 0; i < 10; i++) {
        run_one(&f, 1000, 0, SECOND);
        commit(&f);
    }
    assert_int_equal(f.store.writes[BASE], 10);
    assert_int_equal(f.store.writes[CHECKPOINT], 5);
}

static void a_lost_checkpoint_is_told_and_made_anew(void **state) {
    (void)state;
    for (unsigned how = 0; how < 3; how++) {
        fixture_t f;
        uint64_t x = 12;
        fixture_new(&f);
        run_varied(&f, &x);
        commit(&f);
        run_varied(&f, &x);
        commit(&f);
        uint64_t hash = qd_metrology_hash(f.m);
        if (how == 0) {
            f.store.read_status[CHECKPOINT] = QD_CORRUPT;
        } else if (how == 1) {
            f.store.slot[CHECKPOINT].octets[31] = 0x80; /* a negative total */
        } else {
            f.store.slot[CHECKPOINT].length--;
        }
        restart(&f);
        f.store.read_status[CHECKPOINT] = QD_OK;
        assert_int_equal(qd_metrology_hash(f.m), hash);
        assert_int_equal(count_lost(&f, QD_RECORD_METROLOGY_CHECKPOINT), 1);
        assert_true(poll_snapshot(&f).flags & QD_METER_FLAG_CORRUPT);
        commit(&f);
        restart(&f);
        assert_int_equal(count_lost(&f, QD_RECORD_METROLOGY_CHECKPOINT), 1);
        assert_false(poll_snapshot(&f).flags & QD_METER_FLAG_CORRUPT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_commit_survives_a_restart),
        cmocka_unit_test(deltas_stay_within_their_record),
        cmocka_unit_test(base_is_due_by_time_by_size_and_by_rate),
        cmocka_unit_test(nothing_new_is_not_written),
        cmocka_unit_test(a_failed_write_loses_nothing),
        cmocka_unit_test(failed_groups_are_survived),
        cmocka_unit_test(requests_in_a_failed_group_come_again),
        cmocka_unit_test(a_pending_write_gets_the_same_octets),
        cmocka_unit_test(a_lost_delta_leaves_the_base),
        cmocka_unit_test(a_lost_base_goes_on_from_the_checkpoint),
        cmocka_unit_test(an_older_base_is_told),
        cmocka_unit_test(lost_parameters_come_from_the_base),
        cmocka_unit_test(a_lost_journal_goes_on_with_its_numbers),
        cmocka_unit_test(devices_that_do_not_answer_stop_the_start),
        cmocka_unit_test(damaged_images_are_refused_or_good),
        cmocka_unit_test(the_checkpoint_follows_every_base),
        cmocka_unit_test(a_lost_checkpoint_is_told_and_made_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
