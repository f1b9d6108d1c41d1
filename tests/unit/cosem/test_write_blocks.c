/*
 * test_write_blocks.c - SET and ACTION with lists and in blocks, attribute 0, priority, return parameters.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "app/tariff.h"
#include "item/scalar.h"

#define ALL 0x20FE5Du
#define SERVICES_ONLY 0x005E5Du /* everything but general blocks and attribute 0 with SET */
#define ID_2 "0001 0000600102FF 02"
#define ID_3 "0001 0000600103FF 02"
#define GET_ID_2 "C0 01 C1 " ID_2 " 00"
#define GET_ID_3 "C0 01 C1 " ID_3 " 00"
#define ZONE "0008 0000010000FF 03"
#define GET_ZONE "C0 01 C1 " ZONE " 00"
#define ENERGY "0003 0100010800FF 02"
#define SCRIPT "0009 00000A0064FF 01"
#define GET_RATE "C0 01 C1 0001 0000600E00FF 02 00"
#define EMPTY "C4 01 C1 00 09 00"
#define SAP SAP_MANAGEMENT

static world_t world;

static void begin(uint32_t conformance, uint16_t pdu_size) {
    expect_world(&world);
    assert_true(world_open_as(&world, 0, SAP, conformance, pdu_size));
}

/* A tariff module that counts, waits and answers. */
static qd_module_t told;
static unsigned acts;
static unsigned waits;  /* calls that find the module not ready */
static unsigned before; /* calls in front of those */
static unsigned reply_waits;

static bool is_ready(void) {
    if (before > 0) {
        before--;
        return true;
    }
    waits -= waits > 0 ? 1u : 0u;
    return waits == 0;
}
static unsigned written;
static uint16_t reply_length;

static qd_status_t told_act(void *self, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source) {
    if (waits > 0 && !is_ready()) {
        return QD_PENDING;
    }
    acts++;
    return qd_tariff_module.act(self, call, ref, source);
}

static qd_status_t told_reply(void *self, const qd_call_t *call, qd_ref_t ref, const qd_sink_t *sink) {
    static uint8_t octets[600];
    (void)self;
    (void)call;
    (void)ref;
    for (unsigned i = 0; i < sizeof octets; i++) {
        octets[i] = (uint8_t)(i ^ i >> 8);
    }
    if (reply_waits > 0) {
        reply_waits--;
        return QD_PENDING;
    }
    return reply_length == 0 ? QD_END : qd_sink_octets(sink, QD_TYPE_OCTET_STRING, octets, reply_length);
}

static const qd_module_t *put_of;
static qd_status_t told_put(void *self, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source) {
    if (waits > 0 && !is_ready()) {
        return QD_PENDING;
    }
    written++;
    return put_of->put(self, call, ref, source);
}

static void tell_acts(uint16_t length) {
    qd_module_instance_t *m = &world.meter->modules[QD_MODULE_TARIFF];
    told = *m->module;
    told.act = told_act;
    told.reply = told_reply;
    m->module = &told;
    acts = waits = before = reply_waits = 0;
    reply_length = length;
}

static void tell_puts(void) {
    qd_module_instance_t *m = &world.meter->modules[QD_MODULE_IDENTITY];
    put_of = m->module;
    told = *m->module;
    told.put = told_put;
    m->module = &told;
    written = waits = before = 0;
}

static void test_set_list(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP,
           "C1 04 C1 03 " ID_2 " 00 " ENERGY " 00 " ID_3 " 00 03 09 01 41 06 00000001 09 02 4242",
           "C5 05 C1 03 00 03 00");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 41");
    EXPECT(&world, SAP, GET_ID_3, "C4 01 C1 00 09 02 4242");
    /* Each item has its own result; a selector is not offered; an item may come twice. */
    EXPECT(&world, SAP,
           "C1 04 C7 05 " ID_2 " 00 0001 FFFFFFFFFFFF 02 00 0003 0000600102FF 02 00 " ID_3 " 01 01 00 " ID_2
           " 00 05 09 01 43 00 00 09 01 44 12 0001",
           "C5 05 C7 05 00 04 09 0D 0C");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 43");
    EXPECT(&world, SAP, GET_ID_3, "C4 01 C1 00 09 02 4242");
}

/* A list that is not understood wholly changes nothing. */
static void test_broken_lists(void **state) {
    static const char *const broken[] = {
        "C1 04 C1 00 00",
        "C1 04 C1 02 " ID_2 " 00 " ID_3 " 00 01 09 01 41",
        "C1 04 C1 02 " ID_2 " 00 " ID_3 " 00 02 09 01 41",
        "C1 04 C1 02 " ID_2 " 00 " ID_3 " 00 01 09 01 41 09 01 42",
        "C1 04 C1 02 " ID_2 " 00 " ID_3 " 00 02 09 01 41 09 01 42 00",
        "C1 04 C1 02 " ID_2 " 00 " ID_3 " 00 03 09 01 41 09 01 42 09 01 43",
        "C1 04 C1 02 " ID_2 " 00 " ID_3 " 00 02 09 01 41 09 02 42",
        "C1 04 C1 02 " ID_2 " 00",
        "C1 04 C1 FF " ID_2 " 00 01 09 01 41",
        "C1 04 C1",
    };
    (void)state;
    begin(ALL, 0xFFFF);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        EXPECT(&world, SAP, broken[i], "D8 01 03");
        EXPECT(&world, SAP, GET_ID_2, EMPTY);
        EXPECT(&world, SAP, GET_ID_3, EMPTY);
    }
}

static void test_bits_that_were_not_negotiated(void **state) {
    static const char *const requests[] = {
        "C1 04 C1 01 " ID_2 " 00 01 09 01 41",
        "C1 02 C1 " ID_2 " 00 01 00000001 03 090141",
        "C1 03 C1 01 00000001 03 090141",
        "C1 05 C1 01 " ID_2 " 00 01 00000001 04 01090141",
        "C3 03 C1 01 " SCRIPT " 01 12 0003",
        "C3 04 C1 " SCRIPT " 01 00000001 03 120003",
        "C3 05 C1 01 " SCRIPT " 01 00000001 04 01120003",
        "C3 06 C1 01 00000001 03 120003",
        "C3 02 C1 00000001",
        "D9 40000001 00 01 01 " ID_2 " 01 00",
        "E0 81 0001 0000 0D C001C1 00010000600102FF0200",
        "C1 00 C1 " ID_2 " 00 09 01 41",
        "C1 06 C1 " ID_2 " 00 09 01 41",
        "C3 00 C1 " SCRIPT " 01 12 0003",
        "C3 07 C1 " SCRIPT " 01 12 0003",
    };
    (void)state;
    begin(0x000019, 0xFFFF);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        EXPECT(&world, SAP, requests[i], "D8 01 02");
    }
    EXPECT(&world, SAP, GET_ID_2, EMPTY);
    EXPECT(&world, SAP, GET_RATE, "C4 01 C1 00 11 01");
}

static void test_set_in_blocks(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP, "C1 02 C1 " ID_2 " 00 00 00000001 03 090541", "C5 02 C1 00000001");
    EXPECT(&world, SAP, "C1 03 C1 00 00000002 00", "C5 02 C1 00000002");
    EXPECT(&world, SAP, "C1 03 C1 00 00000003 02 4243", "C5 02 C1 00000003");
    EXPECT(&world, SAP, "C1 03 C1 01 00000004 02 4445", "C5 03 C1 00 00000004");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 05 4142434445");
    /* One block is enough; the result is that of the value. */
    EXPECT(&world, SAP, "C1 02 C1 " ID_2 " 00 01 00000001 03 090146", "C5 03 C1 00 00000001");
    EXPECT(&world, SAP, "C1 02 C1 " ID_2 " 00 01 00000001 03 120001", "C5 03 C1 0C 00000001");
    EXPECT(&world, SAP, "C1 02 C1 " ENERGY " 00 00 00000001 01 06", "C5 03 C1 03 00000001");
    EXPECT(&world, SAP, "C1 03 C1 01 00000002 04 00000001", "C5 03 C1 12 00000002");
    /* Joined octets that are no one element. */
    EXPECT(&world, SAP, "C1 02 C1 " ID_2 " 00 00 00000001 03 090541", "C5 02 C1 00000001");
    EXPECT(&world, SAP, "C1 03 C1 01 00000002 01 42", "D8 01 03");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 46");
    EXPECT(&world, SAP, "C1 03 C1 01 00000003 01 42", "C5 03 C1 12 00000003");
}

static void test_set_blocks_out_of_order(void **state) {
    static const char *const wrong[] = {"C1 03 C1 00 00000001 01 42", "C1 03 C1 01 00000003 01 42",
                                        "C1 03 C1 01 00000000 01 42", "C1 03 C1 01 00010002 01 42"};
    static const char *const answers[] = {"C5 03 C1 13 00000001", "C5 03 C1 13 00000003",
                                          "C5 03 C1 13 00000000", "C5 03 C1 13 00010002"};
    (void)state;
    begin(ALL, 0xFFFF);
    for (unsigned i = 0; i < 4; i++) {
        EXPECT(&world, SAP, "C1 02 C1 " ID_2 " 00 00 00000001 03 090241", "C5 02 C1 00000001");
        EXPECT(&world, SAP, wrong[i], answers[i]);
        EXPECT(&world, SAP, "C1 03 C1 01 00000002 01 42", "C5 03 C1 12 00000002"); /* it is over */
        EXPECT(&world, SAP, GET_ID_2, EMPTY);
    }
    EXPECT(&world, SAP, "C1 02 C1 " ID_2 " 00 00 00000002 03 090141", "C5 03 C1 13 00000002");
    /* Another invoke-id has no such transfer. */
    EXPECT(&world, SAP, "C1 02 C1 " ID_2 " 00 00 00000001 03 090241", "C5 02 C1 00000001");
    EXPECT(&world, SAP, "C1 03 42 01 00000002 01 42", "C5 03 42 12 00000002");
    EXPECT(&world, SAP, "C1 03 C1 01 00000002 01 42", "C5 03 C1 12 00000002");
    EXPECT(&world, SAP, GET_ID_2, EMPTY);
}

static void test_set_list_in_blocks(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP, "C1 05 C1 03 " ID_2 " 00 " ENERGY " 00 " ID_3 " 00 00 00000001 04 03 090141",
           "C5 02 C1 00000001");
    EXPECT(&world, SAP, GET_ID_2, EMPTY);
    EXPECT(&world, SAP, "C1 05 C1 03 " ID_2 " 00 " ENERGY " 00 " ID_3 " 00 00 00000001 04 03 090141",
           "C5 02 C1 00000001");
    EXPECT(&world, SAP, "C1 03 C1 00 00000002 06 060000000109", "C5 02 C1 00000002");
    EXPECT(&world, SAP, "C1 03 C1 01 00000003 02 0142", "C5 04 C1 03 00 03 00 00000003");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 41");
    EXPECT(&world, SAP, GET_ID_3, "C4 01 C1 00 09 01 42");
}

/* One writer at a time; what ends it frees the slot. */
static void test_staging_slot(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    assert_true(world_open_as(&world, 1, SAP, ALL, 0xFFFF));
    static const char *const ends[] = {"62 03 80 01 00", GET_ZONE, "C1 03 C1 00 00000007 00"};
    for (unsigned i = 0; i < 3; i++) {
        uint8_t answer[64];
        assert_true(world_open_as(&world, 0, SAP, ALL, 0xFFFF));
        EXPECT(&world, SAP, "C1 02 C1 " ID_2 " 00 00 00000001 03 090241", "C5 02 C1 00000001");
        EXPECT_ON(&world, 1, SAP, "C1 02 C1 " ID_3 " 00 00 00000001 03 090241", "C5 03 C1 02 00000001");
        EXPECT_ON(&world, 1, SAP, "C3 04 C1 " SCRIPT " 00 00000001 01 12", "C7 01 C1 02 00");
        assert_true(world_ask_hex(&world, 0, SAP, ends[i], answer, sizeof answer) > 0);
        EXPECT_ON(&world, 1, SAP, "C1 02 C1 " ID_3 " 00 00 00000001 03 090241", "C5 02 C1 00000001");
        EXPECT_ON(&world, 1, SAP, "C1 03 C1 01 00000002 01 42", "C5 03 C1 00 00000002");
    }
    /* A new association, and a connection that has gone. */
    assert_true(world_open_as(&world, 0, SAP, ALL, 0xFFFF));
    EXPECT(&world, SAP, "C1 02 C1 " ID_2 " 00 00 00000001 03 090241", "C5 02 C1 00000001");
    assert_true(world_open_as(&world, 0, SAP, ALL, 0xFFFF));
    EXPECT_ON(&world, 1, SAP, "C1 02 C1 " ID_3 " 00 01 00000001 03 090143", "C5 03 C1 00 00000001");
    EXPECT(&world, SAP, "C1 03 C1 01 00000002 01 42", "C5 03 C1 12 00000002");
    EXPECT(&world, SAP, "C1 02 C1 " ID_2 " 00 00 00000001 03 090241", "C5 02 C1 00000001");
    world.line[0].generation++;
    (void)world_step(&world);
    EXPECT_ON(&world, 1, SAP, "C1 02 C1 " ID_3 " 00 01 00000001 03 090144", "C5 03 C1 00 00000001");
    assert_true(world_open_as(&world, 0, SAP, ALL, 0xFFFF));
    EXPECT(&world, SAP, GET_ID_2, EMPTY);
}

#define BLOCK_1 "C1 02 C1 " ID_2 " 00 00 00000001 03 090241"
#define BLOCK_2 "C1 03 C1 00 00000002 01 42"
#define BEGUN "C5 02 C1 00000001"
#define TAKEN "C5 03 C1 02 00000001" /* another one has the slot */
#define LOST "C5 03 C1 12 00000002"

/* What does not grow for 10 s gives way; to begin anew, or to repeat, is no growth. */
static void test_slot_of_one_that_rests(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    assert_true(world_open_as(&world, 1, SAP, ALL, 0xFFFF));
    EXPECT(&world, SAP, BLOCK_1, BEGUN);
    world_run(&world, 3600); /* a meter that runs a thousand times faster has no slower clients */
    world_wait(&world, 9);
    EXPECT_ON(&world, 1, SAP, BLOCK_1, TAKEN);
    EXPECT(&world, SAP, BLOCK_1, BEGUN);
    world_wait(&world, 1);
    EXPECT_ON(&world, 1, SAP, BLOCK_1, BEGUN);
    EXPECT(&world, SAP, BLOCK_2, LOST);
    EXPECT(&world, SAP, BLOCK_1, TAKEN);
    /* One that grows keeps it. */
    world_wait(&world, 6);
    EXPECT_ON(&world, 1, SAP, "C1 03 C1 00 00000002 01 09", "C5 02 C1 00000002");
    world_wait(&world, 9);
    EXPECT(&world, SAP, BLOCK_1, TAKEN);
    /* Anew, as far as it had come: that counts for nothing; one octet more does. */
    EXPECT_ON(&world, 1, SAP, "C1 02 C1 " ID_2 " 00 00 00000001 04 09034141", BEGUN);
    world_wait(&world, 1);
    EXPECT(&world, SAP, BLOCK_1, BEGUN);
    EXPECT(&world, SAP, "C1 02 C1 " ID_2 " 00 00 00000001 04 09034141", BEGUN);
    world_wait(&world, 9);
    EXPECT(&world, SAP, "C1 03 C1 00 00000002 01 41", "C5 02 C1 00000002");
    world_wait(&world, 9);
    EXPECT_ON(&world, 1, SAP, BLOCK_1, TAKEN);
    EXPECT(&world, SAP, "C1 03 C1 01 00000003 00", "C5 03 C1 00 00000003");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 03 414141");
    /* One whose request was whole begins with a fresh time. */
    world_wait(&world, 20);
    EXPECT(&world, SAP, BLOCK_1, BEGUN);
    EXPECT_ON(&world, 1, SAP, BLOCK_1, TAKEN);
    /* And a new association, too. */
    assert_true(world_open_as(&world, 0, SAP, ALL, 0xFFFF));
    world_wait(&world, 20);
    EXPECT(&world, SAP, BLOCK_1, BEGUN);
    EXPECT_ON(&world, 1, SAP, BLOCK_1, TAKEN);
    /* An ACTION, and general blocks. */
    world_wait(&world, 10);
    EXPECT_ON(&world, 1, SAP, "C3 04 C1 " SCRIPT " 00 00000001 01 12", "C7 04 C1 00000001");
    EXPECT(&world, SAP, BLOCK_2, LOST);
    world_wait(&world, 10);
    EXPECT(&world, SAP, "E0 01 0001 0000 03 C001C1", "E0 88 0001 0001 00");
    EXPECT_ON(&world, 1, SAP, "C3 06 C1 01 00000002 02 0000", "C7 01 C1 10 00");
    world_wait(&world, 10);
    EXPECT_ON(&world, 1, SAP, BLOCK_1, BEGUN);
    EXPECT(&world, SAP, "E0 81 0002 0001 0A " ID_2 " 00", "D8 01 01");
    EXPECT(&world, SAP, "E0 01 0001 0000 03 C001C1", "D8 01 01");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 03 414141");
}

/* A client that may change nothing does not stand in the way of one that may, not even on the same connection. */
static void test_slot_of_a_reader(void **state) {
    static const char general_1[] = "E0 01 0001 0000 03 C001C1";
    (void)state;
    begin(ALL, 0xFFFF);
    for (unsigned channel = 0; channel < 2; channel++) {
        assert_true(world_open_as(&world, channel, SAP_PUBLIC, ALL, 0xFFFF));
        EXPECT_ON(&world, channel, SAP_PUBLIC, general_1, "E0 88 0001 0001 00");
        EXPECT(&world, SAP, BLOCK_1, BEGUN);
        EXPECT_ON(&world, channel, SAP_PUBLIC, "E0 81 0002 0001 00", "D8 01 01");
        EXPECT_ON(&world, channel, SAP_PUBLIC, general_1, "D8 01 01");
        world_wait(&world, 9);
        EXPECT_ON(&world, channel, SAP_PUBLIC, general_1, "D8 01 01");
        EXPECT(&world, SAP, "C1 03 C1 01 00000002 01 42", "C5 03 C1 00 00000002");
        EXPECT_ON(&world, channel, SAP_PUBLIC, general_1, "E0 88 0001 0001 00");
        EXPECT(&world, SAP, "E0 01 0001 0000 04 C101C100", "E0 88 0001 0001 00");
        /* A plain request instead of the blocks that were lost. */
        EXPECT_ON(&world, channel, SAP_PUBLIC, "C0 01 C1 0001 00002A0000FF 03 00", "C4 01 C1 01 04");
        EXPECT_ON(&world, channel, SAP_PUBLIC, "E0 80 0002 0000 00", "");
        EXPECT(&world, SAP, "E0 C0 0002 0001 00", "");
    }
    /* Among those that may change nothing, and against one that may, time counts. */
    assert_true(world_open_as(&world, 2, SAP_PUBLIC, ALL, 0xFFFF));
    EXPECT_ON(&world, 1, SAP_PUBLIC, general_1, "E0 88 0001 0001 00");
    world_wait(&world, 5);
    EXPECT_ON(&world, 1, SAP_PUBLIC, general_1, "E0 88 0001 0001 00");
    EXPECT_ON(&world, 2, SAP_PUBLIC, general_1, "D8 01 01");
    world_wait(&world, 5);
    EXPECT_ON(&world, 2, SAP_PUBLIC, general_1, "E0 88 0001 0001 00");
    EXPECT(&world, SAP, BLOCK_1, BEGUN);
    world_wait(&world, 10);
    EXPECT_ON(&world, 2, SAP_PUBLIC, general_1, "E0 88 0001 0001 00");
    EXPECT(&world, SAP, BLOCK_2, LOST);
}

/* A whole request that waits and loses the slot does not take another one's octets for its own. */
static void test_slot_of_one_that_waits(void **state) {
    static const char *const first[] = {"C1 02 C1 " ID_2 " 00 00 00000001 03 090241",
                                        "E0 01 0001 0000 0E C1 01 C1 " ID_2 " 00 09"};
    static const char *const last[] = {"C1 03 C1 01 00000002 01 42", "E0 81 0002 0001 03 02 41 42"};
    static const char *const lost[] = {LOST, "D8 01 01"};
    static const char *const begun[] = {BEGUN, "E0 88 0001 0001 00"};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t octets[64];
        uint64_t next_us = 0;
        begin(ALL, 0xFFFF);
        assert_true(world_open_as(&world, 1, SAP, ALL, 0xFFFF));
        tell_puts();
        waits = 100000;
        EXPECT(&world, SAP, first[i], begun[i]);
        world_put_apdu(&world, 0, SAP, octets, world_hex(last[i], octets));
        for (unsigned step = 0; step < 10; step++) {
            (void)qd_meter_step(world.meter, world.tick_us, &next_us);
        }
        assert_int_equal(world.line[0].out_size, 0);
        for (unsigned line = 0; line < WORLD_CHANNELS; line++) {
            world.line[line].now_ms += 10000u;
        }
        world_put_apdu(&world, 1, SAP, octets, world_hex(BLOCK_1, octets));
        for (unsigned step = 0; step < 40; step++) {
            (void)qd_meter_step(world.meter, world.tick_us, &next_us);
        }
        size_t length = world_get_apdu(&world, 1, SAP, octets, sizeof octets);
        EXPECT_OCTETS(octets, length, BEGUN);
        length = world_get_apdu(&world, 0, SAP, octets, sizeof octets);
        EXPECT_OCTETS(octets, length, lost[i]);
        waits = 0;
        assert_int_equal(written, 0);
        EXPECT_ON(&world, 1, SAP, "C1 03 C1 01 00000002 01 43", "C5 03 C1 00 00000002");
        EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 02 4143");
    }
}

/* More octets than the slot has: long-set-aborted, long-action-aborted. */
static void test_staging_overflow(void **state) {
    uint8_t apdu[256];
    uint8_t answer[64];
    (void)state;
    begin(ALL, 0xFFFF);
    for (unsigned action = 0; action < 2; action++) {
        size_t head = world_hex(action != 0 ? "C3 04 C1 " SCRIPT " 00 00000001 81 80 09820300"
                                            : "C1 02 C1 " ID_2 " 00 00 00000001 81 80 09820300",
                                apdu);
        memset(apdu + head, 'A', 124);
        size_t length = world_ask(&world, 0, SAP, apdu, head + 124, answer, sizeof answer);
        EXPECT_OCTETS(answer, length, action != 0 ? "C7 04 C1 00000001" : "C5 02 C1 00000001");
        for (unsigned block = 2; block <= 5; block++) {
            head = world_hex(action != 0 ? "C3 06 C1 00 00000000 81 80" : "C1 03 C1 00 00000000 81 80", apdu);
            apdu[7] = (uint8_t)block;
            memset(apdu + head, 'A', 128);
            length = world_ask(&world, 0, SAP, apdu, head + 128, answer, sizeof answer);
            if (block <= 4) {
                assert_int_equal(length, 7);
                assert_int_equal(answer[6], block);
            }
        }
        EXPECT_OCTETS(answer, length, action != 0 ? "C7 01 C1 0F 00" : "C5 03 C1 11 00000005");
        EXPECT(&world, SAP, GET_ID_2, EMPTY);
    }
}

/* An item that is done is not done again when a later one has to wait. */
static void test_a_list_that_waits(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    tell_puts();
    waits = 3;
    EXPECT(&world, SAP, "C1 04 C1 02 " ID_2 " 00 " ID_3 " 00 02 09 01 41 09 01 42", "C5 05 C1 02 00 00");
    assert_int_equal(written, 2);
    waits = 2;
    EXPECT(&world, SAP, "C1 02 C1 " ID_2 " 00 01 00000001 03 090143", "C5 03 C1 00 00000001");
    assert_int_equal(written, 3);
    waits = 1;
    EXPECT(&world, SAP, "C1 05 C1 02 " ID_2 " 00 " ID_3 " 00 00 00000001 04 02 090144", "C5 02 C1 00000001");
    EXPECT(&world, SAP, "C1 03 C1 01 00000002 03 090145", "C5 04 C1 02 00 00 00000002");
    assert_int_equal(written, 5);
    EXPECT(&world, SAP, GET_ID_3, "C4 01 C1 00 09 01 45");
    /* The first one is done already when the second one waits. */
    waits = 4;
    before = 1;
    EXPECT(&world, SAP, "C1 04 C1 02 " ID_2 " 00 " ID_3 " 00 02 09 01 46 09 01 47", "C5 05 C1 02 00 00");
    assert_int_equal(written, 7);
    begin(ALL, 0xFFFF);
    tell_acts(3);
    waits = 2;
    before = 1;
    reply_waits = 2;
    EXPECT(&world, SAP, "C3 03 C1 02 " SCRIPT " " SCRIPT " 02 12 0002 12 0003",
           "C7 03 C1 02 00 01 00 09 03 000102 00 01 00 09 03 000102");
    assert_int_equal(acts, 2);
}

static void test_action_list(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP,
           "C3 03 C1 04 " SCRIPT " 0009 FFFFFFFFFFFF 01 " SCRIPT
           " 0009 00000A0064FF 63 04 12 0003 00 00 12 0002",
           "C7 03 C1 04 00 00 04 00 0C 00 04 00");
    EXPECT(&world, SAP, GET_RATE, "C4 01 C1 00 11 03");
    EXPECT(&world, SAP, "C3 03 C1 02 " SCRIPT " " SCRIPT " 01 12 0002", "D8 01 03");
    EXPECT(&world, SAP, "C3 03 C1 02 " SCRIPT " " SCRIPT " 02 12 0002 12 0004 00", "D8 01 03");
    EXPECT(&world, SAP, GET_RATE, "C4 01 C1 00 11 03");
}

static void test_action_in_blocks(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP, "C3 04 C1 " SCRIPT " 00 00000001 01 12", "C7 04 C1 00000001");
    EXPECT(&world, SAP, "C3 06 C1 00 00000002 01 00", "C7 04 C1 00000002");
    EXPECT(&world, SAP, GET_RATE, "C4 01 C1 00 11 01"); /* the same id: that ends it */
    EXPECT(&world, SAP, "C3 06 C1 01 00000003 01 04", "C7 01 C1 10 00");
    EXPECT(&world, SAP, "C3 04 C1 " SCRIPT " 00 00000001 01 12", "C7 04 C1 00000001");
    EXPECT(&world, SAP, "C3 06 C1 01 00000002 02 0004", "C7 01 C1 00 00");
    EXPECT(&world, SAP, GET_RATE, "C4 01 C1 00 11 04");
    EXPECT(&world, SAP, "C3 04 C1 " SCRIPT " 00 00000001 01 12", "C7 04 C1 00000001");
    EXPECT(&world, SAP, "C3 06 C1 01 00000003 02 0002", "C7 01 C1 0F 00"); /* one is missing */
    EXPECT(&world, SAP, "C3 06 C1 01 00000002 02 0002", "C7 01 C1 10 00");
    EXPECT(&world, SAP, GET_RATE, "C4 01 C1 00 11 04");
    EXPECT(&world, SAP, "C3 05 C1 02 " SCRIPT " " SCRIPT " 00 00000001 03 021200", "C7 04 C1 00000001");
    EXPECT(&world, SAP, "C3 06 C1 01 00000002 04 09120002", "C7 03 C1 02 FA 00 00 00");
    EXPECT(&world, SAP, GET_RATE, "C4 01 C1 00 11 02");
    EXPECT(&world, SAP, "C3 04 C1 0009 FFFFFFFFFFFF 01 00 00000001 01 12", "C7 01 C1 04 00");
    EXPECT(&world, SAP, "C3 02 C1 00000001", "C7 01 C1 10 00");
}

/* Return parameters of any length, cut to what the client takes; the method runs once. */
static void test_long_return_values(void **state) {
    static const uint16_t sizes[] = {12, 13, 16, 32, 100, 127, 128, 136, 137, 138, 139, 140, 141, 200, 384};
    (void)state;
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t answer[1024];
        uint8_t joined[1024];
        size_t at = 0;
        begin(SERVICES_ONLY, sizes[i]);
        tell_acts(500);
        size_t length =
            world_ask_hex(&world, 0, SAP, "C3 01 C1 " SCRIPT " 01 12 0002", answer, sizeof answer);
        for (unsigned block = 1;; block++) {
            assert_in_range(length, 10, sizes[i] < 832 ? sizes[i] : 832);
            EXPECT_OCTETS(answer, 3, "C7 02 C1");
            assert_int_equal(answer[6] << 8 | answer[7], block);
            size_t start = answer[8] < 0x80 ? 9u : answer[8] == 0x81 ? 10u : 11u;
            memcpy(joined + at, answer + start, length - start);
            at += length - start;
            if (answer[3] != 0) {
                break;
            }
            const uint8_t next[] = {0xC3, 2, 0xC1, 0, 0, (uint8_t)(block >> 8), (uint8_t)block};
            length = world_ask(&world, 0, SAP, next, sizeof next, answer, sizeof answer);
        }
        assert_int_equal(acts, 1);
        assert_int_equal(at, 3 + 4 + 500);
        EXPECT_OCTETS(joined, 7, "00 01 00 09 82 01F4");
        for (unsigned n = 0; n < 500; n++) {
            assert_int_equal(joined[7 + n], (uint8_t)(n ^ n >> 8));
        }
        EXPECT(&world, SAP, "C3 02 C1 00000001", "C7 01 C1 10 00");
    }
    begin(SERVICES_ONLY, 64);
    tell_acts(500);
    uint8_t answer[128];
    assert_int_equal(world_ask_hex(&world, 0, SAP, "C3 01 C1 " SCRIPT " 01 12 0002", answer, 128), 64);
    EXPECT(&world, SAP, "C3 02 C1 00000002", "C7 01 C1 0F 00");
    EXPECT(&world, SAP, "C3 02 C1 00000001", "C7 01 C1 10 00");
}

/* Results that would find no room: refused before anything is done. */
static void test_small_sizes(void **state) {
    (void)state;
    begin(0x001E1D, 12);
    EXPECT(&world, SAP,
           "C1 04 C1 09 " ID_2 " 00 " ID_2 " 00 " ID_2 " 00 " ID_2 " 00 " ID_2 " 00 " ID_2 " 00 " ID_2
           " 00 " ID_2 " 00 " ID_2 " 00 09 0901410901410901410901410901410901410901410901410901 41",
           "D8 01 04");
    EXPECT(&world, SAP, GET_ID_2, EMPTY);
    EXPECT(&world, SAP,
           "C1 05 C1 05 " ID_2 " 00 " ID_2 " 00 " ID_2 " 00 " ID_2 " 00 " ID_2 " 00 00 00000001 01 05",
           "D8 01 04");
    EXPECT(&world, SAP,
           "C1 05 C1 04 " ID_2 " 00 " ID_2 " 00 " ID_2 " 00 " ID_2
           " 00 01 00000001 0D 04 090141 090142 090143 090144",
           "C5 04 C1 04 00 00 00 00 00000001");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 44");
    begin(0x00021D, 12); /* lists, no blocks */
    EXPECT(&world, SAP,
           "C3 03 C1 05 " SCRIPT " " SCRIPT " " SCRIPT " " SCRIPT " " SCRIPT
           " 05 120002 120002 120002 120002 120002",
           "D8 01 04");
    EXPECT(&world, SAP, GET_RATE, "C4 01 C1 00 11 01");
}

static void test_attribute_0(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP, "C0 01 C1 0003 0100010800FF 00 00",
           "C4 01 C1 00 02 03 09 06 0100010800FF 06 00000000 02 02 0F 00 16 1E");
    /* No frequency yet: null-data. A secret: null-data. */
    EXPECT(&world, SAP, "C0 01 C1 0003 01000E0700FF 00 00",
           "C4 01 C1 00 02 03 09 06 01000E0700FF 00 02 02 0F FD 16 2C");
    EXPECT(&world, SAP, "C0 01 C1 0003 FFFFFFFFFFFF 00 00", "C4 01 C1 01 04");
    EXPECT(&world, SAP, "C0 01 C1 0003 0100010800FF 00 01 02 00", "C4 01 C1 01 0D");
    EXPECT(&world, SAP, "C0 03 C1 02 " ID_2 " 00 0001 0000600102FF 00 00",
           "C4 03 C1 02 00 09 00 00 02 02 09 06 0000600102FF 09 00");
    EXPECT(&world, SAP, "C1 01 C1 0001 0000600102FF 00 00 02 02 00 09 01 41", "C5 01 C1 00");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 41");
    /* The name may not be written, the count must be right: nothing is. */
    EXPECT(&world, SAP, "C1 01 C1 0001 0000600102FF 00 00 02 02 09 06 0000600102FF 09 01 42", "C5 01 C1 03");
    EXPECT(&world, SAP, "C1 01 C1 0001 0000600102FF 00 00 02 01 09 01 42", "C5 01 C1 0C");
    EXPECT(&world, SAP, "C1 01 C1 0001 0000600102FF 00 00 09 01 42", "C5 01 C1 0C");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 41");
    /* Clock: time zone and enabled; a status in between may not be written. */
    EXPECT(&world, SAP, "C1 01 C1 0008 0000010000FF 00 00 02 09 00 00 10 FF88 00 00 00 00 03 00 00",
           "C5 01 C1 00");
    EXPECT(&world, SAP, GET_ZONE, "C4 01 C1 00 10 FF88");
    EXPECT(&world, SAP, "C0 01 C1 0008 0000010000FF 08 00", "C4 01 C1 00 03 00");
    EXPECT(&world, SAP, "C1 01 C1 0008 0000010000FF 00 00 02 09 00 00 10 0000 11 00 00 00 00 03 00 00",
           "C5 01 C1 03");
    EXPECT(&world, SAP, GET_ZONE, "C4 01 C1 00 10 FF88");
    EXPECT(&world, SAP, "C1 01 C1 0001 FFFFFFFFFFFF 00 00 02 02 00 00", "C5 01 C1 04");
    /* Tables in it, and blocks of it: joined they are what one piece is. */
    uint8_t whole[512];
    size_t length = world_ask_hex(&world, 0, SAP, "C0 01 C1 0009 00000A0064FF 00 00", whole, sizeof whole);
    assert_true(length > 60 && length < 384 && whole[1] == 1);
    for (uint16_t size = 12; size < 70; size++) {
        uint8_t answer[128];
        uint8_t joined[512];
        size_t at = 0;
        assert_true(world_open_as(&world, 0, SAP, ALL, size));
        size_t got = world_ask_hex(&world, 0, SAP, "C0 01 C1 0009 00000A0064FF 00 00", answer, sizeof answer);
        for (uint8_t block = 1;; block++) {
            assert_in_range(got, 11, size);
            assert_int_equal(answer[8], 0);
            memcpy(joined + at, answer + 10, got - 10);
            at += got - 10;
            if (answer[3] != 0) {
                break;
            }
            const uint8_t next[] = {0xC0, 2, 0xC1, 0, 0, 0, block};
            got = world_ask(&world, 0, SAP, next, sizeof next, answer, sizeof answer);
        }
        assert_int_equal(at, length - 4);
        assert_memory_equal(joined, whole + 4, at);
    }
    /* A password is null-data in it, too: what the attributes 6 to 9 are at the end of the last block. */
    uint8_t answer[1024];
    assert_true(world_open_as(&world, 0, SAP, ALL, 0xFFFF));
    size_t got = world_ask_hex(&world, 0, SAP, "C0 01 C1 000F 0000280004FF 00 00", answer, sizeof answer);
    while (answer[1] == 2 && answer[3] == 0) {
        uint8_t next[7] = {0xC0, 2, 0xC1};
        memcpy(next + 3, answer + 4, 4);
        got = world_ask(&world, 0, SAP, next, sizeof next, answer, sizeof answer);
    }
    const char *last = "02 07 11 02 11 10 12 02F4 11 05 11 08 11 02 11 01 00 16 00 09 06 000000000000";
    uint8_t wanted[64];
    size_t size = world_hex(last, wanted);
    assert_true(got > size);
    size_t found = 0;
    for (size_t i = 10; i + size <= got; i++) {
        found += memcmp(answer + i, wanted, size) == 0;
    }
    assert_int_equal(found, 1);
    begin(0x00121D, 0xFFFF);
    EXPECT(&world, SAP, "C0 01 C1 0003 0100010800FF 00 00", "C4 01 C1 01 03");
    EXPECT(&world, SAP, "C1 01 C1 0001 0000600102FF 00 00 02 02 00 09 01 41", "C5 01 C1 03");
}

#define GET_LIST_OF_OBJECTS(invoke) "C0 01 " invoke " 000F 0000280000FF 02 00"

/* With high priority beside a transfer, which lives on; with normal priority in its place. */
static void test_priority(void **state) {
    uint8_t answer[128];
    (void)state;
    begin(ALL, 64);
    assert_int_equal(world_ask_hex(&world, 0, SAP, GET_LIST_OF_OBJECTS("41"), answer, 128) > 20, 1);
    EXPECT(&world, SAP, "C0 01 C2 " ID_2 " 00", "C4 01 C2 00 09 00");
    EXPECT(&world, SAP, "C1 01 C3 " ID_2 " 00 09 01 41", "C5 01 C3 00");
    EXPECT(&world, SAP, "C3 01 C3 " SCRIPT " 01 12 0002", "C7 01 C3 00 00");
    EXPECT(&world, SAP, "C0 03 C2 02 " ID_2 " 00 " ENERGY " 00", "C4 03 C2 02 00 09 01 41 00 06 00000000");
    /* What needs the room of the transfer itself is not possible now. */
    EXPECT(&world, SAP, GET_LIST_OF_OBJECTS("C2"), "D8 01 04");
    EXPECT(&world, SAP, "C1 04 C2 01 " ID_2 " 00 01 09 01 42", "D8 01 01");
    EXPECT(&world, SAP, "C1 02 C2 " ID_2 " 00 01 00000001 03 090142", "D8 01 01");
    EXPECT(&world, SAP, "C3 03 C2 01 " SCRIPT " 01 12 0003", "D8 01 01");
    EXPECT(&world, SAP, "D9 C0000002 00 01 01 " ID_2 " 01 00", "D8 01 01");
    EXPECT(&world, SAP, "C0 02 C2 00000001", "C4 02 C2 01 00000001 01 10");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 41"); /* the same id again: that ends it */
    EXPECT(&world, SAP, "C0 02 41 00000001", "C4 02 41 01 00000001 01 10");
    (void)world_ask_hex(&world, 0, SAP, GET_LIST_OF_OBJECTS("41"), answer, 128);
    EXPECT(&world, SAP, "C0 01 C2 " ID_2 " 00", "C4 01 C2 00 09 01 41");
    assert_int_equal(world_ask_hex(&world, 0, SAP, "C0 02 41 00000001", answer, 128) > 20, 1);
    EXPECT_OCTETS(answer, 9, "C4 02 41 00 00000002 00");
    EXPECT(&world, SAP, "C0 01 82 " ID_2 " 00", "C4 01 82 00 09 01 41"); /* the class of a GET is no matter */
    EXPECT(&world, SAP, "C1 01 82 " ID_2 " 00 09 01 41", "");
    assert_int_equal(world_ask_hex(&world, 0, SAP, "C0 02 41 00000002", answer, 128) > 20, 1);
    EXPECT_OCTETS(answer, 9, "C4 02 41 00 00000003 00");
    EXPECT(&world, SAP, "C0 01 42 " ID_2 " 00", "C4 01 42 00 09 01 41"); /* normal priority */
    EXPECT(&world, SAP, "C0 02 41 00000002", "C4 02 41 01 00000002 01 10");
    /* The same beside blocks that are collected. */
    EXPECT(&world, SAP, "C1 02 41 " ID_3 " 00 00 00000001 03 090241", "C5 02 41 00000001");
    EXPECT(&world, SAP, "C0 01 C2 " ID_2 " 00", "C4 01 C2 00 09 01 41");
    EXPECT(&world, SAP, "C1 03 41 01 00000002 01 42", "C5 03 41 00 00000002");
    EXPECT(&world, SAP, GET_ID_3, "C4 01 C1 00 09 02 4142");
}

static void test_unconfirmed_lists_and_blocks(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP, "C1 04 81 01 " ID_2 " 00 01 09 01 41", "");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 41");
    EXPECT(&world, SAP, "C1 02 81 " ID_2 " 00 00 00000001 03 090242", "");
    EXPECT(&world, SAP, "C1 03 81 01 00000002 01 43", "");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 02 4243");
    EXPECT(&world, SAP, "C3 03 01 01 " SCRIPT " 01 12 0003", "");
    EXPECT(&world, SAP, GET_RATE, "C4 01 C1 00 11 03");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_list),
        cmocka_unit_test(test_broken_lists),
        cmocka_unit_test(test_bits_that_were_not_negotiated),
        cmocka_unit_test(test_set_in_blocks),
        cmocka_unit_test(test_set_blocks_out_of_order),
        cmocka_unit_test(test_set_list_in_blocks),
        cmocka_unit_test(test_staging_slot),
        cmocka_unit_test(test_slot_of_one_that_rests),
        cmocka_unit_test(test_slot_of_a_reader),
        cmocka_unit_test(test_slot_of_one_that_waits),
        cmocka_unit_test(test_staging_overflow),
        cmocka_unit_test(test_a_list_that_waits),
        cmocka_unit_test(test_action_list),
        cmocka_unit_test(test_action_in_blocks),
        cmocka_unit_test(test_long_return_values),
        cmocka_unit_test(test_small_sizes),
        cmocka_unit_test(test_attribute_0),
        cmocka_unit_test(test_priority),
        cmocka_unit_test(test_unconfirmed_lists_and_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
