/*
 * hdlc.c - the client's station on an HDLC line (IEC 62056-46, unbalanced, normal response mode).
 *
 * The client speaks first, the meter answers and gives the turn back with the final bit. After silence the client asks
 * with RR what has come; only what the meter has not acknowledged is sent again, under the same number, so no
 * request is ever executed twice. A frame of a wrong number, a wrong address or wrong check sequences is as good as lost.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/crc.h"
#include "client/internal.h"
#include "protocol/hdlc.h"

#define HEAD_ROOM QD_CLIENT_HEAD
#define STREAM (HEAD_ROOM - QD_HDLC_LLC_SIZE) /* an APDU with its LLC in front begins here */
#define FRAME_MIN 9u                          /* flags, format, two addresses, control, FCS */
#define STRAY_MAX 32u                         /* frames in one turn that say nothing */
#define REPLACED_MAX 8u                       /* APDUs in front of a reply that nobody has taken */
#define POLL_PAUSE_MS 20u                     /* between two questions to a meter that is still at work */

/* One frame as it came. */
typedef struct frame {
    qd_hdlc_head_t head;
    qd_hdlc_control_t control;
    const uint8_t *information;
    size_t length;
} frame_t;

static uint32_t now(const qd_client_t *client) {
    return client->config.transport->now_ms(client->config.transport->context);
}

static uint8_t *raw_place(const qd_client_t *client) {
    return client->buffer + HEAD_ROOM + client->room;
}

static size_t raw_room(const qd_client_t *client) {
    return QD_CLIENT_HDLC_ROOM((size_t)client->config.hdlc.information);
}

static void trace(const qd_client_t *client, bool sent, size_t length) {
    if (client->config.trace != NULL && length > 0u) {
        client->config.trace(client->config.trace_context, sent, raw_place(client), length);
    }
}

static qd_hdlc_address_t server_address(const qd_client_t *client) {
    qd_hdlc_address_t address = {client->config.server_sap, client->config.hdlc.lower,
                                 client->config.hdlc.octets};

    return address;
}

static qd_hdlc_address_t client_address(const qd_client_t *client) {
    qd_hdlc_address_t address = {client->config.client_sap, 0, 1};

    return address;
}

/* --- frames out ------------------------------------------------------------------------------- */

static qd_client_result_t send_frame(qd_client_t *client, const qd_hdlc_control_t *control, bool segmented,
                                     const uint8_t *information, size_t length) {
    const qd_client_transport_t *transport = client->config.transport;
    qd_hdlc_head_t head = {server_address(client), client_address(client), qd_hdlc_control_encode(control),
                           segmented};
    qd_writer_t w;

    qd_writer_init(&w, raw_place(client), raw_room(client));
    qd_hdlc_frame_encode(&w, &head, information, length);
    if (w.status != QD_OK) {
        return qd_client_fail(client, QD_CLIENT_OWN, "a frame is longer than the room for it");
    }
    client->link.raw = 0;
    trace(client, true, w.at);
    if (transport->send(transport->context, w.data, w.at, client->config.timeout_ms) != QD_OK) {
        client->link.connected = false;
        return qd_client_fail(client, QD_CLIENT_SILENT, "the connection was lost while sending");
    }
    return QD_CLIENT_OK;
}

static qd_client_result_t send_control(qd_client_t *client, qd_hdlc_kind_t kind) {
    qd_hdlc_control_t control = {(uint8_t)kind, true, 0, client->link.receive_state};

    return send_frame(client, &control, false, NULL, 0);
}

/* --- frames in -------------------------------------------------------------------------------- */

/* Octets that belong to the frame that arrives, as far as is known; at least 1. */
static size_t wanted(const qd_client_t *client) {
    const uint8_t *raw = raw_place(client);

    if (client->link.raw < 3u) {
        return 1;
    }
    return (size_t)((raw[1] & 7u) << 8 | raw[2]) + 2u - client->link.raw;
}

/* After one more octet of the head: is this still a frame? Fill and noise are forgotten. */
static void sift(qd_client_t *client) {
    const uint8_t *raw = raw_place(client);
    size_t total;

    switch (client->link.raw) {
    case 1:
        client->link.raw = raw[0] == QD_HDLC_FLAG ? 1u : 0u;
        break;
    case 2:
        if (raw[1] == QD_HDLC_FLAG) {
            client->link.raw = 1;
        } else if ((raw[1] & 0xF0u) != 0xA0u) {
            client->link.raw = 0;
        }
        break;
    case 3:
        total = (size_t)((raw[1] & 7u) << 8 | raw[2]) + 2u;
        if (total < FRAME_MIN || total > raw_room(client)) {
            client->link.raw = 0;
        }
        break;
    default:
        break;
    }
}

/* head ::= format(2) destination source control; then HCS and information, or nothing; FCS. False: no frame. */
static bool decode(const uint8_t *raw, size_t size, frame_t *frame) {
    qd_reader_t r;
    size_t body;
    uint16_t format;

    if (raw[size - 1u] != QD_HDLC_FLAG) {
        return false;
    }
    qd_reader_init(&r, raw + 1, size - 2u);
    format = qd_reader_u16(&r);
    frame->head.segmented = (format & 0x0800u) != 0u;
    if (qd_hdlc_address_decode(&r, &frame->head.destination) != QD_OK ||
        qd_hdlc_address_decode(&r, &frame->head.source) != QD_OK) {
        return false;
    }
    frame->head.control = qd_reader_u8(&r);
    qd_hdlc_control_decode(frame->head.control, &frame->control);
    body = r.at;
    frame->length = 0;
    frame->information = NULL;
    if (qd_reader_left(&r) != 2u) {
        if (qd_reader_left(&r) < 4u || qd_reader_u16_le(&r) != qd_crc16(0, raw + 1, body)) {
            return false;
        }
        frame->length = qd_reader_left(&r) - 2u;
        frame->information = qd_reader_octets(&r, frame->length);
        body = r.at;
    }
    return qd_reader_u16_le(&r) == qd_crc16(0, raw + 1, body) && r.status == QD_OK;
}

static bool is_ours(const qd_client_t *client, const frame_t *frame) {
    qd_hdlc_address_t server = server_address(client);
    qd_hdlc_address_t own = client_address(client);

    if (!qd_hdlc_address_same(&frame->head.destination, &own)) {
        return false;
    }
    /* whoever was called by the calling-station address answers under its own */
    return frame->head.source.upper == server.upper &&
           (frame->head.source.lower == server.lower || qd_hdlc_is_calling(server.lower, server.octets));
}

/*
 * One good frame for us. QD_CLIENT_OK and *found false: none began within wait_ms. Octets that are no frame do not
 * prolong the time.
 */
static qd_client_result_t receive_frame(qd_client_t *client, uint32_t wait_ms, frame_t *frame, bool *found) {
    const qd_client_transport_t *transport = client->config.transport;
    uint32_t start = now(client);
    uint32_t octet = start;
    uint8_t *raw = raw_place(client);

    *found = false;
    client->link.raw = 0;
    for (;;) {
        uint32_t passed = now(client) - start;
        bool inside = client->link.raw > 1u;
        uint32_t left = passed < wait_ms ? wait_ms - passed : 0u;
        size_t got = 0;
        qd_status_t status;

        if (!inside && left == 0u) {
            return QD_CLIENT_OK;
        }
        status = transport->receive(transport->context, raw + client->link.raw, wanted(client),
                                    inside ? client->config.hdlc.octet_ms : left, &got);
        if (status == QD_PENDING) {
            if (inside && now(client) - octet >= client->config.hdlc.octet_ms) {
                trace(client, false, client->link.raw);
                client->link.raw = 0; /* silence has cut the frame; outside of one the clock decides */
            }
            continue;
        }
        if (status != QD_OK || got == 0u || got > wanted(client)) {
            client->link.connected = false;
            return qd_client_fail(client, QD_CLIENT_SILENT,
                                  status == QD_END ? "the meter closed the connection"
                                                   : "the connection was lost while receiving");
        }
        octet = now(client);
        client->link.raw = (uint16_t)(client->link.raw + got);
        sift(client);
        if (client->link.raw < 3u || wanted(client) > 0u) {
            continue;
        }
        trace(client, false, client->link.raw);
        if (decode(raw, client->link.raw, frame) && is_ours(client, frame)) {
            *found = true;
            return QD_CLIENT_OK;
        }
        raw[0] = raw[client->link.raw - 1u]; /* a closing flag may open the next frame */
        client->link.raw = raw[0] == QD_HDLC_FLAG ? 1u : 0u;
    }
}

/* --- connecting ------------------------------------------------------------------------------- */

static uint8_t bounded(uint32_t value, uint8_t most) {
    return value == 0u ? 1u : (uint8_t)(value < most ? value : most);
}

/* What the meter sends is what we receive. */
static qd_client_result_t take_parameters(qd_client_t *client, const frame_t *frame) {
    uint16_t information = client->config.hdlc.information;
    qd_hdlc_parameters_t agreed;
    qd_reader_t r;

    qd_reader_init(&r, frame->information, frame->length);
    if (qd_hdlc_parameters_decode(&r, &agreed) != QD_OK || agreed.information_receive == 0u ||
        agreed.information_transmit == 0u) {
        return qd_client_violation(client, "UA with malformed parameters");
    }
    client->link.information_transmit =
        agreed.information_receive < information ? agreed.information_receive : information;
    client->link.information_receive =
        agreed.information_transmit < information ? agreed.information_transmit : information;
    client->link.window_transmit = bounded(agreed.window_receive, client->config.hdlc.window);
    client->link.window_receive = bounded(agreed.window_transmit, client->config.hdlc.window);
    return QD_CLIENT_OK;
}

/* Sends a command until UA or DM comes; *frame is the answer. QD_CLIENT_SILENT is noted. */
static qd_client_result_t command(qd_client_t *client, qd_hdlc_kind_t kind, const uint8_t *information,
                                  size_t length, unsigned retries, frame_t *frame) {
    qd_hdlc_control_t control = {(uint8_t)kind, true, 0, 0};
    unsigned attempt;

    for (attempt = 0; attempt <= retries; attempt++) {
        unsigned stray;
        bool found = true;
        qd_client_result_t result = send_frame(client, &control, false, information, length);

        for (stray = 0; result == QD_CLIENT_OK && found && stray < STRAY_MAX; stray++) {
            result = receive_frame(client, client->config.timeout_ms, frame, &found);
            if (result == QD_CLIENT_OK && found &&
                (frame->control.kind == QD_HDLC_UA || frame->control.kind == QD_HDLC_DM)) {
                return QD_CLIENT_OK;
            }
            if (result == QD_CLIENT_OK && found && frame->control.kind == QD_HDLC_FRMR) {
                return qd_client_violation(client, "the meter rejects a frame (FRMR)");
            }
        }
        if (result != QD_CLIENT_OK) {
            return result;
        }
    }
    return qd_client_fail(client, QD_CLIENT_SILENT, "no reply in time");
}

qd_client_result_t qd_client_connect(qd_client_t *client) {
    qd_client_link_t fresh = {.connected = true, .final = true};
    const qd_client_hdlc_t *hdlc = &client->config.hdlc;
    qd_hdlc_parameters_t proposed = {hdlc->information, hdlc->information, hdlc->window, hdlc->window};
    uint8_t octets[32];
    frame_t frame;
    qd_writer_t w;
    qd_client_result_t result;

    if (client->config.framing != QD_FRAMING_HDLC || client->link.connected) {
        return QD_CLIENT_OK;
    }
    if (client->state == QD_CLIENT_BROKEN) {
        return client->fault.result;
    }
    qd_writer_init(&w, octets, sizeof octets);
    qd_hdlc_parameters_encode(&w, &proposed);
    result = command(client, QD_HDLC_SNRM, octets, w.at, hdlc->retries, &frame);
    if (result != QD_CLIENT_OK) {
        return result;
    }
    if (frame.control.kind == QD_HDLC_DM) {
        return qd_client_refuse(client, QD_REFUSAL_LINK, 0, 0, "disconnected-mode (DM)");
    }
    result = take_parameters(client, &frame);
    if (result == QD_CLIENT_OK) {
        fresh.information_transmit = client->link.information_transmit;
        fresh.information_receive = client->link.information_receive;
        fresh.window_transmit = client->link.window_transmit;
        fresh.window_receive = client->link.window_receive;
        client->link = fresh;
    }
    return result;
}

qd_client_result_t qd_client_disconnect(qd_client_t *client) {
    qd_client_fault_t before = client->fault;
    uint8_t state = client->state;
    frame_t frame;
    qd_client_result_t result;

    if (client->config.framing != QD_FRAMING_HDLC || !client->link.connected) {
        return QD_CLIENT_OK;
    }
    client->link.connected = false;
    result = command(client, QD_HDLC_DISC, NULL, 0,
                     state == QD_CLIENT_BROKEN ? 0u : client->config.hdlc.retries, &frame);
    if (state == QD_CLIENT_BROKEN) { /* why it broke is what its owner wants to know */
        client->fault = before;
        client->state = state;
    } else if (result == QD_CLIENT_OK) {
        client->state = QD_CLIENT_CLOSED;
    }
    return result;
}

/* --- I frames --------------------------------------------------------------------------------- */

/* N(R) of a frame. False: it acknowledges what was never sent, so it is none of this conversation. */
static bool acknowledge(qd_client_link_t *link, uint8_t receive) {
    uint8_t first = (uint8_t)((link->send_state - link->outstanding) & QD_HDLC_SEQUENCE);
    uint8_t count = (uint8_t)((receive - first) & QD_HDLC_SEQUENCE);

    if (count > link->outstanding) {
        return false;
    }
    link->outstanding = (uint8_t)(link->outstanding - count);
    return true;
}

/* An I frame with the number that is due; its information goes behind what has come of the reply. */
static qd_client_result_t take_segment(qd_client_t *client, const frame_t *frame) {
    qd_client_link_t *link = &client->link;
    size_t room = client->room + QD_HDLC_LLC_SIZE;
    uint8_t *stream = client->buffer + STREAM;

    if (link->complete) {
        link->complete = false; /* another APDU, which nobody has taken: the later one counts */
        link->received = 0;
        if (link->replaced++ >= REPLACED_MAX) {
            return qd_client_violation(client, "one APDU after the other instead of a reply");
        }
    }
    if (frame->length == 0u && frame->head.segmented) {
        return qd_client_violation(client, "an empty segment that is not the last");
    }
    if (frame->length > room - link->received) {
        return qd_client_violation(client, "the reply is longer than the agreed APDU size");
    }
    if (frame->length > 0u) {
        memcpy(stream + link->received, frame->information, frame->length);
    }
    link->received += frame->length;
    link->receive_state = (uint8_t)((link->receive_state + 1u) & QD_HDLC_SEQUENCE);
    link->complete = !frame->head.segmented;
    return QD_CLIENT_OK;
}

static qd_client_result_t take_i(qd_client_t *client, const frame_t *frame) {
    qd_client_link_t *link = &client->link;
    uint8_t ahead = (uint8_t)((frame->control.send - link->receive_state) & QD_HDLC_SEQUENCE);

    if (ahead != 0u && ahead > QD_HDLC_SEQUENCE - link->window_receive) {
        return QD_CLIENT_OK; /* a repetition of what is here already: it says nothing about the turn */
    }
    if (!acknowledge(link, frame->control.receive)) {
        return QD_CLIENT_OK;
    }
    link->final = link->final || frame->control.poll;
    /* a reply before the request is through answers something else */
    return ahead == 0u && link->outstanding == 0u ? take_segment(client, frame) : QD_CLIENT_OK;
}

static qd_client_result_t take_frame(qd_client_t *client, const frame_t *frame) {
    qd_client_link_t *link = &client->link;

    switch (frame->control.kind) {
    case QD_HDLC_I:
        return take_i(client, frame);
    case QD_HDLC_RR:
    case QD_HDLC_RNR:
        if (acknowledge(link, frame->control.receive)) {
            link->final = link->final || frame->control.poll;
        }
        return QD_CLIENT_OK;
    case QD_HDLC_DM:
        link->connected = false;
        return qd_client_fail(client, QD_CLIENT_SILENT, "the meter has ended the link (DM)");
    case QD_HDLC_FRMR:
        return qd_client_violation(client, "the meter rejects a frame (FRMR)");
    default:
        return QD_CLIENT_OK; /* UI, a late UA, and what is not in the standard */
    }
}

/* Hears the meter until it gives the turn back. *heard: false after silence. */
static qd_client_result_t hear(qd_client_t *client, bool *heard) {
    unsigned stray;

    *heard = false;
    for (stray = 0; stray < STRAY_MAX && !client->link.final; stray++) {
        frame_t frame;
        bool found;
        qd_client_result_t result = receive_frame(client, client->config.timeout_ms, &frame, &found);

        if (result == QD_CLIENT_OK && found) {
            result = take_frame(client, &frame);
        }
        if (result != QD_CLIENT_OK || !found) {
            return result;
        }
    }
    *heard = client->link.final;
    return QD_CLIENT_OK;
}

/* Asks what the meter has and has to say: RR with the poll bit. */
static qd_client_result_t ask(qd_client_t *client, bool *heard) {
    qd_client_result_t result;

    client->link.final = false;
    result = send_control(client, QD_HDLC_RR);
    return result == QD_CLIENT_OK ? hear(client, heard) : result;
}

/* A pause before the next question, spent listening. */
static qd_client_result_t pause_a_little(qd_client_t *client) {
    frame_t frame;
    bool found;
    qd_client_result_t result = receive_frame(client, POLL_PAUSE_MS, &frame, &found);

    return result == QD_CLIENT_OK && found ? take_frame(client, &frame) : result;
}

/* One window of the segments from done on, with the turn in the last. */
static qd_client_result_t send_window(qd_client_t *client, size_t done, size_t length) {
    qd_client_link_t *link = &client->link;
    qd_client_result_t result = QD_CLIENT_OK;
    size_t size = link->information_transmit;
    size_t from = done * size;

    link->final = false;
    while (result == QD_CLIENT_OK && from < length && link->outstanding < link->window_transmit) {
        size_t take = length - from < size ? length - from : size;
        bool last = from + take == length;
        qd_hdlc_control_t control = {QD_HDLC_I, false, link->send_state, link->receive_state};

        link->outstanding++;
        link->send_state = (uint8_t)((link->send_state + 1u) & QD_HDLC_SEQUENCE);
        control.poll = last || link->outstanding == link->window_transmit;
        result = send_frame(client, &control, !last, client->buffer + STREAM + from, take);
        from += take;
    }
    return result;
}

static qd_client_result_t silent(qd_client_t *client) {
    return qd_client_fail(client, QD_CLIENT_SILENT, "no reply in time");
}

qd_client_result_t qd_client_hdlc_send(qd_client_t *client, size_t length) {
    static const uint8_t llc[QD_HDLC_LLC_SIZE] = {QD_HDLC_LLC_LSAP, QD_HDLC_LLC_COMMAND, 0};
    qd_client_link_t *link = &client->link;
    size_t total = length + QD_HDLC_LLC_SIZE;
    size_t segments = (total + link->information_transmit - 1u) /
                      (link->information_transmit > 0u ? link->information_transmit : 1u);
    size_t done = 0;
    unsigned tries = 0;

    if (!link->connected) {
        return qd_client_fail(client, QD_CLIENT_OWN, "the link is not connected");
    }
    memcpy(client->buffer + STREAM, llc, sizeof llc);
    link->complete = false;
    link->received = 0;
    link->replaced = 0;
    link->outstanding = 0;
    while (done < segments) {
        uint8_t sent;
        bool heard;
        qd_client_result_t result = send_window(client, done, total);

        sent = link->outstanding;
        if (result == QD_CLIENT_OK) {
            result = hear(client, &heard);
        }
        while (result == QD_CLIENT_OK && !heard && tries < client->config.hdlc.retries) {
            tries++;
            result = ask(client, &heard);
        }
        if (result != QD_CLIENT_OK) {
            return result;
        }
        if (!heard) {
            return silent(client);
        }
        done += (size_t)(sent - link->outstanding);
        if (sent == link->outstanding && tries++ >= client->config.hdlc.retries) {
            return silent(client); /* it answers, but takes nothing */
        }
        tries = sent == link->outstanding ? tries : 0u;
        link->send_state = (uint8_t)((link->send_state - link->outstanding) & QD_HDLC_SEQUENCE);
        link->outstanding = 0; /* what is left goes out again, under its numbers */
    }
    return QD_CLIENT_OK;
}

/* The rest of a reply: the turn is given back until its last segment is there. */
static qd_client_result_t receive_rest(qd_client_t *client) {
    qd_client_link_t *link = &client->link;
    uint32_t progress_ms = now(client);
    unsigned tries = 0;

    while (!link->complete) {
        uint8_t before = link->receive_state;
        bool heard = true;
        qd_client_result_t result = link->final ? ask(client, &heard) : hear(client, &heard);

        if (result != QD_CLIENT_OK) {
            return result;
        }
        if (link->receive_state != before) {
            tries = 0;
            progress_ms = now(client);
            link->final = link->final || !heard; /* something of the window was lost: ask again */
            continue;
        }
        if (!heard && tries++ >= client->config.hdlc.retries) {
            return silent(client);
        }
        if (heard &&
            now(client) - progress_ms >= client->config.timeout_ms * (client->config.hdlc.retries + 1u)) {
            return silent(client); /* it answers, but has nothing to say */
        }
        link->final = true;
        if (heard) {
            result = pause_a_little(client);
        }
        if (result != QD_CLIENT_OK) {
            return result;
        }
    }
    return QD_CLIENT_OK;
}

qd_client_result_t qd_client_hdlc_receive(qd_client_t *client, qd_reader_t *reply) {
    qd_client_link_t *link = &client->link;
    const uint8_t *stream = client->buffer + STREAM;
    qd_client_result_t result = receive_rest(client);

    if (result != QD_CLIENT_OK) {
        return result;
    }
    link->complete = false;
    if (link->received <= QD_HDLC_LLC_SIZE || stream[0] != QD_HDLC_LLC_LSAP ||
        stream[1] != QD_HDLC_LLC_RESPONSE || stream[2] != 0u) {
        return qd_client_violation(client, "the reply has no LLC of a response");
    }
    qd_reader_init(reply, client->buffer + HEAD_ROOM, link->received - QD_HDLC_LLC_SIZE);
    link->received = 0;
    return QD_CLIENT_OK;
}
