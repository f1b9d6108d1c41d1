/*
 * hdlc.c - frames of IEC 62056-46: fields, check sequences, negotiation.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "protocol/hdlc.h"

#include "base/crc.h"

/* frame ::= flag format destination source control [HCS information] FCS flag */

#define FORMAT_TYPE_3 0xA000u
#define FORMAT_SEGMENTED 0x0800u

#define POLL 0x10u

/* Negotiation: format identifier, group identifier, and the parameters of the group. */
#define FORMAT_IDENTIFIER 0x81u
#define GROUP_PARAMETERS 0x80u
enum { INFORMATION_TRANSMIT = 5, INFORMATION_RECEIVE, WINDOW_TRANSMIT, WINDOW_RECEIVE };

/* --- addresses -------------------------------------------------------------------------------- */

/* address ::= 7 bits and a bit that says "last" in each octet; upper half first */
qd_status_t qd_hdlc_address_decode(qd_reader_t *r, qd_hdlc_address_t *address) {
    uint8_t part[4] = {0};
    uint8_t octets = 0;
    bool last = false;

    while (!last && octets < sizeof part) {
        uint8_t octet = qd_reader_u8(r);
        if (r->status != QD_OK) {
            return r->status;
        }
        part[octets++] = octet >> 1;
        last = (octet & 1u) != 0;
    }
    if (!last || octets == 3) {
        return qd_reader_fail(r, QD_MALFORMED);
    }
    address->octets = octets;
    if (octets == 4) {
        address->upper = (uint16_t)((uint32_t)part[0] << 7 | part[1]);
        address->lower = (uint16_t)((uint32_t)part[2] << 7 | part[3]);
    } else {
        address->upper = part[0];
        address->lower = part[1]; /* 0 with one octet */
    }
    return QD_OK;
}

static void seven_bits(qd_writer_t *w, uint32_t value, bool last) {
    qd_writer_u8(w, (uint8_t)((value & 0x7Fu) << 1 | (last ? 1u : 0u)));
}

void qd_hdlc_address_encode(qd_writer_t *w, const qd_hdlc_address_t *address) {
    switch (address->octets) {
    case 1:
        seven_bits(w, address->upper, true);
        break;
    case 2:
        seven_bits(w, address->upper, false);
        seven_bits(w, address->lower, true);
        break;
    default:
        seven_bits(w, (uint32_t)address->upper >> 7, false);
        seven_bits(w, address->upper, false);
        seven_bits(w, (uint32_t)address->lower >> 7, false);
        seven_bits(w, address->lower, true);
        break;
    }
}

bool qd_hdlc_address_same(const qd_hdlc_address_t *a, const qd_hdlc_address_t *b) {
    return a->octets == b->octets && a->upper == b->upper && a->lower == b->lower;
}

bool qd_hdlc_is_all_station(uint16_t half, uint8_t octets) {
    return half == (octets == 4 ? QD_HDLC_ALL_STATION_WIDE : QD_HDLC_ALL_STATION);
}

bool qd_hdlc_is_calling(uint16_t half, uint8_t octets) {
    return half == (octets == 4 ? QD_HDLC_CALLING_WIDE : QD_HDLC_CALLING);
}

/* --- control field ---------------------------------------------------------------------------- */

/* Control fields without P/F and numbers, by kind. */
static const uint8_t controls[] = {
    [QD_HDLC_I] = 0x00,    [QD_HDLC_RR] = 0x01,   [QD_HDLC_RNR] = 0x05,
    [QD_HDLC_SNRM] = 0x83, [QD_HDLC_DISC] = 0x43, [QD_HDLC_UA] = 0x63,
    [QD_HDLC_DM] = 0x0F,   [QD_HDLC_FRMR] = 0x87, [QD_HDLC_UI] = 0x03,
};

void qd_hdlc_control_decode(uint8_t octet, qd_hdlc_control_t *control) {
    uint8_t bare = (uint8_t)(octet & ~POLL);

    control->poll = (octet & POLL) != 0;
    control->send = 0;
    control->receive = 0;
    control->kind = QD_HDLC_UNKNOWN;
    if ((octet & 1u) == 0) {
        control->kind = QD_HDLC_I;
        control->send = octet >> 1 & QD_HDLC_SEQUENCE;
        control->receive = octet >> 5;
        return;
    }
    if ((octet & 3u) == 1u) {
        bare &= 0x0Fu; /* a supervisory frame: N(R) above */
        control->receive = octet >> 5;
    }
    for (unsigned kind = QD_HDLC_RR; kind < QD_HDLC_UNKNOWN; kind++) {
        if (controls[kind] == bare) {
            control->kind = (uint8_t)kind;
        }
    }
}

uint8_t qd_hdlc_control_encode(const qd_hdlc_control_t *control) {
    uint32_t octet;

    if (control->kind >= QD_HDLC_UNKNOWN) {
        return 0xFF;
    }
    octet = controls[control->kind];
    if (control->kind <= QD_HDLC_RNR) {
        octet |= (control->receive & QD_HDLC_SEQUENCE) << 5;
    }
    if (control->kind == QD_HDLC_I) {
        octet |= (control->send & QD_HDLC_SEQUENCE) << 1;
    }
    return (uint8_t)(octet | (control->poll ? POLL : 0u));
}

/* --- frames to send --------------------------------------------------------------------------- */

static void check_sequence(qd_writer_t *w, uint16_t crc) {
    qd_writer_u16_le(w, crc);
}

static uint16_t address_octets(const qd_hdlc_address_t *address) {
    return address->octets == 1 || address->octets == 2 ? address->octets : 4u;
}

uint16_t qd_hdlc_head_encode(qd_writer_t *w, const qd_hdlc_head_t *head, size_t length) {
    uint32_t total = 5u + address_octets(&head->destination) + address_octets(&head->source);
    size_t begin = w->at + 1u;
    uint16_t crc;

    if (length > 0) {
        total += 2u + (uint32_t)length;
    }
    qd_writer_u8(w, QD_HDLC_FLAG);
    qd_writer_u16(w, (uint16_t)(FORMAT_TYPE_3 | (head->segmented ? FORMAT_SEGMENTED : 0u) | total));
    qd_hdlc_address_encode(w, &head->destination);
    qd_hdlc_address_encode(w, &head->source);
    qd_writer_u8(w, head->control);
    if (w->status != QD_OK) {
        return 0;
    }
    crc = qd_crc16(0, w->data + begin, w->at - begin);
    if (length == 0) {
        qd_hdlc_tail_encode(w, crc);
        return crc;
    }
    check_sequence(w, crc);
    return w->status == QD_OK ? qd_crc16(crc, w->data + w->at - 2, 2) : 0;
}

void qd_hdlc_tail_encode(qd_writer_t *w, uint16_t fcs) {
    check_sequence(w, fcs);
    qd_writer_u8(w, QD_HDLC_FLAG);
}

void qd_hdlc_frame_encode(qd_writer_t *w, const qd_hdlc_head_t *head, const uint8_t *information,
                          size_t length) {
    uint16_t crc;

    if (length > QD_HDLC_INFORMATION_MAX) {
        w->status = QD_NO_SPACE;
        return;
    }
    crc = qd_hdlc_head_encode(w, head, length);
    if (length > 0) {
        qd_writer_octets(w, information, length);
        qd_hdlc_tail_encode(w, qd_crc16(crc, information, length));
    }
}

/* --- negotiation ------------------------------------------------------------------------------ */

void qd_hdlc_parameters_default(qd_hdlc_parameters_t *parameters) {
    parameters->information_transmit = QD_HDLC_INFORMATION_DEFAULT;
    parameters->information_receive = QD_HDLC_INFORMATION_DEFAULT;
    parameters->window_transmit = QD_HDLC_WINDOW_DEFAULT;
    parameters->window_receive = QD_HDLC_WINDOW_DEFAULT;
}

/* parameter ::= identifier length value, one octet each but the value */
static void parameter(qd_reader_t *r, qd_hdlc_parameters_t *parameters) {
    uint8_t identifier = qd_reader_u8(r);
    uint8_t length = qd_reader_u8(r);
    bool window = identifier == WINDOW_TRANSMIT || identifier == WINDOW_RECEIVE;
    uint32_t value = 0;

    if (identifier < INFORMATION_TRANSMIT || identifier > WINDOW_RECEIVE) {
        (void)qd_reader_octets(r, length); /* not ours to know */
        return;
    }
    if (length == 0 || length > (window ? 4u : 2u)) {
        (void)qd_reader_fail(r, QD_MALFORMED);
        return;
    }
    for (uint8_t i = 0; i < length; i++) {
        value = value << 8 | qd_reader_u8(r);
    }
    switch (identifier) {
    case INFORMATION_TRANSMIT:
        parameters->information_transmit = (uint16_t)value;
        break;
    case INFORMATION_RECEIVE:
        parameters->information_receive = (uint16_t)value;
        break;
    case WINDOW_TRANSMIT:
        parameters->window_transmit = value;
        break;
    default:
        parameters->window_receive = value;
        break;
    }
}

/* information ::= 81 80 length {parameter}; what follows the group is not ours */
qd_status_t qd_hdlc_parameters_decode(qd_reader_t *r, qd_hdlc_parameters_t *parameters) {
    qd_reader_t group;
    const uint8_t *octets;
    uint8_t length;

    qd_hdlc_parameters_default(parameters);
    if (qd_reader_left(r) == 0) {
        return r->status;
    }
    if (qd_reader_u8(r) != FORMAT_IDENTIFIER || qd_reader_u8(r) != GROUP_PARAMETERS) {
        return qd_reader_fail(r, QD_MALFORMED);
    }
    length = qd_reader_u8(r);
    octets = qd_reader_octets(r, length);
    if (octets == NULL) {
        return r->status;
    }
    qd_reader_init(&group, octets, length);
    while (qd_reader_left(&group) > 0) {
        parameter(&group, parameters);
    }
    if (group.status != QD_OK) {
        qd_hdlc_parameters_default(parameters);
        return qd_reader_fail(r, group.status);
    }
    return QD_OK;
}

static void put_information(qd_writer_t *w, uint8_t identifier, uint16_t value) {
    qd_writer_u8(w, identifier);
    if (value <= 0xFFu) {
        qd_writer_u8(w, 1);
        qd_writer_u8(w, (uint8_t)value);
    } else {
        qd_writer_u8(w, 2);
        qd_writer_u16(w, value);
    }
}

static void put_window(qd_writer_t *w, uint8_t identifier, uint32_t value) {
    qd_writer_u8(w, identifier);
    qd_writer_u8(w, 4);
    qd_writer_u32(w, value);
}

void qd_hdlc_parameters_encode(qd_writer_t *w, const qd_hdlc_parameters_t *parameters) {
    uint32_t wide = (parameters->information_transmit > 0xFFu ? 1u : 0u) +
                    (parameters->information_receive > 0xFFu ? 1u : 0u);

    qd_writer_u8(w, FORMAT_IDENTIFIER);
    qd_writer_u8(w, GROUP_PARAMETERS);
    qd_writer_u8(w, (uint8_t)(18u + wide));
    put_information(w, INFORMATION_TRANSMIT, parameters->information_transmit);
    put_information(w, INFORMATION_RECEIVE, parameters->information_receive);
    put_window(w, WINDOW_TRANSMIT, parameters->window_transmit);
    put_window(w, WINDOW_RECEIVE, parameters->window_receive);
}

/* --- FRMR ------------------------------------------------------------------------------------- */

void qd_hdlc_rejection_encode(qd_writer_t *w, const qd_hdlc_rejection_t *rejection) {
    uint32_t states = (rejection->receive_state & QD_HDLC_SEQUENCE) << 5 |
                      (rejection->send_state & QD_HDLC_SEQUENCE) << 1 | (rejection->response ? POLL : 0u);

    qd_writer_u8(w, rejection->control);
    qd_writer_u8(w, (uint8_t)states);
    qd_writer_u8(w, rejection->reasons);
}

qd_status_t qd_hdlc_rejection_decode(qd_reader_t *r, qd_hdlc_rejection_t *rejection) {
    uint8_t states;

    rejection->control = qd_reader_u8(r);
    states = qd_reader_u8(r);
    rejection->response = (states & POLL) != 0;
    rejection->send_state = states >> 1 & QD_HDLC_SEQUENCE;
    rejection->receive_state = states >> 5;
    rejection->reasons = qd_reader_u8(r);
    return r->status;
}
