/*
 * test_access.c - ACCESS: read, write and run in one request.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "app/event.h"
#include "app/tariff.h"
#include "item/scalar.h"

#define ALL 0x20FE5Du
#define NO_GENERAL 0x00FE5Du
#define ID_2 "0001 0000600102FF 02"
#define ID_3 "0001 0000600103FF 02"
#define GET_ID_2 "C0 01 C1 " ID_2 " 00"
#define ENERGY "0003 0100010800FF 02"
#define SCRIPT "0009 00000A0064FF 01"
#define GET_RATE "C0 01 C1 0001 0000600E00FF 02 00"
#define LOG "0007 0000636200FF 02"
#define SAP SAP_MANAGEMENT

static world_t world;

static void begin(uint32_t conformance, uint16_t pdu_size) {
    expect_world(&world);
    assert_true(world_open_as(&world, 0, SAP, conformance, pdu_size));
}

static void test_each_kind(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP, "D9 40000001 00 01 01 " ENERGY " 01 00", "DA 40000001 00 00 01 06 00000000 01 01 00");
    EXPECT(&world, SAP, "D9 40000002 00 01 02 " ID_2 " 01 09 01 41", "DA 40000002 00 00 01 00 01 02 00");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 41");
    EXPECT(&world, SAP, "D9 40000003 00 01 03 " SCRIPT " 01 12 0003", "DA 40000003 00 00 01 00 01 03 00");
    EXPECT(&world, SAP, GET_RATE, "C4 01 C1 00 11 03");
    /* All of them, in order; what is refused leaves null-data. */
    EXPECT(&world, SAP,
           "D9 4ABCDEF0 0C 07EA010F040D000000FFC400 06 01 " ID_2 " 02 " ENERGY " 02 " ID_3 " 03 " SCRIPT
           " 01 0003 01000E0700FF 02 01 0001 FFFFFFFFFFFF 02 06 00 06 00000001 09 01 42 12 0002 00 00",
           "DA 4ABCDEF0 00 00 06 09 01 41 00 00 00 00 00 06 01 00 02 03 02 00 03 00 01 0B 01 04");
    EXPECT(&world, SAP, "C0 01 C1 " ID_3 " 00", "C4 01 C1 00 09 01 42");
    EXPECT(&world, SAP, GET_RATE, "C4 01 C1 00 11 02");
}

static void test_long_invoke_id(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP, "D9 C1234567 00 01 01 " ID_2 " 01 00", "DA C1234567 00 00 01 09 00 01 01 00");
    EXPECT(&world, SAP, "D9 5FFFFFFF 00 01 01 " ID_2 " 01 00",
           "DA 5FFFFFFF 00 01 01 01 " ID_2 " 01 09 00 01 01 00");
    /* Unconfirmed: the effect, and silence. */
    EXPECT(&world, SAP, "D9 80000001 00 01 02 " ID_2 " 01 09 01 5A", "");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 5A");
}

static void test_break_on_error(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP,
           "D9 60000001 00 03 01 0001 FFFFFFFFFFFF 02 02 " ID_2 " 03 " SCRIPT " 03 00 09 01 41 12 0003",
           "DA 60000001 00 00 03 00 00 00 03 01 04 02 FA 03 FA");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 00");
    EXPECT(&world, SAP, "D9 60000001 00 03 02 " ID_2 " 02 " ID_3 " 02 " ID_2 " 03 09 01 41 12 0001 09 01 42",
           "DA 60000001 00 00 03 00 00 00 03 02 00 02 0C 02 FA");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 41");
    /* A value that turns out not to be there breaks as well. */
    EXPECT(&world, SAP, "D9 60000001 00 02 01 0003 01000E0700FF 02 02 " ID_2 " 02 00 09 01 43",
           "DA 60000001 00 00 02 00 00 02 01 0B 02 FA");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 41");
    /* Without the bit the others are done. */
    EXPECT(&world, SAP, "D9 40000001 00 02 01 0003 01000E0700FF 02 02 " ID_2 " 02 00 09 01 43",
           "DA 40000001 00 00 02 00 00 02 01 0B 02 00");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 43");
}

static void test_selection(void **state) {
    uint8_t answer[512];
    (void)state;
    begin(ALL, 0xFFFF);
    /* The log's first entry, its second column; a selector that a register does not have; a set with one. */
    size_t length = world_ask_hex(&world, 0, SAP,
                                  "D9 40000001 00 03 04 " LOG
                                  " 02 0204 06 00000001 06 00000001 12 0002 12 0002 04 " ENERGY
                                  " 02 00 05 " ID_2 " 01 00 03 00 00 09 01 41",
                                  answer, sizeof answer);
    EXPECT_OCTETS(answer, 12, "DA 40000001 00 00 03 01 01 02 01");
    assert_int_equal(length, 23);
    assert_int_equal(answer[12], 0x11); /* an event's code */
    EXPECT_OCTETS(answer + 14, 9, "00 00 03 01 00 01 0D 02 0D");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 00");
}

static void test_broken(void **state) {
    static const char *const broken[] = {
        "D9",
        "D9 400000",
        "D9 40000001",
        "D9 40000001 00",
        "D9 40000001 00 00 00",
        "D9 40000001 05 0000000000 01 01 " ID_2 " 01 00",
        "D9 40000001 0C 0000 01 01 " ID_2 " 01 00",
        "D9 40000001 00 01 02 " ID_2,
        "D9 40000001 00 01 02 " ID_2 " 02 09 01 41 09 01 42",
        "D9 40000001 00 02 02 " ID_2 " 01 " ID_3 " 01 09 01 41",
        "D9 40000001 00 01 02 " ID_2 " 01 09 01 41 00",
        "D9 40000001 00 01 02 " ID_2 " 01 09 02 41",
        "D9 40000001 00 01 06 " ID_2 " 01 09 01 41",
        "D9 40000001 00 01 00 " ID_2 " 01 09 01 41",
        "D9 40000001 00 02 02 " ID_2 " 07 " ID_2 " 02 09 01 41 00",
        "D9 40000001 00 01 05 " ID_2 " 01",
    };
    (void)state;
    begin(ALL, 0xFFFF);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        uint8_t answer[64];
        size_t length = world_ask_hex(&world, 0, SAP, broken[i], answer, sizeof answer);
        EXPECT_OCTETS(answer, length, "D8 01 03");
        EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 00");
    }
}

static qd_module_t told;
static const qd_module_t *original;
static unsigned acts;
static unsigned waits;

static qd_status_t told_act(void *self, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source) {
    if (waits > 0) {
        waits--;
        return QD_PENDING;
    }
    acts++;
    return original->act(self, call, ref, source);
}

static qd_status_t told_reply(void *self, const qd_call_t *call, qd_ref_t ref, const qd_sink_t *sink) {
    (void)self;
    (void)call;
    (void)ref;
    return qd_sink_integer(sink, QD_TYPE_LONG_UNSIGNED, 0xBEEF);
}

/* Methods that wait run once each, and what they return is in the list of data. */
static void test_actions_that_wait_and_answer(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    qd_module_instance_t *m = &world.meter->modules[QD_MODULE_TARIFF];
    original = m->module;
    told = *m->module;
    told.act = told_act;
    told.reply = told_reply;
    m->module = &told;
    acts = 0;
    waits = 3;
    EXPECT(&world, SAP,
           "D9 40000001 00 04 03 " SCRIPT " 02 " ID_2 " 03 " SCRIPT " 01 " ID_2
           " 04 12 0003 09 01 41 12 0002 00",
           "DA 40000001 00 00 04 12 BEEF 00 12 BEEF 09 01 41 04 03 00 02 00 03 00 01 00");
    assert_int_equal(acts, 2);
    EXPECT(&world, SAP, "D9 40000001 00 01 03 " SCRIPT " 01 12 0063", "DA 40000001 00 00 01 00 01 03 FA");
}

/* An answer beyond the size: refused, or in general blocks. */
static void test_answers_that_do_not_fit(void **state) {
    uint8_t answer[256];
    (void)state;
    begin(NO_GENERAL, 40);
    EXPECT(&world, SAP, "D9 40000001 00 01 01 000F 0000280000FF 02 01 00", "D8 01 04");
    EXPECT(&world, SAP,
           "D9 40000001 00 0B 02 " ID_2 " 02 " ID_2 " 02 " ID_2 " 02 " ID_2 " 02 " ID_2 " 02 " ID_2
           " 02 " ID_2 " 02 " ID_2 " 02 " ID_2 " 02 " ID_2 " 02 " ID_2
           " 0B 090141 090141 090141 090141 090141 090141 090141 090141 090141 090141 090141",
           "D8 01 04");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 00");
    begin(ALL, 40);
    size_t length = world_ask_hex(&world, 0, SAP, "D9 40000001 00 01 01 000F 0000280000FF 02 01 00", answer,
                                  sizeof answer);
    assert_in_range(length, 20, 40);
    EXPECT_OCTETS(answer, 6, "E0 08 0001 0000");
    EXPECT_OCTETS(answer + 7, 9, "DA 40000001 00 00 01 01");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind),
        cmocka_unit_test(test_long_invoke_id),
        cmocka_unit_test(test_break_on_error),
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_actions_that_wait_and_answer),
        cmocka_unit_test(test_answers_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
