/* Ring logs on devices that fail: programs, erases, octets that change, heads that are lost. */
#include "log_fixture.h"

/* Block of the ring on the device; the logs follow each other, spare blocks behind the ring. By docs/storage-logs.md:
 * 9, 1 and 25 rows of 24, 128 and 9 octets a page, 4 pages a block. */
#define EVENTS_RING 5u
#define BIG_RING 4u
#define SMALL_RING 5u
#define EVENTS_AT 0u
#define BIG_AT (EVENTS_RING + 2u)
#define SMALL_AT (BIG_AT + BIG_RING)

static qd_log_stats_t stats_of(const world_t *w) {
    qd_log_stats_t stats;

    qd_log_get_stats(w->logs_store, &stats);
    return stats;
}

static uint32_t operations(const world_t *w) {
    qd_sim_nor_stats_t stats;

    qd_sim_nor_get_stats(&w->nor, &stats);
    return stats.operations;
}

static void test_size(void **state) {
    world_t *w = world_new();

    (void)state;
    assert_int_equal(qd_log_device_size(&log_layout, &w->sealer, BLOCK),
                     (SMALL_AT + SMALL_RING + 1u) * BLOCK);
    world_free(w);
}

/* A program that fails once is done again; one that fails again moves the block to a spare one. */
static void test_program_fails(void **state) {
    (void)state;
    for (uint32_t count = 1; count <= 3; count++) {
        for (unsigned rows = 8; rows < 200; rows += 9) {
            world_t *w = world_new();

            world_fill(w, EVENTS, rows, 10);
            qd_sim_nor_fail(&w->nor, operations(w) + 1, count, QD_IO);
            assert_int_equal(world_append(w, EVENTS, 900), QD_OK);
            (void)world_run(w);
            world_fill(w, EVENTS, 20, 1000);
            world_check_all(w);
            world_remount(w);
            world_check_all(w);
            world_fill(w, EVENTS, 200, 2000);
            world_check_all(w);
            assert_int_equal(stats_of(w).lost_rows, 0);
            world_remount(w);
            world_check_all(w);
            world_free(w);
        }
    }
}

/* A cell that cannot be cleared or is not erased: the page does not read back. */
static void test_page_does_not_read_back(void **state) {
    static const uint8_t garbage[2 * BLOCK] = {0};
    world_t *w = world_new();

    (void)state;
    /* Spare blocks are erased before they are used. */
    assert_int_equal(w->flash.program(w->flash.context, EVENTS_RING * BLOCK, garbage, sizeof garbage), QD_OK);
    assert_int_equal(w->flash.sync(w->flash.context), QD_OK);
    world_fill(w, EVENTS, 30, 10);
    for (uint32_t i = 0; i < 2; i++) {
        /* The log's identifier in the second page of a block, which is 0x0301. */
        assert_int_equal(qd_sim_nor_stick(&w->nor, (i + 1) * BLOCK + PAGE, 0xff, 0xff), QD_OK);
    }
    world_fill(w, EVENTS, 400, 100);
    assert_int_equal(stats_of(w).remaps, 2);
    assert_int_equal(stats_of(w).lost_rows, 0);
    assert_false(qd_log_degraded(w->logs_store));
    world_check_all(w);
    world_remount(w);
    world_check_all(w);
    world_fill(w, EVENTS, 400, 1000);
    world_check_all(w);
    assert_int_equal(stats_of(w).remaps, 0);
    world_free(w);
}

/* The spare block fails too, in the same lap and in a later one. */
static void test_spare_fails(void **state) {
    (void)state;
    for (unsigned slot = 0; slot < 4; slot++) {
        world_t *w = world_new();

        assert_int_equal(qd_sim_nor_stick(&w->nor, 2 * BLOCK + PAGE, 0xff, 0xff), QD_OK);
        assert_int_equal(qd_sim_nor_stick(&w->nor, EVENTS_RING * BLOCK + slot * PAGE, 0xff, 0xff), QD_OK);
        for (unsigned i = 0; i < 400; i++) {
            world_fill(w, EVENTS, 1, 100 + i);
            world_check(w, EVENTS, 0);
            if (i % 50 == 0) {
                world_remount(w);
            }
        }
        world_free(w);
    }
}

static void test_no_spare(void **state) {
    world_t *w = world_new();

    (void)state;
    assert_int_equal(qd_sim_nor_stick(&w->nor, (BIG_AT + 1) * BLOCK + PAGE, 0xff, 0xff), QD_OK);
    for (unsigned i = 0; i < 60; i++) {
        world_fill(w, BIG, 1, i);
        world_check(w, BIG, 1);
        /* Page 5, and 16 pages later again. */
        assert_int_equal(stats_of(w).lost_rows, i < 5 ? 0 : 1 + (i - 5) / 16);
        assert_int_equal(qd_log_degraded(w->logs_store), i % 16 == 5);
    }
    world_free(w);
}

static void test_erase_fails(void **state) {
    (void)state;
    for (uint32_t count = 1; count <= 4; count++) {
        for (unsigned rows = 1; rows < 200; rows += 13) {
            world_t *w = world_new();
            uint32_t begun = stats_of(w).erases;

            world_fill(w, EVENTS, rows, 10);
            begun = stats_of(w).erases - begun;
            qd_sim_nor_fail_erases(&w->nor, begun + 1, count);
            world_fill(w, EVENTS, 250, 1000);
            world_check_all(w);
            assert_int_equal(stats_of(w).remaps, count / 2);
            assert_int_equal(stats_of(w).lost_rows, 0);
            world_remount(w);
            world_check_all(w);
            world_free(w);
        }
    }
}

/* The processor is reset, the supply stays: the erase runs on, and its block is not trusted. */
static void test_reset_during_erase(void **state) {
    world_t *w = world_new();

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(world_append(w, EVENTS, i), QD_OK);
        for (unsigned runs = i % 7; runs > 0; runs--) {
            (void)qd_log_run(w->logs_store);
        }
        assert_int_equal(world_mount(w), QD_OK);
        world_check(w, EVENTS, 0);
        if (i % 5 == 0) {
            assert_int_equal(world_run(w), 0);
        }
    }
    world_check(w, EVENTS, 0);
    world_free(w);
}

/* Without a spare block the rows of the pages that have no place are lost, and nothing else. */
static void test_erase_fails_for_ever(void **state) {
    world_t *w = world_new();

    (void)state;
    world_fill(w, BIG, 40, 10);
    world_check(w, BIG, 0);
    qd_sim_nor_fail_erases(&w->nor, 1, UINT32_MAX);
    qd_sim_nor_restart(&w->nor);
    qd_sim_nor_fail_erases(&w->nor, 1, UINT32_MAX);
    world_fill(w, BIG, 40, 100);
    assert_true(qd_log_degraded(w->logs_store));
    assert_true(stats_of(w).lost_rows > 30);
    world_check(w, BIG, 6);
    qd_sim_nor_fail_erases(&w->nor, 0, 0);
    world_fill(w, BIG, 20, 1000);
    assert_false(qd_log_degraded(w->logs_store));
    world_check(w, BIG, 0);
    world_free(w);
}

/* Both devices work, one answers nothing for a while. */
static void test_device_away(void **state) {
    world_t *w = world_new();

    (void)state;
    world_fill(w, SMALL, 50, 10);
    qd_sim_nor_fail(&w->nor, 1, UINT32_MAX, QD_IO);
    for (unsigned i = 0; i < 30; i++) {
        (void)world_append(w, SMALL, 100 + i);
        (void)qd_log_run(w->logs_store);
    }
    qd_sim_nor_fail(&w->nor, 0, 0, QD_OK);
    world_fill(w, SMALL, 500, 1000);
    world_check(w, SMALL, 300);
    world_fill(w, SMALL, 500, 2000);
    world_check(w, SMALL, 0);
    world_free(w);
}

static void test_head_write_fails(void **state) {
    world_t *w = world_new();

    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        qd_sim_fram_stats_t stats;
        qd_status_t status;

        qd_sim_fram_get_stats(&w->fram, &stats);
        qd_sim_fram_fail(&w->fram, stats.operations + 1 + i % 5, 1 + i % 3, QD_IO);
        status = world_append(w, EVENTS, i);
        assert_true(status == QD_OK || status == QD_IO);
        (void)qd_log_run(w->logs_store);
        (void)qd_log_run(w->logs_store);
        qd_sim_fram_fail(&w->fram, 0, 0, QD_OK);
        (void)world_run(w);
        world_check(w, EVENTS, 0);
    }
    world_remount(w);
    world_check(w, EVENTS, 0);
    world_free(w);
}

static void test_corrupt_page(void **state) {
    world_t *w = world_new();
    uint16_t log = 0;
    uint32_t sequence = 0, bad = 0, good = 0, time = 0;
    qd_status_t status;

    (void)state;
    world_fill(w, EVENTS, 80, 10);
    world_fill(w, SMALL, 80, 10);
    /* Rows 19 .. 27. */
    qd_sim_nor_flip(&w->nor, EVENTS_AT * BLOCK + 2 * PAGE + 100, 0x10);
    for (uint32_t i = 1; i <= 80; i++) {
        assert_int_equal(world_read(w, EVENTS, i), i >= 19 && i <= 27 ? QD_CORRUPT : QD_OK);
    }
    assert_true(stats_of(w).bad_pages > 0);
    for (uint32_t i = 0; i < 100; i++) {
        time = 5 + i;
        assert_int_equal(world_find(w, 0x301, time, &sequence), QD_OK);
        assert_int_equal(sequence, time < 10   ? 1
                                   : time < 28 ? time - 9
                                   : time < 37 ? 28
                                   : time < 90 ? time - 9
                                               : 81);
    }
    do {
        status = qd_log_scrub(w->logs_store, &log, &sequence);
        bad += status == QD_CORRUPT ? 1 : 0;
        good += status == QD_OK ? 1 : 0;
        if (status == QD_CORRUPT) {
            assert_int_equal(log, 0x301);
            assert_int_equal(sequence, 19);
        }
    } while (status != QD_END);
    assert_int_equal(bad, 1);
    assert_int_equal(good, 7 + 3);
    assert_int_equal(qd_log_scrub(w->logs_store, &log, &sequence), QD_OK);
    world_free(w);
}

/* No row number comes twice, what flash holds stays, at most a page and a half of rows is lost. */
static void test_head_lost(void **state) {
    (void)state;
    for (unsigned rows = 0; rows < 330; rows += 7) {
        world_t *w = world_new();
        qd_log_span_t before, after;

        if (rows > 0) {
            world_fill(w, EVENTS, rows, 10);
        }
        (void)world_run(w);
        before = world_span(w, EVENTS);
        world_spoil_head(w, EVENTS);
        world_remount(w);
        assert_int_equal(w->lost, 1);
        after = world_span(w, EVENTS);
        assert_true(after.end >= before.end && after.end < before.end + 36);
        if (rows >= 9) {
            assert_int_equal(after.generation, before.generation);
            for (uint32_t i = after.first; i + 14 < before.end; i++) {
                assert_int_equal(world_read(w, EVENTS, i), QD_OK);
            }
            for (uint32_t i = before.end; i < after.end; i++) {
                assert_int_equal(world_read(w, EVENTS, i), QD_CORRUPT);
            }
            assert_true(before.end < 120 || after.end - after.first >= 81);
        }
        w->model[EVENTS].end = after.end;
        world_fill(w, EVENTS, 15, 1000);
        world_remount(w);
        assert_int_equal(w->lost, 0);
        for (uint32_t i = after.end; i < after.end + 15; i++) {
            assert_int_equal(world_read(w, EVENTS, i), QD_OK);
        }
        world_fill(w, EVENTS, 300, 2000);
        world_check(w, EVENTS, 0);
        world_free(w);
    }
}

/* Also when blocks have been replaced. */
static void test_head_lost_with_spares(void **state) {
    (void)state;
    for (unsigned rows = 100; rows < 300; rows += 11) {
        world_t *w = world_new();
        qd_log_span_t before;
        uint32_t i;

        assert_int_equal(qd_sim_nor_stick(&w->nor, 2 * BLOCK + PAGE, 0xff, 0xff), QD_OK);
        assert_int_equal(qd_sim_nor_stick(&w->nor, 4 * BLOCK, 0xff, 0xff), QD_OK);
        world_fill(w, EVENTS, rows, 10);
        before = world_span(w, EVENTS);
        world_spoil_head(w, EVENTS);
        world_remount(w);
        assert_int_equal(w->lost, 1);
        for (i = world_span(w, EVENTS).first; i + 14 < before.end; i++) {
            assert_int_equal(world_read(w, EVENTS, i), QD_OK);
        }
        w->model[EVENTS].end = world_span(w, EVENTS).end;
        world_fill(w, EVENTS, 400, 2000);
        world_check(w, EVENTS, 0);
        world_free(w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_program_fails),
        cmocka_unit_test(test_page_does_not_read_back),
        cmocka_unit_test(test_spare_fails),
        cmocka_unit_test(test_no_spare),
        cmocka_unit_test(test_erase_fails),
        cmocka_unit_test(test_reset_during_erase),
        cmocka_unit_test(test_erase_fails_for_ever),
        cmocka_unit_test(test_device_away),
        cmocka_unit_test(test_head_write_fails),
        cmocka_unit_test(test_corrupt_page),
        cmocka_unit_test(test_head_lost),
        cmocka_unit_test(test_head_lost_with_spares),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
