/* The client against scripted meters: what it asks, and what it makes of good, refusing, silent and
 * broken answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "quadrant/client.h"

#define REPLIES_MAX 24

typedef struct script {
    const char
        *reply[REPLIES_MAX]; /* APDU in hex, one per request; NULL: silence; "raw:..." whole frame; "close" */
    size_t replies;
    size_t sent;
    char asked[REPLIES_MAX][200]; /* APDUs in hex */
    uint8_t pending[8192];
    size_t pending_size;
    size_t pending_at;
    size_t piece; /* octets per receive; 0: all */
    bool closed;
    uint32_t clock_ms;
} script_t;

static script_t script;
static qd_client_t client;
static uint8_t buffer[QD_CLIENT_HEAD + 512];
static uint8_t out[2048];

static size_t from_hex(const char *hex, uint8_t *octets) {
    size_t size = 0;

    while (*hex != '\0') {
        unsigned value;

        if (*hex == ' ') {
            hex++;
            continue;
        }
        assert_int_equal(sscanf(hex, "%2x", &value), 1);
        octets[size++] = (uint8_t)value;
        hex += 2;
    }
    return size;
}

static qd_status_t script_send(void *context, const uint8_t *octets, size_t length, uint32_t timeout_ms) {
    script_t *s = context;
    const char *reply;
    size_t n = s->sent++;

    (void)timeout_ms;
    assert_in_range(n, 0, REPLIES_MAX - 1);
    assert_true(length >= QD_CLIENT_HEAD);
    assert_memory_equal(octets, ((const uint8_t[]){0, 1, 0, 16, 0, 1}), 6);
    assert_int_equal(length - QD_CLIENT_HEAD, (size_t)(octets[6] << 8 | octets[7]));
    for (size_t i = QD_CLIENT_HEAD; i < length && i < 100; i++) {
        (void)sprintf(s->asked[n] + 2 * (i - QD_CLIENT_HEAD), "%02X", octets[i]);
    }
    if (n >= s->replies || s->reply[n] == NULL) {
        return QD_OK;
    }
    reply = s->reply[n];
    s->pending_at = 0;
    if (strcmp(reply, "close") == 0) {
        s->closed = true;
    } else if (strncmp(reply, "raw:", 4) == 0) {
        s->pending_size = from_hex(reply + 4, s->pending);
    } else {
        size_t size = from_hex(reply, s->pending + QD_CLIENT_HEAD);

        memcpy(s->pending, ((const uint8_t[]){0, 1, 0, 1, 0, 16}), 6);
        s->pending[6] = (uint8_t)(size >> 8);
        s->pending[7] = (uint8_t)size;
        s->pending_size = QD_CLIENT_HEAD + size;
    }
    return QD_OK;
}

static qd_status_t script_receive(void *context, uint8_t *octets, size_t size, uint32_t timeout_ms,
                                  size_t *length) {
    script_t *s = context;
    size_t left = s->pending_size - s->pending_at;

    assert_true(timeout_ms > 0);
    if (left == 0) {
        s->clock_ms += timeout_ms;
        return s->closed ? QD_END : QD_PENDING;
    }
    left = left < size ? left : size;
    if (s->piece > 0 && left > s->piece) {
        left = s->piece;
    }
    memcpy(octets, s->pending + s->pending_at, left);
    s->pending_at += left;
    s->clock_ms += 1;
    *length = left;
    return QD_OK;
}

static uint32_t script_now(void *context) {
    return ((script_t *)context)->clock_ms;
}

static const qd_client_transport_t transport = {&script, script_send, script_receive, script_now};

#define AARE_OK "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000521D01F40007"
#define AARE_NO_LIST "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000101D00800007"

static void start(const char *const *replies, size_t count) {
    qd_client_config_t config = {
        .transport = &transport, .client_sap = 16, .server_sap = 1, .timeout_ms = 5000};

    memset(&script, 0, sizeof script);
    script.clock_ms = UINT32_MAX - 100; /* the clock may wrap around */
    memcpy(script.reply, replies, count * sizeof *replies);
    script.replies = count;
    assert_int_equal(qd_client_init(&client, &config, buffer, sizeof buffer), QD_OK);
}

#define START(...)                                                                                           \
    start((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
#define OPENED(...)                                                                                          \
    do {                                                                                                     \
        START(AARE_OK, __VA_ARGS__);                                                                         \
        assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);                                             \
    } while (0)

static const qd_client_ref_t energy = {3, QD_OBIS(1, 0, 1, 8, 0, 255), 2};
static const qd_client_ref_t clock_time = {8, QD_OBIS(0, 0, 1, 0, 0, 255), 2};

static void contract_of_init(void **state) {
    qd_client_config_t config = {.transport = &transport};
    qd_client_transport_t none = transport;

    (void)state;
    assert_int_equal(qd_client_init(NULL, &config, buffer, sizeof buffer), QD_ARGUMENT);
    assert_int_equal(qd_client_init(&client, NULL, buffer, sizeof buffer), QD_ARGUMENT);
    assert_int_equal(qd_client_init(&client, &config, NULL, sizeof buffer), QD_ARGUMENT);
    assert_int_equal(qd_client_init(&client, &config, buffer, QD_CLIENT_BUFFER_MIN - 1), QD_ARGUMENT);
    assert_int_equal(qd_client_init(&client, &config, buffer, QD_CLIENT_BUFFER_MIN), QD_OK);
    none.now_ms = NULL;
    config.transport = &none;
    assert_int_equal(qd_client_init(&client, &config, buffer, sizeof buffer), QD_ARGUMENT);
}

static void opens_public(void **state) {
    (void)state;
    OPENED(NULL);
    assert_string_equal(script.asked[0], "601DA109060760857405080101BE10040E01000000065F1F040020FE5D0200");
    assert_true(qd_client_has_list(&client));
    assert_int_equal(qd_client_list_capacity(&client), 49); /* (500 - 4) / 10 */
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OWN);
}

static void opens_with_password(void **state) {
    (void)state;
    START(AARE_OK);
    client.config.mechanism = QD_CLIENT_LLS;
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OWN);
    client.config.secret = (const uint8_t *)"12345678";
    client.config.secret_length = 8;
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
    assert_string_equal(script.asked[0],
                        "6036A1090607608574050801018A0207808B0760857405080201AC0A80083132333435363738"
                        "BE10040E01000000065F1F040020FE5D0200");
}

static void preestablished_sends_nothing(void **state) {
    (void)state;
    START(NULL);
    client.config.preestablished = true;
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
    assert_int_equal(qd_client_release(&client), QD_CLIENT_OK);
    assert_int_equal(script.sent, 0);
}

static void hls_is_not_built_in(void **state) {
    (void)state;
    START(AARE_OK);
    client.config.mechanism = QD_CLIENT_HLS_GMAC;
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OWN);
    assert_int_equal(script.sent, 0);
}

static void refused_associations(void **state) {
    const qd_client_fault_t *fault;

    (void)state;
    START("6117A109060760857405080101A203020101A305A10302010D", AARE_OK);
    assert_int_equal(qd_client_open(&client), QD_CLIENT_REFUSED);
    fault = qd_client_last_fault(&client);
    assert_int_equal(fault->refusal, QD_REFUSAL_ASSOCIATION);
    assert_int_equal(fault->code, 13);
    assert_string_equal(fault->what, "authentication-failure");
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK); /* and may be tried again */

    START("611FA109060760857405080101A203020101A305A103020101BE0604040E010603");
    assert_int_equal(qd_client_open(&client), QD_CLIENT_REFUSED);
    assert_int_equal(qd_client_last_fault(&client)->refusal, QD_REFUSAL_INITIATE);
    assert_int_equal(qd_client_last_fault(&client)->code, 3);

    START("D80101");
    assert_int_equal(qd_client_open(&client), QD_CLIENT_REFUSED);
    assert_int_equal(qd_client_last_fault(&client)->refusal, QD_REFUSAL_EXCEPTION);
}

static void bad_associations(void **state) {
    static const char *const replies[] = {
        "99",
        "C401C10009",
        /* another context, no initiate-response, version 5, a bit not proposed, VAA name, HLS, PDU size 11 */
        "6129A109060760857405080103A203020100A305A103020100BE10040E0800065F1F040000521D01F40007",
        "6117A109060760857405080101A203020100A305A103020100",
        "6129A109060760857405080101A203020100A305A103020100BE10040E0800055F1F040000521D01F40007",
        "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000521F01F40007",
        "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000521D01F4FA00",
        "6129A109060760857405080101A203020100A305A10302010EBE10040E0800065F1F040000521D01F40007",
        "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000521D000B0007",
        "D801",
        "0E01",
        "62038001FF",
    };

    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        START(replies[i]);
        assert_int_equal(qd_client_open(&client), QD_CLIENT_VIOLATION);
        assert_int_equal(qd_client_open(&client), QD_CLIENT_VIOLATION); /* stays broken */
        assert_int_equal(script.sent, 1);
    }
}

static void bad_frames(void **state) {
    static const char *const replies[] = {
        "raw:0002000100100001 61", /* version */
        "raw:0001000100100000",    /* empty */
        "raw:000100010010FFFF 00", /* longer than agreed */
        "raw:0001000200100001 61", /* another source */
        "raw:0001000100110001 61", /* another destination */
    };

    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        START(replies[i]);
        assert_int_equal(qd_client_open(&client), QD_CLIENT_VIOLATION);
    }
}

static void silence(void **state) {
    uint32_t before;

    (void)state;
    START(NULL);
    before = script.clock_ms;
    assert_int_equal(qd_client_open(&client), QD_CLIENT_SILENT);
    assert_true(script.clock_ms - before >= 5000 && script.clock_ms - before <= 5001);

    START("close");
    assert_int_equal(qd_client_open(&client), QD_CLIENT_SILENT);

    START("raw:00010001001000 2B 6129A1"); /* half a frame */
    assert_int_equal(qd_client_open(&client), QD_CLIENT_SILENT);
}

static void a_trickling_peer_is_bounded(void **state) {
    (void)state;
    START(AARE_OK);
    client.config.timeout_ms = 20; /* an octet a millisecond */
    script.piece = 1;
    assert_int_equal(qd_client_open(&client), QD_CLIENT_SILENT);
    START(AARE_OK);
    script.piece = 1;
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
}

static void gets_a_value(void **state) {
    qd_client_value_t value;

    (void)state;
    OPENED("C401C1000600001391", "C401C20103", "C401C300090141");
    assert_int_equal(qd_client_get(&client, &energy, out, sizeof out, &value), QD_CLIENT_OK);
    assert_string_equal(script.asked[1], "C001C100030100010800FF0200");
    assert_int_equal(value.length, 5);
    assert_memory_equal(value.data, ((const uint8_t[]){6, 0, 0, 0x13, 0x91}), 5);
    assert_int_equal(qd_client_get(&client, &energy, out, sizeof out, &value), QD_CLIENT_REFUSED);
    assert_int_equal(value.access, 3);
    assert_null(value.data);
    assert_string_equal(qd_client_last_fault(&client)->what, "read-write-denied");
    assert_int_equal(qd_client_get(&client, &clock_time, out, sizeof out, &value), QD_CLIENT_OK);
    assert_int_equal(qd_client_last_fault(&client)->result, QD_CLIENT_OK);
}

static void get_needs_an_association(void **state) {
    qd_client_value_t value;

    (void)state;
    START(AARE_OK);
    assert_int_equal(qd_client_get(&client, &energy, out, sizeof out, &value), QD_CLIENT_OWN);
    assert_int_equal(script.sent, 0);
}

static void bad_get_responses(void **state) {
    static const char *const replies[] = {
        "C4",
        "C401",
        "C401C2000600001391" /* invoke-id */,
        "C501C100" /* service */,
        "C404C100",
        "C403C10100",
        "C401C102" /* choice of the result */,
        "C401C10006000013" /* cut */,
        "C401C100110500" /* more */,
        "C401C10100" /* success as a reason */,
        "C401C101",
        "C401C10013",
        "C400C1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        qd_client_value_t value;

        OPENED(replies[i]);
        assert_int_equal(qd_client_get(&client, &energy, out, sizeof out, &value), QD_CLIENT_VIOLATION);
        assert_null(value.data);
        assert_int_equal(qd_client_get(&client, &energy, out, sizeof out, &value), QD_CLIENT_VIOLATION);
        assert_int_equal(qd_client_release(&client), QD_CLIENT_VIOLATION);
        assert_int_equal(script.sent, 2);
    }
}

static void get_exception_keeps_the_association(void **state) {
    qd_client_value_t value;

    (void)state;
    OPENED("D80102", "C401C2001105");
    assert_int_equal(qd_client_get(&client, &energy, out, sizeof out, &value), QD_CLIENT_REFUSED);
    assert_int_equal(value.access, 0);
    assert_int_equal(qd_client_last_fault(&client)->refusal, QD_REFUSAL_EXCEPTION);
    assert_int_equal(qd_client_last_fault(&client)->code, 2);
    assert_int_equal(qd_client_get(&client, &energy, out, sizeof out, &value), QD_CLIENT_OK);
}

static void notifications_are_passed_over(void **state) {
    qd_client_value_t value;

    (void)state;
    OPENED("raw:0001000100100006 0F0000000100 0001000100100006 C401C1001105");
    assert_int_equal(qd_client_get(&client, &energy, out, sizeof out, &value), QD_CLIENT_OK);
}

static void long_get(void **state) {
    qd_client_value_t value;

    (void)state;
    OPENED("C402C1000000000100 03 090601", "C402C1000000000200 02 0203", "C402C1010000000300 03 040506");
    assert_int_equal(qd_client_get(&client, &energy, out, sizeof out, &value), QD_CLIENT_OK);
    assert_string_equal(script.asked[2], "C002C100000001");
    assert_string_equal(script.asked[3], "C002C100000002");
    assert_int_equal(value.length, 8);
    assert_memory_equal(value.data, ((const uint8_t[]){9, 6, 1, 2, 3, 4, 5, 6}), 8);
}

static void long_get_ended_by_the_meter(void **state) {
    qd_client_value_t value;

    (void)state;
    OPENED("C402C1000000000100 03 090601", "C402C1010000000201 0F");
    assert_int_equal(qd_client_get(&client, &energy, out, sizeof out, &value), QD_CLIENT_REFUSED);
    assert_int_equal(value.access, 15);
    OPENED("C402C1000000000100 03 090601", "C401C1010F");
    assert_int_equal(qd_client_get(&client, &energy, out, sizeof out, &value), QD_CLIENT_REFUSED);
    assert_int_equal(value.access, 15);
    OPENED("C402C1000000000100 03 090601", "D80203");
    assert_int_equal(qd_client_get(&client, &energy, out, sizeof out, &value), QD_CLIENT_REFUSED);
}

static void bad_blocks(void **state) {
    static const char *const second[] = {
        "C402C1010000000300 03 040506" /* skipped */,
        "C402C1010000000100 03 040506" /* repeated */,
        "C402C1000000000200 00" /* empty, not last */,
        "C402C1010000000200 04 040506" /* cut */,
        "C402C1010000000200 02 040506" /* more */,
        "C402C1010000000202 00",
        "C402C1010000000201 00",
        "C402C101000000",
        "C402C1010000000200 01 04" /* joins to no value */,
        "C401C1001105",
        "C403C10100",
        "C402C2010000000200 03 040506",
    };

    (void)state;
    for (size_t i = 0; i < sizeof second / sizeof second[0]; i++) {
        qd_client_value_t value;

        OPENED("C402C1000000000100 05 0906010203", second[i]);
        assert_int_equal(qd_client_get(&client, &energy, out, sizeof out, &value), QD_CLIENT_VIOLATION);
        assert_null(value.data);
    }
}

static void room_for_a_value(void **state) {
    qd_client_value_t value;

    (void)state;
    OPENED("C401C10009020102");
    assert_int_equal(qd_client_get(&client, &energy, out, 4, &value), QD_CLIENT_OK);
    OPENED("C401C10009020102", "C401C2001105");
    assert_int_equal(qd_client_get(&client, &energy, out, 3, &value), QD_CLIENT_OWN);
    assert_int_equal(qd_client_get(&client, &energy, out, 3, &value),
                     QD_CLIENT_OK); /* not the meter's fault */
    OPENED("C402C1000000000100 03 090601", "C402C1010000000200 05 0203040506");
    assert_int_equal(qd_client_get(&client, &energy, out, 7, &value), QD_CLIENT_OWN);
}

static void gets_a_list(void **state) {
    const qd_client_ref_t refs[] = {energy, clock_time, energy};
    qd_client_value_t values[3];

    (void)state;
    OPENED("C403C103 00 1105 01 04 00 0900", "C402C2000000000100 04 03001105",
           "C402C2010000000200 04 01040900", "C401C30102", "D80104");
    assert_int_equal(qd_client_get_list(&client, refs, 3, out, sizeof out, values), QD_CLIENT_OK);
    assert_string_equal(script.asked[1],
                        "C003C10300030100010800FF020000080000010000FF020000030100010800FF0200");
    assert_int_equal(values[0].length, 2);
    assert_int_equal(values[1].access, 4);
    assert_null(values[1].data);
    assert_int_equal(values[2].length, 2);
    /* as blocks: 03, 00 11 05, 01 04, then 09: no choice of a result */
    assert_int_equal(qd_client_get_list(&client, refs, 3, out, sizeof out, values), QD_CLIENT_VIOLATION);

    OPENED("C402C1000000000100 04 03001105", "C402C1010000000200 05 0104000900", "C401C20102", "D80104");
    assert_int_equal(qd_client_get_list(&client, refs, 3, out, sizeof out, values), QD_CLIENT_OK);
    assert_int_equal(values[2].length, 2);
    assert_int_equal(qd_client_get_list(&client, refs, 3, out, sizeof out, values), QD_CLIENT_REFUSED);
    assert_int_equal(qd_client_get_list(&client, refs, 3, out, sizeof out, values), QD_CLIENT_REFUSED);
    assert_int_equal(qd_client_last_fault(&client)->code, 4);
}

static void bad_lists(void **state) {
    static const char *const replies[] = {
        "C403C102 001105 0104",
        "C403C104 001105 0104 000900 0104",
        "C403C103 001105 0104 000901",
        "C403C103 001105 0104 000900 55",
        "C403C1",
        "C401C1001105",
        "C401C10100",
        "C403C103 021105 0104 000900",
    };
    const qd_client_ref_t refs[] = {energy, clock_time, energy};
    qd_client_value_t values[3];

    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        OPENED(replies[i]);
        assert_int_equal(qd_client_get_list(&client, refs, 3, out, sizeof out, values), QD_CLIENT_VIOLATION);
    }
}

static void list_only_when_agreed(void **state) {
    const qd_client_ref_t refs[] = {energy, clock_time};
    qd_client_value_t values[2];

    (void)state;
    START(AARE_NO_LIST);
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
    assert_false(qd_client_has_list(&client));
    assert_int_equal(qd_client_list_capacity(&client), 0);
    assert_int_equal(qd_client_get_list(&client, refs, 2, out, sizeof out, values), QD_CLIENT_OWN);
    OPENED(NULL);
    assert_int_equal(qd_client_get_list(&client, refs, 0, out, sizeof out, values), QD_CLIENT_OWN);
}

static void sets(void **state) {
    static const uint8_t value[] = {0x11, 0x05};
    static uint8_t long_value[600];

    (void)state;
    OPENED("C501C100", "C501C203", "D80103");
    assert_int_equal(qd_client_set(&client, &clock_time, value, sizeof value), QD_CLIENT_OK);
    assert_string_equal(script.asked[1], "C101C100080000010000FF02001105");
    assert_int_equal(qd_client_set(&client, &clock_time, value, sizeof value), QD_CLIENT_REFUSED);
    assert_int_equal(qd_client_last_fault(&client)->code, 3);
    assert_int_equal(qd_client_set(&client, &clock_time, value, sizeof value), QD_CLIENT_REFUSED);
    assert_int_equal(qd_client_set(&client, &clock_time, long_value, sizeof long_value), QD_CLIENT_OWN);
    assert_int_equal(script.sent, 4);
    OPENED("C501C1");
    assert_int_equal(qd_client_set(&client, &clock_time, value, sizeof value), QD_CLIENT_VIOLATION);
    OPENED("C501C10000");
    assert_int_equal(qd_client_set(&client, &clock_time, value, sizeof value), QD_CLIENT_VIOLATION);
    OPENED("C502C100000001");
    assert_int_equal(qd_client_set(&client, &clock_time, value, sizeof value), QD_CLIENT_VIOLATION);
}

static void calls(void **state) {
    static const uint8_t value[] = {0x0F, 0x00};
    qd_client_ref_t method = clock_time;
    qd_client_value_t got;

    (void)state;
    method.index = 3;
    OPENED("C701C10000", "C701C200010009020102", "C701C30400", "C701C400010103");
    assert_int_equal(qd_client_call(&client, &method, value, sizeof value, out, sizeof out, &got),
                     QD_CLIENT_OK);
    assert_string_equal(script.asked[1], "C301C100080000010000FF03010F00");
    assert_null(got.data);
    assert_int_equal(qd_client_call(&client, &method, NULL, 0, out, sizeof out, &got), QD_CLIENT_OK);
    assert_string_equal(script.asked[2], "C301C200080000010000FF0300");
    assert_int_equal(got.length, 4);
    assert_int_equal(qd_client_call(&client, &method, NULL, 0, out, sizeof out, &got), QD_CLIENT_REFUSED);
    assert_int_equal(got.access, 4);
    assert_int_equal(qd_client_call(&client, &method, NULL, 0, out, sizeof out, &got), QD_CLIENT_REFUSED);
    assert_int_equal(got.access, 3);
    OPENED("C701C100");
    assert_int_equal(qd_client_call(&client, &method, NULL, 0, out, sizeof out, &got), QD_CLIENT_VIOLATION);
    OPENED("C701C1000200");
    assert_int_equal(qd_client_call(&client, &method, NULL, 0, out, sizeof out, &got), QD_CLIENT_VIOLATION);
    OPENED("C701C100010009020102", NULL);
    assert_int_equal(qd_client_call(&client, &method, NULL, 0, out, 3, &got), QD_CLIENT_OWN);
}

static void releases(void **state) {
    (void)state;
    OPENED("6303800100");
    assert_int_equal(qd_client_release(&client), QD_CLIENT_OK);
    assert_string_equal(script.asked[1], "6203800100");
    assert_int_equal(qd_client_release(&client), QD_CLIENT_OK);
    assert_int_equal(script.sent, 2);
    OPENED("6203800100");
    assert_int_equal(qd_client_release(&client), QD_CLIENT_VIOLATION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contract_of_init),
        cmocka_unit_test(opens_public),
        cmocka_unit_test(opens_with_password),
        cmocka_unit_test(preestablished_sends_nothing),
        cmocka_unit_test(hls_is_not_built_in),
        cmocka_unit_test(refused_associations),
        cmocka_unit_test(bad_associations),
        cmocka_unit_test(bad_frames),
        cmocka_unit_test(silence),
        cmocka_unit_test(a_trickling_peer_is_bounded),
        cmocka_unit_test(gets_a_value),
        cmocka_unit_test(get_needs_an_association),
        cmocka_unit_test(bad_get_responses),
        cmocka_unit_test(get_exception_keeps_the_association),
        cmocka_unit_test(notifications_are_passed_over),
        cmocka_unit_test(long_get),
        cmocka_unit_test(long_get_ended_by_the_meter),
        cmocka_unit_test(bad_blocks),
        cmocka_unit_test(room_for_a_value),
        cmocka_unit_test(gets_a_list),
        cmocka_unit_test(bad_lists),
        cmocka_unit_test(list_only_when_agreed),
        cmocka_unit_test(sets),
        cmocka_unit_test(calls),
        cmocka_unit_test(releases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
