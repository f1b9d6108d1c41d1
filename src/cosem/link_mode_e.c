/*
 * link_mode_e.c - opening of a local port with mode E (IEC 62056-21, and IEC 62056-46 for the way to HDLC).
 *
 * The client signs on with 7E1 at the default speed, the meter names itself and a speed, the client chooses HDLC at
 * a speed, the meter says it back, and both change over to 8N1. When the link has ended the line is as before.
 * Only where the set-up says so and the port can change; elsewhere HDLC stands from the beginning.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cosem/link_internal.h"

#define SEVEN_BITS 0x7Fu
#define ACK 0x06u
#define CR 0x0Du
#define LF 0x0Au

/* Octets looked at in a step, and in a line before it is nonsense. */
#define OCTETS_MAX 64u
#define LINE_MAX 40u

/* How long the client may take to choose. */
#define OPTION_MS 2000u

static void change(qd_link_t *link, uint8_t speed, uint8_t format) {
    uint8_t state = (uint8_t)(speed | (format == QD_FORMAT_7E1 ? 0x80u : 0u));
    if (link->port->configure != NULL && link->hdlc.speed != state) {
        link->hdlc.speed = state;
        link->port->configure(link->port->context, qd_io_baud(speed), format);
    }
}

void qd_link_mode_e_rest(qd_link_t *link) {
    const qd_io_port_t *port = qd_io_port(link->io, link->line);
    link->received = 0;
    if (link->port->configure != NULL && link->bearer != QD_BEARER_NETWORK && port->mode == QD_IO_MODE_E) {
        link->hdlc.opening = QD_MODE_E_SIGN_ON;
        change(link, port->default_speed, QD_FORMAT_7E1);
        return;
    }
    link->hdlc.opening = QD_MODE_E_NONE;
    change(link, qd_io_line(link->io, link->line)->speed, QD_FORMAT_8N1);
}

void qd_link_mode_e_look(qd_link_t *link) {
    bool opens = qd_io_port(link->io, link->line)->mode == QD_IO_MODE_E;
    if (link->hdlc.opening == QD_MODE_E_NONE || (link->hdlc.opening == QD_MODE_E_SIGN_ON && !opens)) {
        qd_link_mode_e_rest(link);
    }
}

/* "/?", perhaps the address of the device, "!" */
static bool signs_on(const qd_link_t *link) {
    const qd_io_port_t *port = qd_io_port(link->io, link->line);
    const uint8_t *line = link->receive;
    size_t length = link->received;
    if (length < 3 || line[0] != '/' || line[1] != '?' || line[length - 1] != '!') {
        return false;
    }
    return length == 3 ||
           (length - 3 == port->address_length && memcmp(line + 2, port->address, length - 3) == 0);
}

static void reply(qd_link_t *link, const uint8_t *text, size_t length) {
    memcpy(link->transmit, text, length);
    link->to_send = (uint16_t)length;
    link->sent = 0;
}

/* "/", three letters of the manufacturer, the speed, "\2" for mode E, the name of the device */
static void identify(qd_link_t *link) {
    uint8_t text[] = {'/', 'Q', 'D', 'T', '0', '\\', '2', 'Q', 'U', 'A', 'D', 'R', 'A', 'N', 'T', CR, LF};
    text[4] = (uint8_t)('0' + qd_io_port(link->io, link->line)->proposed_speed);
    reply(link, text, sizeof text);
    link->hdlc.opening = QD_MODE_E_OPTION;
    link->active_ms = link->now_ms;
}

/* ACK, "2", the speed, "2": HDLC; anything else is another mode, which this meter does not have. */
static void choose(qd_link_t *link) {
    uint8_t text[] = {ACK, '2', '0', '2', CR, LF};
    const uint8_t *line = link->receive;
    uint8_t speed = (uint8_t)(line[2] - '0');
    bool fits = link->received == 4 && line[0] == ACK && line[1] == '2' && line[3] == '2' &&
                speed <= qd_io_port(link->io, link->line)->proposed_speed;
    if (!fits) {
        link->hdlc.opening = QD_MODE_E_SIGN_ON;
        return;
    }
    text[2] = line[2];
    reply(link, text, sizeof text);
    link->hdlc.opening = QD_MODE_E_OPEN;
    link->hdlc.speed_next = speed;
    link->active_ms = link->now_ms;
}

static void take(qd_link_t *link, uint8_t octet) {
    if (octet == '/' || octet == ACK || link->received >= LINE_MAX) {
        link->received = 0; /* every line begins with one of these */
    }
    if (octet == CR) {
        return;
    }
    if (octet != LF) {
        link->receive[link->received++] = octet;
        return;
    }
    if (link->hdlc.opening == QD_MODE_E_OPTION) {
        choose(link);
    } else if (signs_on(link)) {
        identify(link);
    }
    link->received = 0;
}

bool qd_link_mode_e_step(qd_link_t *link) {
    uint8_t octet;
    if (link->hdlc.opening == QD_MODE_E_OPTION && link->now_ms - link->active_ms > OPTION_MS) {
        link->hdlc.opening = QD_MODE_E_SIGN_ON;
    }
    for (unsigned i = 0; i < OCTETS_MAX; i++) {
        if (link->port->read(link->port->context, &octet, 1) == 0) {
            return false;
        }
        take(link, octet & SEVEN_BITS);
        if (link->to_send > 0) {
            return true;
        }
    }
    return true;
}

void qd_link_mode_e_sent(qd_link_t *link) {
    if (link->hdlc.opening == QD_MODE_E_OPEN) {
        change(link, link->hdlc.speed_next, QD_FORMAT_8N1);
    }
}
