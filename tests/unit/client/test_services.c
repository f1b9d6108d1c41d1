/* Requests in blocks, lists, ACCESS and general block transfer, octet by octet. Every row of a script is what the client
 * must send and what it then hears. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "quadrant/client.h"

typedef struct turn {
    const char *asked;  /* APDU in hex */
    const char *answer; /* APDUs in hex, one after the other, divided by spaces; NULL: silence */
} turn_t;

static const turn_t *turns;
static size_t turn_count, turn_at;
static uint8_t pending[8192];
static size_t pending_size, pending_at;
static uint32_t clock_ms;
static qd_client_t client;
static uint8_t buffer[QD_CLIENT_HEAD + 512];
static uint8_t out[2048];

static void answer(const char *hex) {
    while (hex != NULL && *hex != '\0') {
        uint8_t *head = pending + pending_size;
        size_t size = 0;
        unsigned octet;

        for (; *hex != '\0' && *hex != ' '; hex += 2) {
            assert_int_equal(sscanf(hex, "%2x", &octet), 1);
            head[8 + size++] = (uint8_t)octet;
        }
        memcpy(head, ((const uint8_t[]){0, 1, 0, 1, 0, 16, (uint8_t)(size >> 8), (uint8_t)size}), 8);
        pending_size += 8 + size;
        hex += *hex == ' ';
    }
}

static qd_status_t script_send(void *context, const uint8_t *octets, size_t length, uint32_t timeout_ms) {
    char text[2 * 600];

    (void)context;
    (void)timeout_ms;
    assert_true(turn_at < turn_count);
    for (size_t i = 8; i < length; i++) {
        (void)sprintf(text + 2 * (i - 8), "%02X", octets[i]);
    }
    assert_string_equal(text, turns[turn_at].asked);
    if (pending_at == pending_size) {
        pending_at = pending_size = 0;
    }
    answer(turns[turn_at++].answer);
    return QD_OK;
}

static qd_status_t script_receive(void *context, uint8_t *octets, size_t size, uint32_t timeout_ms,
                                  size_t *length) {
    size_t left = pending_size - pending_at;

    (void)context;
    if (left == 0) {
        clock_ms += timeout_ms;
        return QD_PENDING;
    }
    *length = left < size ? left : size;
    memcpy(octets, pending + pending_at, *length);
    pending_at += *length;
    return QD_OK;
}

static uint32_t script_now(void *context) {
    (void)context;
    return clock_ms;
}

static const qd_client_transport_t transport = {NULL, script_send, script_receive, script_now};

#define OPEN "601DA109060760857405080101BE10040E01000000065F1F040020FE5D0200"

/* An open association with so many services, and a meter that takes so many octets. */
static void open_with(unsigned conformance, unsigned pdu, const turn_t *rows, size_t count) {
    qd_client_config_t config = {
        .transport = &transport, .client_sap = 16, .server_sap = 1, .timeout_ms = 1000};
    static char aare[128];
    static turn_t opening;

    (void)sprintf(aare,
                  "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400%06X%04X0007",
                  conformance, pdu);
    opening.asked = OPEN;
    opening.answer = aare;
    turns = &opening;
    turn_count = 1;
    turn_at = pending_at = pending_size = 0;
    assert_int_equal(qd_client_init(&client, &config, buffer, sizeof buffer), QD_OK);
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
    turns = rows;
    turn_count = count;
    turn_at = 0;
}

#define SCRIPT(conformance, pdu, ...)                                                                        \
    const turn_t rows[] = {__VA_ARGS__};                                                                     \
    open_with(conformance, pdu, rows, sizeof rows / sizeof rows[0])
#define DONE() assert_int_equal(turn_at, turn_count)

#define NO_PRIORITY 0x001E1Du /* blocks of all kinds, multiple references, GET, SET, selection, ACTION */
#define GBT 0x200000u
#define ACCESS_BIT 0x000040u

static const qd_client_ref_t ref = {1, QD_OBIS(0, 0, 96, 1, 0, 255), 2};
static const uint8_t text20[] = {9, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};

static void set_in_blocks(void **state) {
    (void)state;
    SCRIPT(NO_PRIORITY, 32,
           {"C102410001000060"
            "0100FF0200"
            "00"
            "00000001"
            "0D"
            "09120102030405060708090A0B",
            "C5024100000001"},
           {"C10341"
            "01"
            "00000002"
            "07"
            "0C0D0E0F101112",
            "C503410000000002"});
    assert_int_equal(qd_client_set(&client, &ref, text20, sizeof text20), QD_CLIENT_OK);
    DONE();
}

static void set_in_blocks_refused(void **state) {
    (void)state;
    SCRIPT(NO_PRIORITY, 32,
           {"C1024100010000600100FF020000000000010D09120102030405060708090A0B", "C503410C00000001"});
    assert_int_equal(qd_client_set(&client, &ref, text20, sizeof text20), QD_CLIENT_REFUSED);
    assert_int_equal(qd_client_last_fault(&client)->code, 12);
    DONE();
}

static void set_block_of_another_number(void **state) {
    (void)state;
    SCRIPT(NO_PRIORITY, 32,
           {"C1024100010000600100FF020000000000010D09120102030405060708090A0B", "C5024100000002"});
    assert_int_equal(qd_client_set(&client, &ref, text20, sizeof text20), QD_CLIENT_VIOLATION);
    DONE();
}

static void lists_of_set_and_action(void **state) {
    static const uint8_t five[] = {0x11, 5};
    const qd_client_item_t items[] = {{ref, NULL, five, 2},
                                      {{8, QD_OBIS(0, 0, 1, 0, 0, 255), 3}, NULL, NULL, 0}};
    qd_client_value_t values[2];
    uint8_t access[2];

    (void)state;
    SCRIPT(NO_PRIORITY, 500,
           {"C1044102"
            "00010000600100FF0200"
            "00080000010000FF0300"
            "02"
            "1105"
            "00",
            "C5054102"
            "000C"},
           {"C3034202"
            "00010000600100FF02"
            "00080000010000FF03"
            "02"
            "1105"
            "00",
            "C7034202"
            "0001001107"
            "0300"},
           {"C1044302"
            "00010000600100FF0200"
            "00080000010000FF0300"
            "02"
            "1105"
            "00",
            "C50543030000"
            "00"});
    assert_int_equal(qd_client_set_list(&client, items, 2, access), QD_CLIENT_OK);
    assert_int_equal(access[0], 0);
    assert_int_equal(access[1], 12);
    assert_int_equal(qd_client_call_list(&client, items, 2, out, sizeof out, values), QD_CLIENT_OK);
    assert_int_equal(values[0].length, 2);
    assert_memory_equal(values[0].data, "\x11\x07", 2);
    assert_int_equal(values[1].access, 3);
    assert_int_equal(qd_client_set_list(&client, items, 2, access),
                     QD_CLIENT_VIOLATION); /* three results for two */
    DONE();
}

static void set_list_in_blocks(void **state) {
    static const uint8_t five[] = {0x11, 5};
    const qd_client_item_t items[] = {{ref, NULL, text20, sizeof text20}, {ref, NULL, five, 2}};
    uint8_t access[2];

    (void)state;
    SCRIPT(NO_PRIORITY, 40,
           {"C1054102"
            "00010000600100FF0200"
            "00010000600100FF0200"
            "00"
            "00000001"
            "0A"
            "02091201020304050607",
            "C5024100000001"},
           {"C10341"
            "01"
            "00000002"
            "0D"
            "08090A0B0C0D0E0F1011121105",
            "C5044102"
            "0004"
            "00000002"});
    assert_int_equal(qd_client_set_list(&client, items, 2, access), QD_CLIENT_OK);
    assert_int_equal(access[0], 0);
    assert_int_equal(access[1], 4);
    DONE();
}

static void action_in_blocks_both_ways(void **state) {
    qd_client_value_t value;

    (void)state;
    SCRIPT(NO_PRIORITY, 32,
           {"C30441"
            "00010000600100FF03"
            "00"
            "00000001"
            "0E"
            "09120102030405060708090A0B0C",
            "C7044100000001"},
           {"C30641"
            "01"
            "00000002"
            "06"
            "0D0E0F101112",
            "C7024100"
            "00000001"
            "04"
            "090A0102"},
           {"C3024100000001", "C7024101"
                              "00000002"
                              "08"
                              "030405060708090A"});
    assert_int_equal(qd_client_call(&client, &(qd_client_ref_t){1, QD_OBIS(0, 0, 96, 1, 0, 255), 3}, text20,
                                    sizeof text20, out, sizeof out, &value),
                     QD_CLIENT_OK);
    assert_int_equal(value.length, 12);
    assert_memory_equal(value.data, "\x09\x0A\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A", 12);
    DONE();
}

/* With the result in front, as other editions have it. */
static void action_answer_with_its_result(void **state) {
    qd_client_value_t value;

    (void)state;
    SCRIPT(NO_PRIORITY, 500,
           {"C3014100010000600100FF0300", "C7024100"
                                          "00000001"
                                          "05"
                                          "0001000904"},
           {"C3024100000001", "C7024101"
                              "00000002"
                              "04"
                              "01020304"});
    assert_int_equal(qd_client_call(&client, &(qd_client_ref_t){1, QD_OBIS(0, 0, 96, 1, 0, 255), 3}, NULL, 0,
                                    out, sizeof out, &value),
                     QD_CLIENT_OK);
    assert_int_equal(value.length, 6);
    assert_memory_equal(value.data, "\x09\x04\x01\x02\x03\x04", 6);
    DONE();
}

static void tells_unconfirmed(void **state) {
    static const uint8_t five[] = {0x11, 5};
    const qd_client_item_t item = {ref, NULL, five, 2};

    (void)state;
    SCRIPT(NO_PRIORITY, 500,
           {"C10101"
            "00010000600100FF0200"
            "1105",
            NULL},
           {"C30102"
            "00010000600100FF02"
            "01"
            "1105",
            NULL});
    assert_int_equal(qd_client_tell(&client, &item, false), QD_CLIENT_OK);
    assert_int_equal(qd_client_tell(&client, &item, true), QD_CLIENT_OK);
    DONE();
}

static void access_of_all_kinds(void **state) {
    static const uint8_t services[] = {QD_CLIENT_ACCESS_GET, QD_CLIENT_ACCESS_SET, QD_CLIENT_ACCESS_ACTION};
    static const uint8_t five[] = {0x11, 5};
    static const uint8_t rows_one[] = {0x02, 0x00};
    const qd_client_selection_t selection = {2, rows_one, 2};
    const qd_client_item_t items[] = {{ref, &selection, NULL, 0}, {ref, NULL, five, 2}, {ref, NULL, NULL, 0}};
    qd_client_value_t values[3];

    (void)state;
    SCRIPT(NO_PRIORITY | ACCESS_BIT, 500,
           {"D9"
            "60000001"
            "00"
            "03"
            "0400010000600100FF02020200"
            "0200010000600100FF02"
            "0300010000600100FF02"
            "03"
            "00"
            "1105"
            "00",
            "DA"
            "40000001"
            "00"
            "00"
            "03"
            "0905AABBCCDDEE"
            "00"
            "00"
            "03"
            "0100"
            "0203"
            "0300"},
           {"D9"
            "40000002"
            "00"
            "01"
            "0100010000600100FF02"
            "01"
            "00",
            "DA"
            "40000003"
            "00"
            "00"
            "01"
            "00"
            "01"
            "0100"});
    assert_int_equal(qd_client_access(&client, services, items, 3, true, out, sizeof out, values),
                     QD_CLIENT_OK);
    assert_int_equal(values[0].length, 7);
    assert_memory_equal(values[0].data, "\x09\x05\xAA\xBB\xCC\xDD\xEE", 7);
    assert_int_equal(values[1].access, 3);
    assert_null(values[1].data);
    assert_int_equal(values[2].access, 0);
    assert_int_equal(qd_client_access(&client, services, &items[2], 1, false, out, sizeof out, values),
                     QD_CLIENT_VIOLATION); /* another invoke-id */
    DONE();
}

static void access_was_not_agreed(void **state) {
    static const uint8_t get = QD_CLIENT_ACCESS_GET;
    const qd_client_item_t item = {ref, NULL, NULL, 0};
    qd_client_value_t value;

    (void)state;
    open_with(NO_PRIORITY, 500, NULL, 0);
    assert_int_equal(qd_client_access(&client, &get, &item, 1, false, out, sizeof out, &value),
                     QD_CLIENT_OWN);
}

/* A window of three, the middle one lost: the acknowledgement says so, and the rest comes again. */
static void gbt_with_a_lost_block(void **state) {
    qd_client_value_t value;

    (void)state;
    SCRIPT(NO_PRIORITY | GBT, 500,
           {"C0014100010000600100FF0200", "E04000010000"
                                          "06"
                                          "C40141000908"
                                          " E00000030000"
                                          "02"
                                          "0506"},
           {"E08800010001"
            "00",
            "E04000020001"
            "04"
            "01020304"
            " E00000030001"
            "02"
            "0506"},
           {"E08800020003"
            "00",
            "E08000040002"
            "02"
            "0708"});
    assert_int_equal(qd_client_get(&client, &ref, out, sizeof out, &value), QD_CLIENT_OK);
    assert_int_equal(value.length, 10);
    assert_memory_equal(value.data, "\x09\x08\x01\x02\x03\x04\x05\x06\x07\x08", 10);
    DONE();
}

static void gbt_that_stands_still(void **state) {
    qd_client_value_t value;

    (void)state;
    SCRIPT(NO_PRIORITY | GBT, 500,
           {"C0014100010000600100FF0200", "E00000020000"
                                          "02"
                                          "0506"},
           {"E08800010000"
            "00",
            "E00000020000"
            "02"
            "0506"},
           {"E08800020000"
            "00",
            "E00000020000"
            "02"
            "0506"},
           {"E08800030000"
            "00",
            "E00000020000"
            "02"
            "0506"},
           {"E08800040000"
            "00",
            "E00000020000"
            "02"
            "0506"},
           {"E08800050000"
            "00",
            "E00000020000"
            "02"
            "0506"});
    assert_int_equal(qd_client_get(&client, &ref, out, sizeof out, &value), QD_CLIENT_VIOLATION);
    DONE();
}

/* Blocks of the right numbers that bring nothing: a meter that goes on so for ever does not hold the client. */
static void gbt_of_empty_blocks(void **state) {
    qd_client_value_t value;

    (void)state;
    SCRIPT(NO_PRIORITY | GBT, 500,
           {"C0014100010000600100FF0200", "E00000010000"
                                          "06"
                                          "C40141000908"},
           {"E0880001000100", "E0000002000000"}, {"E0880002000200", "E0000003000000"},
           {"E0880003000300", "E0000004000000"}, {"E0880004000400", "E0000005000000"},
           {"E0880005000500", "E0000006000000"}, {"E0880006000600", "E0000007000000"});
    assert_int_equal(qd_client_get(&client, &ref, out, sizeof out, &value), QD_CLIENT_VIOLATION);
    DONE();
}

/* The same without waiting for an acknowledgement: numbers in their order, and one number again and again. */
static void gbt_that_streams_nothing(void **state) {
    static char blocks[64 * 15 + 1];
    qd_client_value_t value;

    (void)state;
    for (unsigned still = 0; still < 2; still++) {
        uint32_t start;

        for (unsigned i = 0; i < 64; i++) {
            (void)sprintf(blocks + 15 * i, "E040%04X000000 ", still != 0 ? 2 : i + 1);
        }
        {
            SCRIPT(NO_PRIORITY | GBT, 500, {"C0014100010000600100FF0200", blocks});
            start = clock_ms;
            assert_int_equal(qd_client_get(&client, &ref, out, sizeof out, &value), QD_CLIENT_VIOLATION);
            assert_in_range(pending_at, 15 * 41, 15 * 42); /* and it does not wait for the rest */
            assert_int_equal(clock_ms, start);
            DONE();
        }
    }
}

/* An empty block that does not belong to a window of the request is an acknowledgement: it may come before the answer. */
static void gbt_answer_behind_empty_blocks(void **state) {
    qd_client_value_t value;

    (void)state;
    SCRIPT(NO_PRIORITY | GBT, 500, {"C0014100010000600100FF0200", "E0000001000000"},
           {"E0880001000100", "E0000002000000"}, {"E0880002000200", "E0000003000006C40141000902"},
           {"E0880003000300", "E080000400000207FF"});
    assert_int_equal(qd_client_get(&client, &ref, out, sizeof out, &value), QD_CLIENT_OK);
    assert_memory_equal(value.data, "\x09\x02\x07\xFF", 4);
    DONE();
}

/* Without blocks of SET, general block transfer carries what is too long; the meter's window opens it. */
static void gbt_as_sender(void **state) {
    (void)state;
    open_with(0x00021Du | GBT, 20,
              (const turn_t[]){{"E00800010000"
                                "0B"
                                "C101410001000060"
                                "0100FF",
                                "E00300010001"
                                "00"},
                               {"E04800020001"
                                "0B"
                                "0200"
                                "091201020304050607",
                                NULL},
                               {"E08800030001"
                                "0B"
                                "08090A0B0C0D0E0F101112",
                                "E08300020002"
                                "00"},
                               {"E08800030002"
                                "0B"
                                "08090A0B0C0D0E0F101112",
                                "E08300030003"
                                "04"
                                "C5014100"}},
              4);
    assert_int_equal(qd_client_set(&client, &ref, text20, sizeof text20), QD_CLIENT_OK);
    DONE();
}

/* The meter takes the whole request before it answers: an acknowledgement without data comes first. */
static void gbt_answer_after_an_acknowledgement(void **state) {
    (void)state;
    SCRIPT(0x00021Du | GBT, 20, {"E008000100000BC1014100010000600100FF", "E0030001000100"},
           {"E048000200010B0200091201020304050607", NULL},
           {"E088000300010B08090A0B0C0D0E0F101112", "E0030002000300"},
           {"E08800040002"
            "00",
            "E0830003000404C5014100"});
    assert_int_equal(qd_client_set(&client, &ref, text20, sizeof text20), QD_CLIENT_OK);
    DONE();
}

static void proposes_small_sizes(void **state) {
    qd_client_config_t config = {
        .transport = &transport, .client_sap = 16, .server_sap = 1, .timeout_ms = 1000, .receive_pdu = 12};
    const turn_t rows[] = {
        {"601DA109060760857405080101BE10040E01000000065F1F040020FE5D000C",
         "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400001E1D01F40007"},
        {"C0014100010000600100FF0200", "C401410009080102030405060708"}};
    qd_client_value_t value;

    (void)state;
    turns = rows;
    turn_count = 2;
    turn_at = pending_at = pending_size = 0;
    assert_int_equal(qd_client_init(&client, &config, buffer, sizeof buffer), QD_OK);
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
    assert_int_equal(qd_client_get(&client, &ref, out, sizeof out, &value),
                     QD_CLIENT_VIOLATION); /* 14 octets */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_in_blocks),
        cmocka_unit_test(set_in_blocks_refused),
        cmocka_unit_test(set_block_of_another_number),
        cmocka_unit_test(lists_of_set_and_action),
        cmocka_unit_test(set_list_in_blocks),
        cmocka_unit_test(action_in_blocks_both_ways),
        cmocka_unit_test(action_answer_with_its_result),
        cmocka_unit_test(tells_unconfirmed),
        cmocka_unit_test(access_of_all_kinds),
        cmocka_unit_test(access_was_not_agreed),
        cmocka_unit_test(gbt_with_a_lost_block),
        cmocka_unit_test(gbt_that_stands_still),
        cmocka_unit_test(gbt_of_empty_blocks),
        cmocka_unit_test(gbt_that_streams_nothing),
        cmocka_unit_test(gbt_answer_behind_empty_blocks),
        cmocka_unit_test(gbt_as_sender),
        cmocka_unit_test(gbt_answer_after_an_acknowledgement),
        cmocka_unit_test(proposes_small_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
