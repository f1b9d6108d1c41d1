/*
 * link.c - one APDU to the meter and one back, over the wrapper; hdlc.c has the other framing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "client/internal.h"
#include "protocol/wrapper.h"
#include "protocol/xdlms.h"

#include <string.h>

#define NOTIFICATIONS_MAX 8u /* frames that nobody asked for, passed over while a reply is due */

qd_client_result_t qd_client_fail(qd_client_t *client, qd_client_result_t result, const char *what) {
    client->fault.result = result;
    client->fault.refusal = QD_REFUSAL_NONE;
    client->fault.state = 0;
    client->fault.code = 0;
    client->fault.what = what;
    if (result == QD_CLIENT_SILENT || result == QD_CLIENT_VIOLATION) {
        client->state = QD_CLIENT_BROKEN;
    }
    return result;
}

qd_client_result_t qd_client_refuse(qd_client_t *client, qd_client_refusal_t refusal, uint8_t state,
                                    uint8_t code, const char *what) {
    client->fault.result = QD_CLIENT_REFUSED;
    client->fault.refusal = refusal;
    client->fault.state = state;
    client->fault.code = code;
    client->fault.what = what;
    return QD_CLIENT_REFUSED;
}

size_t qd_client_apdu_room(const qd_client_t *client) {
    return client->peer_pdu != 0u && client->peer_pdu < client->room ? client->peer_pdu : client->room;
}

void qd_client_request(qd_client_t *client, qd_writer_t *w) {
    qd_writer_init(w, client->buffer + QD_WRAPPER_HEAD, qd_client_apdu_room(client));
}

qd_client_result_t qd_client_join(qd_client_t *client, qd_client_room_t *room, const uint8_t *octets,
                                  size_t length) {
    if (length > room->size - room->at) {
        return qd_client_fail(client, QD_CLIENT_OWN, "the value is longer than the room for it");
    }
    if (length > 0u) {
        memmove(room->out + room->at, octets, length);
    }
    room->at += length;
    return QD_CLIENT_OK;
}

static void trace(const qd_client_t *client, bool sent, size_t length) {
    if (client->config.trace != NULL) {
        client->config.trace(client->config.trace_context, sent, client->buffer, length);
    }
}

static qd_client_result_t send_frame(qd_client_t *client, size_t apdu) {
    const qd_client_transport_t *transport = client->config.transport;
    qd_wrapper_head_t head = {QD_WRAPPER_VERSION, client->config.client_sap, client->config.server_sap,
                              (uint16_t)apdu};
    qd_writer_t w;

    qd_writer_init(&w, client->buffer, QD_WRAPPER_HEAD);
    qd_wrapper_encode(&w, &head);
    trace(client, true, QD_WRAPPER_HEAD + apdu);
    if (transport->send(transport->context, client->buffer, QD_WRAPPER_HEAD + apdu,
                        client->config.timeout_ms) != QD_OK) {
        return qd_client_fail(client, QD_CLIENT_SILENT, "the connection was lost while sending");
    }
    return QD_CLIENT_OK;
}

/* Exactly length octets to at, before the deadline that began when the request went out. */
static qd_client_result_t receive_octets(qd_client_t *client, size_t at, size_t length) {
    const qd_client_transport_t *transport = client->config.transport;

    while (length > 0u) {
        uint32_t passed = transport->now_ms(transport->context) - client->start_ms;
        uint32_t left = passed < client->config.timeout_ms ? client->config.timeout_ms - passed : 0u;
        size_t got = 0;
        qd_status_t status;

        if (left == 0u) {
            return qd_client_fail(client, QD_CLIENT_SILENT, "no reply in time");
        }
        status = transport->receive(transport->context, client->buffer + at, length, left, &got);
        if (status == QD_PENDING) {
            continue; /* the clock decides, not the transport */
        }
        if (status == QD_END) {
            return qd_client_fail(client, QD_CLIENT_SILENT, "the meter closed the connection");
        }
        if (status != QD_OK || got == 0u || got > length) {
            return qd_client_fail(client, QD_CLIENT_SILENT, "the connection was lost while receiving");
        }
        at += got;
        length -= got;
    }
    return QD_CLIENT_OK;
}

static qd_client_result_t receive_frame(qd_client_t *client, qd_reader_t *reply) {
    qd_wrapper_head_t head;
    qd_reader_t r;
    qd_client_result_t result = receive_octets(client, 0, QD_WRAPPER_HEAD);

    if (result != QD_CLIENT_OK) {
        return result;
    }
    qd_reader_init(&r, client->buffer, QD_WRAPPER_HEAD);
    if (qd_wrapper_decode(&r, &head) != QD_OK) {
        trace(client, false, QD_WRAPPER_HEAD);
        return qd_client_fail(client, QD_CLIENT_VIOLATION, "the reply's wrapper is not of version 1");
    }
    if (head.length == 0u || head.length > client->room) {
        trace(client, false, QD_WRAPPER_HEAD);
        return qd_client_fail(client, QD_CLIENT_VIOLATION,
                              head.length == 0u ? "the reply is an empty frame"
                                                : "the reply is longer than the agreed APDU size");
    }
    result = receive_octets(client, QD_WRAPPER_HEAD, head.length);
    if (result != QD_CLIENT_OK) {
        return result;
    }
    trace(client, false, QD_WRAPPER_HEAD + (size_t)head.length);
    if (head.source != client->config.server_sap || head.destination != client->config.client_sap) {
        return qd_client_fail(client, QD_CLIENT_VIOLATION, "the reply's wrapper ports are not ours");
    }
    qd_reader_init(reply, client->buffer + QD_WRAPPER_HEAD, head.length);
    return QD_CLIENT_OK;
}

/* ExceptionResponse ::= D8 state service;  ConfirmedServiceError ::= 0E service error-class code */
static qd_client_result_t sort_errors(qd_client_t *client, qd_reader_t *reply) {
    uint8_t tag = qd_reader_peek(reply);
    uint8_t first;
    uint8_t second;
    qd_reader_t r = *reply;

    if (tag != QD_APDU_EXCEPTION_RESPONSE && tag != QD_APDU_CONFIRMED_SERVICE_ERROR) {
        return QD_CLIENT_OK;
    }
    (void)qd_reader_u8(&r);
    first = qd_reader_u8(&r);
    second = qd_reader_u8(&r);
    if (tag == QD_APDU_EXCEPTION_RESPONSE) {
        if (r.status != QD_OK) {
            return qd_client_fail(client, QD_CLIENT_VIOLATION, "a malformed exception-response");
        }
        return qd_client_refuse(client, QD_REFUSAL_EXCEPTION, first, second,
                                qd_client_exception_name(second));
    }
    first = qd_reader_u8(&r);
    if (r.status != QD_OK) {
        return qd_client_fail(client, QD_CLIENT_VIOLATION, "a malformed confirmed-service-error");
    }
    return qd_client_refuse(client, QD_REFUSAL_INITIATE, second, first, qd_client_initiate_name(first));
}

qd_client_result_t qd_client_send(qd_client_t *client, size_t length) {
    client->start_ms = client->config.transport->now_ms(client->config.transport->context);
    return client->config.framing == QD_FRAMING_HDLC ? qd_client_hdlc_send(client, length)
                                                     : send_frame(client, length);
}

/* The sizes of ACSE and initiate are nobody's choice; all others keep to what was proposed. */
static bool too_long(const qd_client_t *client, const qd_reader_t *reply) {
    return client->state == QD_CLIENT_ASSOCIATED && qd_reader_left(reply) > qd_client_receive_pdu(client) &&
           qd_reader_peek(reply) != QD_ACSE_TAG_RLRE;
}

qd_client_result_t qd_client_receive(qd_client_t *client, qd_reader_t *reply) {
    qd_client_result_t result = client->config.framing == QD_FRAMING_HDLC
                                    ? qd_client_hdlc_receive(client, reply)
                                    : receive_frame(client, reply);

    if (result == QD_CLIENT_OK && too_long(client, reply)) {
        return qd_client_fail(client, QD_CLIENT_VIOLATION, "the reply is longer than the agreed APDU size");
    }
    return result;
}

qd_client_result_t qd_client_answer(qd_client_t *client, qd_client_room_t *room, qd_reader_t *reply) {
    qd_client_result_t result = QD_CLIENT_OK;
    unsigned passed_over;

    for (passed_over = 0; passed_over <= NOTIFICATIONS_MAX; passed_over++) {
        uint8_t tag = qd_reader_peek(reply);

        if (tag == QD_APDU_GENERAL_BLOCK_TRANSFER) {
            result = qd_client_gbt_receive(client, room, reply);
            return result == QD_CLIENT_OK ? sort_errors(client, reply) : result;
        }
        if (tag != QD_APDU_DATA_NOTIFICATION && tag != QD_APDU_EVENT_NOTIFICATION) {
            return sort_errors(client, reply);
        }
        result = qd_client_receive(client, reply);
        if (result != QD_CLIENT_OK) {
            return result;
        }
    }
    return qd_client_fail(client, QD_CLIENT_VIOLATION, "notifications instead of a reply");
}

qd_client_result_t qd_client_exchange(qd_client_t *client, const qd_writer_t *w, qd_client_room_t *room,
                                      qd_reader_t *reply) {
    qd_client_result_t result;

    if (w->status != QD_OK) {
        return qd_client_fail(client, QD_CLIENT_OWN, "the request is longer than the meter takes");
    }
    client->gbt.sent = 0;
    client->gbt.received = 0;
    result = qd_client_send(client, w->at);
    if (result == QD_CLIENT_OK) {
        result = qd_client_receive(client, reply);
    }
    return result == QD_CLIENT_OK ? qd_client_answer(client, room, reply) : result;
}
