/*
 * test_diagnosis.c - the error register: latched, stored, cleared by writing 0, back while its cause lasts.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "app/diagnosis.h"
#include "app/event.h"
#include "unit/meter/expect.h"

#define ERRORS "0001 0000616100FF 02 00"
#define LAST_EVENT "0001 0000600B00FF 02 00"
#define GET "C0 01 C1 "
#define SET "C1 01 C1 "

static world_t world;

static qd_diagnosis_t *diagnosis(void) {
    return world.meter->modules[QD_MODULE_DIAGNOSIS].state;
}

static void start(void) {
    world_blank(&world, qd_model_find("st402"));
    assert_int_equal(world_start(&world), QD_OK);
    world_run(&world, 2);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
}

static void test_a_healthy_meter(void **state) {
    (void)state;
    start();
    EXPECT(&world, SAP_MANAGEMENT, GET ERRORS, "C4 01 C1 00 06 00000000");
}

/* A bit outlives its cause and the power; event 14 tells that it came. */
static void test_latched(void **state) {
    (void)state;
    start();
    qd_diagnosis_report(diagnosis(), QD_ERROR_FLASH | QD_ERROR_FRAM);
    qd_diagnosis_report(diagnosis(), 0);
    world_run(&world, 2);
    EXPECT(&world, SAP_MANAGEMENT, GET ERRORS, "C4 01 C1 00 06 00008002");
    EXPECT(&world, SAP_MANAGEMENT, GET LAST_EVENT, "C4 01 C1 00 11 0E");
    assert_int_equal(world_restart(&world), QD_OK);
    world_run(&world, 2);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    EXPECT(&world, SAP_MANAGEMENT, GET ERRORS, "C4 01 C1 00 06 00008002");
}

static void test_cleared_by_zero(void **state) {
    (void)state;
    start();
    qd_diagnosis_report(diagnosis(), QD_ERROR_CLOCK | QD_ERROR_FLASH);
    qd_diagnosis_report(diagnosis(), QD_ERROR_CLOCK);
    EXPECT(&world, SAP_MANAGEMENT, SET ERRORS "06 00000001", "C5 01 C1 FA");
    EXPECT(&world, SAP_MANAGEMENT, SET ERRORS "12 0000", "C5 01 C1 0C");
    EXPECT(&world, SAP_MANAGEMENT, GET ERRORS, "C4 01 C1 00 06 00008001");
    EXPECT(&world, SAP_MANAGEMENT, SET ERRORS "06 00000000", "C5 01 C1 00");
    /* What lasts is back at once. */
    EXPECT(&world, SAP_MANAGEMENT, GET ERRORS, "C4 01 C1 00 06 00000001");
    EXPECT(&world, SAP_MANAGEMENT, GET LAST_EVENT, "C4 01 C1 00 11 0A");
}

/* The condition is told once, not each second. */
static void test_told_once(void **state) {
    (void)state;
    qd_event_t event;
    start();
    for (unsigned i = 0; i < 5; i++) {
        qd_diagnosis_report(diagnosis(), QD_ERROR_FRAM);
        world_run(&world, 1);
    }
    assert_int_equal(qd_event_recent(world.meter->modules[QD_MODULE_EVENT].state, 0, &event), QD_OK);
    assert_int_equal(event.code, QD_EVENT_MEMORY_ERROR);
    assert_int_equal(event.detail, QD_ERROR_FRAM);
    assert_int_equal(qd_event_recent(world.meter->modules[QD_MODULE_EVENT].state, 1, &event), QD_OK);
    assert_int_not_equal(event.code, QD_EVENT_MEMORY_ERROR);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_healthy_meter),
        cmocka_unit_test(test_latched),
        cmocka_unit_test(test_cleared_by_zero),
        cmocka_unit_test(test_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
