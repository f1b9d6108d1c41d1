/*
 * link_wrapper.c - a channel with the wrapper (IEC 62056-47): a stream in which every APDU has a head of 8 octets.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cosem/link_internal.h"

static void forget_peer(qd_link_t *link, uint32_t generation) {
    link->generation = generation;
    link->sequence++;
    link->received = 0;
    link->to_send = 0;
    link->sent = 0;
    link->discard = 0;
    link->waiting = false;
    link->more = false;
    link->timing = false;
}

/* True when nothing is left to send. */
static bool flush(qd_link_t *link) {
    if (link->to_send > 0 && !qd_link_write(link, link->transmit, link->to_send)) {
        return false;
    }
    link->to_send = 0;
    return true;
}

/* Takes what has arrived, as far as there is room: mostly a whole request with one call. */
static void fill(qd_link_t *link, size_t capacity) {
    link->received =
        (uint16_t)(link->received + link->port->read(link->port->context, link->receive + link->received,
                                                     capacity - link->received));
}

/* Drops octets from the front; what came behind them is the beginning of the next request. */
static void consume(qd_link_t *link, size_t length) {
    link->received = (uint16_t)(link->received - length);
    if (link->received > 0) {
        memmove(link->receive, link->receive + length, link->received);
    }
}

/* Passes over the rest of an APDU that no buffer can hold. True when it is all gone. */
static bool discard(qd_link_t *link) {
    size_t part = link->discard < link->received ? link->discard : link->received;

    link->discard -= (uint32_t)part;
    consume(link, part);
    return link->discard == 0;
}

static void end_connection(qd_link_t *link) {
    forget_peer(link, link->generation);
    if (link->port->close != NULL) {
        link->port->close(link->port->context);
    }
}

static void send_response(qd_link_t *link, const qd_wrapper_head_t *asked, const qd_writer_t *response) {
    if (response->at == 0) {
        return;
    }
    qd_writer_t w;
    const qd_wrapper_head_t head = {QD_WRAPPER_VERSION, asked->destination, asked->source,
                                    (uint16_t)response->at};
    qd_writer_init(&w, link->transmit, QD_WRAPPER_HEAD);
    qd_wrapper_encode(&w, &head);
    link->to_send = (uint16_t)(QD_WRAPPER_HEAD + response->at);
    link->sent = 0;
}

static inline void serve(qd_link_t *link, qd_server_t *server, const qd_wrapper_head_t *head,
                         uint64_t tick_us) {
    const qd_request_t request = qd_link_request(link, tick_us, head->source, head->destination,
                                                 link->receive + QD_WRAPPER_HEAD, head->length);
    qd_writer_t response;
    bool asked = !link->more;
    qd_writer_init(&response, link->transmit + QD_WRAPPER_HEAD, server->tables->transmit_pdu);
    qd_link_serve(link, server, &request, &response);
    if (link->waiting) {
        return;
    }
    if (asked) {
        consume(link, QD_WRAPPER_HEAD + (size_t)head->length);
    }
    send_response(link, head, &response);
}

/* The next of several answers, which needs no request. */
static void serve_more(qd_link_t *link, qd_server_t *server, uint64_t tick_us) {
    const qd_wrapper_head_t head = {QD_WRAPPER_VERSION, link->more_sap, server->tables->server_sap, 0};
    serve(link, server, &head, tick_us);
}

/* An APDU longer than the receive buffer is answered and passed over; the association stays. */
static void refuse_oversized(qd_link_t *link, const qd_server_t *server, const qd_wrapper_head_t *head) {
    qd_writer_t response;
    qd_writer_init(&response, link->transmit + QD_WRAPPER_HEAD, server->tables->transmit_pdu);
    link->discard = QD_WRAPPER_HEAD + (uint32_t)head->length;
    (void)discard(link);
    if (head->destination == server->tables->server_sap) {
        (void)qd_server_exception(&response, QD_EXCEPTION_NOT_ALLOWED, QD_EXCEPTION_PDU_TOO_LONG);
        send_response(link, head, &response);
    }
}

/* A peer from whom nothing whole comes any more must not keep others out: octets of a request that
 * never ends do not count as life. True: the connection was closed. */
static bool timed_out(qd_link_t *link, uint64_t tick_us) {
    qd_link_look_at_clock(link, tick_us);
    if (link->port->close == NULL || !qd_link_silent(link, qd_io_tcp(link->io)->inactivity_s)) {
        return false;
    }
    end_connection(link);
    return true;
}

bool qd_link_wrapper_step(qd_link_t *link, qd_server_t *server, uint64_t tick_us) {
    uint32_t generation = link->port->generation(link->port->context);
    if (generation != link->generation) {
        forget_peer(link, generation);
        qd_associations_sweep(server->associations, link->number, generation);
    }
    if (generation == 0 || timed_out(link, tick_us) || !flush(link)) {
        return false;
    }
    if (link->more) {
        if (!server->spent) {
            serve_more(link, server, tick_us);
        }
        return true;
    }
    if (!link->waiting) {
        fill(link, QD_LINK_BUFFER(server->tables->receive_pdu));
    }
    if (link->discard > 0 && !discard(link)) {
        return link->received > 0;
    }
    if (link->received < QD_WRAPPER_HEAD) {
        return false;
    }
    qd_reader_t r;
    qd_wrapper_head_t head;
    qd_reader_init(&r, link->receive, QD_WRAPPER_HEAD);
    if (qd_wrapper_decode(&r, &head) != QD_OK) {
        end_connection(link); /* there is no way back to the beginning of a frame */
        return false;
    }
    if (head.length > server->tables->receive_pdu) {
        refuse_oversized(link, server, &head);
        return true;
    }
    if (link->received < QD_WRAPPER_HEAD + head.length) {
        return false;
    }
    if (head.length == 0) {
        consume(link, QD_WRAPPER_HEAD); /* no APDU; to the server it would mean something else */
        return link->received > 0;
    }
    if (server->spent) {
        return true; /* the next step */
    }
    serve(link, server, &head, tick_us);
    return link->received > 0 || link->more;
}
