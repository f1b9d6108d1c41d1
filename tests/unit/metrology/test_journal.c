/* The integrity journal on a log that is slow, full, failing, or loses what a group held. */
#include "fixture.h"

enum { BASE, DELTA, SEALED, CHECKPOINT };

static void commit(fixture_t *f) {
    run_one(f, 1000, 0, SECOND);
    assert_int_equal(qd_metrology_commit(f->m), QD_OK);
}

static void refuse(fixture_t *f, int64_t value) {
    assert_int_equal(set_parameter(f, QD_SEALED_CT_NUMERATOR, value), QD_SEALED);
}

/* Entries from first on are refusals with these values, and nothing else follows. */
static void expect_refusals(fixture_t *f, uint32_t first, const int64_t *value, size_t count) {
    qd_journal_entry_t entry;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(read_journal(f, first + (uint32_t)i, &entry), QD_OK);
        assert_int_equal(entry.sequence, first + i);
        assert_int_equal(entry.code, QD_JOURNAL_PARAMETER_REFUSED);
        assert_int_equal(entry.new_value, value[i]);
    }
    assert_int_equal(newest_entry(f).sequence, first + count - 1);
    assert_int_equal(f->log.end - FAKE_FIRST, first + count - 1); /* none twice */
}

static void the_journal_evicts_the_oldest(void **state) {
    (void)state;
    fixture_t f;
    qd_journal_entry_t entry;
    fixture_new(&f);
    assert_int_equal(read_journal(&f, 1, &entry), QD_OK);
    assert_int_equal(entry.code, QD_JOURNAL_FORMATTED);
    assert_int_equal(read_journal(&f, 2, &entry), QD_OK);
    assert_int_equal(entry.code, QD_JOURNAL_STARTED);
    assert_int_equal(entry.new_value, 7);
    assert_int_equal(entry.old_value, INT64_MIN);
    assert_int_equal(read_journal(&f, 3, &entry), QD_UNDEFINED);
    f.open = true;
    for (unsigned i = 3; i <= QD_LOG_METROLOGY_JOURNAL_ROWS; i++) {
        assert_int_equal(set_parameter(&f, 0, i), QD_OK);
    }
    assert_int_equal(read_journal(&f, 1, &entry), QD_OK);
    assert_int_equal(set_parameter(&f, 0, 1000), QD_OK);
    assert_int_equal(read_journal(&f, 1, &entry), QD_UNDEFINED);
    assert_int_equal(read_journal(&f, 2, &entry), QD_OK);
    fixture_start(&f);
    assert_int_equal(read_journal(&f, 2, &entry), QD_UNDEFINED);
    for (uint32_t s = 3; s <= QD_LOG_METROLOGY_JOURNAL_ROWS; s++) {
        assert_int_equal(read_journal(&f, s, &entry), QD_OK);
        assert_int_equal(entry.sequence, s);
        assert_int_equal(entry.new_value, s);
        assert_int_equal(entry.lost, 0);
    }
    assert_int_equal(newest_entry(&f).sequence, QD_LOG_METROLOGY_JOURNAL_ROWS + 2);
    assert_int_equal(read_journal(&f, QD_LOG_METROLOGY_JOURNAL_ROWS + 3, &entry), QD_UNDEFINED);
    assert_int_equal(read_journal(&f, UINT32_MAX, &entry), QD_UNDEFINED);
    f.log.read_status = QD_IO;
    assert_int_equal(read_journal(&f, 100, &entry), QD_IO);
    f.log.read_status = QD_CORRUPT;
    assert_int_equal(read_journal(&f, 100, &entry), QD_CORRUPT);
}

static void a_log_is_needed(void **state) {
    (void)state;
    fixture_t f;
    fixture_prepare(&f);
    f.ports.logs = NULL;
    assert_int_equal(qd_metrology_init(&f.memory, sizeof f.memory, &f.config, &f.ports, 0, &f.m),
                     QD_ARGUMENT);
    fixture_prepare(&f);
    f.log.span_status = QD_UNDEFINED;
    assert_int_equal(qd_metrology_init(&f.memory, sizeof f.memory, &f.config, &f.ports, 0, &f.m),
                     QD_ARGUMENT);
}

static void a_journal_that_fails_at_the_start_follows(void **state) {
    (void)state;
    fixture_t f;
    fixture_prepare(&f);
    f.log.append_status = QD_IO;
    fixture_start(&f);
    assert_int_equal(qd_metrology_commit(f.m), QD_OK);
    assert_true(poll_snapshot(&f).flags & QD_METER_FLAG_DEGRADED);
    f.log.append_status = QD_OK;
    assert_int_equal(qd_metrology_commit(f.m), QD_OK);
    assert_false(poll_snapshot(&f).flags & QD_METER_FLAG_DEGRADED);
    assert_int_equal(f.log.appends, 2);
    assert_int_equal(newest_entry(&f).sequence, 2);
    assert_int_equal(qd_metrology_commit(f.m), QD_END);
}

/* An erase in the way is no fault: entries wait, in their order. */
static void entries_wait_for_an_erase(void **state) {
    (void)state;
    fixture_t f;
    static const int64_t value[] = {1, 2, 3, 4};
    fixture_new(&f);
    commit(&f);
    f.log.pending = 6;
    for (unsigned i = 0; i < 4; i++) {
        refuse(&f, value[i]);
    }
    assert_int_equal(newest_entry(&f).sequence, 2);
    commit(&f);
    assert_false(poll_snapshot(&f).flags & QD_METER_FLAG_DEGRADED);
    commit(&f);
    commit(&f);
    expect_refusals(&f, 3, value, 4);
}

/* More than the queue holds: the oldest stay, the next entry that is kept tells how many were not. */
static void what_is_lost_is_told(void **state) {
    (void)state;
    fixture_t f;
    qd_journal_entry_t entry;
    static const int64_t value[] = {0, 1, 2, 3, 4, 5, 100, 101};
    fixture_new(&f);
    commit(&f);
    f.log.append_status = QD_IO;
    for (unsigned i = 0; i < 20; i++) {
        refuse(&f, (int64_t)i);
    }
    commit(&f);
    assert_true(poll_snapshot(&f).flags & QD_METER_FLAG_DEGRADED);
    f.log.append_status = QD_OK;
    commit(&f);
    refuse(&f, 100);
    refuse(&f, 101);
    expect_refusals(&f, 3, value, 8);
    for (uint32_t s = 3; s <= 10; s++) {
        assert_int_equal(read_journal(&f, s, &entry), QD_OK);
        assert_int_equal(entry.lost, s == 9 ? 14 : 0);
    }
    /* and saturates */
    f.log.append_status = QD_IO;
    for (unsigned i = 0; i < 70000; i++) {
        refuse(&f, (int64_t)i);
    }
    f.log.append_status = QD_OK;
    commit(&f);
    refuse(&f, 1);
    assert_int_equal(newest_entry(&f).lost, UINT16_MAX);
}

/* No place for the entry, no effect. */
static void nothing_is_changed_without_room_for_its_entry(void **state) {
    (void)state;
    fixture_t f;
    qd_gate_request_t request = {.sequence = 1, .kind = QD_GATE_SET_PARAMETER};
    qd_gate_reply_t reply;
    fixture_new(&f);
    commit(&f);
    f.log.append_status = QD_IO;
    for (unsigned i = 0; i < QD_MET_JOURNAL_QUEUE; i++) {
        refuse(&f, (int64_t)i);
    }
    f.open = true;
    assert_int_equal(set_parameter(&f, QD_SEALED_CT_NUMERATOR, 9), QD_IO);
    assert_int_equal(get_parameter(&f, QD_SEALED_CT_NUMERATOR), 1);
    f.log.append_status = QD_OK;
    f.log.pending = 3;
    request.u.parameter.value = 9;
    assert_int_equal(f.gate->submit(f.gate->context, &request), QD_OK);
    assert_int_equal(f.m->sealed.ratio[QD_SEALED_CT_NUMERATOR], 1);
    assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_PENDING);
    assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_PENDING);
    assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_OK);
    assert_int_equal(reply.status, QD_OK);
    assert_int_equal(get_parameter(&f, QD_SEALED_CT_NUMERATOR), 9);
    assert_int_equal(newest_entry(&f).code, QD_JOURNAL_PARAMETER);
    assert_int_equal(newest_entry(&f).sequence, 2 + QD_MET_JOURNAL_QUEUE + 1);
    assert_int_equal(newest_entry(&f).lost, 0);
}

/* While a request waits for the log, entries of others may come behind its own; only its own is taken back. */
static void a_request_takes_back_its_own(void **state) {
    (void)state;
    fixture_t f;
    qd_gate_request_t request = {.sequence = 1, .kind = QD_GATE_SET_PARAMETER};
    qd_gate_reply_t reply;
    qd_journal_entry_t entry;
    fixture_new(&f);
    commit(&f);
    f.open = true;
    f.log.pending = 2;
    assert_int_equal(qd_metrology_storage_note(f.m, QD_JOURNAL_STORAGE_REPAIRED, 5), QD_OK);
    request.u.parameter.value = 9;
    assert_int_equal(f.gate->submit(f.gate->context, &request), QD_OK);
    assert_int_equal(qd_metrology_storage_note(f.m, QD_JOURNAL_STORAGE_LOST, 0x302), QD_OK);
    assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_PENDING);
    f.log.append_status = QD_NO_SPACE;
    assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_OK);
    assert_int_equal(reply.status, QD_NO_SPACE);
    f.log.append_status = QD_OK;
    assert_int_equal(get_parameter(&f, QD_SEALED_CT_NUMERATOR), 1);
    commit(&f);
    assert_int_equal(newest_entry(&f).sequence, 4);
    assert_int_equal(newest_entry(&f).code, QD_JOURNAL_STORAGE_LOST);
    assert_int_equal(newest_entry(&f).detail, 0x302);
    assert_int_equal(read_journal(&f, 3, &entry), QD_OK);
    assert_int_equal(entry.code, QD_JOURNAL_STORAGE_REPAIRED);
    /* the commit may be the one that gets the entry into the log */
    f.log.pending = 1;
    request.u.parameter.value = 10;
    assert_int_equal(f.gate->submit(f.gate->context, &request), QD_OK);
    commit(&f);
    assert_int_equal(qd_met_journal_read(f.m, 0, &entry), QD_OK);
    assert_int_equal(entry.code, QD_JOURNAL_PARAMETER);
    assert_int_equal(qd_metrology_storage_note(f.m, QD_JOURNAL_STORAGE_REPAIRED, 6), QD_OK);
    commit(&f);
    f.store.write_status[SEALED] = QD_IO;
    assert_int_equal(f.gate->reply(f.gate->context, &reply), QD_OK);
    assert_int_equal(reply.status, QD_IO);
    assert_int_equal(newest_entry(&f).code, QD_JOURNAL_WITHOUT_EFFECT);
    assert_int_equal(newest_entry(&f).old_value, newest_entry(&f).sequence - 2);
}

/* Entries of a group that fails come with the next one, once; of a group that holds, they do not come again. */
static void a_failed_group_loses_no_entry(void **state) {
    (void)state;
    for (unsigned how = 0; how < 3; how++) {
        fixture_t f;
        static const int64_t value[] = {1, 2, 3, 4};
        fixture_new(&f);
        commit(&f);
        refuse(&f, 1); /* before the group: durable */
        group_begin(&f);
        refuse(&f, 2);
        refuse(&f, 3);
        commit(&f);
        if (how == 2) {
            f.log.room = 1;
        }
        group_end(&f, how == 0);
        if (how > 0) {
            qd_metrology_commit_failed(f.m);
        }
        group_begin(&f);
        commit(&f);
        group_end(&f, true);
        f.log.room = 0;
        refuse(&f, 4);
        expect_refusals(&f, 3, value, 4);
        commit(&f);
        commit(&f);
        expect_refusals(&f, 3, value, 4);
        fixture_start(&f);
        assert_int_equal(newest_entry(&f).sequence, 7);
    }
}

/* So many in one group that the queue cannot keep them all until it has succeeded: the rest is told as lost. */
static void a_failed_group_tells_what_it_lost(void **state) {
    (void)state;
    fixture_t f;
    qd_journal_entry_t entry;
    fixture_new(&f);
    commit(&f);
    group_begin(&f);
    for (int64_t i = 0; i < 10; i++) {
        refuse(&f, i);
    }
    commit(&f);
    group_end(&f, false);
    qd_metrology_commit_failed(f.m);
    commit(&f);
    refuse(&f, 10);
    assert_int_equal(newest_entry(&f).new_value, 10);
    assert_int_equal(newest_entry(&f).lost, 4);
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(read_journal(&f, newest_entry(&f).sequence - 6 + i, &entry), QD_OK);
        assert_int_equal(entry.new_value, 4 + i);
        assert_int_equal(entry.lost, 0);
    }
    /* numbers that were never kept are nobody's */
    for (uint32_t s = 1; s <= newest_entry(&f).sequence; s++) {
        qd_status_t status = read_journal(&f, s, &entry);
        assert_true(status == QD_OK ? entry.sequence == s : status == QD_UNDEFINED);
        assert_true((status == QD_OK) == (s <= 2 || s >= 7));
    }
}

static void a_stuttering_element_does_not_fill_the_journal(void **state) {
    (void)state;
    fixture_t f;
    int64_t told = 0;
    int64_t us = 0;
    qd_journal_entry_t entry;
    fixture_new(&f);
    run_one(&f, 1000, 0, SECOND);
    for (unsigned i = 0; i < 20000; i++) { /* 69 days */
        f.tick_us += 299 * SECOND;
        commit(&f);
    }
    uint32_t newest = newest_entry(&f).sequence;
    assert_in_range(newest, 3 + 9, 3 + 11);
    for (uint32_t s = 3; s <= newest; s++) {
        assert_int_equal(read_journal(&f, s, &entry), QD_OK);
        assert_int_equal(entry.code, QD_JOURNAL_GAP);
        told += entry.old_value;
        us += entry.new_value;
    }
    assert_int_equal(told + f.m->gap_count, 20000);
    assert_int_equal(us + (int64_t)f.m->gap_us, (int64_t)20000 * 299 * SECOND);
    /* the next one is told at once when the time is over */
    f.tick_us += UINT64_C(400) * 86400 * SECOND;
    commit(&f);
    assert_int_equal(newest_entry(&f).sequence, newest + 1);
}

static void notes_on_storage_are_bounded(void **state) {
    (void)state;
    fixture_t f;
    fixture_new(&f);
    assert_int_equal(qd_metrology_storage_note(f.m, QD_JOURNAL_STARTED, 0), QD_ARGUMENT);
    commit(&f);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(qd_metrology_storage_note(f.m, QD_JOURNAL_STORAGE_REPAIRED, (uint16_t)i), QD_OK);
        commit(&f);
    }
    assert_int_equal(newest_entry(&f).sequence, 2 + QD_MET_NOTES_PER_DAY);
    assert_int_equal(newest_entry(&f).code, QD_JOURNAL_STORAGE_REPAIRED);
    assert_int_equal(newest_entry(&f).detail, QD_MET_NOTES_PER_DAY - 1);
    f.tick_us += UINT64_C(86400) * SECOND;
    commit(&f);
    uint32_t sequence = newest_entry(&f).sequence; /* the gap */
    assert_int_equal(qd_metrology_storage_note(f.m, QD_JOURNAL_STORAGE_LOST, 0x302), QD_OK);
    assert_int_equal(qd_metrology_commit(f.m), QD_OK);
    assert_int_equal(newest_entry(&f).sequence, sequence + 1);
    assert_int_equal(newest_entry(&f).code, QD_JOURNAL_STORAGE_LOST);
    assert_int_equal(newest_entry(&f).old_value, 100 - QD_MET_NOTES_PER_DAY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_journal_evicts_the_oldest),
        cmocka_unit_test(a_log_is_needed),
        cmocka_unit_test(a_journal_that_fails_at_the_start_follows),
        cmocka_unit_test(entries_wait_for_an_erase),
        cmocka_unit_test(what_is_lost_is_told),
        cmocka_unit_test(nothing_is_changed_without_room_for_its_entry),
        cmocka_unit_test(a_request_takes_back_its_own),
        cmocka_unit_test(a_failed_group_loses_no_entry),
        cmocka_unit_test(a_failed_group_tells_what_it_lost),
        cmocka_unit_test(a_stuttering_element_does_not_fill_the_journal),
        cmocka_unit_test(notes_on_storage_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
