/* Ring logs: rows, groups, wraps and restarts, against a model that forgets nothing. */
#include "log_fixture.h"

static void test_empty(void **state) {
    world_t *w = world_new();
    uint32_t sequence = 0;
    qd_log_span_t span = world_span(w, EVENTS);

    (void)state;
    assert_int_equal(span.first, 1);
    assert_int_equal(span.end, 1);
    assert_int_equal(span.orderly, 1);
    assert_int_equal(world_read(w, EVENTS, 1), QD_END);
    assert_int_equal(world_find(w, 0x301, 5, &sequence), QD_OK);
    assert_int_equal(sequence, 1);
    assert_int_equal(w->logs->span(w->logs->context, 0x999, &span), QD_UNDEFINED);
    world_free(w);
}

static void test_arguments(void **state) {
    world_t *w = world_new();
    uint8_t octets[QD_LOG_ROW_MAX] = {0};
    int64_t time;
    size_t length;
    const qd_logs_t *logs = w->logs;

    (void)state;
    assert_int_equal(logs->append(logs->context, 0x999, 1, octets, 20, NULL), QD_UNDEFINED);
    assert_int_equal(logs->append(logs->context, 0x301, 1, octets, 19, NULL), QD_RANGE);
    assert_int_equal(logs->append(logs->context, 0x301, -1, octets, 20, NULL), QD_RANGE);
    assert_int_equal(logs->append(logs->context, 0x301, 0xffffffff, octets, 20, NULL), QD_RANGE);
    assert_int_equal(logs->append(logs->context, 0x301, 0xfffffffe, octets, 20, NULL), QD_OK);
    assert_int_equal(logs->restart(logs->context, 0x301, 0), QD_RANGE);
    assert_int_equal(logs->restart(logs->context, 0x301, 21), QD_RANGE);
    assert_int_equal(logs->restart(logs->context, 0x999, 2), QD_UNDEFINED);
    assert_int_equal(logs->read(logs->context, 0x301, 1, &time, octets, 19, &length), QD_NO_SPACE);
    assert_int_equal(logs->read(logs->context, 0x301, 1, &time, octets, 20, &length), QD_OK);
    assert_int_equal(time, 0xfffffffe);
    assert_int_equal(logs->read(logs->context, 0x999, 1, &time, octets, 20, &length), QD_UNDEFINED);
    world_free(w);
}

static void test_mount_arguments(void **state) {
    world_t *w = world_new();
    const qd_log_row_t twice[] = {{1, 4, 4, 0}, {1, 4, 4, 0}};
    const qd_log_row_t large[] = {{1, QD_LOG_ROW_MAX - 3, 4, 0}};
    const qd_log_row_t spare[] = {{1, 4, 4, 5}};
    const qd_log_layout_t bad[] = {{twice, 2}, {large, 1}, {spare, 1}};
    qd_log_store_t *store = NULL;
    qd_block_t small = w->flash;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(qd_log_mount(&w->log_memory, sizeof w->log_memory, &bad[i], w->records, &w->flash,
                                      &w->sealer, 1, NULL, &store),
                         QD_ARGUMENT);
    }
    small.size = qd_log_device_size(&log_layout, &w->sealer, BLOCK) - 1;
    assert_int_equal(qd_log_mount(&w->log_memory, sizeof w->log_memory, &log_layout, w->records, &small,
                                  &w->sealer, 1, NULL, &store),
                     QD_NO_SPACE);
    assert_int_equal(qd_log_mount(&w->log_memory, qd_log_size(&log_layout) - 1, &log_layout, w->records,
                                  &w->flash, &w->sealer, 1, NULL, &store),
                     QD_NO_SPACE);
    small.erase_size = 0;
    assert_int_equal(qd_log_mount(&w->log_memory, sizeof w->log_memory, &log_layout, w->records, &small,
                                  &w->sealer, 1, NULL, &store),
                     QD_ARGUMENT);
    assert_int_equal(qd_log_device_size(&log_layout, &w->sealer, 0), 0);
    assert_null(store);
    world_free(w);
}

/* Every page that is kept can be read. */
static void scrub(world_t *w) {
    qd_status_t status = QD_OK;
    uint32_t sequence;
    uint16_t log;

    while (status != QD_END) {
        status = qd_log_scrub(w->logs_store, &log, &sequence);
        assert_true(status == QD_OK || status == QD_END);
    }
}

/* Several times round every ring; at each row as many are shown as promised. */
static void test_wrap(void **state) {
    world_t *w = world_new();
    qd_sim_nor_stats_t stats;
    qd_log_stats_t logs;

    (void)state;
    for (uint32_t i = 0; i < 1500; i++) {
        for (unsigned log = 0; log < LOGS; log++) {
            if (log != BIG || i % 8 == 0) {
                assert_int_equal(world_append(w, log, 1000 + i), QD_OK);
                if (i % 97 == 0) {
                    world_check(w, log, 0);
                }
            }
        }
        (void)world_run(w);
        scrub(w);
    }
    world_check_all(w);
    qd_log_get_stats(w->logs_store, &logs);
    assert_int_equal(logs.rows, 1500 + 188 + 1500);
    /* 9, 1 and 25 rows a page; 7, 4 and 5 blocks of 4 pages. */
    assert_in_range(logs.pages, 166 + 187 + 59, 166 + 188 + 60);
    assert_in_range(logs.erases, (logs.pages + 3) / 4, logs.pages / 4 + 6);
    world_remount(w);
    world_check_all(w);
    qd_sim_nor_get_stats(&w->nor, &stats);
    assert_int_equal(stats.violations, 0);
    qd_log_get_stats(w->logs_store, &logs);
    assert_int_equal(logs.rows + logs.pages + logs.lost_rows + logs.bad_pages, 0);
    assert_false(qd_log_degraded(w->logs_store));
    world_free(w);
}

/* The full page of a head is programmed again after a start, with the same octets, whatever came behind it. */
static void test_program_again(void **state) {
    world_t *w = world_new();

    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        qd_sim_nor_stats_t flash;
        qd_log_stats_t logs;

        assert_int_equal(world_append(w, EVENTS, 50 - i % 40), QD_OK);
        (void)world_run(w);
        world_remount(w);
        assert_int_equal(world_run(w), 0);
        qd_log_get_stats(w->logs_store, &logs);
        assert_int_equal(logs.pages, i % 9 == 8 ? 1 : 0);
        qd_sim_nor_get_stats(&w->nor, &flash);
        assert_int_equal(flash.violations, 0);
        world_check_all(w);
    }
    world_free(w);
}

/* A group may append half a page whatever was there, and all of it is undone by an abort. */
static void test_group(void **state) {
    world_t *w = world_new();

    (void)state;
    for (uint32_t before = 0; before < 30; before++) {
        (void)world_run(w);
        world_begin(w);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(world_append(w, EVENTS, before), QD_OK);
            assert_int_equal(world_append(w, SMALL, before), QD_OK);
        }
        assert_int_equal(world_append(w, BIG, before), QD_OK);
        world_check_all(w);
        if (before % 3 == 0) {
            world_abort(w);
        } else {
            world_commit(w);
        }
        world_check_all(w);
        world_remount(w);
        world_check_all(w);
    }
    world_free(w);
}

/* Rows beyond what the head holds: refused until the group is committed, and then programmed by the append. */
static void test_full_group(void **state) {
    world_t *w = world_new();
    unsigned count = 0;

    (void)state;
    (void)world_run(w);
    world_begin(w);
    while (world_append(w, EVENTS, 7) == QD_OK) {
        count++;
    }
    /* 348 octets of 24. */
    assert_int_equal(count, 14);
    assert_int_equal(world_append(w, EVENTS, 7), QD_NO_SPACE);
    world_commit(w);
    assert_int_equal(world_append(w, EVENTS, 7), QD_OK);
    world_check_all(w);
    world_remount(w);
    world_check_all(w);
    world_free(w);
}

/* Without an erased block the rows wait in the head. */
static void test_pending_erase(void **state) {
    world_t *w = world_new();

    (void)state;
    for (unsigned i = 0; i < 14; i++) {
        assert_int_equal(world_append(w, EVENTS, i), QD_OK);
    }
    assert_int_equal(world_append(w, EVENTS, 14), QD_NO_SPACE);
    qd_log_group_committed(w->logs_store);
    assert_int_equal(world_append(w, EVENTS, 14), QD_PENDING);
    (void)world_run(w);
    assert_int_equal(world_append(w, EVENTS, 14), QD_OK);
    world_check_all(w);
    world_free(w);
}

static void test_restart(void **state) {
    world_t *w = world_new();
    qd_log_span_t before, after;

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(world_append(w, EVENTS, i), QD_OK);
        if (i % 23 == 0) {
            before = world_span(w, EVENTS);
            assert_int_equal(world_restart(w, EVENTS, (uint16_t)(1 + i % 20)), QD_OK);
            after = world_span(w, EVENTS);
            assert_true(after.generation > before.generation);
            assert_int_equal(after.first, before.end);
            assert_int_equal(after.end, before.end);
            world_check(w, EVENTS, 0);
        }
        (void)world_run(w);
        world_check(w, EVENTS, 0);
    }
    world_begin(w);
    assert_int_equal(world_restart(w, EVENTS, 20), QD_OK);
    assert_int_equal(world_append(w, EVENTS, 1), QD_OK);
    world_abort(w);
    world_check_all(w);
    world_remount(w);
    world_check_all(w);
    world_free(w);
}

static void test_find_disorder(void **state) {
    world_t *w = world_new();
    uint32_t time = 5000;

    (void)state;
    for (unsigned i = 0; i < 400; i++) {
        time = i % 53 == 52 ? time - 40 : time + i % 3;
        assert_int_equal(world_append(w, EVENTS, time), QD_OK);
        (void)world_run(w);
        world_check(w, EVENTS, 0);
    }
    world_free(w);
}

static unsigned any(uint32_t *random, unsigned below) {
    *random = *random * 1664525u + 1013904223u;
    return (*random >> 8) % below;
}

static void random_step(world_t *w, uint32_t *random, uint32_t *time, bool *open) {
    unsigned log = any(random, LOGS);

    switch (any(random, 16)) {
    case 0:
        if (*open) {
            break;
        }
        world_begin(w);
        *open = true;
        break;
    case 1:
    case 2:
        if (*open) {
            world_commit(w);
        }
        *open = false;
        break;
    case 3:
        if (*open) {
            world_abort(w);
        }
        *open = false;
        break;
    case 4:
        if (*open) {
            memcpy(w->model, w->before, sizeof w->model);
        }
        *open = false;
        world_remount(w);
        break;
    case 5:
        if (any(random, 8) == 0) {
            assert_int_equal(world_restart(w, log, (uint16_t)(1 + any(random, log_rows[log].row_size))),
                             QD_OK);
        }
        break;
    case 6:
    case 7:
    case 8:
        if (!*open) {
            for (unsigned i = any(random, 12); i > 0; i--) {
                (void)qd_log_run(w->logs_store);
            }
        }
        break;
    default:
        *time = any(random, 20) == 0 ? *time - any(random, 50) : *time + any(random, 3);
        (void)world_append(w, log, *time);
        break;
    }
}

static void test_random(void **state) {
    (void)state;
    for (uint32_t seed = 1; seed <= 40; seed++) {
        world_t *w = world_new();
        uint32_t random = seed, time = 100000;
        bool open = false;
        qd_sim_nor_stats_t stats;

        for (unsigned step = 0; step < 3000; step++) {
            random_step(w, &random, &time, &open);
            if (step % 50 == 0) {
                world_check_all(w);
            }
        }
        qd_sim_nor_get_stats(&w->nor, &stats);
        assert_int_equal(stats.violations, 0);
        world_free(w);
    }
}

/* A search opens four pages per call at most. */
static void test_find_bounded(void **state) {
    (void)state;
    for (unsigned size = 50; size <= 400; size += 350) {
        world_t *w = world_new();
        uint32_t time = 1000;

        for (unsigned i = 0; i < size; i++) {
            assert_int_equal(world_append(w, EVENTS, ++time), QD_OK);
            (void)qd_log_run(w->logs_store);
            (void)qd_log_run(w->logs_store);
        }
        for (uint32_t wanted = 990; wanted < 1420; wanted += 7) {
            qd_log_search_t search = {0, 0, 0};
            qd_status_t status = QD_PENDING;
            for (unsigned calls = 0; status == QD_PENDING; calls++) {
                uint32_t before = qd_log_opened(w->logs_store);
                assert_true(calls < 40);
                status = w->logs->find(w->logs->context, 0x301, wanted, &search);
                assert_true(qd_log_opened(w->logs_store) - before <= 4);
            }
            assert_int_equal(status, QD_OK);
        }
        world_free(w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),           cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_mount_arguments), cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_program_again),   cmocka_unit_test(test_group),
        cmocka_unit_test(test_full_group),      cmocka_unit_test(test_pending_erase),
        cmocka_unit_test(test_restart),         cmocka_unit_test(test_find_disorder),
        cmocka_unit_test(test_random),          cmocka_unit_test(test_find_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
