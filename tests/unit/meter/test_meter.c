/*
 * test_meter.c - whole meters: memory, starts, stores of others, two side by side, both kinds of gate.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "app/clock.h"
#include "app/event.h"
#include "meter/gap.h"
#include "metrology/state.h"

#define SCRIPT(n) "C3 01 C1 0009 00000A0064FF 01 01 12 00" n
#define ACTION_OK "C7 01 C1 00 00"
#define PARTS_MAX 64u /* of a meter's memory */

static world_t world;
static world_t other;

static void test_sizes(void **state) {
    const qd_model_t *st402 = qd_model_find("st402");
    const qd_model_t *mini = qd_model_find("mini");
    const qd_meter_options_t by_link = {.gate = &qd_gate_by_loopback};
    const qd_meter_options_t by_call = {.gate = NULL};
    (void)state;
    assert_in_range(qd_meter_size(st402), 1, 24576u + PARTS_MAX * QD_GAP_SIZE);
    assert_true(qd_meter_size(mini) < qd_meter_size(st402));
    assert_int_equal(qd_meter_size_with(st402, NULL), qd_meter_size(st402));
    assert_int_equal(qd_meter_size_with(st402, &by_call), qd_meter_size(st402));
    assert_true(qd_meter_size_with(st402, &by_link) > qd_meter_size(st402));
    assert_in_range(qd_meter_fram_size(st402), 1, sizeof world.cells);
}

static qd_status_t init(size_t size, unsigned offset) {
    qd_meter_t *meter = NULL;
    qd_status_t status = qd_meter_init(world.memory.octets + offset, size, world.model, &world.ports,
                                       &world.options, world.tick_us, &meter);
    assert_int_equal(status == QD_OK, meter != NULL);
    return status;
}

static void test_memory_must_suffice(void **state) {
    (void)state;
    world_blank(&world, qd_model_find("st402"));
    size_t size = qd_meter_size(world.model);
    assert_int_equal(init(size - 1, 0), QD_NO_SPACE);
    assert_int_equal(init(0, 0), QD_NO_SPACE);
    assert_int_equal(init(size + 8, 4), QD_ARGUMENT);
    assert_int_equal(init(size, 8), QD_OK);
    /* Not an octet more than it asked for is touched. */
    qd_meter_release(&world.memory, sizeof world.memory);
    memset(world.memory.octets, 0xC3, sizeof world.memory.octets);
    assert_int_equal(init(size, 64), QD_OK);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(world.memory.octets[i], 0xC3);
    }
    for (size_t i = 64 + size; i < sizeof world.memory.octets; i++) {
        assert_int_equal(world.memory.octets[i], 0xC3);
    }
    /* The room for another layout may be missing; what the records take may not. */
    qd_store_layout_t layout;
    qd_meter_layout(world.model, &layout);
    world.fram.size = qd_store_device_size(&layout, &qd_sealer_gcm_shape) - 1u;
    memset(world.cells, 0xFF, sizeof world.cells);
    assert_int_equal(init(size, 0), QD_NO_SPACE);
    world.fram.size++;
    assert_int_equal(init(size, 0), QD_OK);
}

static void test_ports_must_be_there(void **state) {
    (void)state;
    world_blank(&world, qd_model_find("st402"));
    size_t size = qd_meter_size(world.model);
    world.ports.fram = NULL;
    assert_int_equal(init(size, 0), QD_ARGUMENT);
    world.ports.fram = &world.fram;
    world.ports.quantities = NULL;
    assert_int_equal(init(size, 0), QD_ARGUMENT);
    world.ports.quantities = &world.quantities;
    world.ports.channel[2] = NULL;
    assert_int_equal(init(size, 0), QD_ARGUMENT);
    world.ports.channel_count = 2;
    assert_int_equal(init(size, 0), QD_OK);
    world.ports.channel_count = 5;
    assert_int_equal(init(size, 0), QD_ARGUMENT);
    world.ports.channel_count = 0;
    world.ports.rtc = NULL;
    world.ports.factory = NULL;
    assert_int_equal(init(size, 0), QD_OK);
}

static void test_store_of_another_model(void **state) {
    uint8_t before[sizeof world.cells];
    (void)state;
    expect_world(&world);
    world_run(&world, 3);
    memcpy(before, world.cells, sizeof before);
    world.model = qd_model_find("mini");
    world.ports.channel_count = 2;
    assert_int_equal(world_start(&world), QD_MODEL);
    assert_memory_equal(world.cells, before, sizeof before);
    world.model = qd_model_find("st402");
    assert_int_equal(world_start(&world), QD_OK);
    memset(world.cells, 0x5A, sizeof world.cells / 2);
    memset(world.cells + sizeof world.cells / 2, 0x3C, sizeof world.cells / 2);
    assert_int_equal(world_start(&world), QD_CORRUPT);
}

static void test_time_runs_forward(void **state) {
    uint64_t next_us = 0;
    (void)state;
    expect_world(&world);
    world_run(&world, 5);
    uint64_t hash = qd_meter_hash(world.meter);
    assert_int_equal(qd_meter_step(world.meter, world.tick_us - 1, &next_us), QD_ARGUMENT);
    assert_int_equal(qd_meter_step(world.meter, world.tick_us, &next_us), QD_OK);
    assert_true(next_us == world.tick_us + WORLD_SECOND);
    assert_true(qd_meter_hash(world.meter) == hash);
    assert_true(qd_meter_utc_ms(world.meter, world.tick_us) == (WORLD_UTC_S + 5) * 1000);
}

/* Intervals that have waited are booked without delay, some per step. */
static void test_a_late_step_catches_up(void **state) {
    uint64_t next_us = 0;
    qd_meter_view_t view;
    (void)state;
    expect_world(&world);
    world.now.phase[0] =
        (qd_phase_quantities_t){.voltage_mv = 230000, .active_power_mw = 1000000, .valid = true};
    world.tick_us += 20 * WORLD_SECOND + 400000;
    assert_int_equal(qd_meter_step(world.meter, world.tick_us, &next_us), QD_OK);
    assert_true(next_us == world.tick_us);
    (void)world_step(&world);
    qd_meter_get_view(world.meter, &view);
    assert_true(view.import_mj == 20000000);
    assert_true(view.utc_ms == (WORLD_UTC_S + 20) * 1000);
    assert_int_equal(view.rate, 1);
    assert_int_equal(view.deviation_min, -60);
    assert_true(view.active_power_mw == 1000000);
    assert_int_equal(qd_meter_step(world.meter, world.tick_us, &next_us), QD_OK);
    assert_true(next_us == world.tick_us + 600000);
}

/* Some load that differs every second and never repeats soon. */
static void load(world_t *w, uint32_t second) {
    uint64_t x = second * UINT64_C(2654435761) + 12345;
    for (unsigned i = 0; i < 3; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        w->now.phase[i] = (qd_phase_quantities_t){.voltage_mv = 220000 + (uint32_t)(x >> 50),
                                                  .current_ma = (uint32_t)(x >> 47),
                                                  .active_power_mw = (int32_t)(x >> 38) - 33554432,
                                                  .reactive_power_mvar = (int32_t)(x >> 39) - 16777216,
                                                  .valid = (x >> 33) % 16u != 0};
    }
}

static void seconds(world_t *w, uint32_t from, uint32_t to) {
    for (uint32_t s = from; s < to; s++) {
        load(w, s);
        world_run(w, 1);
    }
}

static void test_a_restart_keeps_every_quantum(void **state) {
    (void)state;
    expect_world(&world);
    seconds(&world, 0, 100);
    uint64_t hash = qd_meter_hash(world.meter);
    assert_int_equal(world_restart(&world), QD_OK);
    assert_true(qd_meter_hash(world.meter) == hash);
    seconds(&world, 100, 110);
    assert_int_equal(qd_meter_stop(world.meter), QD_OK);
    hash = qd_meter_hash(world.meter);
    assert_int_equal(world_restart(&world), QD_OK);
    assert_true(qd_meter_hash(world.meter) == hash);
}

static void test_a_device_that_fails_for_a_while(void **state) {
    (void)state;
    expect_world(&world);
    seconds(&world, 0, 10);
    world.fram_status = QD_IO;
    load(&world, 10);
    world.tick_us += WORLD_SECOND;
    assert_int_equal(world_step(&world), QD_IO);
    seconds(&world, 11, 20);
    world.fram_status = QD_OK;
    seconds(&world, 20, 21);
    uint64_t hash = qd_meter_hash(world.meter);
    assert_int_equal(world_restart(&world), QD_OK);
    assert_true(qd_meter_hash(world.meter) == hash);
    expect_world(&other);
    seconds(&other, 0, 21);
    assert_true(qd_meter_hash(other.meter) == hash);
}

/* What one client does: rates switched, registers of rates read, the clock set. */
static void life(world_t *w, uint32_t from, uint32_t to) {
    for (uint32_t s = from; s < to; s++) {
        uint8_t answer[256];
        seconds(w, s, s + 1);
        if (s % 7 == 3 || s % 7 == 4) {
            char script[] = SCRIPT("01");
            script[sizeof script - 2] = (char)('1' + s % 8);
            EXPECT(w, SAP_MANAGEMENT, script, ACTION_OK);
        }
        if (s % 5 == 0) {
            size_t length = world_ask_hex(w, 0, SAP_MANAGEMENT, "C0 01 C1 0003 0100010803FF 02 00", answer,
                                          sizeof answer);
            assert_int_equal(length, 9);
        }
        if (s % 31 == 30) {
            EXPECT(w, SAP_MANAGEMENT, "C3 01 C1 0008 0000010000FF 06 01 10 0005", ACTION_OK);
        }
    }
}

static void test_two_meters_side_by_side(void **state) {
    uint8_t answers[2][2048];
    uint64_t alone[2];
    (void)state;
    for (unsigned n = 0; n < 2; n++) {
        expect_client(&world, SAP_MANAGEMENT);
        life(&world, n * 1000, n * 1000 + 120);
        alone[n] = qd_meter_hash(world.meter);
        memcpy(answers[n], world.cells, sizeof answers[n]);
    }
    expect_client(&world, SAP_MANAGEMENT);
    expect_client(&other, SAP_MANAGEMENT);
    for (uint32_t s = 0; s < 120; s++) {
        life(&world, s, s + 1);
        life(&other, 1000 + s, 1000 + s + 1);
    }
    assert_true(qd_meter_hash(world.meter) == alone[0]);
    assert_true(qd_meter_hash(other.meter) == alone[1]);
    assert_true(alone[0] != alone[1]);
    assert_memory_equal(world.cells, answers[0], sizeof answers[0]);
    assert_memory_equal(other.cells, answers[1], sizeof answers[1]);
}

static world_t *start_by_link(world_t *w) {
    world_blank(w, qd_model_find("st402"));
    w->options.gate = &qd_gate_by_loopback;
    assert_int_equal(world_start(w), QD_OK);
    assert_true(world_open(w, 0, SAP_MANAGEMENT));
    return w;
}

/* Whether messages are framed makes no difference to a single mJ. */
static void test_gate_by_call_and_by_link(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    start_by_link(&other);
    for (uint32_t s = 0; s < 120; s++) {
        life(&world, s, s + 1);
        life(&other, s, s + 1);
        if (qd_meter_hash(world.meter) != qd_meter_hash(other.meter)) {
            fail_msg("the meters differ after %u s", (unsigned)s + 1u);
        }
    }
}

/* Success of a switch means that the next quantum is booked under the new rate. */
static void test_switches_in_a_row_by_link(void **state) {
    (void)state;
    start_by_link(&world);
    for (unsigned n = 2; n <= 6; n++) {
        char script[] = SCRIPT("01");
        script[sizeof script - 2] = (char)('0' + n);
        EXPECT(&world, SAP_MANAGEMENT, script, ACTION_OK);
        assert_int_equal(world.meter->door->metrology->rate[0], n);
    }
}

/* Changing rates leaves the gate free: the registers of a rate can be read at once. */
static void test_registers_after_a_switch_by_link(void **state) {
    uint64_t next_us = 0;
    uint8_t apdu[16];
    (void)state;
    start_by_link(&world);
    EXPECT(&world, SAP_MANAGEMENT, SCRIPT("02"), ACTION_OK);
    size_t length = world_hex("C0 01 C1 0003 0100010801FF 02 00", apdu);
    world_put_apdu(&world, 0, SAP_MANAGEMENT, apdu, length);
    for (unsigned i = 0; i < 20 && world.line[0].out_size == 0; i++) {
        assert_int_equal(qd_meter_step(world.meter, world.tick_us, &next_us), QD_OK);
    }
    assert_int_equal(world.line[0].out_size, 8 + 9);
}

static qd_event_t recent(uint32_t n) {
    qd_event_t event;
    assert_int_equal(qd_event_recent(world_module(&world, QD_MODULE_EVENT), n, &event), QD_OK);
    return event;
}

/* Events 4 and 5 carry the old and the new time, however the gate is reached. */
static void test_events_of_a_clock_set_by_link(void **state) {
    (void)state;
    start_by_link(&world);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0008 0000010000FF 02 00 09 0C 07EA010F04 0E000000 FFC400",
           "C5 01 C1 00");
    assert_int_equal(recent(0).code, QD_EVENT_CLOCK_NEW);
    assert_true(recent(0).detail == WORLD_UTC_S + 3600);
    assert_int_equal(recent(1).code, QD_EVENT_CLOCK_OLD);
    assert_true(recent(1).detail == WORLD_UTC_S);
}

static void test_events_of_a_shift_by_link(void **state) {
    (void)state;
    start_by_link(&world);
    EXPECT(&world, SAP_MANAGEMENT, "C3 01 C1 0008 0000010000FF 06 01 10 0064", ACTION_OK);
    assert_true(qd_meter_utc_ms(world.meter, world.tick_us) == (WORLD_UTC_S + 100) * 1000);
    assert_int_equal(recent(0).code, QD_EVENT_CLOCK_NEW);
    assert_true(recent(0).detail == WORLD_UTC_S + 100);
    assert_int_equal(recent(1).code, QD_EVENT_CLOCK_OLD);
    assert_true(recent(1).detail == WORLD_UTC_S);
}

/* A client that leaves in the middle of a request: what it asked for is no answer to the next one. */
static void test_a_clock_set_that_nobody_waits_for_by_link(void **state) {
    uint64_t next_us = 0;
    uint8_t apdu[64];
    (void)state;
    start_by_link(&world);
    world_run(&world, 150); /* whatever the start asked is answered */
    assert_true(world_open(&world, 1, SAP_MANAGEMENT));
    size_t length = world_hex("C1 01 C1 0008 0000010000FF 02 00 09 0C 07EA010F04 0E000000 FFC400", apdu);
    world_put_apdu(&world, 0, SAP_MANAGEMENT, apdu, length);
    (void)qd_meter_step(world.meter, world.tick_us, &next_us);
    world.line[0].generation++;
    EXPECT_ON(&world, 1, SAP_MANAGEMENT, "C1 01 C1 0008 0000010000FF 02 00 09 0C 07EA010F04 0F000000 FFC400",
              "C5 01 C1 00");
    (void)world_step(&world);
    assert_true(qd_meter_utc_ms(world.meter, world.tick_us) == (WORLD_UTC_S + 7200) * 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_memory_must_suffice),
        cmocka_unit_test(test_ports_must_be_there),
        cmocka_unit_test(test_store_of_another_model),
        cmocka_unit_test(test_time_runs_forward),
        cmocka_unit_test(test_a_late_step_catches_up),
        cmocka_unit_test(test_a_restart_keeps_every_quantum),
        cmocka_unit_test(test_a_device_that_fails_for_a_while),
        cmocka_unit_test(test_two_meters_side_by_side),
        cmocka_unit_test(test_gate_by_call_and_by_link),
        cmocka_unit_test(test_switches_in_a_row_by_link),
        cmocka_unit_test(test_registers_after_a_switch_by_link),
        cmocka_unit_test(test_events_of_a_clock_set_by_link),
        cmocka_unit_test(test_events_of_a_shift_by_link),
        cmocka_unit_test(test_a_clock_set_that_nobody_waits_for_by_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
