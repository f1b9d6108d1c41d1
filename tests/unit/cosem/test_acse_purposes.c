/*
 * test_acse_purposes.c - association control, purpose by purpose of the public conformance test plan.
 *
 * Each test bears the name of its purpose and says octets asked and octets wanted in full. Clients propose 00121D, which
 * every server with blocks, lists and the three services has, so that what the model offers besides does not show.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#define AARQ_PUBLIC "60 1D A109060760857405080101 BE10040E 01000000065F1F040000121DFFFF"
#define AARE_OK                                                                                              \
    "61 29 A109060760857405080101 A203020100 A305A103020100 BE10040E 0800065F1F040000121D0180 0007"
/* Refused by the user, by the provider, and with an error of the initiate service. */
#define REFUSED(dd) "61 17 A109060760857405080101 A203020101 A305A1030201" dd
#define REFUSED_CONTEXT(cc, dd) "61 17 A1090607608574050801" cc " A203020101 A305A1030201" dd
#define REFUSED_INITIATE(nn) "61 1F A109060760857405080101 A203020101 A305A103020101 BE06 0404 0E0106" nn
#define GET_OBJECT "C001C1000F0000280000FF0100"
#define OBJECT_IS "C401C10009060000280000FF"
#define IDLE "D80102"

/* Requirements, mechanism 1, the password management-0001. */
#define UNIT "8A020780"
#define LLS "8B0760857405080201"
#define PASSWORD "AC11800F6D616E6167656D656E742D30303031"
#define INITIATE "BE10040E01000000065F1F040000121DFFFF"
#define CONTEXT "A109060760857405080101"

static world_t world;

/* 60, the length, the fields. */
static void aarq_on(unsigned channel, uint16_t sap, const char *fields, const char *wanted, int line) {
    uint8_t apdu[256];
    uint8_t answer[256];
    size_t length = world_hex(fields, apdu + 2);
    apdu[0] = 0x60;
    apdu[1] = (uint8_t)length;
    length = world_ask(&world, channel, sap, apdu, length + 2u, answer, sizeof answer);
    expect_octets(answer, length, wanted, __FILE__, line);
}
#define AARQ(sap, fields, wanted) aarq_on(0, sap, fields, wanted, __LINE__)

static void idle(uint16_t sap) {
    EXPECT(&world, sap, GET_OBJECT, IDLE);
}

static void alive(uint16_t sap) {
    EXPECT(&world, sap, GET_OBJECT, OBJECT_IS);
}

static void appl_idle_n1(void **state) {
    (void)state;
    expect_world(&world);
    idle(SAP_PUBLIC);
    idle(SAP_MANAGEMENT);
    EXPECT(&world, SAP_PUBLIC, "6203800100", IDLE);
}

static void appl_open_1(void **state) {
    (void)state;
    expect_world(&world);
    EXPECT(&world, SAP_PUBLIC, AARQ_PUBLIC, AARE_OK);
    alive(SAP_PUBLIC);
    EXPECT(&world, SAP_PUBLIC, "6203800100", "6303800100");
    idle(SAP_PUBLIC);
    AARQ(SAP_MANAGEMENT, CONTEXT UNIT LLS PASSWORD INITIATE, AARE_OK);
    alive(SAP_MANAGEMENT);
}

/* A model with users: those of the management client are 1 and 200; its associations are of version 2. */
static void users_world(void) {
    static const qd_user_row_t users[] = {{1, "reader"}, {200, "installer"}};
    static qd_model_t model;
    static qd_cosem_tables_t tables;
    static qd_client_row_t clients[QD_CLIENTS_MAX];
    static qd_object_row_t objects[200];
    model = *qd_model_find("st402");
    tables = *model.cosem;
    assert_true(tables.object_count <= sizeof objects / sizeof objects[0]);
    memcpy(objects, tables.objects, tables.object_count * sizeof objects[0]);
    memcpy(clients, tables.clients, tables.client_count * sizeof clients[0]);
    for (uint16_t i = 0; i < tables.object_count; i++) {
        objects[i].class_row =
            objects[i].class_row->id == 15 ? &qd_class_association_ln_2 : objects[i].class_row;
    }
    clients[tables.management].users = users;
    clients[tables.management].user_count = 2;
    tables.objects = objects;
    tables.clients = clients;
    model.cosem = &tables;
    model.modules[QD_MODULE_ASSOCIATION].config = &tables;
    world_blank(&world, &model);
    assert_int_equal(world_start(&world), QD_OK);
}

#define GET_USER "C001C1000F0000280000FF0B00"

static void appl_open_2(void **state) {
    (void)state;
    users_world();
    /* 2/1: listed, in one octet and in two */
    AARQ(SAP_MANAGEMENT, CONTEXT "A903020101" UNIT LLS PASSWORD INITIATE, AARE_OK);
    EXPECT(&world, SAP_MANAGEMENT, GET_USER, "C401C100 0202 1101 0A06 726561646572");
    AARQ(SAP_MANAGEMENT, CONTEXT "A9040202 00C8" UNIT LLS PASSWORD INITIATE, AARE_OK);
    EXPECT(&world, SAP_MANAGEMENT, GET_USER, "C401C100 0202 11C8 0A09 696E7374616C6C6572");
    AARQ(SAP_MANAGEMENT, CONTEXT "A9030201C8" UNIT LLS PASSWORD INITIATE, AARE_OK);
    EXPECT(&world, SAP_MANAGEMENT, "C001C1000F0000280000FF0A00",
           "C401C100 0102 0202 1101 0A06 726561646572 0202 11C8 0A09 696E7374616C6C6572");
    /* 2/2: not listed; also a number that only its low octet has in common */
    AARQ(SAP_MANAGEMENT, CONTEXT "A903020102" UNIT LLS PASSWORD INITIATE, REFUSED("06"));
    idle(SAP_MANAGEMENT);
    AARQ(SAP_MANAGEMENT, CONTEXT "A904020201C8" UNIT LLS PASSWORD INITIATE, REFUSED("06"));
    /* 2/3: nobody */
    AARQ(SAP_MANAGEMENT, CONTEXT UNIT LLS PASSWORD INITIATE, REFUSED("06"));
    /* Who has no password does not learn who is listed. */
    AARQ(SAP_MANAGEMENT, CONTEXT "A903020102" UNIT LLS "AC0A80087878787878787878" INITIATE, REFUSED("0D"));
    /* Clients without users ask for none; nobody is their user. */
    AARQ(SAP_PUBLIC, CONTEXT "A903020107" INITIATE, AARE_OK);
    EXPECT(&world, SAP_PUBLIC, GET_USER, "C401C100 0202 1100 0A00");
    EXPECT(&world, SAP_PUBLIC, "C001C1000F0000280000FF0A00", "C401C100 0100");
    /* The users are the model's: methods 5 and 6 exist and are not offered. */
    AARQ(SAP_MANAGEMENT, CONTEXT "A903020101" UNIT LLS PASSWORD INITIATE, AARE_OK);
    EXPECT(&world, SAP_MANAGEMENT, "C301C1000F0000280000FF0501 0202 1105 0A00", "C701C10300");
    EXPECT(&world, SAP_MANAGEMENT, "C301C1000F0000280000FF0701 0202 1105 0A00", "C701C10400");
}

/* Version 1 has neither users nor their methods. */
static void appl_open_2_version_1(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    EXPECT(&world, SAP_MANAGEMENT, GET_USER, "C401C10104");
    EXPECT(&world, SAP_MANAGEMENT, "C001C1000F0000280000FF0A00", "C401C10104");
    EXPECT(&world, SAP_MANAGEMENT, "C301C1000F0000280000FF0501 0202 1105 0A00", "C701C10400");
}

static void appl_open_4(void **state) {
    (void)state;
    expect_world(&world);
    AARQ(SAP_PUBLIC, "80020780" CONTEXT INITIATE, AARE_OK);
    AARQ(SAP_PUBLIC, "800206C0" CONTEXT INITIATE, AARE_OK);
    AARQ(SAP_PUBLIC, "80020640" CONTEXT INITIATE, "61 17 A109060760857405080101 A203020101 A305A203020102");
    idle(SAP_PUBLIC);
}

static void appl_open_5(void **state) {
    (void)state;
    expect_world(&world);
    AARQ(SAP_PUBLIC, "A10906076085740508017F" INITIATE, REFUSED_CONTEXT("7F", "02"));
    AARQ(SAP_PUBLIC, "A109060760857405080102" INITIATE, REFUSED_CONTEXT("02", "02"));
    AARQ(SAP_PUBLIC, "A109060760857405080103" INITIATE, REFUSED_CONTEXT("03", "02"));
    AARQ(SAP_PUBLIC, "A109060760857405080104" INITIATE, REFUSED_CONTEXT("04", "02"));
    idle(SAP_PUBLIC);
}

static void appl_open_6(void **state) {
    static const char *const titles[] = {"A603040101", "A609040701020304050607",
                                         "A60C040A0102030405060708090A", "A60A04080102030405060708", ""};
    (void)state;
    expect_world(&world);
    /* 6/1: what is not used is passed over, and nothing of it comes back */
    AARQ(SAP_PUBLIC,
         CONTEXT
         "A203040144 A303040144 A403020100 A503020100 A603040144 A703040144 A803020100 A903020100" INITIATE,
         AARE_OK);
    /* 6/2 to 6/4: no ciphered context is offered, so that is what is said, whatever the title */
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        char fields[160];
        (void)snprintf(fields, sizeof fields, "A109060760857405080103 %s %s", titles[i], INITIATE);
        AARQ(SAP_MANAGEMENT, fields, REFUSED_CONTEXT("03", "02"));
        idle(SAP_MANAGEMENT);
    }
}

static void appl_open_7(void **state) {
    (void)state;
    expect_world(&world);
    AARQ(SAP_MANAGEMENT, CONTEXT INITIATE, REFUSED("0D"));                                    /* 7/1 */
    AARQ(SAP_MANAGEMENT, CONTEXT "8A020700" LLS PASSWORD INITIATE, REFUSED("0D"));            /* 7/2 */
    AARQ(SAP_MANAGEMENT, CONTEXT LLS PASSWORD INITIATE, REFUSED("0D"));                       /* 7/3 */
    AARQ(SAP_MANAGEMENT, CONTEXT UNIT PASSWORD INITIATE, REFUSED("0C"));                      /* 7/4 */
    AARQ(SAP_MANAGEMENT, CONTEXT UNIT "8B076085740508027F" PASSWORD INITIATE, REFUSED("0B")); /* 7/5 */
    AARQ(SAP_MANAGEMENT, CONTEXT UNIT "8B0760857405080205" PASSWORD INITIATE, REFUSED("0B"));
    AARQ(SAP_MANAGEMENT, CONTEXT UNIT "8B0760857405080200" PASSWORD INITIATE, REFUSED("0D"));
    AARQ(SAP_MANAGEMENT, CONTEXT UNIT LLS INITIATE, REFUSED("0D"));            /* 7/6 */
    AARQ(SAP_MANAGEMENT, CONTEXT UNIT LLS "AC028000" INITIATE, REFUSED("0D")); /* 7/7 */
    AARQ(SAP_MANAGEMENT, CONTEXT UNIT LLS "AC10800E6D616E6167656D656E742D303030" INITIATE, REFUSED("0D"));
    AARQ(SAP_MANAGEMENT, CONTEXT UNIT LLS "AC1280106D616E6167656D656E742D3030303130" INITIATE, REFUSED("0D"));
    idle(SAP_MANAGEMENT);
}

/* A client that nobody asks for a password: the unit is unused, and so is what it holds. */
static void appl_open_7_8(void **state) {
    (void)state;
    expect_world(&world);
    AARQ(SAP_PUBLIC, CONTEXT UNIT LLS PASSWORD INITIATE, AARE_OK);
    alive(SAP_PUBLIC);
    /* It is an association of the lowest level, and says so. */
    EXPECT(&world, SAP_PUBLIC, "C001C1000F0000280000FF0600",
           "C401C100 0207 1102 1110 1202F4 1105 1108 1102 1100");
    AARQ(SAP_PUBLIC,
         CONTEXT UNIT "8B076085740508027F"
                      "AC06800401020304" INITIATE,
         AARE_OK);
    AARQ(SAP_PUBLIC, CONTEXT "8A020700" INITIATE, AARE_OK);
    AARQ(SAP_PUBLIC, CONTEXT LLS INITIATE, AARE_OK);
    AARQ(SAP_PUBLIC, CONTEXT "AC028000" INITIATE, AARE_OK);
}

static void appl_open_8(void **state) {
    (void)state;
    expect_world(&world);
    AARQ(SAP_PUBLIC, CONTEXT "BD03040144" INITIATE, AARE_OK);
    AARQ(SAP_PUBLIC, CONTEXT "BD00" INITIATE, AARE_OK);
}

static void appl_open_9(void **state) {
    (void)state;
    expect_world(&world);
    AARQ(SAP_PUBLIC, CONTEXT "BE21041F 01 0110000102030405060708090A0B0C0D0E0F 00 00 06 5F1F040000121D FFFF",
         REFUSED_INITIATE("00"));
    AARQ(SAP_PUBLIC, CONTEXT "BE11040F 01 0100 00 00 06 5F1F040000121D FFFF", REFUSED_INITIATE("00"));
    AARQ(SAP_PUBLIC, CONTEXT "BE190417 01 01080001020304050607 00 00 06 5F1F040000121D FFFF",
         REFUSED_INITIATE("00"));
    idle(SAP_PUBLIC);
}

static void appl_open_11(void **state) {
    (void)state;
    expect_world(&world);
    AARQ(
        SAP_PUBLIC, CONTEXT "BE11040F 01 00 00 0101 06 5F1F040000121D FFFF",
        "61 2A A109060760857405080101 A203020100 A305A103020100 BE11040F 080101 06 5F1F040000121D 0180 0007");
    EXPECT(&world, SAP_PUBLIC, "C001C1000F0000280000FF0500",
           "C401C100 0206 0418 00121D 120180 120340 1106 0F01 0900");
    AARQ(SAP_PUBLIC, CONTEXT INITIATE, AARE_OK);
    EXPECT(&world, SAP_PUBLIC, "C001C1000F0000280000FF0500",
           "C401C100 0206 0418 00121D 120180 120340 1106 0F00 0900");
}

static void appl_open_12(void **state) {
    (void)state;
    expect_world(&world);
    AARQ(SAP_PUBLIC, CONTEXT "BE10040E01000000055F1F040000121DFFFF", REFUSED_INITIATE("01"));
    AARQ(SAP_PUBLIC, CONTEXT "BE10040E01000000005F1F040000121DFFFF", REFUSED_INITIATE("01"));
    idle(SAP_PUBLIC);
    AARQ(SAP_PUBLIC, CONTEXT "BE10040E01000000075F1F040000121DFFFF", AARE_OK);
}

static void appl_open_13(void **state) {
    (void)state;
    expect_world(&world);
    AARQ(SAP_PUBLIC, CONTEXT "BE10040E01000000065F1F0400000010FFFF",
         "61 29 A109060760857405080101 A203020100 A305A103020100 BE10040E 0800065F1F04000000100180 0007");
    AARQ(SAP_PUBLIC, CONTEXT "BE10040E01000000065F1F0400000000FFFF", REFUSED_INITIATE("02"));
    AARQ(SAP_PUBLIC, CONTEXT "BE10040E01000000065F1F04001C0320FFFF", REFUSED_INITIATE("02"));
    idle(SAP_PUBLIC);
}

static void appl_open_14(void **state) {
    (void)state;
    expect_world(&world);
    AARQ(SAP_PUBLIC, CONTEXT "BE10040E01000000065F1F040000121D0000", AARE_OK);
    alive(SAP_PUBLIC);
    AARQ(SAP_PUBLIC, CONTEXT "BE10040E01000000065F1F040000121D000B", REFUSED_INITIATE("03"));
    idle(SAP_PUBLIC);
    AARQ(SAP_PUBLIC, CONTEXT "BE10040E01000000065F1F040000121D000C", AARE_OK);
    /* 14/3: the answer with the name has twelve octets */
    EXPECT(&world, SAP_PUBLIC, GET_OBJECT, OBJECT_IS);
    EXPECT(&world, SAP_PUBLIC, "C001C1000F0000280000FF0300", "C401C100 02020F1012 0001");
    AARQ(SAP_PUBLIC, CONTEXT "BE10040E01000000065F1F040000121D0040", AARE_OK);
    alive(SAP_PUBLIC);
}

static void appl_rel_p1(void **state) {
    (void)state;
    expect_client(&world, SAP_PUBLIC);
    EXPECT(&world, SAP_PUBLIC, "6203800100", "6303800100");
    idle(SAP_PUBLIC);
    static const char *const releases[] = {
        "6200",                                           /* no reason */
        "6203800101",                                     /* urgent */
        "620380011E",                                     /* user-defined */
        "6215800100BE10040E01000000065F1F040000121DFFFF", /* with an InitiateRequest */
        "6207BE0504030A0B0C",                             /* with something else */
        "6208BE0304010A800100"};                          /* the other way round */
    for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++) {
        EXPECT(&world, SAP_PUBLIC, AARQ_PUBLIC, AARE_OK);
        EXPECT(&world, SAP_PUBLIC, releases[i], "6303800100");
        idle(SAP_PUBLIC);
    }
    /* One that cannot be read releases nothing. */
    EXPECT(&world, SAP_PUBLIC, AARQ_PUBLIC, AARE_OK);
    EXPECT(&world, SAP_PUBLIC, "6203800200", IDLE);
    alive(SAP_PUBLIC);
}

/* An association is of one client over one channel: neither the other channel nor the other client has part in it. */
static void association_per_channel_and_client(void **state) {
    (void)state;
    expect_world(&world);
    aarq_on(1, SAP_PUBLIC, CONTEXT INITIATE, AARE_OK, __LINE__);
    idle(SAP_PUBLIC);
    EXPECT_ON(&world, 1, SAP_PUBLIC, GET_OBJECT, OBJECT_IS);
    EXPECT_ON(&world, 1, SAP_MANAGEMENT, GET_OBJECT, IDLE);
    aarq_on(1, SAP_MANAGEMENT, CONTEXT UNIT LLS PASSWORD INITIATE, AARE_OK, __LINE__);
    EXPECT_ON(&world, 1, SAP_PUBLIC, "6203800100", "6303800100");
    EXPECT_ON(&world, 1, SAP_PUBLIC, GET_OBJECT, IDLE);
    EXPECT_ON(&world, 1, SAP_MANAGEMENT, GET_OBJECT, OBJECT_IS);
    /* Anew without a release: the second one holds, with its own size. */
    aarq_on(1, SAP_MANAGEMENT, CONTEXT UNIT LLS PASSWORD "BE10040E01000000065F1F040000121D0064", AARE_OK,
            __LINE__);
    EXPECT_ON(&world, 1, SAP_MANAGEMENT, "C001C1000F0000280000FF0500",
              "C401C100 0206 0418 00121D 120180 120064 1106 0F00 0900");
    /* A rejected one ends what was there. */
    aarq_on(1, SAP_MANAGEMENT, CONTEXT INITIATE, REFUSED("0D"), __LINE__);
    EXPECT_ON(&world, 1, SAP_MANAGEMENT, GET_OBJECT, IDLE);
}

/* Six associations are all there are; the seventh is refused for now, and a place that is free again is given. */
static void pool_is_spent(void **state) {
    static const uint16_t saps[] = {SAP_PUBLIC, SAP_MANAGEMENT, SAP_LEVEL_1, SAP_LEVEL_2, SAP_LEVEL_3};
    (void)state;
    expect_world(&world);
    for (size_t i = 0; i < sizeof saps / sizeof saps[0]; i++) {
        assert_true(world_open(&world, 0, saps[i]));
    }
    assert_true(world_open(&world, 1, SAP_PUBLIC));
    aarq_on(2, SAP_PUBLIC, CONTEXT INITIATE, "61 17 A109060760857405080101 A203020102 A305A103020101",
            __LINE__);
    EXPECT_ON(&world, 2, SAP_PUBLIC, GET_OBJECT, IDLE);
    /* The others are as they were, and one of them may begin anew. */
    alive(SAP_PUBLIC);
    EXPECT_ON(&world, 1, SAP_PUBLIC, AARQ_PUBLIC, AARE_OK);
    EXPECT(&world, SAP_LEVEL_2, "6203800100", "6303800100");
    aarq_on(2, SAP_PUBLIC, CONTEXT INITIATE, AARE_OK, __LINE__);
    EXPECT_ON(&world, 2, SAP_PUBLIC, GET_OBJECT, OBJECT_IS);
}

/* Fields in another order than the module's are the same fields; a field twice, or a strange one, is no AARQ. */
static void order_of_the_fields(void **state) {
    (void)state;
    expect_world(&world);
    AARQ(SAP_MANAGEMENT, INITIATE PASSWORD LLS UNIT CONTEXT, AARE_OK);
    AARQ(SAP_MANAGEMENT, PASSWORD CONTEXT INITIATE UNIT LLS, AARE_OK);
    AARQ(SAP_PUBLIC, CONTEXT CONTEXT INITIATE, REFUSED("01"));
    AARQ(SAP_PUBLIC, CONTEXT INITIATE INITIATE, REFUSED("01"));
    AARQ(SAP_PUBLIC, CONTEXT "AD00" INITIATE, REFUSED("01"));
    AARQ(SAP_PUBLIC, INITIATE, REFUSED("01"));
    idle(SAP_PUBLIC);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appl_idle_n1),
        cmocka_unit_test(appl_open_1),
        cmocka_unit_test(appl_open_2),
        cmocka_unit_test(appl_open_2_version_1),
        cmocka_unit_test(appl_open_4),
        cmocka_unit_test(appl_open_5),
        cmocka_unit_test(appl_open_6),
        cmocka_unit_test(appl_open_7),
        cmocka_unit_test(appl_open_7_8),
        cmocka_unit_test(appl_open_8),
        cmocka_unit_test(appl_open_9),
        cmocka_unit_test(appl_open_11),
        cmocka_unit_test(appl_open_12),
        cmocka_unit_test(appl_open_13),
        cmocka_unit_test(appl_open_14),
        cmocka_unit_test(appl_rel_p1),
        cmocka_unit_test(association_per_channel_and_client),
        cmocka_unit_test(pool_is_spent),
        cmocka_unit_test(order_of_the_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
