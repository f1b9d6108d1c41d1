/*
 * test_upkeep.c - memories that rot while the meter runs, and while it is off: mended, told, told once.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "app/diagnosis.h"
#include "unit/meter/expect.h"

#define PERIOD_S ((uint32_t)(QD_UPKEEP_PERIOD_US / WORLD_SECOND))
#define REPAIRED QD_JOURNAL_STORAGE_REPAIRED
#define LOST QD_JOURNAL_STORAGE_LOST
#define HEAD_OF_SLOT (12u + QD_SEALER_GCM_TAG)

static world_t world;

static void start_model(const char *model) {
    qd_gate_request_t request = {.sequence = 8, .kind = QD_GATE_SET_PARAMETER};
    qd_gate_reply_t reply;
    const qd_gate_t *gate;
    world_blank(&world, qd_model_find(model));
    world.factory_open = true;
    assert_int_equal(world_start(&world), QD_OK);
    world_run(&world, 3);
    /* A record that is written once. */
    request.u.parameter.parameter = QD_SEALED_CT_NUMERATOR;
    request.u.parameter.value = 5;
    gate = qd_door_gate(world.meter->door);
    assert_int_equal(gate->submit(gate->context, &request), QD_OK);
    world_run(&world, 2);
    assert_int_equal(gate->reply(gate->context, &reply), QD_OK);
    assert_int_equal(reply.status, QD_OK);
}

static void start(void) {
    start_model("mini");
}

/* Looks that make a whole round, and one more for its end. */
static uint32_t round_s(void) {
    return (2u * world.meter->layout.row_count + 3u) * PERIOD_S;
}

/* Address of a slot, by the page docs/storage.md; the records end where the first bank does. */
static uint32_t slot_at(uint16_t record, unsigned slot) {
    const qd_store_layout_t *layout = &world.meter->layout;
    uint32_t at = qd_store_device_size(layout, &world.meter->sealer.sealer);
    uint32_t size = 0;
    for (uint16_t i = layout->row_count; i > 0; i--) {
        size = (HEAD_OF_SLOT + layout->rows[i - 1].capacity + 7u) & ~7u;
        at -= 2u * size;
        if (layout->rows[i - 1].id == record) {
            return at + slot * size;
        }
    }
    fail_msg("no such record");
    return 0;
}

static void spoil(uint16_t record, unsigned slot) {
    world.cells[slot_at(record, slot) + HEAD_OF_SLOT] ^= 0x10u;
}

/* Entries of the integrity journal with this code and detail. */
static unsigned told(qd_journal_code_t code, uint16_t detail) {
    const qd_gate_t *gate = qd_door_gate(world.meter->door);
    qd_gate_request_t request = {.sequence = 9, .kind = QD_GATE_READ_JOURNAL};
    qd_gate_reply_t reply;
    unsigned found = 0;
    do {
        assert_int_equal(gate->submit(gate->context, &request), QD_OK);
        assert_int_equal(gate->reply(gate->context, &reply), QD_OK);
        if (reply.status == QD_OK) {
            found += reply.u.journal.code == code && reply.u.journal.detail == detail ? 1 : 0;
            request.u.journal.sequence = reply.u.journal.sequence - 1u;
        }
    } while (reply.status == QD_OK && request.u.journal.sequence > 0);
    return found;
}

static uint32_t errors(void) {
    return qd_diagnosis_errors(world_module(&world, QD_MODULE_DIAGNOSIS));
}

/* The error register forgets what is not so any more. */
static void clear_errors(void) {
    const qd_records_t *records = qd_store_records(world.meter->store);
    const uint8_t none[5] = {1};
    assert_int_equal(records->write(records->context, QD_RECORD_DIAGNOSIS, none, sizeof none), QD_OK);
    assert_int_equal(world_restart(&world), QD_OK);
    world_run(&world, 2);
}

/* One place each ten seconds, and not more often. */
static void test_the_pace(void **state) {
    qd_store_stats_t before, after;
    (void)state;
    start();
    qd_store_get_stats(world.meter->store, &before);
    world_run(&world, 10 * PERIOD_S);
    qd_store_get_stats(world.meter->store, &after);
    assert_int_equal(after.scrubbed - before.scrubbed, 10);
    assert_int_equal(told(REPAIRED, 0), 0);
    assert_int_equal(errors(), 0);
}

static void test_a_slot_is_mended_and_told(void **state) {
    (void)state;
    for (unsigned slot = 0; slot < 2; slot++) {
        start();
        spoil(QD_RECORD_METROLOGY_SEALED, slot);
        world_run(&world, 2 * round_s());
        assert_int_equal(told(REPAIRED, QD_RECORD_METROLOGY_SEALED), 1);
        assert_int_equal(told(LOST, QD_RECORD_METROLOGY_SEALED), 0);
        assert_int_equal(errors(), 0);
        /* The other slot may go now. */
        spoil(QD_RECORD_METROLOGY_SEALED, slot ^ 1u);
        assert_int_equal(world_restart(&world), QD_OK);
        world_run(&world, 2);
        assert_int_equal(told(REPAIRED, QD_UPKEEP_AT_START), 1);
        assert_int_equal(told(LOST, QD_RECORD_METROLOGY_SEALED), 0);
        assert_int_equal(errors(), 0);
    }
}

/* What cannot be mended is an error as long as it is so, and told once. */
static void test_a_lost_record_is_told_once(void **state) {
    uint8_t content[QD_RECORD_METROLOGY_SEALED_SIZE];
    const qd_records_t *records;
    size_t length = 0;
    (void)state;
    start();
    records = qd_store_records(world.meter->store);
    assert_int_equal(
        records->read(records->context, QD_RECORD_METROLOGY_SEALED, content, sizeof content, &length), QD_OK);
    spoil(QD_RECORD_METROLOGY_SEALED, 0);
    spoil(QD_RECORD_METROLOGY_SEALED, 1);
    world_run(&world, 3 * round_s());
    assert_int_equal(told(LOST, QD_RECORD_METROLOGY_SEALED), 1);
    assert_int_equal(errors(), QD_ERROR_FRAM);
    /* Written again, it is whole, and a later loss is told anew. */
    assert_int_equal(records->write(records->context, QD_RECORD_METROLOGY_SEALED, content, length), QD_OK);
    world_run(&world, round_s());
    assert_int_equal(world.meter->upkeep.lost_records, 0);
    spoil(QD_RECORD_METROLOGY_SEALED, 0);
    spoil(QD_RECORD_METROLOGY_SEALED, 1);
    world_run(&world, 2 * round_s());
    assert_int_equal(told(LOST, QD_RECORD_METROLOGY_SEALED), 2);
}

/* A start with damage does not wait for the next round to say what is lost. */
static void test_a_start_says_what_is_lost(void **state) {
    (void)state;
    start();
    qd_diagnosis_report(world_module(&world, QD_MODULE_DIAGNOSIS), QD_ERROR_CLOCK);
    world_run(&world, 2);
    spoil(QD_RECORD_DIAGNOSIS, 0);
    spoil(QD_RECORD_DIAGNOSIS, 1);
    assert_int_equal(world_restart(&world), QD_OK);
    world_run(&world, 2);
    assert_int_equal(told(REPAIRED, QD_UPKEEP_AT_START), 0); /* nothing was */
    assert_int_equal(told(LOST, QD_RECORD_DIAGNOSIS), 1);
    assert_int_equal(errors(), QD_ERROR_FRAM | QD_ERROR_INITIALIZATION | (errors() & QD_ERROR_CLOCK));
}

/* The head of a log: the log goes on from what flash holds, and the loss is told. */
static void test_a_lost_head_is_told(void **state) {
    (void)state;
    start();
    spoil(QD_LOG_EVENTS_STANDARD, 0);
    spoil(QD_LOG_EVENTS_STANDARD, 1);
    assert_int_equal(world_restart(&world), QD_OK);
    world_run(&world, 2);
    assert_int_equal(told(LOST, QD_LOG_EVENTS_STANDARD), 1);
    assert_int_equal(told(LOST, QD_LOG_METROLOGY_JOURNAL), 0);
    assert_int_equal(errors(), QD_ERROR_FRAM); /* whole again, but rows are gone */
}

/* Rows in the standard log until some pages of it are in flash. */
static void fill_log(unsigned rows) {
    const qd_logs_t *logs = qd_log_interface(world.meter->logs);
    const qd_log_layout_t *layout = world.meter->log_layout;
    uint8_t row[QD_LOG_ROW_MAX] = {0};
    uint16_t size = 0;
    for (uint8_t i = 0; i < layout->row_count; i++) {
        size = layout->rows[i].id == QD_LOG_EVENTS_STANDARD ? layout->rows[i].row_size : size;
    }
    for (unsigned i = 0; i < rows; i++) {
        assert_int_equal(logs->append(logs->context, QD_LOG_EVENTS_STANDARD, WORLD_UTC_S, row, size, NULL),
                         QD_OK);
        world_run(&world, 1);
    }
}

/* First octets of the log's pages in flash, in their order; the number of them. */
static unsigned find_pages(uint32_t *at, unsigned most) {
    unsigned found = 0;
    for (uint32_t i = 0; i < WORLD_FLASH && found < most; i += QD_LOG_PAGE_SIZE) {
        if (world.flash_cells[i] == (QD_LOG_EVENTS_STANDARD & 0xffu) &&
            world.flash_cells[i + 1] == QD_LOG_EVENTS_STANDARD >> 8) {
            at[found++] = i;
        }
    }
    return found;
}

/* A page has no second copy: told once, once more when there are more, and an error meanwhile. */
static void test_a_lost_page_is_told_once(void **state) {
    uint32_t at[3];
    (void)state;
    start();
    fill_log(60);
    assert_int_equal(find_pages(at, 3), 3);
    world_run(&world, 20 * PERIOD_S);
    assert_int_equal(errors(), 0);
    world.flash_cells[at[0] + 60] ^= 1u;
    world_run(&world, 80 * PERIOD_S);
    assert_int_equal(told(LOST, QD_LOG_EVENTS_STANDARD), 1);
    assert_int_equal(errors(), QD_ERROR_FLASH);
    world.flash_cells[at[1] + 60] ^= 1u;
    world_run(&world, 80 * PERIOD_S);
    assert_int_equal(told(LOST, QD_LOG_EVENTS_STANDARD), 2);
    /* It is still so after the register was cleared. */
    world.flash_cells[at[0] + 60] ^= 1u;
    world.flash_cells[at[1] + 60] ^= 1u;
    clear_errors();
    world_run(&world, 80 * PERIOD_S);
    assert_int_equal(errors(), 0);
    world.flash_cells[at[2] + 60] ^= 1u;
    world_run(&world, 80 * PERIOD_S);
    assert_int_equal(errors(), QD_ERROR_FLASH);
}

/* Between two looks at the lost page it is an error all the same: clearing the register does not help. */
static void test_an_error_lasts_between_rounds(void **state) {
    uint32_t at[1], seconds = 0;
    (void)state;
    start_model("st402");
    fill_log(60);
    assert_int_equal(find_pages(at, 1), 1);
    world.flash_cells[at[0] + 60] ^= 1u;
    while (world.meter->upkeep.told_pages == 0 || world.meter->upkeep.bad_pages != 0) {
        world_run(&world, 1);
        seconds++;
        assert_true(seconds < 100 * PERIOD_S);
    }
    world_run(&world, 1);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0001 0000616100FF 02 00 06 00000000", "C5 01 C1 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000616100FF 02 00", "C4 01 C1 00 06 00008000");
    world_run(&world, 2);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0001 0000616100FF 02 00", "C4 01 C1 00 06 00008000");
}

static void test_a_clock_that_is_not_valid(void **state) {
    (void)state;
    world_blank(&world, qd_model_find("mini"));
    world.rtc_valid = false;
    assert_int_equal(world_start(&world), QD_OK);
    world_run(&world, 3);
    assert_int_equal(errors(), QD_ERROR_CLOCK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_pace),
        cmocka_unit_test(test_a_slot_is_mended_and_told),
        cmocka_unit_test(test_a_lost_record_is_told_once),
        cmocka_unit_test(test_a_start_says_what_is_lost),
        cmocka_unit_test(test_a_lost_head_is_told),
        cmocka_unit_test(test_a_lost_page_is_told_once),
        cmocka_unit_test(test_an_error_lasts_between_rounds),
        cmocka_unit_test(test_a_clock_that_is_not_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
