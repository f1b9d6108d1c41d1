/*
 * test_supply.c - a supply that fails with notice, without, for a moment, again and again.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

static world_t world;

/* 3600 W on L1: one Wh a second, 1 mJ a microsecond and 3.6 of them. */
static void start(void) {
    world_blank(&world, qd_model_find("mini"));
    world.now.phase[0].valid = true;
    world.now.phase[0].voltage_mv = 230000;
    world.now.phase[0].active_power_mw = 3600000;
    assert_int_equal(world_start(&world), QD_OK);
}

static int64_t import_mj(void) {
    qd_meter_view_t view;
    qd_meter_get_view(world.meter, &view);
    return view.import_mj;
}

static qd_status_t step(qd_power_state_t state) {
    uint64_t next_us = 0;
    world.power_state = state;
    return qd_meter_step(world.meter, world.tick_us, &next_us);
}

/* Power is gone and comes back after a minute. */
static void cycle(void) {
    world.tick_us += 60 * WORLD_SECOND;
    world.power_state = QD_POWER_MAINS;
    assert_int_equal(world_restart(&world), QD_OK);
}

static void test_none_is_lost_with_notice(void **state) {
    (void)state;
    start();
    world_run(&world, 10);
    world.tick_us += 437000;
    assert_int_equal(step(QD_POWER_BROWN_OUT), QD_OK);
    cycle();
    assert_int_equal(import_mj(), INT64_C(3600) * 10437);
}

static void test_a_second_is_lost_without(void **state) {
    (void)state;
    start();
    world_run(&world, 10);
    world.tick_us += 437000;
    cycle();
    assert_int_equal(import_mj(), INT64_C(3600) * 10000);
}

/* One write with the notice, none after it, whatever is measured or asked. */
static void test_after_the_notice_nothing_is_written(void **state) {
    (void)state;
    start();
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    world_run(&world, 5);
    world.tick_us += 100000;
    unsigned programs = world.programs;
    assert_int_equal(step(QD_POWER_BROWN_OUT), QD_OK);
    assert_int_equal(world.programs, programs + 1);
    for (unsigned i = 0; i < 3000; i++) {
        world.tick_us += 1000;
        assert_int_equal(step(i < 10     ? QD_POWER_BROWN_OUT
                              : i < 2500 ? QD_POWER_HOLD_UP
                                         : QD_POWER_LAST_GASP),
                         QD_OK);
    }
    assert_int_equal(world.programs, programs + 1);
    /* Back in time: what was measured meanwhile counts. */
    world.power_state = QD_POWER_MAINS;
    world_run(&world, 1);
    assert_int_equal(import_mj(), INT64_C(3600) * 9100);
    assert_true(world.programs > programs + 1);
}

/* A ramp that comes and goes costs one small write each time and loses nothing. */
static void test_a_slow_ramp(void **state) {
    (void)state;
    start();
    world_run(&world, 3);
    for (unsigned i = 0; i < 200; i++) {
        world.tick_us += 7000;
        assert_int_equal(step(QD_POWER_BROWN_OUT), QD_OK);
        world.tick_us += 2000;
        assert_int_equal(step(QD_POWER_HOLD_UP), QD_OK);
        world.tick_us += 1000;
        assert_int_equal(step(QD_POWER_MAINS), QD_OK);
    }
    world.tick_us += 5000;
    assert_int_equal(step(QD_POWER_BROWN_OUT), QD_OK);
    cycle();
    assert_int_equal(import_mj(), INT64_C(3600) * 5005);
}

/* The first state that is seen may be hold-up; the last gasp is too late for anything. */
static void test_late_notices(void **state) {
    (void)state;
    start();
    world_run(&world, 3);
    world.tick_us += 500000;
    assert_int_equal(step(QD_POWER_HOLD_UP), QD_OK);
    cycle();
    assert_int_equal(import_mj(), INT64_C(3600) * 3500);
    world_run(&world, 3);
    world.tick_us += 500000;
    unsigned programs = world.programs;
    assert_int_equal(step(QD_POWER_LAST_GASP), QD_OK);
    assert_int_equal(world.programs, programs);
}

/* A write that fails is tried again, three times in all. */
static void test_a_commit_that_fails(void **state) {
    (void)state;
    start();
    world_run(&world, 3);
    world.tick_us += 500000;
    world.fram_status = QD_IO;
    assert_int_equal(step(QD_POWER_BROWN_OUT), QD_IO);
    world.tick_us += 1000;
    world.fram_status = QD_OK;
    assert_int_equal(step(QD_POWER_BROWN_OUT), QD_OK);
    unsigned programs = world.programs;
    world.tick_us += 1000;
    assert_int_equal(step(QD_POWER_BROWN_OUT), QD_OK);
    assert_int_equal(world.programs, programs);
    cycle();
    assert_int_equal(import_mj(), INT64_C(3600) * 3501);
}

/* The reserve is not spent on a memory that does not answer: three tries, then nothing until the mains are back. */
static void test_tries_end(void **state) {
    (void)state;
    start();
    world_run(&world, 3);
    world.fram_status = QD_IO;
    for (unsigned i = 0; i < QD_SUPPLY_TRIES; i++) {
        world.tick_us += 1000;
        assert_int_equal(step(QD_POWER_BROWN_OUT), QD_IO);
    }
    world.fram_status = QD_OK;
    unsigned programs = world.programs;
    for (unsigned i = 0; i < 50; i++) {
        world.tick_us += 1000;
        assert_int_equal(step(QD_POWER_HOLD_UP), QD_OK);
    }
    assert_int_equal(world.programs, programs);
    /* The next failure of the supply has its tries again, and nothing of both is lost. */
    world.tick_us += 1000;
    assert_int_equal(step(QD_POWER_MAINS), QD_OK);
    world.tick_us += 1000;
    assert_int_equal(step(QD_POWER_BROWN_OUT), QD_OK);
    cycle();
    assert_int_equal(import_mj(), INT64_C(3600) * 3055);
}

/* What the supply is taken for, over time: away counts from a second on. */
static void test_what_is_away(void **state) {
    qd_supply_t supply = {0};
    uint64_t away_us = 0;
    (void)state;
    assert_int_equal(qd_supply_look(&supply, QD_POWER_MAINS, 5000000, &away_us), QD_SUPPLY_GOOD);
    assert_int_equal(qd_supply_look(&supply, QD_POWER_LAST_GASP, 6000000, &away_us), QD_SUPPLY_QUIET);
    assert_int_equal(qd_supply_look(&supply, QD_POWER_MAINS, 6999999, &away_us), QD_SUPPLY_GOOD);
    assert_int_equal(qd_supply_look(&supply, QD_POWER_HOLD_UP, 8000000, &away_us), QD_SUPPLY_NOTICE);
    qd_supply_committed(&supply, true);
    assert_int_equal(qd_supply_look(&supply, QD_POWER_BROWN_OUT, 8500000, &away_us), QD_SUPPLY_QUIET);
    assert_int_equal(qd_supply_look(&supply, QD_POWER_MAINS, 9000000, &away_us), QD_SUPPLY_BACK);
    assert_int_equal(away_us, 8000000);
    assert_int_equal(qd_supply_look(&supply, QD_POWER_MAINS, 20000000, &away_us), QD_SUPPLY_GOOD);
    assert_int_equal(qd_supply_look(&supply, QD_POWER_BROWN_OUT, 20000001, &away_us), QD_SUPPLY_NOTICE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none_is_lost_with_notice),
        cmocka_unit_test(test_a_second_is_lost_without),
        cmocka_unit_test(test_after_the_notice_nothing_is_written),
        cmocka_unit_test(test_a_slow_ramp),
        cmocka_unit_test(test_late_notices),
        cmocka_unit_test(test_a_commit_that_fails),
        cmocka_unit_test(test_tries_end),
        cmocka_unit_test(test_what_is_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
