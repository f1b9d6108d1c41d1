/*
 * fuzz_client_hdlc.c - the client's HDLC station against a meter that says anything.
 *
 * Input: records, some of them after each frame of the client: an octet that says what comes, an octet of length n, and n
 * octets. Bits 0-1 of the first: raw octets; an I frame; an I frame with the S bit; the first of the n octets is the
 * control field. Frames get addresses, lengths and check sequences, I frames also numbers that are due, unless bit 2
 * says otherwise. Bit 3: one record more before the client has its turn, and no final bit. UA is said by the harness. The client opens, gets,
 * sets and releases until the records are used up.
 * Must hold: every call ends; a value it returns is one good element inside the caller's buffer; numbers of frames
 * never go backwards but for a repetition; after silence or a violation no I frame is sent.
 * Planted: a SET that is refused with a number above 100 after a GET in three segments or more.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <string.h>

#include "quadrant/client.h"

#define SENDS_MAX 256u

typedef struct peer {
    const uint8_t *data;
    size_t size;
    size_t at;
    uint8_t queue[16384];
    size_t filled;
    size_t given;
    uint32_t clock_ms;
    unsigned sends;
    unsigned i_frames;
    unsigned number;   /* of the next I frame of the meter */
    unsigned due;      /* of the client */
    unsigned segments; /* I frames with the S bit that the harness said since the last request */
} peer_t;

static unsigned crc(const uint8_t *octets, size_t size) {
    unsigned value = 0xFFFFu;

    while (size-- > 0u) {
        value ^= *octets++;
        for (int bit = 0; bit < 8; bit++) {
            value = (value & 1u) != 0u ? value >> 1 ^ 0x8408u : value >> 1;
        }
    }
    return value ^ 0xFFFFu;
}

static void say(peer_t *peer, uint8_t control, int more, const uint8_t *information, size_t size) {
    uint8_t frame[320] = {0x7E, (uint8_t)(more ? 0xA8 : 0xA0), 0, 0x21, 0x03, control};
    size_t at = 6;
    size_t length = 7u + (size > 0u ? size + 2u : 0u);
    unsigned value;

    frame[1] |= (uint8_t)(length >> 8);
    frame[2] = (uint8_t)length;
    if (size > 0u) {
        value = crc(frame + 1, 5);
        frame[at++] = (uint8_t)value;
        frame[at++] = (uint8_t)(value >> 8);
        memcpy(frame + at, information, size);
        at += size;
    }
    value = crc(frame + 1, at - 1u);
    frame[at++] = (uint8_t)value;
    frame[at++] = (uint8_t)(value >> 8);
    frame[at++] = 0x7E;
    if (at <= sizeof peer->queue - peer->filled) {
        memcpy(peer->queue + peer->filled, frame, at);
        peer->filled += at;
    }
}

/* One record. True: another one follows at once. */
static int record(peer_t *peer) {
    uint8_t kind;
    uint8_t length;
    const uint8_t *octets;

    if (peer->size - peer->at < 2u) {
        return 0;
    }
    kind = peer->data[peer->at];
    length = peer->data[peer->at + 1u];
    peer->at += 2u;
    length = length < peer->size - peer->at ? length : (uint8_t)(peer->size - peer->at);
    octets = peer->data + peer->at;
    peer->at += length;
    if ((kind & 3u) == 0u) {
        if (length > 0u && length <= sizeof peer->queue - peer->filled) {
            memcpy(peer->queue + peer->filled, octets, length);
            peer->filled += length;
        }
    } else if ((kind & 3u) == 3u) {
        say(peer, length > 0u ? octets[0] : 0x11u, 0, octets + (length > 0u), length > 0u ? length - 1u : 0u);
    } else {
        unsigned control = peer->number << 1 | peer->due << 5 | ((kind & 8u) != 0u ? 0u : 0x10u);

        if ((kind & 4u) != 0u && length > 0u) {
            control = octets[0] & 0xFEu;
        }
        say(peer, (uint8_t)control, (kind & 3u) == 2u, octets, length);
        peer->number = (peer->number + 1u) & 7u;
        peer->segments += (kind & 3u) == 2u;
    }
    return (kind & 8u) != 0u;
}

static qd_status_t peer_send(void *context, const uint8_t *octets, size_t length, uint32_t timeout_ms) {
    static const uint8_t agreed[] = {0x81, 0x80, 0x12, 5, 1, 128, 6, 1, 128, 7, 4,
                                     0,    0,    0,    3, 8, 4,   0, 0, 0,   3};
    peer_t *peer = context;
    uint8_t control;

    (void)timeout_ms;
    FUZZ_MUST(length >= 9u && octets[0] == 0x7Eu && octets[length - 1u] == 0x7Eu);
    FUZZ_MUST(crc(octets + 1, length - 4u) ==
              ((unsigned)octets[length - 3u] | (unsigned)octets[length - 2u] << 8));
    control = octets[5];
    if (peer->given == peer->filled) {
        peer->given = peer->filled = 0;
    }
    if (control == 0x93u && peer->sends == 0u) {
        say(peer, 0x73, 0, agreed, sizeof agreed);
    }
    if (++peer->sends > SENDS_MAX) {
        return QD_OK;
    }
    if ((control & 1u) == 0u) {
        unsigned ahead = ((control >> 1) - peer->due) & 7u;

        peer->i_frames++;
        peer->segments = 0;
        FUZZ_MUST(ahead == 0u || ahead >= 5u); /* the next one, or again one of its window of three */
        peer->due = ((control >> 1) + 1u) & 7u;
    }
    if (control == 0x93u) {
        return QD_OK;
    }
    while (record(peer)) {
    }
    return QD_OK;
}

static qd_status_t peer_receive(void *context, uint8_t *octets, size_t size, uint32_t timeout_ms,
                                size_t *length) {
    peer_t *peer = context;
    size_t left = peer->filled - peer->given;

    FUZZ_MUST(size > 0u && timeout_ms > 0u);
    if (left == 0u) {
        peer->clock_ms += timeout_ms;
        return QD_PENDING;
    }
    *length = left < size ? left : size;
    memcpy(octets, peer->queue + peer->given, *length);
    peer->given += *length;
    peer->clock_ms++;
    return QD_OK;
}

static uint32_t peer_now(void *context) {
    return ((peer_t *)context)->clock_ms;
}

static void check_value(const qd_client_value_t *value, const uint8_t *out, size_t size) {
    qd_element_iterator_t it;
    qd_element_t element;

    FUZZ_MUST(value->data != NULL && value->data >= out && value->data + value->length <= out + size);
    qd_element_begin(&it, value->data, value->length);
    while (qd_element_next(&it, &element) == QD_OK) {
    }
    FUZZ_MUST(it.status == QD_END);
}

static void talk(qd_client_t *client, const peer_t *peer, uint8_t *out, size_t size) {
    static const qd_client_ref_t ref = {3, QD_OBIS(1, 0, 1, 8, 0, 255), 2};
    static const uint8_t data[] = {0x11, 0x05};
    const qd_client_fault_t *fault = qd_client_last_fault(client);
    qd_client_value_t value;
    unsigned segments = 0;

    if (qd_client_get(client, &ref, out, size, &value) == QD_CLIENT_OK) {
        check_value(&value, out, size);
        segments = peer->segments;
    }
    (void)qd_client_set(client, &ref, data, sizeof data);
    FUZZ_PLANT(FUZZ_STAGE(segments >= 2u) && FUZZ_STAGE(fault->refusal == QD_REFUSAL_ACCESS) &&
               FUZZ_STAGE(fault->code > 100u));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static peer_t peer;
    static uint8_t buffer[QD_CLIENT_HEAD + 1024u + QD_CLIENT_HDLC_ROOM(128u)];
    static uint8_t out[4096];
    const qd_client_transport_t transport = {&peer, peer_send, peer_receive, peer_now};
    qd_client_config_t config = {.transport = &transport,
                                 .client_sap = 16,
                                 .server_sap = 1,
                                 .timeout_ms = 100,
                                 .framing = QD_FRAMING_HDLC,
                                 .hdlc = {.window = 3, .retries = 2}};
    qd_client_t client;
    unsigned frames;

    memset(&peer, 0, sizeof peer);
    peer.data = data;
    peer.size = size;
    FUZZ_MUST(qd_client_init(&client, &config, buffer, sizeof buffer) == QD_OK);
    if (qd_client_open(&client) == QD_CLIENT_OK) {
        talk(&client, &peer, out, sizeof out);
    }
    if (client.state == QD_CLIENT_BROKEN) {
        frames = peer.i_frames;
        talk(&client, &peer, out, sizeof out);
        FUZZ_MUST(peer.i_frames == frames);
    }
    (void)qd_client_release(&client);
    (void)qd_client_disconnect(&client);
    FUZZ_MUST(qd_client_last_fault(&client)->what != NULL);
    return 0;
}
