/*
 * test_association.c - AARQ in every variant of the conformance list, release, passwords.
 *
 * Octets after IEC 62056-53 and the public conformance test plan: results and diagnostics stand there, not
 * what this server happened to answer.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "app/event.h"

#define CONTEXT "A1 09 06 07 60857405080101"
#define UNIT "8A 02 07 80"
#define LLS "8B 07 60857405080201"
#define PASSWORD "AC 11 80 0F 6D616E6167656D656E742D30303031" /* management-0001 */
#define INITIATE "BE 10 04 0E 01 00 00 00 06 5F1F0400 00121D FFFF"
#define ACCEPTED                                                                                             \
    "61 29 " CONTEXT " A2 03 02 01 00 A3 05 A1 03 02 01 00 BE 10 04 0E 08 00 06 5F1F0400 00121D 0180 0007"
/* Of everything that there is, what this meter has. */
#define ACCEPTED_ALL                                                                                         \
    "61 29 " CONTEXT " A2 03 02 01 00 A3 05 A1 03 02 01 00 BE 10 04 0E 08 00 06 5F1F0400 20FE5D 0180 0007"
#define REJECTED(context, diagnostic)                                                                        \
    "61 17 A1 09 06 07 608574050801" context " A2 03 02 01 01 A3 05 A1 03 02 01" diagnostic
#define REJECTED_BY_PROVIDER "61 17 " CONTEXT " A2 03 02 01 01 A3 05 A2 03 02 01 02"
#define REJECTED_INITIATE(error)                                                                             \
    "61 1F " CONTEXT " A2 03 02 01 01 A3 05 A1 03 02 01 01 BE 06 04 04 0E 01 06" error

#define GET_NAME "C0 01 C1 0001 00002A0000FF 02 00"
#define NAME_IS "C4 01 C1 00 09 10 51445430303030303030303030303030"
#define NO_ASSOCIATION "D8 01 02"

static world_t world;

/* Sends 60, the length, the fields. */
static size_t aarq(uint16_t sap, const char *fields, uint8_t *answer, size_t size) {
    uint8_t apdu[256];
    size_t length = world_hex(fields, apdu + 2);
    apdu[0] = 0x60;
    apdu[1] = (uint8_t)length;
    return world_ask(&world, 0, sap, apdu, length + 2u, answer, size);
}

static void expect_aare(uint16_t sap, const char *fields, const char *wanted, const char *file, int line) {
    uint8_t answer[256];
    size_t length = aarq(sap, fields, answer, sizeof answer);
    expect_octets(answer, length, wanted, file, line);
}
#define EXPECT_AARE(sap, fields, wanted) expect_aare(sap, fields, wanted, __FILE__, __LINE__)

/* Rejected permanently with one of two diagnostics of the user. */
static void expect_rejected(const char *fields, uint8_t one, uint8_t other) {
    uint8_t answer[256] = {0};
    size_t length = aarq(SAP_MANAGEMENT, fields, answer, sizeof answer);
    assert_true(length >= 25u);
    EXPECT_OCTETS(answer + 2, 21, CONTEXT " A2 03 02 01 01 A3 05 A1 03 02");
    assert_int_equal(answer[23], 1);
    assert_true(answer[24] == one || answer[24] == other);
    EXPECT(&world, SAP_MANAGEMENT, GET_NAME, NO_ASSOCIATION);
}

static void test_lowest_level(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
    EXPECT_AARE(SAP_PUBLIC, CONTEXT INITIATE, ACCEPTED);
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
    EXPECT_AARE(SAP_PUBLIC, "80 02 07 80" CONTEXT INITIATE, ACCEPTED);
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "8B 07 60857405080200" INITIATE, ACCEPTED);
}

static void test_password(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT_AARE(SAP_MANAGEMENT, CONTEXT UNIT LLS PASSWORD INITIATE, ACCEPTED);
    EXPECT(&world, SAP_MANAGEMENT, GET_NAME, NAME_IS);
}

static void test_protocol_version(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT_AARE(SAP_PUBLIC, "80 02 06 40" CONTEXT INITIATE, REJECTED_BY_PROVIDER);
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
}

static void test_context_names(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT_AARE(SAP_PUBLIC, "A1 09 06 07 60857405080102" INITIATE, REJECTED("02", "02"));
    EXPECT_AARE(SAP_PUBLIC, "A1 09 06 07 60857405080103" INITIATE, REJECTED("03", "02"));
    EXPECT_AARE(SAP_PUBLIC, "A1 09 06 07 6085740508017F" INITIATE, REJECTED("7F", "02"));
    EXPECT_AARE(SAP_PUBLIC, "A1 09 06 07 60857405090101" INITIATE, REJECTED("01", "02"));
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
}

static void test_dummy_fields_are_ignored(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT_AARE(SAP_PUBLIC,
                CONTEXT "A2 03 04 01 44 A3 03 04 01 44 A4 03 02 01 00 A5 03 02 01 00 A6 03 04 01 44"
                        "A8 03 02 01 00" INITIATE,
                ACCEPTED);
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BD 03 04 01 00" INITIATE, ACCEPTED);
}

/* One part of the authentication missing at a time. */
static void test_authentication_incomplete(void **state) {
    (void)state;
    expect_world(&world);
    expect_rejected(CONTEXT INITIATE, 13, 14);
    expect_rejected(CONTEXT UNIT PASSWORD INITIATE, 12, 13);
    expect_rejected(CONTEXT UNIT LLS INITIATE, 13, 14);
    expect_rejected(CONTEXT UNIT "8B 07 6085740508027F" PASSWORD INITIATE, 11, 13);
    expect_rejected(CONTEXT UNIT "8B 07 60857405080205" PASSWORD INITIATE, 11, 13);
}

/* Without the authentication unit the values of mechanism and password have no meaning. */
static void test_authentication_unit_missing(void **state) {
    (void)state;
    expect_world(&world);
    expect_rejected(CONTEXT LLS PASSWORD INITIATE, 13, 13);
}

static void test_authentication_unit_not_asked_for(void **state) {
    (void)state;
    expect_world(&world);
    expect_rejected(CONTEXT "8A 02 07 00" LLS PASSWORD INITIATE, 13, 11);
}

static void test_wrong_passwords(void **state) {
    (void)state;
    expect_world(&world);
    expect_rejected(CONTEXT UNIT LLS "AC 11 80 0F 6D616E6167656D656E742D30303032" INITIATE, 13, 13);
    expect_rejected(CONTEXT UNIT LLS "AC 11 80 0F 6E616E6167656D656E742D30303031" INITIATE, 13, 13);
    expect_rejected(CONTEXT UNIT LLS "AC 10 80 0E 6D616E6167656D656E742D303030" INITIATE, 13, 13);
    expect_rejected(CONTEXT UNIT LLS "AC 12 80 10 6D616E6167656D656E742D3030303100" INITIATE, 13, 13);
    expect_rejected(CONTEXT UNIT LLS "AC 13 80 11 6D616E6167656D656E742D303030310000" INITIATE, 13, 13);
    expect_rejected(CONTEXT UNIT LLS "AC 02 80 00" INITIATE, 13, 13);
    expect_rejected(CONTEXT UNIT LLS "AC 0E 80 0C 6C6576656C2D312D30303031" INITIATE, 13, 13);
}

static void test_who_may_associate_how(void **state) {
    (void)state;
    expect_world(&world);
    /* The public client is asked for no password, so that it may bring any; the pre-established one has no AARQ;
     * 20 is nobody. */
    EXPECT_AARE(SAP_PUBLIC, CONTEXT UNIT LLS PASSWORD INITIATE, ACCEPTED);
    EXPECT_AARE(102, CONTEXT INITIATE, REJECTED("01", "01"));
    EXPECT_AARE(102, CONTEXT UNIT LLS PASSWORD INITIATE, REJECTED("01", "01"));
    EXPECT_AARE(20, CONTEXT INITIATE, REJECTED("01", "01"));
    EXPECT(&world, 102, GET_NAME, NO_ASSOCIATION);
    EXPECT(&world, 20, GET_NAME, NO_ASSOCIATION);
    assert_true(world_open(&world, 0, SAP_LEVEL_1));
    assert_true(world_open(&world, 0, SAP_LEVEL_2));
    assert_true(world_open(&world, 0, SAP_LEVEL_3));
}

static uint16_t fraud_count(void) {
    qd_scalar_t value;
    const qd_call_t call = world_call(&world);
    const qd_ref_t ref = {QD_MODULE_EVENT, QD_EVENT_ITEM_COUNT, QD_TARGET_FRAUD_LOG};
    assert_int_equal(qd_event_module.get(world_module(&world, QD_MODULE_EVENT), &call, ref, &value), QD_OK);
    return (uint16_t)value.v.u;
}

static void wrong(uint16_t sap) {
    uint8_t answer[128];
    (void)aarq(sap, CONTEXT UNIT LLS "AC 0A 80 08 7878787878787878" INITIATE, answer, sizeof answer);
}

/* Three in a row of one client raise event 46; a good one begins the count anew. */
static void test_event_46_after_three(void **state) {
    qd_event_t event;
    (void)state;
    expect_world(&world);
    wrong(SAP_MANAGEMENT);
    wrong(SAP_MANAGEMENT);
    wrong(SAP_LEVEL_1);
    wrong(SAP_LEVEL_1);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    wrong(SAP_MANAGEMENT);
    wrong(SAP_MANAGEMENT);
    assert_int_equal(fraud_count(), 0);
    wrong(SAP_LEVEL_1);
    assert_int_equal(fraud_count(), 1);
    assert_int_equal(qd_event_recent(world_module(&world, QD_MODULE_EVENT), 0, &event), QD_OK);
    assert_int_equal(event.code, QD_EVENT_WRONG_PASSWORD);
    assert_int_equal(event.detail, SAP_LEVEL_1);
    wrong(SAP_MANAGEMENT);
    assert_int_equal(fraud_count(), 2);
    wrong(SAP_MANAGEMENT);
    wrong(SAP_MANAGEMENT);
    assert_int_equal(fraud_count(), 2);
    wrong(SAP_MANAGEMENT);
    assert_int_equal(fraud_count(), 3);
    /* The right password still opens. */
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
}

static void test_initiate_errors(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BE 10 04 0E 01 00 00 00 05 5F1F0400 00121D FFFF",
                REJECTED_INITIATE("01"));
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BE 10 04 0E 01 00 00 00 06 5F1F0400 000000 FFFF",
                REJECTED_INITIATE("02"));
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BE 10 04 0E 01 00 00 00 06 5F1F0400 00121D 000B",
                REJECTED_INITIATE("03"));
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BE 10 04 0E 01 00 00 00 06 5F1F0400 00121D 0001",
                REJECTED_INITIATE("03"));
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BE 10 04 0E 01 00 00 00 07 5F1F0400 00121D FFFF", ACCEPTED);
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BE 10 04 0E 01 00 00 00 06 5F1F0400 00121D 000C", ACCEPTED);
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BE 10 04 0E 01 00 00 00 06 5F1F0400 00121D 0000", ACCEPTED);
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BE 11 04 0F 01 00 00 01 01 06 5F1F0400 00121D FFFF",
                "61 2A " CONTEXT " A2 03 02 01 00 A3 05 A1 03 02 01 00"
                " BE 11 04 0F 08 01 01 06 5F1F0400 00121D 0180 0007");
}

/* The bits of short names only: multiple references alone make no service. */
static void test_no_service_in_common(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BE 10 04 0E 01 00 00 00 06 5F1F0400 1C0320 FFFF",
                REJECTED_INITIATE("02"));
}

/* A dedicated key has no place in a context without ciphering. */
static void test_dedicated_key_in_a_plain_context(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT_AARE(SAP_PUBLIC,
                CONTEXT "BE 21 04 1F 01 01 10 000102030405060708090A0B0C0D0E0F 00 00 06 5F1F0400 00121D FFFF",
                REJECTED_INITIATE("00"));
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
}

/* What comes back is what both sides have, whatever one bit is proposed. */
static void test_conformance_is_the_common_part(void **state) {
    (void)state;
    expect_world(&world);
    for (unsigned bit = 0; bit < 24; bit++) {
        uint32_t proposed = 0x800000u >> bit;
        uint32_t common = proposed & 0x20FE5Du;
        uint8_t apdu[128];
        uint8_t answer[128] = {0};
        size_t length = world_aarq(NULL, proposed, 0xFFFF, apdu);
        length = world_ask(&world, 0, SAP_PUBLIC, apdu, length, answer, sizeof answer);
        bool has_service = (common & 0x000059u) != 0;
        if (common == 0 || (!has_service && length == 33)) {
            EXPECT_OCTETS(answer, length, REJECTED_INITIATE("02"));
            continue;
        }
        assert_int_equal(length, 43);
        assert_int_equal((answer[36] << 16) | (answer[37] << 8) | answer[38], common);
    }
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BE 10 04 0E 01 00 00 00 06 5F1F0400 FFFFFF FFFF", ACCEPTED_ALL);
}

static void test_initiate_is_missing_or_broken(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT_AARE(SAP_PUBLIC, CONTEXT, REJECTED("01", "01"));
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BE 0F 04 0D 01 00 00 00 06 5F1F0400 00121D FF", REJECTED("01", "01"));
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BE 11 04 0F 01 00 00 00 06 5F1F0400 00121D FFFF 00",
                REJECTED("01", "01"));
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
}

/* Response-allowed FALSE: the association is there, without an answer. */
static void test_unconfirmed_association(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT_AARE(SAP_PUBLIC, CONTEXT "BE 11 04 0F 01 00 01 00 00 06 5F1F0400 00121D FFFF", "");
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
}

/* Every cut and every lying length: an answer or silence, and afterwards all is well. */
static void test_broken_aarqs(void **state) {
    uint8_t good[128];
    uint8_t bad[128];
    uint8_t answer[128];
    (void)state;
    expect_world(&world);
    size_t length = world_aarq("management-0001", WORLD_CONFORMANCE, 0xFFFF, good);
    for (size_t cut = 1; cut < length; cut++) {
        (void)world_ask(&world, 0, SAP_MANAGEMENT, good, cut, answer, sizeof answer);
        EXPECT(&world, SAP_MANAGEMENT, GET_NAME, NO_ASSOCIATION);
        static const uint8_t lies[] = {0x01, 0xFF, 0x80, 0x7F};
        for (size_t lie = 0; lie < sizeof lies; lie++) {
            memcpy(bad, good, length);
            bad[cut] = (uint8_t)(bad[cut] + lies[lie]);
            (void)world_ask(&world, 0, SAP_MANAGEMENT, bad, length, answer, sizeof answer);
            (void)world_ask_hex(&world, 0, SAP_MANAGEMENT, "62 00", answer, sizeof answer);
        }
    }
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    EXPECT(&world, SAP_MANAGEMENT, GET_NAME, NAME_IS);
}

static void test_release(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    EXPECT(&world, SAP_PUBLIC, "62 03 80 01 00", "63 03 80 01 00");
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
    EXPECT(&world, SAP_PUBLIC, "62 03 80 01 00", NO_ASSOCIATION);
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    EXPECT(&world, SAP_PUBLIC, "62 00", "63 03 80 01 00");
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    EXPECT(&world, SAP_PUBLIC, "62 03 80 02 00", NO_ASSOCIATION);
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
}

/* A second AARQ sets size and services anew. */
static void test_association_anew(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    assert_true(world_open_as(&world, 0, SAP_PUBLIC, 0x000008, 0xFFFF));
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NO_ASSOCIATION);
    assert_true(world_open_as(&world, 0, SAP_PUBLIC, 0x000010, 20));
    EXPECT(&world, SAP_PUBLIC, GET_NAME, "D8 01 04");
    assert_true(world_open(&world, 0, SAP_PUBLIC));
    EXPECT(&world, SAP_PUBLIC, GET_NAME, NAME_IS);
}

static void test_attributes_of_the_association(void **state) {
    (void)state;
    expect_world(&world);
    assert_true(world_open_as(&world, 0, SAP_MANAGEMENT, 0x000019, 300));
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280000FF 01 00", "C4 01 C1 00 09 06 0000280000FF");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280000FF 03 00", "C4 01 C1 00 02 02 0F 01 12 0001");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280000FF 04 00",
           "C4 01 C1 00 02 07 11 02 11 10 12 02F4 11 05 11 08 11 01 11 01");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280000FF 05 00",
           "C4 01 C1 00 02 06 04 18 000019 12 0180 12 012C 11 06 0F 00 09 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280000FF 06 00",
           "C4 01 C1 00 02 07 11 02 11 10 12 02F4 11 05 11 08 11 02 11 01");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280000FF 07 00", "C4 01 C1 01 03");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280000FF 08 00", "C4 01 C1 00 16 02");
    /* The objects of others: partners and status. */
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280002FF 03 00", "C4 01 C1 00 02 02 0F 10 12 0001");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280003FF 03 00", "C4 01 C1 00 02 02 0F 66 12 0001");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280004FF 03 00", "C4 01 C1 00 02 02 0F 11 12 0001");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280006FF 03 00", "C4 01 C1 00 02 02 0F 13 12 0001");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280001FF 08 00", "C4 01 C1 00 16 02");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280004FF 08 00", "C4 01 C1 00 16 00");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280002FF 06 00",
           "C4 01 C1 00 02 07 11 02 11 10 12 02F4 11 05 11 08 11 02 11 00");
    /* Secrets are read by nobody, of whomever. */
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280001FF 07 00", "C4 01 C1 01 03");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 000F 0000280005FF 07 00", "C4 01 C1 01 03");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lowest_level),
        cmocka_unit_test(test_password),
        cmocka_unit_test(test_protocol_version),
        cmocka_unit_test(test_context_names),
        cmocka_unit_test(test_dummy_fields_are_ignored),
        cmocka_unit_test(test_authentication_incomplete),
        cmocka_unit_test(test_authentication_unit_missing),
        cmocka_unit_test(test_authentication_unit_not_asked_for),
        cmocka_unit_test(test_wrong_passwords),
        cmocka_unit_test(test_who_may_associate_how),
        cmocka_unit_test(test_event_46_after_three),
        cmocka_unit_test(test_initiate_errors),
        cmocka_unit_test(test_no_service_in_common),
        cmocka_unit_test(test_dedicated_key_in_a_plain_context),
        cmocka_unit_test(test_conformance_is_the_common_part),
        cmocka_unit_test(test_initiate_is_missing_or_broken),
        cmocka_unit_test(test_unconfirmed_association),
        cmocka_unit_test(test_broken_aarqs),
        cmocka_unit_test(test_release),
        cmocka_unit_test(test_association_anew),
        cmocka_unit_test(test_attributes_of_the_association),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
