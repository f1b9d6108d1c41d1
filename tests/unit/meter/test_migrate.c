/*
 * test_migrate.c - a firmware with another layout of the records, and back again.
 *
 * The newer model is the smallest one with a larger identity record, another form of the error register and
 * without the passwords of the older one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "app/diagnosis.h"
#include "unit/meter/expect.h"

#define NEW_BIT 0x00010000u
#define OLD_BIT 0x00020000u

static world_t world;
static qd_record_row_t old_rows[32];
static qd_store_layout_t old_layout;

static qd_status_t mark(const uint8_t *old, size_t length, uint8_t *content, size_t *made, uint8_t bit) {
    if (length != 5) {
        return QD_CORRUPT;
    }
    memcpy(content, old, length);
    content[3] ^= bit; /* bit 16 of the register */
    *made = length;
    return QD_OK;
}

static qd_status_t register_changes(void *context, const uint8_t *old, size_t old_length, uint8_t *content,
                                    size_t size, size_t *length) {
    (void)context;
    return size < 5 ? QD_RANGE : mark(old, old_length, content, length, 1);
}

/* What went up comes down with a mark of its own. */
static qd_status_t register_goes_back(void *context, const uint8_t *old, size_t old_length, uint8_t *content,
                                      size_t size, size_t *length) {
    (void)context;
    return size < 5 ? QD_RANGE : mark(old, old_length, content, length, 3);
}

static const qd_migration_row_t steps_up[] = {{QD_RECORD_DIAGNOSIS, QD_RECORD_DIAGNOSIS, register_changes}};
static const qd_migration_row_t steps_down[] = {
    {QD_RECORD_DIAGNOSIS, QD_RECORD_DIAGNOSIS, register_goes_back}};
static const qd_migration_t way_up = {NULL, steps_up, 1}, way_down = {NULL, steps_down, 1};
/* The one before is known as well, and is not what lies there. */
static qd_model_layout_t earlier[2];
static qd_model_t newer;

static const qd_model_t *older(void) {
    return qd_model_find("mini");
}

static qd_diagnosis_t *diagnosis(void) {
    return world.meter->modules[QD_MODULE_DIAGNOSIS].state;
}

static int64_t import_mj(void) {
    qd_meter_view_t view;
    qd_meter_get_view(world.meter, &view);
    return view.import_mj;
}

static void start(void) {
    qd_meter_layout(older(), &old_layout);
    assert_true(old_layout.row_count < 32);
    memcpy(old_rows, old_layout.rows, old_layout.row_count * sizeof old_rows[0]);
    earlier[1] = (qd_model_layout_t){old_layout.version,        old_rows, old_layout.row_count,
                                     old_layout.group_capacity, &way_up,  &way_down};
    earlier[0] = earlier[1];
    earlier[0].version = (uint16_t)(old_layout.version + 9u);
    newer = *older();
    newer.layout_version = (uint16_t)(old_layout.version + 1u);
    newer.earlier = earlier;
    newer.earlier_count = 2;
    world_blank(&world, older());
    world.now.phase[0].valid = true;
    world.now.phase[0].voltage_mv = 230000;
    world.now.phase[0].active_power_mw = 3600000;
    assert_int_equal(world_start(&world), QD_OK);
    world_run(&world, 10);
    qd_diagnosis_report(diagnosis(), QD_ERROR_FLASH);
    world_run(&world, 2);
    assert_int_equal(import_mj(), INT64_C(3600) * 12000);
}

static void test_up_and_down(void **state) {
    (void)state;
    start();
    world.model = &newer;
    assert_int_equal(world_restart(&world), QD_OK);
    assert_int_equal(import_mj(), INT64_C(3600) * 12000);
    assert_int_equal(qd_diagnosis_errors(diagnosis()), QD_ERROR_FLASH | NEW_BIT);
    world_run(&world, 5);
    /* The older firmware refuses it and changes nothing. */
    world.model = older();
    assert_int_equal(world_restart(&world), QD_VERSION);
    assert_int_equal(
        qd_meter_hand_back(&world.memory, sizeof world.memory, &newer, &world.ports, old_layout.version),
        QD_OK);
    assert_int_equal(world_start(&world), QD_OK);
    assert_int_equal(import_mj(), INT64_C(3600) * 17000);
    assert_int_equal(qd_diagnosis_errors(diagnosis()), QD_ERROR_FLASH | OLD_BIT);
    world_run(&world, 1);
    assert_int_equal(import_mj(), INT64_C(3600) * 18000);
}

static void test_what_is_not_known(void **state) {
    (void)state;
    start();
    earlier[1].version = (uint16_t)(old_layout.version + 5u);
    world.model = &newer;
    assert_int_equal(world_restart(&world), QD_VERSION);
    earlier[1].version = old_layout.version;
    assert_int_equal(
        qd_meter_hand_back(&world.memory, sizeof world.memory, &newer, &world.ports, old_layout.version + 7u),
        QD_UNDEFINED);
    assert_int_equal(qd_meter_hand_back(&world.memory, 1000, &newer, &world.ports, old_layout.version),
                     QD_NO_SPACE);
    assert_int_equal(qd_meter_hand_back(NULL, 0, &newer, &world.ports, old_layout.version), QD_ARGUMENT);
    assert_int_equal(qd_meter_hand_back(world.memory.octets + 1, sizeof world.memory - 1, &newer,
                                        &world.ports, old_layout.version),
                     QD_ARGUMENT);
    qd_meter_ports_t ports = world.ports;
    ports.fram = NULL;
    assert_int_equal(
        qd_meter_hand_back(&world.memory, sizeof world.memory, &newer, &ports, old_layout.version),
        QD_ARGUMENT);
    ports = world.ports;
    ports.key = NULL;
    assert_int_equal(
        qd_meter_hand_back(&world.memory, sizeof world.memory, &newer, &ports, old_layout.version),
        QD_ARGUMENT);
    /* These records are of the older layout. */
    assert_int_equal(
        qd_meter_hand_back(&world.memory, sizeof world.memory, &newer, &world.ports, old_layout.version),
        QD_VERSION);
    world.model = older();
    assert_int_equal(world_start(&world), QD_OK);
    assert_int_equal(import_mj(), INT64_C(3600) * 12000);
}

/* What firmware with the first layout left: its records are kept, and the lines are as the factory's. */
static void test_first_layout(void **state) {
    static const char *const models[] = {"st402", "mini"};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        bool settable = i == 0;
        const qd_model_t *model = qd_model_find(models[i]);
        world_blank(&world, model);
        world.now.phase[0].valid = true;
        world.now.phase[0].voltage_mv = 230000;
        world.now.phase[0].active_power_mw = 3600000;
        assert_int_equal(world_start(&world), QD_OK);
        world_run(&world, 10);
        assert_true(world_open(&world, 0, SAP_MANAGEMENT));
        EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 000F 0000280001FF 07 00 09 08 3132333435363738",
               "C5 01 C1 00"); /* a password */
        if (settable) {
            EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0017 0000160000FF 09 00 12 0020", "C5 01 C1 00");
        }
        assert_int_equal(qd_meter_stop(world.meter), QD_OK);
        uint32_t size = qd_meter_fram_size_earlier(model, 0);
        assert_int_equal(size, 19200);
        assert_int_equal(qd_meter_fram_size_earlier(model, 1), 0);
        assert_int_equal(qd_meter_hand_back(&world.memory, sizeof world.memory, model, &world.ports, 1),
                         QD_OK);
        assert_int_equal(world_start(&world), QD_OK);
        assert_int_equal(import_mj(), INT64_C(3600) * 10000);
        assert_false(world_open(&world, 0, SAP_MANAGEMENT)); /* the factory's password is not it any more */
        uint8_t apdu[128], answer[128];
        size_t length = world_aarq("12345678", WORLD_CONFORMANCE, 0xFFFF, apdu);
        assert_true(world_ask(&world, 0, SAP_MANAGEMENT, apdu, length, answer, sizeof answer) > 40);
        if (settable) {
            EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0017 0000160000FF 09 00", "C4 01 C1 00 12 0011");
            EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0017 0000160000FF 09 00 12 0021", "C5 01 C1 00");
        }
        assert_int_equal(world_restart(&world), QD_OK);
        assert_int_equal(import_mj(), INT64_C(3600) * 10000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_layout),
        cmocka_unit_test(test_up_and_down),
        cmocka_unit_test(test_what_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
