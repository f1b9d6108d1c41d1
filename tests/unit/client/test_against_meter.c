/* The client and the whole meter in one process: every service, over both framings, with APDU sizes and services that force
 * blocks, lists and general block transfer. */
#include "unit/meter/expect.h"

#include "quadrant/client.h"

#define ALL 0u /* everything that the client has */
#define NO_GENERAL 0x00FE5Du
#define ONLY_GENERAL 0x20007Du /* general block transfer instead of blocks */

static world_t world;
static qd_client_t client;
static uint8_t buffer[8192];
static uint8_t out[32768];
static uint32_t clock_ms;

static qd_status_t line_send(void *context, const uint8_t *octets, size_t length, uint32_t timeout_ms) {
    (void)timeout_ms;
    world_put(context, 0, octets, length);
    return QD_OK;
}

static qd_status_t line_receive(void *context, uint8_t *octets, size_t size, uint32_t timeout_ms,
                                size_t *length) {
    world_t *w = context;
    world_line_t *line = &w->line[0];

    for (unsigned i = 0; i < 20 && line->out_size == 0; i++) {
        (void)world_step(w);
    }
    if (line->out_size == 0) {
        clock_ms += timeout_ms;
        line->now_ms += timeout_ms;
        return QD_PENDING;
    }
    *length = line->out_size < size ? line->out_size : size;
    memcpy(octets, line->out, *length);
    line->out_size -= *length;
    memmove(line->out, line->out + *length, line->out_size);
    return QD_OK;
}

static uint32_t line_now(void *context) {
    (void)context;
    return clock_ms;
}

static const qd_client_transport_t transport = {&world, line_send, line_receive, line_now};

static void begin(uint8_t framing, uint16_t pdu, uint32_t conformance, uint16_t information, uint8_t window) {
    qd_client_config_t config = {.transport = &transport,
                                 .client_sap = SAP_MANAGEMENT,
                                 .server_sap = 1,
                                 .mechanism = QD_CLIENT_LLS,
                                 .secret = (const uint8_t *)"management-0001",
                                 .secret_length = 15,
                                 .timeout_ms = 1000,
                                 .framing = framing,
                                 .hdlc = {.information = information, .window = window},
                                 .receive_pdu = pdu,
                                 .conformance = conformance};

    world_blank(&world, qd_model_find("st402"));
    world.channel[0].framing = framing;
    assert_int_equal(world_start(&world), QD_OK);
    assert_int_equal(qd_client_init(&client, &config, buffer, sizeof buffer), QD_OK);
    if (qd_client_open(&client) != QD_CLIENT_OK) {
        fail_msg("%s", qd_client_last_fault(&client)->what);
    }
}

static const qd_client_ref_t id_2 = {1, QD_OBIS(0, 0, 96, 1, 2, 255), 2};
static const qd_client_ref_t id_3 = {1, QD_OBIS(0, 0, 96, 1, 3, 255), 2};
static const qd_client_ref_t script = {9, QD_OBIS(0, 0, 10, 0, 100, 255), 1};
static const qd_client_ref_t rate = {1, QD_OBIS(0, 0, 96, 14, 0, 255), 2};
static const qd_client_ref_t list = {15, QD_OBIS(0, 0, 40, 0, 0, 255), 2};

#define OK(call) assert_int_equal(call, QD_CLIENT_OK)

static void is(const qd_client_value_t *value, const char *octets, size_t length) {
    assert_int_equal(value->access, 0);
    assert_int_equal(value->length, length);
    assert_memory_equal(value->data, octets, length);
}

static void singles(void) {
    qd_client_value_t value;

    OK(qd_client_set(&client, &id_2,
                     (const uint8_t *)"\x09\x10"
                                      "ABCDEFGHIJKLMNOP",
                     18));
    OK(qd_client_get(&client, &id_2, out, sizeof out, &value));
    is(&value,
       "\x09\x10"
       "ABCDEFGHIJKLMNOP",
       18);
    OK(qd_client_call(&client, &script, (const uint8_t *)"\x12\x00\x03", 3, out, sizeof out, &value));
    assert_null(value.data);
    OK(qd_client_get(&client, &rate, out, sizeof out, &value));
    is(&value, "\x11\x03", 2);
    OK(qd_client_get(&client, &list, out, sizeof out, &value));
    assert_true(value.length > 5000);
    assert_int_equal(qd_client_set(&client, &rate, (const uint8_t *)"\x11\x01", 2), QD_CLIENT_REFUSED);
    assert_int_equal(qd_client_last_fault(&client)->refusal, QD_REFUSAL_ACCESS);
}

static void lists(void) {
    const qd_client_item_t sets[] = {{id_2, NULL, (const uint8_t *)"\x09\x02XY", 4},
                                     {rate, NULL, (const uint8_t *)"\x11\x01", 2},
                                     {id_3, NULL, (const uint8_t *)"\x09\x03QRS", 5}};
    const qd_client_item_t calls[] = {{script, NULL, (const uint8_t *)"\x12\x00\x02", 3},
                                      {script, NULL, (const uint8_t *)"\x12\x00\x04", 3}};
    const qd_client_ref_t refs[] = {id_2, id_3, rate};
    qd_client_value_t values[3];
    uint8_t access[3];

    OK(qd_client_set_list(&client, sets, 3, access));
    assert_int_equal(access[0], 0);
    assert_int_equal(access[1], 3);
    assert_int_equal(access[2], 0);
    OK(qd_client_call_list(&client, calls, 2, out, sizeof out, values));
    assert_int_equal(values[0].access, 0);
    assert_int_equal(values[1].access, 0);
    OK(qd_client_get_list(&client, refs, 3, out, sizeof out, values));
    is(&values[0], "\x09\x02XY", 4);
    is(&values[1], "\x09\x03QRS", 5);
    is(&values[2], "\x11\x04", 2);
}

static void accesses(void) {
    static const uint8_t services[] = {QD_CLIENT_ACCESS_SET, QD_CLIENT_ACCESS_ACTION, QD_CLIENT_ACCESS_GET,
                                       QD_CLIENT_ACCESS_GET};
    const qd_client_item_t items[] = {{id_2, NULL, (const uint8_t *)"\x09\x03UVW", 5},
                                      {script, NULL, (const uint8_t *)"\x12\x00\x05", 3},
                                      {id_2, NULL, NULL, 0},
                                      {rate, NULL, NULL, 0}};
    qd_client_value_t values[4];

    OK(qd_client_access(&client, services, items, 4, true, out, sizeof out, values));
    assert_int_equal(values[0].access, 0);
    assert_int_equal(values[1].access, 0);
    is(&values[2], "\x09\x03UVW", 5);
    is(&values[3], "\x11\x05", 2);
}

static void tells(void) {
    const qd_client_item_t item = {id_2, NULL, (const uint8_t *)"\x09\x04quad", 6};
    qd_client_value_t value;

    OK(qd_client_tell(&client, &item, false));
    OK(qd_client_get(&client, &id_2, out, sizeof out, &value));
    is(&value, "\x09\x04quad", 6);
}

static void over_the_wrapper(void **state) {
    static const uint16_t sizes[] = {12, 20, 33, 128, 384, 4000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        begin(QD_FRAMING_WRAPPER, sizes[i], ALL, 0, 0);
        singles();
        lists();
        accesses();
        tells();
        OK(qd_client_release(&client));
        begin(QD_FRAMING_WRAPPER, sizes[i], NO_GENERAL, 0, 0);
        singles();
        lists();
        tells();
        OK(qd_client_release(&client));
        begin(QD_FRAMING_WRAPPER, sizes[i], ONLY_GENERAL, 0, 0);
        singles();
        accesses();
        OK(qd_client_release(&client));
    }
}

static void over_hdlc(void **state) {
    static const uint16_t fields[] = {32, 128, 2030};
    static const uint8_t windows[] = {1, 7};

    (void)state;
    for (size_t f = 0; f < 3; f++) {
        for (size_t w = 0; w < 2; w++) {
            begin(QD_FRAMING_HDLC, 4000, ALL, fields[f], windows[w]);
            singles();
            lists();
            accesses();
            tells();
            OK(qd_client_release(&client));
            OK(qd_client_open(&client)); /* the link anew */
            singles();
            OK(qd_client_release(&client));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(over_the_wrapper), cmocka_unit_test(over_hdlc)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
