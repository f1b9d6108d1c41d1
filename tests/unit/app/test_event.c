/*
 * test_event.c - the ring of events: order, wrap, fan-out, what a restart knows, what a failed write costs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "app/clock.h"
#include "app/event.h"

static world_t world;

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
    assert_int_equal(event.detail, 1);
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
    assert_int_equal(item(QD_EVENT_ITEM_LAST, QD_TARGET_STANDARD_LOG), 47);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), 2);
    assert_int_equal(item(QD_EVENT_ITEM_LAST, QD_TARGET_FRAUD_LOG), 46);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_FRAUD_LOG), 1);
    assert_int_equal(recent(0).code, 200);
    assert_int_equal(recent(0).detail, -1);
    assert_int_equal(recent(0).cause, 3);
    assert_int_equal(recent(1).detail, 17);
    assert_int_equal(recent(2).cause, 0);
    uint32_t programs = world.programs;
    assert_int_equal(qd_event_commit(bus()), QD_END);
    assert_int_equal(world.programs, programs);
}

static void test_the_ring_holds_sixteen(void **state) {
    qd_event_t event;
    (void)state;
    expect_world(&world);
    for (unsigned i = 2; i <= 40; i++) {
        assert_int_equal(qd_event_raise(bus(), QD_EVENT_PARAMETRIZATION, i, 0), i);
        world_run(&world, 1);
        assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), i);
        unsigned held = i < 16 ? i : 16;
        assert_int_equal(recent(0).sequence, i);
        assert_int_equal(recent(held - 1).sequence, i - held + 1);
        assert_int_equal(recent(held - 1).detail, i - held + 1 == 1 ? 1 : i - held + 1);
        assert_int_equal(qd_event_recent(bus(), held, &event), QD_END);
    }
}

/* More than the ring holds within one step: the oldest waiting ones are lost, the newest count. */
static void test_flood_in_one_step(void **state) {
    qd_event_t event;
    (void)state;
    expect_world(&world);
    for (unsigned i = 2; i <= 21; i++) {
        (void)qd_event_raise(bus(), i == 21 ? QD_EVENT_WRONG_PASSWORD : QD_EVENT_PARAMETRIZATION, i, 0);
    }
    world_run(&world, 1);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), 1 + 15);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_FRAUD_LOG), 1);
    assert_int_equal(recent(15).sequence, 6);
    assert_int_equal(qd_event_recent(bus(), 16, &event), QD_END);
}

static void test_a_restart_knows_them(void **state) {
    qd_event_t before[16];
    (void)state;
    expect_world(&world);
    for (unsigned i = 0; i < 25; i++) {
        (void)qd_event_raise(bus(), (uint8_t)(i % 3 == 0 ? 46 : 47), -(int64_t)i * INT64_C(5000000000), i);
        world_run(&world, 1);
    }
    for (uint32_t n = 0; n < 16; n++) {
        before[n] = recent(n);
    }
    uint64_t standard = item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG);
    assert_int_equal(standard, 1 + 16);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_FRAUD_LOG), 9);
    assert_int_equal(world_restart(&world), QD_OK);
    assert_int_equal(recent(0).code, QD_EVENT_POWER_UP);
    assert_int_equal(recent(0).sequence, before[0].sequence + 1);
    assert_int_equal(recent(0).detail, 2);
    for (uint32_t n = 0; n < 15; n++) {
        qd_event_t after = recent(n + 1);
        assert_int_equal(after.sequence, before[n].sequence);
        assert_int_equal(after.cause, before[n].cause);
        assert_int_equal(after.snapshot, before[n].snapshot);
        assert_int_equal(after.code, before[n].code);
        assert_int_equal(after.status, before[n].status);
        assert_true(after.utc == before[n].utc && after.tick_us == before[n].tick_us);
        assert_true(after.detail == before[n].detail);
    }
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_STANDARD_LOG), standard + 1);
    assert_int_equal(item(QD_EVENT_ITEM_COUNT, QD_TARGET_FRAUD_LOG), 9);
    assert_int_equal(item(QD_EVENT_ITEM_LAST, QD_TARGET_FRAUD_LOG), 46);
    assert_int_equal(item(QD_EVENT_ITEM_LAST, QD_TARGET_STANDARD_LOG), 2);
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
    assert_true(recent(0).tick_us == world.tick_us);
}

static void test_stamps_without_measurement(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    world.feeding = false;
    world_run(&world, 3600);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0001 0000600102FF 02 00 09 01 41", "C5 01 C1 00");
    assert_true(recent(0).utc == WORLD_UTC_S + 3600);
    assert_true(recent(0).tick_us == world.tick_us);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_start_raises_power_up), cmocka_unit_test(test_items_that_are_not_there),
        cmocka_unit_test(test_fan_out_after_the_commit),    cmocka_unit_test(test_the_ring_holds_sixteen),
        cmocka_unit_test(test_flood_in_one_step),           cmocka_unit_test(test_a_restart_knows_them),
        cmocka_unit_test(test_the_counter_wraps),           cmocka_unit_test(test_objects_of_the_events),
        cmocka_unit_test(test_stamps_follow_the_clock),     cmocka_unit_test(test_stamps_without_measurement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
