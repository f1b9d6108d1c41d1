/* The store: groups, failing devices, other sealers. */
#include "fixture.h"

#include "base/crc.h"

/* --- groups ----------------------------------------------------------------------------------------- */

static void a_group_counts_when_it_is_committed(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    assert_int_equal(qd_txn_commit(f.store), QD_STATE);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(qd_txn_begin(f.store), QD_STATE);
    assert_int_equal(put(&f, B, 2, 20), QD_OK);
    assert_int_equal(put(&f, C, 2, 200), QD_OK);
    assert_int_equal(get(&f, B), 2); /* its own writes are seen inside */
    assert_int_equal(get(&f, A), -1);
    assert_int_equal(remount(&f), QD_OK); /* the power goes before the commit */
    assert_int_equal(get(&f, B), 1);
    assert_int_equal(get(&f, C), -1);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 3, 30), QD_OK);
    assert_int_equal(put(&f, C, 3, 200), QD_OK);
    assert_int_equal(put(&f, B, 4, 10), QD_OK); /* the last one counts */
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    assert_int_equal(get(&f, B), 4);
    assert_int_equal(get(&f, C), 3);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, B), 4);
    assert_int_equal(get(&f, C), 3);
}

static void an_aborted_group_leaves_nothing(void **state) {
    fixture_t f;
    uint32_t before;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    before = operations(&f);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 2, 20), QD_OK);
    assert_int_equal(put(&f, C, 2, 20), QD_OK);
    qd_txn_abort(f.store);
    assert_int_equal(get(&f, B), 1);
    assert_int_equal(get(&f, C), -1);
    qd_txn_abort(f.store);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    assert_int_equal(operations(&f), before);
}

static void a_group_has_room_for_what_the_layout_says(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, A, 1, 1), QD_OK);
    assert_int_equal(put(&f, B, 1, 100), QD_OK);
    assert_int_equal(put(&f, C, 1, 200), QD_NO_SPACE);
    assert_int_equal(put(&f, C, 1, 199), QD_OK);
    assert_int_equal(put(&f, B, 2, 100), QD_OK); /* in place of the first */
    assert_int_equal(put(&f, C, 2, 200), QD_NO_SPACE);
    assert_int_equal(get(&f, C), 1);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, A), 1);
    assert_int_equal(get(&f, B), 2);
    assert_int_equal(get(&f, C), 1);
}

static void a_group_of_one_takes_the_short_way(void **state) {
    fixture_t f;
    qd_store_stats_t first, then;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(put(&f, C, 1, 20), QD_OK);
    qd_store_get_stats(f.store, &first);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 2, 20), QD_OK);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    qd_store_get_stats(f.store, &then);
    assert_int_equal(then.programs - first.programs, 1);
    assert_int_equal(then.commits - first.commits, 1);
    first = then;
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 3, 20), QD_OK);
    assert_int_equal(put(&f, C, 3, 20), QD_OK);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    qd_store_get_stats(f.store, &then);
    assert_int_equal(then.programs - first.programs, 4); /* redo, two slots, retirement */
    assert_int_equal(then.syncs - first.syncs, 2);
    assert_int_equal(then.commits - first.commits, 1);
}

static void a_first_write_in_a_group_fills_both_slots(void **state) {
    (void)state;
    for (unsigned slot = 0; slot < 2; slot++) {
        fixture_t f;

        setup(&f);
        assert_int_equal(qd_txn_begin(f.store), QD_OK);
        assert_int_equal(put(&f, B, 2, 20), QD_OK);
        assert_int_equal(put(&f, C, 2, 20), QD_OK);
        assert_int_equal(qd_txn_commit(f.store), QD_OK);
        assert_int_equal(put(&f, A, 1, 1), QD_OK);
        qd_sim_fram_flip(&f.fram, slot_at(1, slot) + 18, 4);
        assert_int_equal(remount(&f), QD_OK);
        assert_int_equal(get(&f, B), 2);
    }
}

/* --- failing devices -------------------------------------------------------------------------------- */

typedef struct outcome {
    int b, c;
} outcome_t;

/* One write, or a group, with count operations from first on failing. */
static qd_status_t write_failing(fixture_t *f, bool group, uint32_t first, uint32_t count, qd_status_t how) {
    qd_status_t status;

    qd_sim_fram_fail(&f->fram, operations(f) + first, count, how);
    if (!group) {
        status = put(f, B, 2, 20);
    } else {
        assert_int_equal(qd_txn_begin(f->store), QD_OK);
        assert_int_equal(put(f, B, 2, 20), QD_OK);
        assert_int_equal(put(f, C, 2, 20), QD_OK);
        status = qd_txn_commit(f->store);
    }
    return status;
}

static outcome_t outcome(fixture_t *f) {
    outcome_t o = {get(f, B), get(f, C)};

    return o;
}

static void failing_operations_leave_old_or_new(void **state) {
    static const uint32_t counts[] = {1, 2, 3, 100};

    (void)state;
    for (unsigned i = 0; i < 2u * 10u * 4u * 2u * 2u; i++) {
        bool group = i % 2 != 0, again = i / 2 % 2 != 0;
        uint32_t first = 1 + i / 4 % 10, count = counts[i / 40 % 4];
        qd_status_t how = i / 160 != 0 ? QD_NO_SPACE : QD_IO, status;
        fixture_t f;
        outcome_t o;

        setup(&f);
        assert_int_equal(put(&f, B, 1, 20), QD_OK);
        assert_int_equal(put(&f, C, 1, 20), QD_OK);
        status = write_failing(&f, group, first, count, how);
        assert_true(status == QD_OK || status == QD_IO || status == how);
        o = outcome(&f);
        assert_int_equal(o.b, status == QD_OK ? 2 : 1);
        assert_int_equal(o.c, status == QD_OK && group ? 2 : 1);
        qd_sim_fram_fail(&f.fram, 0, 0, QD_OK);
        if (again) { /* the device works again */
            assert_int_equal(put(&f, C, 3, 20), QD_OK);
            assert_int_equal(get(&f, B), o.b);
            assert_int_equal(put(&f, B, 4, 20), QD_OK);
            assert_int_equal(remount(&f), QD_OK);
            assert_int_equal(get(&f, B), 4);
            assert_int_equal(get(&f, C), 3);
        } else { /* the power goes first */
            assert_int_equal(remount(&f), QD_OK);
            assert_true(get(&f, B) == o.b || (status != QD_OK && get(&f, B) == 2));
            assert_true(!group || get(&f, B) == get(&f, C));
        }
    }
}

static void a_refused_write_does_not_turn_up_later(void **state) {
    (void)state;
    for (unsigned group = 0; group < 2; group++) {
        for (uint32_t first = 1; first <= 2; first++) {
            fixture_t f;

            setup(&f);
            assert_int_equal(put(&f, B, 1, 20), QD_OK);
            assert_int_equal(put(&f, C, 1, 20), QD_OK);
            /* program or sync fails once; the store cleans up behind it */
            assert_int_equal(write_failing(&f, group != 0, first, 1, QD_IO), QD_IO);
            qd_sim_fram_power_off(&f.fram, QD_SIM_UNSYNCED_KEPT);
            assert_int_equal(remount(&f), QD_OK);
            assert_int_equal(get(&f, B), 1);
            assert_int_equal(get(&f, C), 1);
        }
    }
}

static void a_first_write_that_fails_was_never_written(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    for (unsigned i = 0; i < 4; i++) {
        qd_sim_fram_fail(&f.fram, operations(&f) + 1 + i % 2, 1, QD_IO);
        assert_int_equal(put(&f, B, 2, 20), QD_IO);
        assert_int_equal(get(&f, B), -1);
        assert_int_equal(remount(&f), QD_OK);
        assert_int_equal(get(&f, B), -1);
    }
    assert_int_equal(put(&f, B, 3, 20), QD_OK);
    assert_int_equal(get(&f, B), 3);
}

static void while_a_group_is_not_applied_nothing_else_is_written(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(put(&f, C, 1, 20), QD_OK);
    /* redo program and sync work, everything after them fails */
    assert_int_equal(write_failing(&f, true, 3, 1000, QD_IO), QD_OK);
    assert_int_equal(get(&f, B), 2);
    assert_int_equal(get(&f, C), 2);
    assert_int_equal(put(&f, A, 9, 1), QD_IO);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 9, 1), QD_IO);
    qd_txn_abort(f.store);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    assert_int_equal(get(&f, B), 2);
    assert_int_equal(get(&f, A), -1);
    qd_sim_fram_fail(&f.fram, 0, 0, QD_OK);
    assert_int_equal(put(&f, A, 3, 1), QD_OK);
    assert_int_equal(put(&f, B, 4, 20), QD_OK);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, A), 3);
    assert_int_equal(get(&f, B), 4);
    assert_int_equal(get(&f, C), 2);
}

static void a_mount_that_fails_can_be_done_again(void **state) {
    (void)state;
    for (uint32_t op = 1; op < 12; op++) {
        fixture_t f;
        qd_status_t status;

        setup(&f);
        assert_int_equal(put(&f, B, 1, 20), QD_OK);
        assert_int_equal(put(&f, C, 1, 20), QD_OK);
        assert_int_equal(write_failing(&f, true, 3, 1000, QD_IO), QD_OK);
        qd_sim_fram_power_off(&f.fram, QD_SIM_UNSYNCED_LOST);
        qd_sim_fram_restart(&f.fram);
        qd_sim_fram_fail(&f.fram, op, 1, QD_IO);
        status = mount(&f);
        assert_true(status == QD_OK || status == QD_IO);
        assert_int_equal(remount(&f), QD_OK);
        assert_int_equal(get(&f, B), 2);
        assert_int_equal(get(&f, C), 2);
    }
}

static void a_torn_group_stays_forgotten(void **state) {
    fixture_t f;
    qd_store_stats_t stats;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(put(&f, C, 1, 20), QD_OK);
    assert_int_equal(write_failing(&f, true, 3, 1000, QD_IO), QD_OK);
    qd_sim_fram_flip(&f.fram, 128 + 30, 1); /* as if the redo area had been cut */
    assert_int_equal(remount(&f), QD_OK);
    qd_store_get_stats(f.store, &stats);
    assert_int_equal(stats.replays, 0);
    assert_int_equal(get(&f, B), 1);
    assert_int_equal(put(&f, B, 9, 20), QD_OK);
    qd_sim_fram_flip(&f.fram, 128 + 30, 1); /* the octet reads well again */
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, B), 9);
    assert_int_equal(get(&f, C), 1);
}

/* --- other sealers ---------------------------------------------------------------------------------- */

/* A toy cipher with a tag of 16: enough to see that nothing relies on the CRC sealer's ways. */
static void stream(const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length, uint8_t *out) {
    for (size_t i = 0; i < length; i++) {
        out[i] = (uint8_t)(in[i] ^ (nonce->record * 7u + nonce->slot * 31u + nonce->epoch * 3u +
                                    nonce->sequence * 11u + i * 13u + 5u));
    }
}

static void toy_tag(const qd_seal_nonce_t *nonce, const uint8_t *sealed, size_t length, uint8_t *tag) {
    uint32_t crc = qd_crc32(nonce->sequence ^ nonce->epoch << 8, sealed, length);

    for (unsigned i = 0; i < 16; i++) {
        tag[i] = (uint8_t)(crc >> i % 4 * 8 ^ i ^ nonce->slot);
    }
}

static qd_status_t toy_seal(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                            uint8_t *out, uint8_t *tag) {
    if (*(const bool *)context) {
        return QD_IO; /* the key is not to be had */
    }
    stream(nonce, in, length, out);
    toy_tag(nonce, out, length, tag);
    return QD_OK;
}

static qd_status_t toy_open(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                            uint8_t *out, const uint8_t *tag) {
    uint8_t wanted[16];

    if (*(const bool *)context) {
        return QD_IO;
    }
    toy_tag(nonce, in, length, wanted);
    if (memcmp(wanted, tag, 16) != 0) {
        return QD_CORRUPT;
    }
    stream(nonce, in, length, out);
    return QD_OK;
}

static void another_sealer_fits(void **state) {
    fixture_t f;
    bool no_key = false;

    (void)state;
    prepare(&f, 0x00);
    f.sealer = (qd_sealer_t){&no_key, 16, toy_seal, toy_open};
    assert_int_equal(mount(&f), QD_END);
    for (unsigned i = 1; i < 20; i++) {
        assert_int_equal(put(&f, A, (uint8_t)i, 1), QD_OK);
        assert_int_equal(qd_txn_begin(f.store), QD_OK);
        assert_int_equal(put(&f, B, (uint8_t)i, 100), QD_OK);
        assert_int_equal(put(&f, C, (uint8_t)i, 10 + i), QD_OK);
        /* every other time the group is left to the next mount */
        qd_sim_fram_fail(&f.fram, operations(&f) + 3, i % 2 * 1000, QD_IO);
        assert_int_equal(qd_txn_commit(f.store), QD_OK);
        assert_int_equal(get(&f, B), (int)i); /* from memory, though it was sealed there */
        assert_int_equal(get(&f, C), (int)i);
        assert_int_equal(remount(&f), QD_OK);
        assert_int_equal(get(&f, A), (int)i);
        assert_int_equal(get(&f, B), (int)i);
        assert_int_equal(get(&f, C), (int)i);
    }
    no_key = true;
    assert_int_equal(put(&f, A, 99, 1), QD_IO);
    assert_int_equal(get(&f, A), -3 - (int)QD_IO);
    no_key = false;
    assert_int_equal(get(&f, A), 19);
    no_key = true;
    assert_int_equal(remount(&f), QD_IO); /* not corrupt: nothing may be written over it */
    no_key = false;
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, C), 19);
}

/* The CRC sealer, but call number fail_at answers QD_IO: a secure element that is busy. */
typedef struct moody {
    unsigned calls, fail_at;
} moody_t;

static qd_status_t moody_seal(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                              uint8_t *out, uint8_t *tag) {
    moody_t *moody = context;

    if (++moody->calls == moody->fail_at) {
        memset(out, 0xee, length);
        return QD_IO;
    }
    return qd_sealer_crc.seal(NULL, nonce, in, length, out, tag);
}

static qd_status_t moody_open(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                              uint8_t *out, const uint8_t *tag) {
    moody_t *moody = context;

    if (++moody->calls == moody->fail_at) {
        memset(out, 0xee, length);
        return QD_IO;
    }
    return qd_sealer_crc.open(NULL, nonce, in, length, out, tag);
}

static void a_sealer_that_fails_once(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4u * 30u; i++) {
        bool group = i % 2u != 0, mirrored = i / 2u % 2u != 0;
        moody_t moody = {0, 0};
        fixture_t f;
        qd_status_t status;
        int b, c;

        prepare(&f, 0xff);
        f.layout.rows = mirrored ? mirrored_rows : rows;
        f.sealer = (qd_sealer_t){&moody, 4, moody_seal, moody_open};
        assert_int_equal(mount(&f), QD_END);
        assert_int_equal(put(&f, B, 1, 20), QD_OK);
        assert_int_equal(put(&f, C, 1, 20), QD_OK);
        moody = (moody_t){0, i / 4u + 1u};
        status = write_failing(&f, group, 0, 0, QD_OK);
        assert_true(status == QD_OK || status == QD_IO);
        b = get(&f, B);
        if (b < 0) { /* it fails as the record is read */
            b = get(&f, B);
        }
        c = get(&f, C);
        c = c < 0 ? get(&f, C) : c;
        assert_int_equal(b, status == QD_OK ? 2 : 1);
        assert_int_equal(c, status == QD_OK && group ? 2 : 1);
        if (mount(&f) != QD_OK) {
            assert_int_equal(remount(&f), QD_OK);
        }
        moody.fail_at = 0;
        assert_int_equal(get(&f, A), -1);
        assert_int_equal(put(&f, A, 3, 1), QD_OK);
        assert_int_equal(get(&f, B), status == QD_OK ? 2 : 1);
        assert_int_equal(remount(&f), QD_OK);
        assert_int_equal(get(&f, A), 3);
    }
}

/* Two faults at once: the group waits, half applied, and the redo area loses it. The store goes on. */
static void a_group_that_waits_and_is_lost(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(put(&f, C, 1, 20), QD_OK);
    assert_int_equal(write_failing(&f, true, 4, 1000, QD_IO), QD_OK); /* redo, sync, one slot */
    assert_true(qd_store_degraded(f.store));
    assert_int_equal(get(&f, C), 2);
    assert_int_equal(put(&f, A, 9, 1), QD_IO);
    qd_sim_fram_flip(&f.fram, 128 + 30, 1);
    assert_int_equal(get(&f, B), 2);
    assert_int_equal(get(&f, C), 1);
    assert_true(qd_store_degraded(f.store));
    qd_sim_fram_fail(&f.fram, 0, 0, QD_OK);
    assert_int_equal(put(&f, A, 3, 1), QD_OK);
    assert_int_equal(put(&f, C, 4, 20), QD_OK);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, A), 3);
    assert_int_equal(get(&f, C), 4);
}

static void two_stores_do_not_know_each_other(void **state) {
    fixture_t f, g;

    (void)state;
    setup(&f);
    setup(&g);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(qd_txn_begin(f.store), QD_OK);
        assert_int_equal(put(&f, B, (uint8_t)i, 20), QD_OK);
        assert_int_equal(put(&g, B, (uint8_t)(i + 100), 30), QD_OK);
        assert_int_equal(put(&f, C, (uint8_t)i, 20), QD_OK);
        assert_int_equal(qd_txn_commit(f.store), QD_OK);
    }
    assert_int_equal(get(&f, B), 49);
    assert_int_equal(get(&g, B), 149);
    assert_int_equal(get(&g, C), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_counts_when_it_is_committed),
        cmocka_unit_test(an_aborted_group_leaves_nothing),
        cmocka_unit_test(a_group_has_room_for_what_the_layout_says),
        cmocka_unit_test(a_group_of_one_takes_the_short_way),
        cmocka_unit_test(a_first_write_in_a_group_fills_both_slots),
        cmocka_unit_test(a_torn_group_stays_forgotten),
        cmocka_unit_test(failing_operations_leave_old_or_new),
        cmocka_unit_test(a_refused_write_does_not_turn_up_later),
        cmocka_unit_test(a_first_write_that_fails_was_never_written),
        cmocka_unit_test(while_a_group_is_not_applied_nothing_else_is_written),
        cmocka_unit_test(a_mount_that_fails_can_be_done_again),
        cmocka_unit_test(another_sealer_fits),
        cmocka_unit_test(a_sealer_that_fails_once),
        cmocka_unit_test(a_group_that_waits_and_is_lost),
        cmocka_unit_test(two_stores_do_not_know_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
