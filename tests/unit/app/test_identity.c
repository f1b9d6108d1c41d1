/*
 * test_identity.c - names that are written once, names that may change, and the sealed ratio.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#define NAME "0001 00002A0000FF 02 00"
#define SERIAL "0001 0000600100FF 02 00"
#define ID_9 "0001 0000600109FF 02 00"
#define ELECTRICITY "0001 0100000000FF 02 00"
#define GET "C0 01 C1 "
#define SET "C1 01 C1 "
#define OK "C5 01 C1 00"
#define DENIED "C5 01 C1 03"
#define RANGE "C5 01 C1 FA"

static world_t world;

static void start(bool factory_open) {
    world_blank(&world, qd_model_find("st402"));
    world.factory_open = factory_open;
    assert_int_equal(world_start(&world), QD_OK);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
}

static void test_a_meter_without_a_name(void **state) {
    (void)state;
    start(false);
    EXPECT(&world, SAP_MANAGEMENT, GET NAME, "C4 01 C1 00 09 10 51445430303030303030303030303030");
    EXPECT(&world, SAP_MANAGEMENT, GET SERIAL, "C4 01 C1 00 09 00");
    EXPECT(&world, SAP_MANAGEMENT, SET NAME "09 10 51445431323334353637383930313233", DENIED);
    EXPECT(&world, SAP_MANAGEMENT, SET SERIAL "09 01 31", DENIED);
    EXPECT(&world, SAP_MANAGEMENT, GET SERIAL, "C4 01 C1 00 09 00");
}

/* Three capital letters and thirteen characters, once. */
static void test_name_is_written_once(void **state) {
    (void)state;
    start(true);
    EXPECT(&world, SAP_MANAGEMENT, SET NAME "09 0F 514454313233343536373839303132", RANGE);
    EXPECT(&world, SAP_MANAGEMENT, SET NAME "09 11 5144543132333435363738393031323334", RANGE);
    EXPECT(&world, SAP_MANAGEMENT, SET NAME "09 10 51647431323334353637383930313233", RANGE);
    EXPECT(&world, SAP_MANAGEMENT, SET NAME "09 10 51445B31323334353637383930313233", RANGE);
    EXPECT(&world, SAP_MANAGEMENT, SET NAME "09 10 40445431323334353637383930313233", RANGE);
    EXPECT(&world, SAP_MANAGEMENT, SET NAME "09 10 5144543132333435363738393031321F", RANGE);
    EXPECT(&world, SAP_MANAGEMENT, SET NAME "09 10 5144543132333435363738393031327F", RANGE);
    EXPECT(&world, SAP_MANAGEMENT, SET NAME "0A 10 51445431323334353637383930313233", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, GET NAME, "C4 01 C1 00 09 10 51445430303030303030303030303030");
    EXPECT(&world, SAP_MANAGEMENT, SET NAME "09 10 415A54207E3334353637383930313233", OK);
    EXPECT(&world, SAP_MANAGEMENT, SET NAME "09 10 415A54207E3334353637383930313233", DENIED);
    EXPECT(&world, SAP_MANAGEMENT, SET NAME "09 10 51445431323334353637383930313233", DENIED);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0011 0000290000FF 02 00",
           "C4 01 C1 00 01 01 02 02 12 0001 09 10 415A54207E3334353637383930313233");
    assert_int_equal(world_restart(&world), QD_OK);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    EXPECT(&world, SAP_MANAGEMENT, GET NAME, "C4 01 C1 00 09 10 415A54207E3334353637383930313233");
    EXPECT(&world, SAP_MANAGEMENT, SET NAME "09 10 51445431323334353637383930313233", DENIED);
}

static void test_serial_number(void **state) {
    (void)state;
    start(true);
    EXPECT(&world, SAP_MANAGEMENT, SET SERIAL "09 00", RANGE);
    EXPECT(&world, SAP_MANAGEMENT, SET SERIAL "09 11 3132333435363738393031323334353637", RANGE);
    EXPECT(&world, SAP_MANAGEMENT, SET SERIAL "09 02 310A", RANGE);
    EXPECT(&world, SAP_MANAGEMENT, SET SERIAL "09 08 3132333435363738", OK);
    EXPECT(&world, SAP_MANAGEMENT, SET SERIAL "09 08 3132333435363739", DENIED);
    EXPECT(&world, SAP_MANAGEMENT, GET SERIAL, "C4 01 C1 00 09 08 3132333435363738");
}

/* Only management, and only before the seal; the other ids stay open to management. */
static void test_who_may_write(void **state) {
    (void)state;
    start(true);
    assert_true(world_open(&world, 0, SAP_LEVEL_3));
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    EXPECT(&world, SAP_LEVEL_3, SET SERIAL "09 01 31", DENIED);
    EXPECT(&world, SAP_PUBLIC, SET SERIAL "09 01 31", DENIED);
    EXPECT(&world, SAP_LEVEL_3, SET ID_9 "09 01 31", DENIED);
    world.factory_open = false;
    EXPECT(&world, SAP_MANAGEMENT, SET SERIAL "09 01 31", DENIED);
    EXPECT(&world, SAP_MANAGEMENT, SET ID_9 "09 03 00FF7F", OK);
    EXPECT(&world, SAP_MANAGEMENT, SET ELECTRICITY "09 01 45", OK);
    EXPECT(&world, SAP_MANAGEMENT, GET ID_9, "C4 01 C1 00 09 03 00FF7F");
    EXPECT(&world, SAP_MANAGEMENT, SET ID_9 "09 00", OK);
    EXPECT(&world, SAP_MANAGEMENT, GET ID_9, "C4 01 C1 00 09 00");
    EXPECT(&world, SAP_MANAGEMENT, GET ELECTRICITY, "C4 01 C1 00 09 01 45");
    EXPECT(&world, SAP_MANAGEMENT, GET "0001 0000600108FF 02 00", "C4 01 C1 00 09 00");
    EXPECT(&world, SAP_MANAGEMENT, GET "0001 000060010AFF 02 00", "C4 01 C1 01 04");
}

static void test_provision(void **state) {
    static const qd_obis_t serial = QD_OBIS(0, 0, 96, 1, 0, 255);
    static const qd_obis_t name = QD_OBIS(0, 0, 42, 0, 0, 255);
    static const qd_obis_t id_1 = QD_OBIS(0, 0, 96, 1, 1, 255);
    static const uint8_t good[] = "QDT1234567890123";
    (void)state;
    start(true);
    assert_int_equal(qd_meter_provision(world.meter, &serial, good, 17), QD_RANGE);
    assert_int_equal(qd_meter_provision(world.meter, &serial, good, 70000), QD_RANGE);
    assert_int_equal(qd_meter_provision(world.meter, &name, good, 15), QD_RANGE);
    assert_int_equal(qd_meter_provision(world.meter, &id_1, good, 4), QD_UNDEFINED);
    assert_int_equal(qd_meter_provision(world.meter, &name, good, 16), QD_OK);
    assert_int_equal(qd_meter_provision(world.meter, &name, good, 16), QD_SEALED);
    world.factory_open = false;
    assert_int_equal(qd_meter_provision(world.meter, &serial, good, 8), QD_SEALED);
    EXPECT(&world, SAP_MANAGEMENT, GET NAME, "C4 01 C1 00 09 10 51445431323334353637383930313233");
}

static void test_versions_and_constants(void **state) {
    (void)state;
    start(false);
    EXPECT(&world, SAP_MANAGEMENT, GET "0001 0100000200FF 02 00", "C4 01 C1 00 09 07 56303330313030");
    EXPECT(&world, SAP_MANAGEMENT, GET "0001 0101000200FF 02 00", "C4 01 C1 00 09 07 56303330313030");
    /* 1000 pulses per kWh: 1000 with scaler -3 and unit 1/Wh. */
    EXPECT(&world, SAP_MANAGEMENT, GET "0003 0100000300FF 02 00", "C4 01 C1 00 06 000003E8");
    EXPECT(&world, SAP_MANAGEMENT, GET "0003 0100000300FF 03 00", "C4 01 C1 00 02 02 0F FD 16 2D");
    EXPECT(&world, SAP_MANAGEMENT, GET "0003 0100000301FF 03 00", "C4 01 C1 00 02 02 0F FD 16 2E");
    EXPECT(&world, SAP_MANAGEMENT, GET "0003 0100000600FF 02 00", "C4 01 C1 00 12 00E6");
    EXPECT(&world, SAP_MANAGEMENT, GET "0003 0100000600FF 03 00", "C4 01 C1 00 02 02 0F 00 16 23");
    EXPECT(&world, SAP_MANAGEMENT, GET "0003 0100000601FF 02 00", "C4 01 C1 00 12 0005");
    EXPECT(&world, SAP_MANAGEMENT, GET "0003 0100000602FF 02 00", "C4 01 C1 00 12 0032");
    EXPECT(&world, SAP_MANAGEMENT, GET "0003 0100000603FF 02 00", "C4 01 C1 00 12 0064");
}

static void test_ratio_is_sealed(void **state) {
    (void)state;
    start(true);
    EXPECT(&world, SAP_MANAGEMENT, GET "0001 0100000402FF 02 00", "C4 01 C1 00 12 0001");
    EXPECT(&world, SAP_MANAGEMENT, SET "0001 0100000402FF 02 00 12 0FA0", OK);
    EXPECT(&world, SAP_MANAGEMENT, SET "0001 0100000405FF 02 00 12 0005", OK);
    EXPECT(&world, SAP_MANAGEMENT, SET "0001 0100000403FF 02 00 12 0000", RANGE);
    EXPECT(&world, SAP_MANAGEMENT, SET "0001 0100000403FF 02 00 06 00000002", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, SET "0001 0100000403FF 02 00 09 01 05", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, GET "0001 0100000402FF 02 00", "C4 01 C1 00 12 0FA0");
    EXPECT(&world, SAP_MANAGEMENT, GET "0001 0100000403FF 02 00", "C4 01 C1 00 12 0001");
    EXPECT(&world, SAP_MANAGEMENT, GET "0001 0100000405FF 02 00", "C4 01 C1 00 12 0005");
    world.factory_open = false;
    EXPECT(&world, SAP_MANAGEMENT, SET "0001 0100000402FF 02 00 12 0001", DENIED);
    assert_int_equal(world_restart(&world), QD_OK);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    EXPECT(&world, SAP_MANAGEMENT, GET "0001 0100000402FF 02 00", "C4 01 C1 00 12 0FA0");
    EXPECT(&world, SAP_MANAGEMENT, SET "0001 0100000402FF 02 00 12 0001", DENIED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_meter_without_a_name),
        cmocka_unit_test(test_name_is_written_once),
        cmocka_unit_test(test_serial_number),
        cmocka_unit_test(test_who_may_write),
        cmocka_unit_test(test_provision),
        cmocka_unit_test(test_versions_and_constants),
        cmocka_unit_test(test_ratio_is_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
