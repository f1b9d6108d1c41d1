/*
 * fuzz_client.c - the client against a meter that says anything.
 *
 * Input: replies, each 2 octets of length and an APDU; the harness adds the wrapper. The client opens, gets,
 * gets a list, sets, calls and releases until the replies are used up.
 * Must hold: every call ends; a value it returns is one good element inside the caller's buffer; after
 * silence or a violation nothing more is sent.
 * Planted: a SET that is refused with a number above 100 after a long GET that succeeded.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <string.h>

#include "quadrant/client.h"

#define SENDS_MAX 64u

typedef struct peer {
    const uint8_t *data;
    size_t size;
    size_t at;
    uint8_t frame[QD_CLIENT_HEAD + 65535u];
    size_t frame_size;
    size_t frame_at;
    uint32_t clock_ms;
    unsigned sends;
    unsigned next_requests; /* GET next since the last other request */
} peer_t;

static qd_status_t peer_send(void *context, const uint8_t *octets, size_t length, uint32_t timeout_ms) {
    peer_t *peer = context;
    size_t size;

    (void)timeout_ms;
    FUZZ_MUST(length > QD_CLIENT_HEAD);
    peer->next_requests = octets[8] == 0xC0u && octets[9] == 2u ? peer->next_requests + 1u : 0u;
    peer->frame_size = 0;
    peer->frame_at = 0;
    if (++peer->sends > SENDS_MAX || peer->size - peer->at < 2u) {
        return QD_OK;
    }
    size = (size_t)(peer->data[peer->at] << 8) | peer->data[peer->at + 1u];
    peer->at += 2u;
    size = size < peer->size - peer->at ? size : peer->size - peer->at;
    memcpy(peer->frame, octets, QD_CLIENT_HEAD);
    peer->frame[2] = octets[4];
    peer->frame[3] = octets[5];
    peer->frame[4] = octets[2];
    peer->frame[5] = octets[3];
    peer->frame[6] = (uint8_t)(size >> 8);
    peer->frame[7] = (uint8_t)size;
    if (size > 0u) {
        memcpy(peer->frame + QD_CLIENT_HEAD, peer->data + peer->at, size);
    }
    peer->frame_size = QD_CLIENT_HEAD + size;
    peer->at += size;
    return QD_OK;
}

static qd_status_t peer_receive(void *context, uint8_t *octets, size_t size, uint32_t timeout_ms,
                                size_t *length) {
    peer_t *peer = context;
    size_t left = peer->frame_size - peer->frame_at;

    if (left == 0u) {
        peer->clock_ms += timeout_ms;
        return QD_PENDING;
    }
    *length = left < size ? left : size;
    memcpy(octets, peer->frame + peer->frame_at, *length);
    peer->frame_at += *length;
    return QD_OK;
}

static uint32_t peer_now(void *context) {
    return ((peer_t *)context)->clock_ms;
}

static void check_value(const qd_client_value_t *value, const uint8_t *out, size_t size) {
    qd_element_iterator_t it;
    qd_element_t element;

    if (value->data == NULL) {
        return;
    }
    FUZZ_MUST(value->data >= out && value->data + value->length <= out + size);
    qd_element_begin(&it, value->data, value->length);
    while (qd_element_next(&it, &element) == QD_OK) {
    }
    FUZZ_MUST(it.status == QD_END);
}

static void talk(qd_client_t *client, const peer_t *peer, uint8_t *out, size_t size) {
    static const qd_client_ref_t refs[2] = {{3, QD_OBIS(1, 0, 1, 8, 0, 255), 2},
                                            {8, QD_OBIS(0, 0, 1, 0, 0, 255), 2}};
    static const uint8_t data[] = {0x11, 0x05};
    const qd_client_fault_t *fault = qd_client_last_fault(client);
    bool long_get = false;
    qd_client_value_t values[2] = {{0, NULL, 0}, {0, NULL, 0}};

    if (qd_client_get(client, &refs[0], out, size, &values[0]) == QD_CLIENT_OK) {
        check_value(&values[0], out, size);
        FUZZ_MUST(values[0].data != NULL);
        long_get = peer->next_requests >= 1u;
    }
    if (qd_client_has_list(client) &&
        qd_client_get_list(client, refs, 2, out, size, values) == QD_CLIENT_OK) {
        check_value(&values[0], out, size);
        check_value(&values[1], out, size);
    }
    (void)qd_client_set(client, &refs[1], data, sizeof data);
    FUZZ_PLANT(FUZZ_STAGE(long_get) && FUZZ_STAGE(fault->refusal == QD_REFUSAL_ACCESS) &&
               FUZZ_STAGE(fault->code > 100u));
    if (qd_client_call(client, &refs[1], data, sizeof data, out, size, &values[0]) == QD_CLIENT_OK) {
        check_value(&values[0], out, size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static peer_t peer;
    static uint8_t buffer[QD_CLIENT_HEAD + 1024u];
    static uint8_t out[4096];
    const qd_client_transport_t transport = {&peer, peer_send, peer_receive, peer_now};
    qd_client_config_t config = {
        .transport = &transport, .client_sap = 16, .server_sap = 1, .timeout_ms = 1000};
    qd_client_t client;
    unsigned sends;

    peer.data = data;
    peer.size = size;
    peer.at = 0;
    peer.frame_size = 0;
    peer.frame_at = 0;
    peer.clock_ms = 0;
    peer.sends = 0;
    peer.next_requests = 0;
    FUZZ_MUST(qd_client_init(&client, &config, buffer, sizeof buffer) == QD_OK);
    if (qd_client_open(&client) == QD_CLIENT_OK) {
        talk(&client, &peer, out, sizeof out);
    }
    if (client.state == QD_CLIENT_BROKEN) {
        sends = peer.sends;
        talk(&client, &peer, out, sizeof out);
        FUZZ_MUST(peer.sends == sends);
    }
    (void)qd_client_release(&client);
    FUZZ_MUST(qd_client_last_fault(&client)->what != NULL);
    return 0;
}
