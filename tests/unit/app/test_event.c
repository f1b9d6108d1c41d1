/*
 * test_event.c - events that wait, their rows in the logs, counters, what a restart knows, what a failed group, an
 * erase in the way and a flood cost.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "app/clock.h"
#include "app/event.h"
#include "unit/app/fake_logs.h"

#define STANDARD 0x0302u
#define FRAUD 0x0303u

static world_t world;
static fake_logs_t fake;
static qd_event_config_t config;

/* A meter whose event module has logs in memory instead of those of its model, for both targets. */
static void expect_logs(void) {
    expect_world(&world);
    fake_logs_init(&fake);
    (void)fake_logs_add(&fake, STANDARD, 500);
    (void)fake_logs_add(&fake, FRAUD, 500);
    world.meter->services.logs = &fake.logs;
    config = *(const qd_event_config_t *)world.model->modules[QD_MODULE_EVENT].config;
    config.log[QD_TARGET_STANDARD_LOG].log = STANDARD;
    config.log[QD_TARGET_FRAUD_LOG].log = FRAUD;
    assert_int_equal(
        qd_event_module.init(world_module(&world, QD_MODULE_EVENT), &config, &world.meter->services), QD_OK);
    uint64_t next_us = 0;
    qd_event_module.due(world_module(&world, QD_MODULE_EVENT), world.tick_us, &next_us);
}

static const fake_log_t *log_of(uint16_t id) {
    return fake_find(&fake, id);
}

static uint32_t rows_of(uint16_t id) {
    return log_of(id)->end - log_of(id)->first;
}

/* Code in the n-th row of a log, 1 the first ever. */
static uint8_t code_of(uint16_t id, uint32_t n) {
    return log_of(id)->row[n].octets[0];
}

static qd_event_bus_t *bus(void) {
    return world_module(&world, QD_MODULE_EVENT);
}

static uint64_t item(uint8_t number, uint16_t target) {
    qd_scalar_t value;
    const qd_call_t call = world_call(&world);
    const qd_ref_t ref = {QD_MODULE_EVENT, number, target};
    assert_int_equal(qd_event_module.get(bus(), &call, ref, &value), QD_OK);
    return value.v.u;
}

static qd_event_t recent(uint32_t n) {
    qd_event_t event;
    assert_int_equal(qd_event_recent(bus(), n, &event), QD_OK);
    return event;
}

static void test_first_start_raises_power_up(void **state) {
    qd_event_t event;
    (void)state;
    expect_world(&world);
    event = recent(0);
    assert_int_equal(event.code, QD_EVENT_POWER_UP);
    assert_int_equal(event.sequence, 1);
    assert_int_equal(event.cause, 0);
    assert_int_equal(event.detail, 0);
    assert_int_equal(event.deviation_min, -60);
    assert_int_equal(event.meter_status, 0);
    assert_true(event.utc == WORLD_UTC_S);
    assert_int_equal(event.status, 0);
    assert_int_equal(qd_event_recent(bus(), 1, &event), QD_END);
    assert_int_equal(item(QD_EVENT_ITEM_LAST, QD_TARGET_STANDARD_LOG), 2);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), 1);
    assert_int_equal(item(QD_EVENT_ITEM_LAST, QD_TARGET_FRAUD_LOG), 0);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_FRAUD_LOG), 0);
}

static void test_items_that_are_not_there(void **state) {
    qd_scalar_t value;
    qd_ref_t ref = {QD_MODULE_EVENT, QD_EVENT_ITEM_LAST, QD_TARGET_COUNT};
    (void)state;
    expect_world(&world);
    const qd_call_t call = world_call(&world);
    assert_int_equal(qd_event_module.get(bus(), &call, ref, &value), QD_UNDEFINED);
    ref.item = QD_EVENT_ITEM_COUNT;
    assert_int_equal(qd_event_module.get(bus(), &call, ref, &value), QD_UNDEFINED);
    ref.item = QD_EVENT_ITEM_COUNT + 1;
    ref.arg = 0;
    assert_int_equal(qd_event_module.get(bus(), &call, ref, &value), QD_UNDEFINED);
}

/* Nobody sees an event before it is committed; afterwards each consumer sees its own. */
static void test_fan_out_after_the_commit(void **state) {
    (void)state;
    expect_world(&world);
    assert_int_equal(qd_event_raise(bus(), QD_EVENT_PARAMETRIZATION, 5, 0), 2);
    assert_int_equal(qd_event_raise(bus(), QD_EVENT_WRONG_PASSWORD, 17, 2), 3);
    assert_int_equal(qd_event_raise(bus(), 200, -1, 3), 4); /* no row: goes nowhere */
    assert_int_equal(item(QD_EVENT_ITEM_LAST, QD_TARGET_STANDARD_LOG), 2);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_FRAUD_LOG), 0);
    world.fram_status = QD_IO;
    world_run(&world, 1);
    assert_int_equal(item(QD_EVENT_ITEM_LAST, QD_TARGET_STANDARD_LOG), 2);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_FRAUD_LOG), 0);
    world.fram_status = QD_OK;
    world_run(&world, 1);
    /* The memory that failed is an event of its own. */
    assert_int_equal(item(QD_EVENT_ITEM_LAST, QD_TARGET_STANDARD_LOG), QD_EVENT_MEMORY_ERROR);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), 3);
    assert_int_equal(item(QD_EVENT_ITEM_LAST, QD_TARGET_FRAUD_LOG), 46);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_FRAUD_LOG), 1);
    assert_int_equal(recent(1).code, 200);
    assert_int_equal(recent(1).detail, -1);
    assert_int_equal(recent(1).cause, 3);
    assert_int_equal(recent(2).detail, 17);
    assert_int_equal(recent(3).cause, 0);
    uint32_t programs = world.programs;
    assert_int_equal(qd_event_commit(bus()), QD_END);
    assert_int_equal(world.programs, programs);
}

/* Commits by hand, as a step does; the group's end is up to the test. */
static qd_status_t commit(bool durable) {
    fake_logs_mark(&fake);
    qd_status_t status = qd_event_commit(bus());
    if (status != QD_OK || !durable) {
        fake_logs_group_failed(&fake);
    }
    qd_event_committed(bus(), status == QD_OK && durable);
    return status;
}

static void test_rows_of_the_logs(void **state) {
    (void)state;
    expect_logs();
    uint32_t first = qd_event_raise(bus(), QD_EVENT_PARAMETRIZATION, INT64_C(-2), 7);
    qd_event_status(bus(), 0x00040001);
    (void)qd_event_raise(bus(), QD_EVENT_WRONG_PASSWORD, 17, first);
    (void)qd_event_raise(bus(), 200, 0, 0); /* no row: goes nowhere, but is committed all the same */
    (void)qd_event_raise_at(bus(), QD_EVENT_CLOCK_OLD, 5, 0, WORLD_UTC_S - 100 * 86400, false);
    assert_int_equal(commit(true), QD_OK);
    assert_int_equal(rows_of(STANDARD), 2);
    assert_int_equal(rows_of(FRAUD), 1);
    const fake_row_t *row = &log_of(STANDARD)->row[1];
    assert_true(row->utc_s == WORLD_UTC_S);
    EXPECT_OCTETS(row->octets, row->length, "2F 00 C4FF 07000000 FEFFFFFFFFFFFFFF 00000000");
    row = &log_of(STANDARD)->row[2]; /* a day of October: daylight saving, and a clock that was invalid */
    assert_true(row->utc_s == WORLD_UTC_S - 100 * 86400);
    EXPECT_OCTETS(row->octets, row->length, "04 81 88FF 00000000 0500000000000000 01000400");
    assert_int_equal(code_of(FRAUD, 1), 46);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), 3);
    assert_int_equal(item(QD_EVENT_ITEM_LAST, QD_TARGET_STANDARD_LOG), 4);
    assert_false(qd_event_waits(bus()));
    assert_int_equal(commit(true), QD_END);
}

/* What a log cannot bear is brought to its ends. */
static void test_instants_beyond_the_log(void **state) {
    (void)state;
    expect_logs();
    (void)qd_event_raise_at(bus(), QD_EVENT_CLOCK_OLD, 0, 0, -5, true);
    (void)qd_event_raise_at(bus(), QD_EVENT_CLOCK_NEW, 0, 0, INT64_C(0x100000000), true);
    assert_int_equal(commit(true), QD_OK);
    assert_true(log_of(STANDARD)->row[1].utc_s == 0);
    assert_true(log_of(STANDARD)->row[2].utc_s == INT64_C(0xFFFFFFFE));
}

/* Only what was committed is drained, in order, once. */
static void test_drain_knows_the_commit(void **state) {
    qd_event_t event;
    (void)state;
    expect_logs();
    uint32_t first = qd_event_raise(bus(), QD_EVENT_PARAMETRIZATION, 1, 0);
    assert_int_equal(qd_event_drain(bus(), &event), QD_END);
    assert_int_equal(commit(true), QD_OK);
    (void)qd_event_raise(bus(), QD_EVENT_PARAMETRIZATION, 2, 0); /* after the commit: it has to wait */
    assert_int_equal(qd_event_drain(bus(), &event), QD_OK);
    assert_int_equal(event.sequence, first);
    assert_int_equal(qd_event_drain(bus(), &event), QD_END);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), 2);
    assert_int_equal(commit(true), QD_OK);
    assert_int_equal(qd_event_drain(bus(), &event), QD_OK);
    assert_int_equal(event.detail, 2);
    assert_int_equal(qd_event_drain(bus(), &event), QD_END);
}

/* A group that fails leaves everything as it was; the next one holds it all. */
static void test_a_failed_group(void **state) {
    qd_event_t event;
    (void)state;
    expect_logs();
    for (unsigned i = 0; i < 3; i++) {
        (void)qd_event_raise(bus(), QD_EVENT_PARAMETRIZATION, i, 0);
    }
    assert_int_equal(commit(false), QD_OK);
    assert_int_equal(rows_of(STANDARD), 0);
    assert_int_equal(qd_event_drain(bus(), &event), QD_END);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), 1);
    assert_true(qd_event_waits(bus()));
    fake.append_status = QD_IO;
    assert_int_equal(commit(true), QD_IO);
    fake.append_status = QD_OK;
    assert_int_equal(qd_event_drain(bus(), &event), QD_END);
    assert_int_equal(commit(true), QD_OK);
    assert_int_equal(rows_of(STANDARD), 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(qd_event_drain(bus(), &event), QD_OK);
        assert_int_equal(event.detail, i);
    }
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), 4);
}

/* An erase in the way: those in front of it are committed, the others keep their order. */
static void test_a_log_that_is_not_ready(void **state) {
    (void)state;
    expect_logs();
    for (unsigned i = 0; i < 5; i++) {
        (void)qd_event_raise(bus(), i == 1 ? QD_EVENT_WRONG_PASSWORD : QD_EVENT_PARAMETRIZATION, i, 0);
    }
    fake.append_status = QD_PENDING;
    assert_int_equal(commit(true), QD_PENDING);
    assert_int_equal(rows_of(STANDARD), 0);
    fake.appends_allowed = 3; /* two of the standard log, one of the other */
    assert_int_equal(commit(true), QD_OK);
    assert_int_equal(rows_of(STANDARD), 2);
    assert_int_equal(rows_of(FRAUD), 1);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), 3);
    assert_int_equal(commit(true), QD_PENDING);
    (void)qd_event_raise(bus(), QD_EVENT_WRONG_PASSWORD, 5, 0);
    fake.append_status = QD_NO_SPACE; /* the group is full: the same */
    fake.appends_allowed = 1;
    assert_int_equal(commit(true), QD_OK);
    fake.append_status = QD_OK;
    assert_int_equal(commit(true), QD_OK);
    assert_int_equal(rows_of(STANDARD), 4);
    assert_int_equal(rows_of(FRAUD), 2);
    for (uint32_t n = 1; n <= 4; n++) {
        assert_int_equal(log_of(STANDARD)->row[n].octets[8], n == 1 ? 0 : n);
    }
    assert_int_equal(qd_event_lost(bus()), 0);
}

/* An event of two logs is in both or in none. */
static void test_two_logs_of_one_event(void **state) {
    static const qd_event_row_t rows[] = {{QD_EVENT_PARAMETRIZATION, QD_TARGET_STANDARD_LOG},
                                          {48, QD_TARGET_STANDARD_LOG},
                                          {48, QD_TARGET_FRAUD_LOG}};
    (void)state;
    expect_logs();
    config.rows = rows;
    config.row_count = 3;
    (void)qd_event_raise(bus(), QD_EVENT_PARAMETRIZATION, 0, 0);
    (void)qd_event_raise(bus(), 48, 0, 0);
    fake.append_status = QD_PENDING;
    fake.refusing = FRAUD;
    assert_int_equal(commit(true), QD_PENDING);
    assert_int_equal(rows_of(STANDARD), 0);
    assert_int_equal(commit(true), QD_OK);
    assert_int_equal(rows_of(STANDARD), 1);
    assert_int_equal(commit(true), QD_PENDING);
    assert_int_equal(commit(true), QD_PENDING);
    assert_int_equal(rows_of(STANDARD), 1);
    fake.append_status = QD_OK;
    assert_int_equal(commit(true), QD_OK);
    assert_int_equal(rows_of(STANDARD), 2);
    assert_int_equal(rows_of(FRAUD), 1);
}

/* More than fit while nothing can be written: the oldest waiting ones are lost, and that is counted. */
static void test_a_flood(void **state) {
    qd_event_t event;
    (void)state;
    expect_logs();
    uint32_t first = 0;
    for (unsigned i = 0; i < 21; i++) {
        uint32_t sequence = qd_event_raise(bus(), QD_EVENT_PARAMETRIZATION, i, 0);
        first = first == 0 ? sequence : first;
        assert_int_equal(qd_event_lost(bus()), i < 16 ? 0 : i - 15);
    }
    for (unsigned rows = 4; rows <= 16; rows += 4) {
        assert_true(qd_event_waits(bus()));
        assert_int_equal(commit(true), QD_OK);
        assert_int_equal(rows_of(STANDARD), rows); /* a group is four */
    }
    assert_false(qd_event_waits(bus()));
    assert_int_equal(log_of(STANDARD)->row[1].octets[8], 5);
    assert_int_equal(log_of(STANDARD)->row[16].octets[8], 20);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), 1 + 16);
    for (unsigned i = 5; i < 21; i++) {
        assert_int_equal(qd_event_drain(bus(), &event), QD_OK);
        assert_int_equal(event.sequence, first + i);
    }
    assert_int_equal(qd_event_drain(bus(), &event), QD_END);
    assert_int_equal(qd_event_recent(bus(), 15, &event), QD_OK);
    assert_int_equal(qd_event_recent(bus(), 16, &event), QD_END);
}

static void test_a_restart_knows_counters_and_numbers(void **state) {
    qd_event_t event;
    (void)state;
    expect_world(&world);
    for (unsigned i = 0; i < 25; i++) {
        (void)qd_event_raise(bus(), (uint8_t)(i % 3 == 0 ? 46 : 47), i, i);
        world_run(&world, 1);
    }
    uint32_t newest = recent(0).sequence;
    uint64_t standard = item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG);
    assert_int_equal(standard, 1 + 16);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_FRAUD_LOG), 9);
    assert_int_equal(world_restart(&world), QD_OK);
    assert_int_equal(recent(0).code, QD_EVENT_POWER_UP);
    assert_true(recent(0).sequence > newest);
    unsigned n = 1;
    while (qd_event_recent(bus(), n, &event) == QD_OK) {
        assert_true(event.sequence > newest); /* earlier ones are in the log */
        n++;
    }
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), standard + n);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_FRAUD_LOG), 9);
    assert_int_equal(item(QD_EVENT_ITEM_LAST, QD_TARGET_FRAUD_LOG), 46);
    assert_int_equal(item(QD_EVENT_ITEM_LAST, QD_TARGET_STANDARD_LOG), 2);
}

/* Down at the last commit, up now, with the time in between. */
static void test_power_events(void **state) {
    const int64_t down_ms = (WORLD_UTC_S - 3600) * 1000 + 999;
    const int64_t ahead_ms = (WORLD_UTC_S + 3600) * 1000;
    (void)state;
    expect_world(&world);
    uint32_t up = qd_event_power_start(bus(), &down_ms, true, world.tick_us);
    assert_int_equal(recent(0).sequence, up);
    assert_int_equal(recent(0).code, QD_EVENT_POWER_UP);
    assert_int_equal(recent(0).detail, 3600);
    assert_int_equal(recent(0).cause, recent(1).sequence);
    assert_true(recent(0).utc == WORLD_UTC_S);
    assert_int_equal(recent(1).code, QD_EVENT_POWER_DOWN);
    assert_true(recent(1).utc == WORLD_UTC_S - 3600);
    assert_int_equal(recent(1).status, 0);
    (void)qd_event_power_start(bus(), &down_ms, false, world.tick_us); /* no clock when it went down */
    assert_int_equal(recent(0).detail, 0);
    assert_int_equal(recent(1).status, QD_CLOCK_INVALID);
    (void)qd_event_power_start(bus(), &ahead_ms, true, world.tick_us); /* set back in between */
    assert_int_equal(recent(0).detail, 0);
    up = qd_event_power_start(bus(), NULL, false, world.tick_us);
    assert_int_equal(recent(0).cause, 0);
    assert_int_equal(recent(1).code, QD_EVENT_POWER_UP);
    world.meter->gateway.snapshot.clock.valid = false;
    (void)qd_event_power_start(bus(), &down_ms, true, world.tick_us);
    assert_int_equal(recent(0).code, QD_EVENT_CLOCK_INVALID);
    assert_int_equal(recent(0).status, QD_CLOCK_INVALID);
    assert_int_equal(recent(1).detail, 0);
    assert_int_equal(recent(2).status, 0); /* the clock was right when power failed */
}

static void test_a_log_that_the_meter_lacks(void **state) {
    (void)state;
    expect_logs();
    config.log[QD_TARGET_FRAUD_LOG].log = 0x0399;
    assert_int_equal(qd_event_module.init(bus(), &config, &world.meter->services), QD_ARGUMENT);
}

/* Long-unsigned: 65,535 is followed by 0, also over a restart. */
static void test_the_counter_wraps(void **state) {
    (void)state;
    expect_world(&world);
    for (unsigned i = 1; i < 65535; i++) {
        (void)qd_event_raise(bus(), QD_EVENT_PARAMETRIZATION, 0, 0);
        if (i % 8 == 0) {
            (void)world_step(&world);
        }
    }
    (void)world_step(&world);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), 65535);
    assert_int_equal(world_restart(&world), QD_OK);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), 0);
}

static void test_objects_of_the_events(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000600B00FF 02 00", "C4 01 C1 00 11 02");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000600B01FF 02 00", "C4 01 C1 00 11 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000600F00FF 02 00", "C4 01 C1 00 12 0001");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000600F01FF 02 00", "C4 01 C1 00 12 0000");
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0001 0000600102FF 02 00 09 01 41", "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000600B00FF 02 00", "C4 01 C1 00 11 2F");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000600F00FF 02 00", "C4 01 C1 00 12 0002");
}

/* An event bears the time at which it happened, also between two intervals and when nothing is measured. */
static void test_stamps_follow_the_clock(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    world.tick_us += 1999999;
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0001 0000600102FF 02 00 09 01 41", "C5 01 C1 00");
    assert_true(recent(0).utc == WORLD_UTC_S + 1);
}

static void test_stamps_without_measurement(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    world.feeding = false;
    world_run(&world, 3600);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0001 0000600102FF 02 00 09 01 41", "C5 01 C1 00");
    assert_true(recent(0).utc == WORLD_UTC_S + 3600);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_start_raises_power_up),
        cmocka_unit_test(test_items_that_are_not_there),
        cmocka_unit_test(test_fan_out_after_the_commit),
        cmocka_unit_test(test_rows_of_the_logs),
        cmocka_unit_test(test_instants_beyond_the_log),
        cmocka_unit_test(test_drain_knows_the_commit),
        cmocka_unit_test(test_a_failed_group),
        cmocka_unit_test(test_a_log_that_is_not_ready),
        cmocka_unit_test(test_two_logs_of_one_event),
        cmocka_unit_test(test_a_flood),
        cmocka_unit_test(test_a_restart_knows_counters_and_numbers),
        cmocka_unit_test(test_power_events),
        cmocka_unit_test(test_a_log_that_the_meter_lacks),
        cmocka_unit_test(test_the_counter_wraps),
        cmocka_unit_test(test_objects_of_the_events),
        cmocka_unit_test(test_stamps_follow_the_clock),
        cmocka_unit_test(test_stamps_without_measurement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
