/*
 * test_access_order.c - what an ACCESS reads, in the order of its items; its specifications in the answer; several
 * selections in one list. Values that wait for the answer lie in the staging slot.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "app/event.h"
#include "app/tariff.h"
#include "item/scalar.h"

#define ALL 0x20FE5Du
#define NO_GENERAL 0x00FE5Du
#define CLOCK_ZONE "0008 0000010000FF 03"
#define ID_2 "0001 0000600102FF 02"
#define NOBODY "0001 FFFFFFFFFFFF 02"
#define RATE "0001 0000600E00FF 02"
#define SCRIPT "0009 00000A0064FF 01"
#define OBJECTS "000F 0000280000FF 02"
#define LOG "0007 0000636200FF 02"
#define SAP SAP_MANAGEMENT
/* Entry 1 of the log, column 2; objects of class 8; one object. */
#define ENTRY "02 0204 06 00000001 06 00000001 12 0002 12 0002"
#define ENTRY_BOTH "02 0204 06 00000001 06 00000001 12 0001 12 0000"
#define CLASSES "02 01 01 12 0009"
#define NAMED "04 0202 12 0001 0906 00002A0000FF"

static world_t world;

static void begin(uint32_t conformance, uint16_t pdu_size) {
    expect_world(&world);
    assert_true(world_open_as(&world, 0, SAP, conformance, pdu_size));
}

typedef struct joined {
    uint8_t octets[4096];
    size_t length;
    unsigned blocks;
} joined_t;

/* An answer that may come in general blocks; each is lost once when lose is set. */
static void read_general(unsigned channel, uint16_t sap, const char *asked, size_t limit, bool lose,
                         joined_t *j) {
    uint8_t answer[1024];
    uint8_t number = 2;
    uint16_t heard = 0;
    memset(j, 0, sizeof *j);
    size_t length = world_ask_hex(&world, channel, sap, asked, answer, sizeof answer);
    while (length > 7 && answer[0] == 0xE0) {
        assert_in_range(length, 8, limit);
        assert_true(answer[6] < 0x80);
        uint16_t block = (uint16_t)(answer[2] << 8 | answer[3]);
        bool last = (answer[1] & 0x80) != 0;
        bool again = lose && (number & 1u) == 0;
        if (!again) {
            memcpy(j->octets + j->length, answer + 7, answer[6]);
            j->length += answer[6];
            j->blocks++;
            heard = block;
            if (last) {
                return;
            }
        }
        number++;
        const uint8_t ack[] = {0xE0, 0x81, 0, number, (uint8_t)(heard >> 8), (uint8_t)heard, 0};
        length = world_ask(&world, channel, sap, ack, sizeof ack, answer, sizeof answer);
    }
    memcpy(j->octets, answer, length);
    j->length = length;
}

/* A GET that may come in its service's blocks: the results, without their head. */
static void read_get(const char *asked, size_t limit, joined_t *j) {
    uint8_t answer[2048];
    uint8_t next[7] = {0xC0, 2, 0xC1};
    memset(j, 0, sizeof *j);
    size_t length = world_ask_hex(&world, 0, SAP, asked, answer, sizeof answer);
    while (length > 10 && answer[1] == 2) {
        assert_in_range(length, 11, limit);
        assert_int_equal(answer[8], 0);
        assert_true(answer[9] < 0x80);
        memcpy(j->octets + j->length, answer + 10, answer[9]);
        j->length += answer[9];
        j->blocks++;
        if (answer[3] != 0) {
            return;
        }
        memcpy(next + 3, answer + 4, 4);
        length = world_ask(&world, 0, SAP, next, sizeof next, answer, sizeof answer);
    }
    assert_true(j->blocks == 0 && length > 3);
    memcpy(j->octets, answer + 3, length - 3u);
    j->length = length - 3u;
}

static void test_order(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP,
           "D9 40000001 00 04 02 " CLOCK_ZONE " 01 " CLOCK_ZONE " 02 " CLOCK_ZONE " 01 " CLOCK_ZONE
           " 04 10 002D 00 10 0000 00",
           "DA 40000001 00 00 04 00 10 002D 00 10 0000 04 02 00 01 00 02 00 01 00");
    EXPECT(&world, SAP, "D9 40000001 00 03 01 " ID_2 " 02 " ID_2 " 01 " ID_2 " 03 00 0901 41 00",
           "DA 40000001 00 00 03 0900 00 0901 41 03 01 00 02 00 01 00");
    /* Methods as well, and through another object; all attributes at once; what is not there. */
    EXPECT(&world, SAP,
           "D9 40000001 00 08 01 " RATE " 03 " SCRIPT " 01 " RATE " 01 0001 0000600102FF 00 01 " NOBODY
           " 03 " SCRIPT " 01 " RATE " 02 " ID_2 " 08 00 12 0003 00 00 00 12 0002 00 0900",
           "DA 40000001 00 00 08 11 01 00 11 03 0202 0906 0000600102FF 0901 41 00 00 11 02 00"
           " 08 01 00 03 00 01 00 01 00 01 04 03 00 01 00 02 00");
    EXPECT(&world, SAP, "D9 40000001 00 02 01 " ID_2 " 01 " RATE " 02 00 00",
           "DA 40000001 00 00 02 0900 11 02 02 01 00 01 00");
}

/* A table in front of a SET that does not fit the slot: other-reason, and nothing less than the whole value. */
static void test_too_long_to_keep(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP,
           "D9 40000001 00 04 01 " ID_2 " 01 " OBJECTS " 01 " RATE " 02 " ID_2 " 04 00 00 00 0901 41",
           "DA 40000001 00 00 04 0900 00 11 01 00 04 01 00 01 FA 01 00 02 00");
    EXPECT(&world, SAP, "D9 60000001 00 03 01 " ID_2 " 01 " OBJECTS " 02 " ID_2 " 03 00 00 0901 42",
           "DA 60000001 00 00 03 0901 41 00 00 03 01 00 01 FA 02 FA");
    EXPECT(&world, SAP, "C0 01 C1 " ID_2 " 00", "C4 01 C1 00 0901 41");
}

static void test_kept_values_over_blocks(void **state) {
    static joined_t got;
    char asked[1024];
    char long_id[128] = "";
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        (void)snprintf(long_id + 3u * i, 4, " %02X", 0x41 + i);
    }
    for (uint16_t size = 20; size < 44; size = (uint16_t)(size + 3)) {
        for (unsigned lose = 0; lose < 2; lose++) {
            begin(ALL, size);
            (void)snprintf(asked, sizeof asked,
                           "D9 40000001 00 05 02 %s 01 %s 02 %s 01 %s 02 %s 05 0910 %s 00 0901 5A 00 0900",
                           ID_2, ID_2, ID_2, ID_2, ID_2, long_id);
            read_general(0, SAP, asked, size, lose != 0, &got);
            assert_true(got.blocks > 1);
            (void)snprintf(asked, sizeof asked,
                           "DA 40000001 00 00 05 00 0910 %s 00 0901 5A 00 05 02 00 01 00 02 00 01 00 02 00",
                           long_id);
            EXPECT_OCTETS(got.octets, got.length, asked);
        }
    }
}

/* The same request, brought in general blocks: it lies in the slot itself in front of what is kept. */
static void test_request_in_pieces(void **state) {
    static joined_t got;
    (void)state;
    begin(ALL, 40);
    EXPECT(&world, SAP, "E0 01 0001 0000 17 D9 50000001 00 04 01 " ID_2 " 02 0001 000060",
           "E0 88 0001 0001 00");
    read_general(0, SAP, "E0 81 0002 0001 30 0102FF 02 01 " ID_2 " 04 " LOG " " ENTRY " 04 00 0901 41", 40,
                 false, &got);
    EXPECT_OCTETS(got.octets, got.length, "D8 01 03"); /* two elements are missing */
    EXPECT(&world, SAP, "E0 01 0001 0000 17 D9 50000001 00 03 01 " ID_2 " 02 0001 000060",
           "E0 88 0001 0001 00");
    read_general(0, SAP, "E0 81 0002 0001 14 0102FF 02 01 " ID_2 " 03 00 0901 41 00", 40, false, &got);
    EXPECT_OCTETS(got.octets, got.length,
                  "DA 50000001 00 01 03 01 " ID_2 " 02 " ID_2 " 01 " ID_2
                  " 03 0900 00 0901 41 03 01 00 02 00 01 00");
    /* That answer is out; the next request finds the slot free. */
    EXPECT(&world, SAP, "C1 02 C1 " ID_2 " 00 00 00000001 02 0901", "C5 02 C1 00000001");
    EXPECT(&world, SAP, "C1 03 C1 01 00000002 01 42", "C5 03 C1 00 00000002");
}

static void test_self_descriptive(void **state) {
    static joined_t got;
    (void)state;
    begin(ALL, 0xFFFF);
#define SPECS "03 01 " ID_2 " 04 " LOG " " ENTRY " 03 " SCRIPT
    EXPECT(&world, SAP, "D9 50000001 00 " SPECS " 03 00 00 12 0003",
           "DA 50000001 00 01 " SPECS " 03 0900 01 01 02 01 11 02 00 03 01 00 01 00 03 00");
    EXPECT(&world, SAP, "D9 40000001 00 " SPECS " 03 00 00 12 0003",
           "DA 40000001 00 00 03 0900 01 01 02 01 11 02 00 03 01 00 01 00 03 00");
    begin(ALL, 30);
    read_general(0, SAP, "D9 50000001 00 " SPECS " 03 00 00 12 0003", 30, true, &got);
    EXPECT_OCTETS(got.octets, got.length,
                  "DA 50000001 00 01 " SPECS " 03 0900 01 01 02 01 11 02 00 03 01 00 01 00 03 00");
    /* Without general blocks they must fit, too, or nothing is done. */
    begin(NO_GENERAL, 30);
    EXPECT(&world, SAP, "D9 50000001 00 02 02 " ID_2 " 02 " ID_2 " 02 0901 41 0901 42", "D8 01 04");
    EXPECT(&world, SAP, "C0 01 C1 " ID_2 " 00", "C4 01 C1 00 0900");
    EXPECT(&world, SAP, "D9 50000001 00 01 02 " ID_2 " 01 0901 41",
           "DA 50000001 00 01 01 02 " ID_2 " 01 00 01 02 00");
}

/* Another association has the slot: what needs it fails for now, the rest is done; and the other way round. */
static void test_slot_is_taken(void **state) {
    static joined_t got;
    (void)state;
    begin(ALL, 40);
    assert_true(world_open_as(&world, 1, SAP_LEVEL_3, ALL, 0xFFFF));
    EXPECT_ON(&world, 1, SAP_LEVEL_3, "C1 02 C1 " CLOCK_ZONE " 00 00 00000001 01 10", "C5 02 C1 00000001");
    EXPECT(&world, SAP, "D9 40000001 00 03 01 " ID_2 " 02 " ID_2 " 01 " ID_2 " 03 00 0901 41 00",
           "DA 40000001 00 00 03 00 00 0901 41 03 01 02 02 00 01 00");
    EXPECT(&world, SAP, "D9 50000001 00 01 01 " ID_2 " 01 00", "D8 01 01");
    EXPECT(&world, SAP, "C0 03 C1 02 " LOG " 01 " ENTRY LOG " 01 " ENTRY,
           "C4 03 C1 02 00 01 01 02 01 11 02 01 02");
    EXPECT_ON(&world, 1, SAP_LEVEL_3, "C1 03 C1 01 00000002 02 003C", "C5 03 C1 00 00000002");
    /* An answer that is out has freed it. */
    EXPECT(&world, SAP, "D9 40000001 00 02 01 " ID_2 " 02 " ID_2 " 02 00 0901 41",
           "DA 40000001 00 00 02 0901 41 00 02 01 00 02 00");
    EXPECT_ON(&world, 1, SAP_LEVEL_3, "C1 02 C1 " CLOCK_ZONE " 00 00 00000001 01 10", "C5 02 C1 00000001");
    EXPECT_ON(&world, 1, SAP_LEVEL_3, "C1 03 C1 01 00000002 02 003C", "C5 03 C1 00 00000002");
    /* The answer is under way: the other one waits; it is out: the other one goes on. */
    uint8_t answer[64];
    size_t length =
        world_ask_hex(&world, 0, SAP, "C0 03 C1 03 " LOG " 01 " ENTRY LOG " 01 " ENTRY OBJECTS " 01 " CLASSES,
                      answer, sizeof answer);
    assert_in_range(length, 30, 40);
    EXPECT_OCTETS(answer, 9, "C4 02 C1 00 00000001 00");
    EXPECT_ON(&world, 1, SAP_LEVEL_3, "C1 02 C1 " CLOCK_ZONE " 00 00 00000001 01 10", "C5 03 C1 02 00000001");
    EXPECT(&world, SAP, "C0 01 C1 " RATE " 00", "C4 01 C1 00 11 01");
    EXPECT_ON(&world, 1, SAP_LEVEL_3, "C1 02 C1 " CLOCK_ZONE " 00 00 00000001 01 10", "C5 02 C1 00000001");
    EXPECT_ON(&world, 1, SAP_LEVEL_3, "C1 03 C1 01 00000002 02 003C", "C5 03 C1 00 00000002");
    /* A kept value under way in general blocks, whose client falls silent for long, gives way. */
    assert_true(world_open_as(&world, 0, SAP, ALL, 20));
    length = world_ask_hex(&world, 0, SAP,
                           "D9 40000001 00 03 01 " ID_2 " 02 " ID_2 " 01 " OBJECTS " 03 00 0901 43 00",
                           answer, sizeof answer);
    assert_in_range(length, 8, 20);
    EXPECT_ON(&world, 1, SAP_LEVEL_3, "C1 02 C1 " CLOCK_ZONE " 00 00 00000001 01 10", "C5 03 C1 02 00000001");
    world_wait(&world, 11);
    EXPECT_ON(&world, 1, SAP_LEVEL_3, "C1 02 C1 " CLOCK_ZONE " 00 00 00000001 01 10", "C5 02 C1 00000001");
    EXPECT(&world, SAP, "E0 81 0002 0001 00", "D8 01 01");
    read_general(0, SAP, "C0 01 C1 " ID_2 " 00", 20, false, &got);
    EXPECT_OCTETS(got.octets, got.length, "C4 01 C1 00 0901 43");
}

/* Each selection of a list is as it is alone, in blocks of every size. */
static void test_selections_in_one_list(void **state) {
    static const char *const item[] = {LOG " 01 " ENTRY_BOTH, OBJECTS " 01 " CLASSES,
                                       OBJECTS " 01 " NAMED,  OBJECTS " 01 02 01 01 12 0008",
                                       LOG " 01 " ENTRY,      RATE " 00"};
    static joined_t whole;
    static joined_t got;
    char asked[1024] = "C0 03 C1 06 ";
    uint8_t wanted[1024] = {6};
    size_t size = 1;
    (void)state;
    begin(ALL, 0xFFFF);
    for (size_t i = 0; i < sizeof item / sizeof item[0]; i++) {
        char alone[256];
        (void)snprintf(alone, sizeof alone, "C0 01 C1 %s", item[i]);
        (void)snprintf(asked + strlen(asked), sizeof asked - strlen(asked), "%s ", item[i]);
        read_get(alone, 0xFFFF, &got);
        assert_int_equal(got.octets[0], 0);
        assert_true(got.length > 2);
        memcpy(wanted + size, got.octets, got.length);
        size += got.length;
    }
    read_get(asked, 0xFFFF, &whole);
    assert_int_equal(whole.length, size);
    assert_memory_equal(whole.octets, wanted, size);
    for (uint16_t pdu = 12; pdu < 120; pdu++) {
        assert_true(world_open_as(&world, 0, SAP, ALL, pdu));
        read_get(asked, pdu, &got);
        assert_true(got.blocks > 1);
        assert_int_equal(got.length, size);
        assert_memory_equal(got.octets, wanted, size);
    }
}

/* As many as there is room for: one with the association, six in the slot; those of an ACCESS, in front of a SET, too. */
static void test_how_many_selections(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
#define ITEM LOG " 01 " ENTRY
#define IS "00 01 01 02 01 11 02 "
    EXPECT(&world, SAP, "C0 03 C1 08 " LOG " 01 03 00 " ITEM ITEM ITEM ITEM ITEM ITEM ITEM,
           "C4 03 C1 08 01 0D " IS IS IS IS IS IS IS);
    EXPECT(&world, SAP, "C0 03 C1 09 " ITEM ITEM ITEM ITEM ITEM ITEM ITEM ITEM RATE "00",
           "C4 03 C1 09 " IS IS IS IS IS IS IS "01 FA 00 11 01");
    EXPECT(&world, SAP,
           "D9 40000001 00 04 04 " LOG ENTRY " 04 " OBJECTS " 02 01 01 12 0008 02 " ID_2 " 04 " LOG ENTRY
           " 04 00 00 0901 41 00",
           "DA 40000001 00 00 04 01 01 02 01 11 02 "
           "01 01 02 04 12 0008 11 00 09 06 0000010000FF 02 02 01 00 01 00 "
           "00 01 01 02 01 11 02 04 01 00 01 00 02 00 01 00");
}

static qd_module_t slow;
static const qd_module_t *original;
static unsigned acts;
static unsigned reads;

static qd_status_t slow_act(void *self, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source) {
    acts++;
    return acts % 3u != 0 ? QD_PENDING : original->act(self, call, ref, source);
}

static qd_status_t slow_get(void *self, const qd_call_t *call, qd_ref_t ref, qd_scalar_t *value) {
    reads++;
    return reads % 3u != 0 ? QD_PENDING : original->get(self, call, ref, value);
}

/* Items that wait, each done once; a value kept before is the one of that time. */
static void test_items_that_wait(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    qd_module_instance_t *m = &world.meter->modules[QD_MODULE_TARIFF];
    original = m->module;
    slow = *m->module;
    slow.act = slow_act;
    slow.get = slow_get;
    m->module = &slow;
    acts = 0;
    reads = 0;
    EXPECT(
        &world, SAP,
        "D9 40000001 00 06 01 " RATE " 04 " LOG ENTRY " 03 " SCRIPT " 01 " RATE " 03 " SCRIPT " 01 " NOBODY
        " 06 00 00 12 0003 00 12 0002 00",
        "DA 40000001 00 00 06 11 01 01 01 02 01 11 02 00 11 03 00 00 06 01 00 01 00 03 00 01 00 03 00 01 04");
    assert_int_equal(acts, 6);
    assert_int_equal(reads, 6);
    m->module = original;
    EXPECT(&world, SAP, "C0 01 C1 " RATE " 00", "C4 01 C1 00 11 02");
    /* A list whose first selection is refused: the second one is its own when the call comes back. */
    m->module = &slow;
    EXPECT(&world, SAP, "C0 03 C1 03 " LOG " 01 02 00 " LOG " 01 " ENTRY RATE "00",
           "C4 03 C1 03 01 0C 00 01 01 02 01 11 02 00 11 02");
    m->module = original;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_too_long_to_keep),
        cmocka_unit_test(test_kept_values_over_blocks),
        cmocka_unit_test(test_request_in_pieces),
        cmocka_unit_test(test_self_descriptive),
        cmocka_unit_test(test_slot_is_taken),
        cmocka_unit_test(test_selections_in_one_list),
        cmocka_unit_test(test_how_many_selections),
        cmocka_unit_test(test_items_that_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
