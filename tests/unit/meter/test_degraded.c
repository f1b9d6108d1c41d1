/*
 * test_degraded.c - memories that fail under a running meter, for a while and for ever.
 *
 * Metering goes on, in memory or on what still works; energy is right as soon as the device works again; the error
 * register says so, event 14 is raised, peers are answered, and nothing is tried without end.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "app/diagnosis.h"
#include "app/event.h"
#include "quadrant/sim.h"
#include "unit/meter/expect.h"

#define READ_ENERGY "C0 01 C1 0003 0100010800FF 02 00"
#define READ_ERRORS "C0 01 C1 0001 0000616100FF 02 00"
#define READ_LOG "C0 01 C1 0007 0000636200FF 02 00"
#define READ_ROWS "C0 01 C1 0007 0000636200FF 07 00"
/* Operations of one device in a second. An ordinary commit has 2, one with rows and their page a dozen. */
#define OPERATIONS_MAX 40u
#define MJ_A_SECOND INT64_C(3600000)
#define FOR_EVER 100000000u

static world_t world;
static qd_sim_fram_t fram;
static qd_sim_nor_t nor;
static qd_block_t fram_port;
static qd_block_t nor_port;
static qd_block_t flash;
static bool flash_unreadable;
static void *memory[2];
static uint32_t seconds_on;
static bool event_14; /* has been raised */

static qd_status_t read_flash(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    return flash_unreadable ? QD_IO : nor_port.read(context, offset, buffer, length);
}

static int setup(void **state) {
    (void)state;
    world_blank(&world, qd_model_find("st402"));
    uint32_t fram_size = qd_meter_fram_size(world.model);
    memory[0] = malloc(qd_sim_fram_memory(fram_size));
    memory[1] = malloc(qd_sim_nor_memory(WORLD_FLASH, WORLD_ERASE));
    qd_sim_fram_init(&fram, memory[0], fram_size, 0, 3);
    qd_sim_nor_init(&nor, memory[1], WORLD_FLASH, WORLD_ERASE, 4);
    qd_sim_fram_port(&fram, &fram_port);
    qd_sim_nor_port(&nor, &nor_port);
    flash = nor_port;
    flash.read = read_flash;
    flash_unreadable = false;
    world.ports.fram = &fram_port;
    world.ports.flash = &flash;
    world.now.phase[0] =
        (qd_phase_quantities_t){.voltage_mv = 230000, .active_power_mw = 3600000, .valid = true};
    assert_int_equal(world_start(&world), QD_OK);
    world_run(&world, 20);
    seconds_on = 20;
    event_14 = false;
    return 0;
}

static int teardown(void **state) {
    (void)state;
    free(memory[0]);
    free(memory[1]);
    return 0;
}

static int64_t import_mj(void) {
    qd_meter_view_t view;
    qd_meter_get_view(world.meter, &view);
    return view.import_mj;
}

static uint32_t errors(void) {
    return qd_diagnosis_errors(world_module(&world, QD_MODULE_DIAGNOSIS));
}

/* Rows of a log with the code at this offset; not every row can be read. */
static unsigned rows_with(uint16_t log, unsigned at, uint8_t code) {
    const qd_logs_t *logs = qd_log_interface(world.meter->logs);
    qd_log_span_t span;
    unsigned found = 0;
    assert_int_equal(logs->span(logs->context, log, &span), QD_OK);
    for (uint32_t s = span.first; s < span.end; s++) {
        uint8_t row[QD_LOG_METROLOGY_JOURNAL_ROW];
        int64_t utc_s = 0;
        size_t length = 0;
        if (logs->read(logs->context, log, s, &utc_s, row, sizeof row, &length) == QD_OK) {
            found += row[at] == code ? 1u : 0u;
        }
    }
    return found;
}

static unsigned journal_has(uint8_t code) {
    return rows_with(QD_LOG_METROLOGY_JOURNAL, 32, code);
}

/* Its row may have gone with the memory that it tells of: it is looked for every second. */
static void look_for_event(void) {
    qd_event_t event;
    for (uint32_t n = 0; qd_event_recent(world_module(&world, QD_MODULE_EVENT), n, &event) == QD_OK; n++) {
        event_14 = event_14 || event.code == QD_EVENT_MEMORY_ERROR;
    }
}

static uint32_t operations(void) {
    qd_sim_fram_stats_t f;
    qd_sim_nor_stats_t n;
    qd_sim_fram_get_stats(&fram, &f);
    qd_sim_nor_get_stats(&nor, &n);
    return f.operations + n.operations;
}

/* Every second the energy is right, and neither device is driven without end. */
static void run(uint32_t seconds) {
    for (uint32_t i = 0; i < seconds; i++) {
        uint32_t before = operations();
        world_run(&world, 1);
        seconds_on++;
        assert_true(import_mj() == seconds_on * MJ_A_SECOND);
        assert_in_range(operations() - before, 0, 2 * OPERATIONS_MAX);
        look_for_event();
    }
}

/* A client is let in, and reads the energy in Wh. */
static void answers(void) {
    uint8_t answer[2048];
    uint8_t wanted[9] = {0xC4, 1, 0xC1, 0, 6};
    uint32_t wh = (uint32_t)(import_mj() / 3600000);
    for (unsigned i = 0; i < 4; i++) {
        wanted[5 + i] = (uint8_t)(wh >> (24u - 8u * i));
    }
    world.line[0].generation += 2u;
    (void)world_step(&world);
    assert_true(world_open(&world, 0, SAP_LEVEL_1));
    assert_int_equal(world_ask_hex(&world, 0, SAP_LEVEL_1, READ_ENERGY, answer, sizeof answer), 9);
    assert_memory_equal(answer, wanted, 9);
    assert_int_equal(world_ask_hex(&world, 0, SAP_LEVEL_1, READ_ERRORS, answer, sizeof answer), 9);
    assert_int_equal(answer[5 + 3], errors() & 0xFFu);
    assert_int_equal(answer[5 + 2], errors() >> 8 & 0xFFu);
    assert_in_range(world_ask_hex(&world, 0, SAP_LEVEL_1, READ_ROWS, answer, sizeof answer), 4, 16);
    assert_true(world_ask_hex(&world, 0, SAP_LEVEL_1, READ_LOG, answer, sizeof answer) >= 4);
}

static void restart(void) {
    qd_sim_fram_restart(&fram);
    qd_sim_nor_restart(&nor);
    assert_int_equal(world_restart(&world), QD_OK);
}

static void raise(uint32_t events) {
    for (uint32_t i = 0; i < events; i++) {
        (void)qd_event_raise(world_module(&world, QD_MODULE_EVENT), QD_EVENT_PARAMETRIZATION, i, 0);
        run(1);
    }
}

static void test_fram_fails_for_a_while(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        qd_sim_fram_stats_t stats;
        qd_sim_fram_get_stats(&fram, &stats);
        qd_sim_fram_fail(&fram, stats.operations + 1u, FOR_EVER, i == 0 ? QD_IO : QD_NO_SPACE);
        run(300);
        assert_true((errors() & QD_ERROR_FRAM) != 0);
        assert_true(event_14);
        answers();
        qd_sim_fram_fail(&fram, 0, 0, QD_OK);
        run(3);
        restart();
        run(1);
        assert_true((errors() & QD_ERROR_FRAM) != 0);
    }
}

static void test_fram_fails_for_ever(void **state) {
    (void)state;
    uint64_t hash = qd_meter_hash(world.meter);
    qd_sim_fram_stats_t stats;
    qd_sim_fram_get_stats(&fram, &stats);
    qd_sim_fram_fail(&fram, stats.operations + 1u, FOR_EVER, QD_IO);
    run(600);
    answers();
    restart();
    /* What was committed before stands, and not a quantum that was never committed. */
    assert_true(qd_meter_hash(world.meter) == hash);
}

/* Address of a slot of the delta, by the page docs/storage.md. */
static uint32_t delta_slot(unsigned slot) {
    const qd_store_layout_t *layout = &world.meter->layout;
    uint32_t at = 128u + ((16u + 12u + layout->group_capacity + 4u * layout->row_count + 7u) & ~7u);
    return at + 2u * ((24u + QD_RECORD_METROLOGY_BASE_SIZE + 7u) & ~7u) +
           slot * ((24u + QD_RECORD_METROLOGY_DELTA_SIZE + 7u) & ~7u);
}

static void test_a_slot_of_the_delta_sticks(void **state) {
    (void)state;
    for (unsigned octet = 12; octet < 16; octet++) {
        assert_int_equal(qd_sim_fram_stick(&fram, delta_slot(0) + octet, 0xFF, 0xA5), QD_OK);
    }
    run(120);
    assert_true((errors() & QD_ERROR_FRAM) != 0);
    assert_true(event_14);
    answers();
    for (unsigned i = 0; i < 3; i++) {
        restart();
        run(20);
        assert_true((errors() & QD_ERROR_FRAM) != 0);
    }
    assert_true(journal_has(QD_JOURNAL_STORAGE_REPAIRED) + journal_has(QD_JOURNAL_STORAGE_LOST) > 0);
}

static void test_both_slots_of_the_delta_stick(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(qd_sim_fram_stick(&fram, delta_slot(i & 1u) + 12u + i / 2u, 0xFF, 0xA5), QD_OK);
    }
    run(1800);
    assert_true((errors() & QD_ERROR_FRAM) != 0);
    assert_true(event_14);
    answers();
}

static void flash_is_told(void) {
    assert_int_equal(errors() & QD_ERROR_FLASH, QD_ERROR_FLASH);
    assert_int_equal(errors() & QD_ERROR_FRAM, 0);
    assert_true(event_14);
    answers();
}

static void test_programs_of_the_flash_fail(void **state) {
    (void)state;
    qd_sim_nor_stats_t stats;
    qd_sim_nor_get_stats(&nor, &stats);
    qd_sim_nor_fail(&nor, stats.operations + 1u, FOR_EVER, QD_IO);
    raise(120);
    run(2000); /* the pages that are gone are found in a round */
    flash_is_told();
    assert_true(journal_has(QD_JOURNAL_STORAGE_LOST) > 0);
    restart();
    run(5);
}

static void test_erases_of_the_flash_fail(void **state) {
    (void)state;
    qd_sim_nor_fail_erases(&nor, 1, FOR_EVER);
    raise(1200);
    flash_is_told();
    restart();
    run(5);
}

static void test_the_flash_cannot_be_read(void **state) {
    (void)state;
    raise(60);
    flash_unreadable = true;
    raise(60);
    run(1000);
    flash_is_told();
    restart();
    run(1000);
    flash_is_told();
    flash_unreadable = false;
    raise(60);
    answers();
}

/* Programs that fail for a while: a block is given up, and no row is lost. */
static void test_the_flash_comes_back(void **state) {
    (void)state;
    qd_sim_nor_stats_t stats;
    qd_sim_nor_get_stats(&nor, &stats);
    qd_sim_nor_fail(&nor, stats.operations + 1u, 3, QD_IO);
    raise(100);
    const qd_logs_t *logs = qd_log_interface(world.meter->logs);
    qd_log_span_t span;
    assert_int_equal(logs->span(logs->context, QD_LOG_EVENTS_STANDARD, &span), QD_OK);
    for (uint32_t s = span.first; s < span.end; s++) {
        uint8_t row[QD_EVENT_ROW_SIZE];
        int64_t utc_s = 0;
        size_t length = 0;
        assert_int_equal(
            logs->read(logs->context, QD_LOG_EVENTS_STANDARD, s, &utc_s, row, sizeof row, &length), QD_OK);
    }
    answers();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_fram_fails_for_a_while),     TEST(test_fram_fails_for_ever),
        TEST(test_a_slot_of_the_delta_sticks), TEST(test_both_slots_of_the_delta_stick),
        TEST(test_programs_of_the_flash_fail), TEST(test_erases_of_the_flash_fail),
        TEST(test_the_flash_cannot_be_read),   TEST(test_the_flash_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
