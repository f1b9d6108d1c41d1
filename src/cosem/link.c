/*
 * link.c - what all framings share: sending under back-pressure, time, one request in flight.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cosem/link.h"

#include <string.h>

#include "cosem/link_internal.h"

/* Steps for which a request may stay pending before it is answered as a temporary failure. */
#define RETRIES_MAX 1000u

void qd_link_init(qd_link_t *link, uint8_t number, const qd_channel_row_t *row, const qd_io_t *io,
                  const qd_channel_port_t *port, uint8_t *receive, uint8_t *transmit) {
    memset(link, 0, sizeof *link);
    link->number = number;
    link->local = row->local;
    link->bearer = row->bearer;
    link->line = row->line;
    link->io = io;
    link->port = port;
    link->receive = receive;
    link->transmit = transmit;
    if (port->framing == QD_FRAMING_HDLC) {
        qd_link_hdlc_init(link);
    }
}

bool qd_link_write(qd_link_t *link, const uint8_t *octets, size_t length) {
    while (link->sent < length) {
        size_t taken = link->port->write(link->port->context, octets + link->sent, length - link->sent);
        if (taken == 0) {
            return false;
        }
        link->sent = (uint16_t)(link->sent + taken);
    }
    link->sent = 0;
    return true;
}

void qd_link_look_at_clock(qd_link_t *link, uint64_t tick_us) {
    link->now_ms =
        link->port->now_ms != NULL ? link->port->now_ms(link->port->context) : (uint32_t)(tick_us / 1000u);
    if (!link->timing) {
        link->timing = true;
        link->active_ms = link->now_ms;
    }
}

bool qd_link_silent(qd_link_t *link, uint32_t limit_s) {
    return limit_s != 0 && link->now_ms - link->active_ms >= limit_s * 1000u;
}

void qd_link_serve(qd_link_t *link, qd_server_t *server, const qd_request_t *request, qd_writer_t *response) {
    qd_status_t status = qd_server_apdu(server, request, response);
    link->waiting = status == QD_PENDING && ++link->retries < RETRIES_MAX;
    if (link->waiting) {
        return;
    }
    if (status == QD_PENDING && !qd_server_is_unconfirmed(request->apdu, request->length)) {
        (void)qd_server_exception(response, QD_EXCEPTION_NOT_ALLOWED, QD_EXCEPTION_NOT_POSSIBLE);
    }
    link->retries = 0;
    link->sequence++;
    if (!link->more) {
        link->active_ms = link->now_ms; /* the peer lives: time counts from here */
    }
    link->more = server->more;
    link->more_sap = request->client_sap;
}

void qd_link_send(qd_link_t *link) {
    if (link->to_send > 0) {
        if (qd_link_write(link, link->transmit, link->to_send)) {
            link->to_send = 0;
            if (link->hdlc.opening != QD_MODE_E_NONE) {
                qd_link_mode_e_sent(link);
            }
        }
    } else {
        qd_link_hdlc_flush(link);
    }
}

bool qd_link_step(qd_link_t *link, qd_server_t *server, uint64_t tick_us) {
    return link->port->framing == QD_FRAMING_HDLC ? qd_link_hdlc_step(link, server, tick_us)
                                                  : qd_link_wrapper_step(link, server, tick_us);
}
