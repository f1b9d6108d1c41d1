/*
 * hdlc_receiver.c - frames out of octets as they come from a line.
 *
 * What is no frame is dropped, and the next flag begins anew. The length field decides where a frame ends, so a
 * flag inside of the information is an octet like any other.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/crc.h"
#include "protocol/hdlc.h"

enum { HUNT = 0, AT_FLAG, FORMAT, DESTINATION, SOURCE, CONTROL, HCS, BODY, CLOSE };

#define FORMAT_TYPE_MASK 0xF0u
#define FORMAT_TYPE_3 0xA0u
#define FORMAT_SEGMENTED 0x08u

/* CRC-16/X-25 over octets and their own check sequence. */
#define RESIDUE 0x0F47u

void qd_hdlc_receiver_init(qd_hdlc_receiver_t *receiver) {
    memset(receiver, 0, sizeof *receiver);
}

void qd_hdlc_receiver_place(qd_hdlc_receiver_t *receiver, uint8_t *information, size_t room) {
    receiver->information = information;
    receiver->room = room > UINT16_MAX ? UINT16_MAX : (uint16_t)room;
}

void qd_hdlc_receiver_reset(qd_hdlc_receiver_t *receiver) {
    receiver->state = HUNT;
}

bool qd_hdlc_receiver_busy(const qd_hdlc_receiver_t *receiver) {
    return receiver->state != HUNT;
}

bool qd_hdlc_receiver_at_flag(const qd_hdlc_receiver_t *receiver) {
    return receiver->state == AT_FLAG;
}

size_t qd_hdlc_receiver_wants(const qd_hdlc_receiver_t *receiver) {
    return receiver->state == BODY ? receiver->left : 1u;
}

static qd_hdlc_event_t drop(qd_hdlc_receiver_t *receiver) {
    receiver->state = HUNT;
    return QD_HDLC_DROPPED;
}

static void begin(qd_hdlc_receiver_t *receiver) {
    receiver->state = FORMAT;
    receiver->have = 0;
    receiver->crc = 0;
    receiver->length = 0;
    receiver->at = 0;
}

/* The second octet of the format: everything up to the closing flag counts. */
static bool length_is_possible(qd_hdlc_receiver_t *receiver) {
    uint32_t length = (receiver->head[0] & 7u) << 8 | receiver->head[1];

    receiver->left = (uint16_t)(length - 2u);
    return length >= 7u;
}

/* True when the octets from `from` on can be an address: 1, 2 or 4 of them, the last one marked. */
static bool address_is_whole(const qd_hdlc_receiver_t *receiver, uint32_t from) {
    uint32_t octets = receiver->have - from;
    return (receiver->head[receiver->have - 1u] & 1u) != 0 && octets != 3u;
}

static bool address_is_hopeless(const qd_hdlc_receiver_t *receiver, uint32_t from) {
    uint32_t octets = receiver->have - from;
    bool last = (receiver->head[receiver->have - 1u] & 1u) != 0;
    return octets == 4u ? !last : octets == 3u && last;
}

/* After the control field: FCS, or HCS, information and FCS. */
static bool body_begins(qd_hdlc_receiver_t *receiver) {
    receiver->control_at = (uint8_t)(receiver->have - 1u);
    receiver->state = receiver->left == 2u ? BODY : HCS;
    return receiver->left == 2u || receiver->left >= 4u;
}

/* One octet of the head, which is stored already. False: this is no frame. */
static bool head_goes_on(qd_hdlc_receiver_t *receiver) {
    switch (receiver->state) {
    case FORMAT:
        receiver->state = receiver->have == 2u ? DESTINATION : FORMAT;
        return receiver->have < 2u || length_is_possible(receiver);
    case DESTINATION:
        if (address_is_whole(receiver, 2)) {
            receiver->source_at = receiver->have;
            receiver->state = SOURCE;
            return true;
        }
        return !address_is_hopeless(receiver, 2);
    case SOURCE:
        if (address_is_whole(receiver, receiver->source_at)) {
            receiver->state = CONTROL;
            return true;
        }
        return !address_is_hopeless(receiver, receiver->source_at);
    case CONTROL:
        return body_begins(receiver);
    default: /* HCS */
        if (receiver->have == receiver->control_at + 3u) {
            receiver->length = (uint16_t)(receiver->left - 2u);
            receiver->state = BODY;
            return receiver->crc == RESIDUE;
        }
        return true;
    }
}

static qd_hdlc_event_t head_octet(qd_hdlc_receiver_t *receiver, uint8_t octet) {
    if (receiver->have >= 2u) {
        receiver->left--;
        if (receiver->left < 2u) {
            return drop(receiver); /* the length field leaves no room for check sequences */
        }
    }
    receiver->head[receiver->have++] = octet;
    receiver->crc = qd_crc16(receiver->crc, &octet, 1);
    return head_goes_on(receiver) ? QD_HDLC_NOTHING : drop(receiver);
}

/* Information, then FCS. */
static size_t body_octets(qd_hdlc_receiver_t *receiver, const uint8_t *octets, size_t length) {
    size_t part = length < receiver->left ? length : receiver->left;
    size_t wanted = (size_t)(receiver->length - receiver->at);
    size_t information = part < wanted ? part : wanted;

    if (receiver->at < receiver->room) {
        size_t room = (size_t)(receiver->room - receiver->at);
        memcpy(receiver->information + receiver->at, octets, information < room ? information : room);
    }
    receiver->at = (uint16_t)(receiver->at + information);
    receiver->crc = qd_crc16(receiver->crc, octets, part);
    receiver->left = (uint16_t)(receiver->left - part);
    if (receiver->left == 0) {
        receiver->state = CLOSE;
    }
    return part;
}

static void tell(const qd_hdlc_receiver_t *receiver, qd_hdlc_frame_t *frame) {
    qd_reader_t r;

    qd_reader_init(&r, receiver->head + 2, receiver->control_at - 2u);
    (void)qd_hdlc_address_decode(&r, &frame->head.destination);
    (void)qd_hdlc_address_decode(&r, &frame->head.source);
    frame->head.control = receiver->head[receiver->control_at];
    frame->head.segmented = (receiver->head[0] & FORMAT_SEGMENTED) != 0;
    frame->information = receiver->information;
    frame->length = receiver->length;
    frame->overflow = receiver->length > receiver->room;
}

static qd_hdlc_event_t close_octet(qd_hdlc_receiver_t *receiver, uint8_t octet, qd_hdlc_frame_t *frame) {
    if (octet != QD_HDLC_FLAG) {
        return drop(receiver);
    }
    receiver->state = AT_FLAG; /* it may begin the next frame */
    if (receiver->crc != RESIDUE) {
        return QD_HDLC_DROPPED;
    }
    tell(receiver, frame);
    return QD_HDLC_COMPLETE;
}

static qd_hdlc_event_t one_octet(qd_hdlc_receiver_t *receiver, uint8_t octet, qd_hdlc_frame_t *frame) {
    switch (receiver->state) {
    case HUNT:
        receiver->state = octet == QD_HDLC_FLAG ? AT_FLAG : HUNT;
        return QD_HDLC_NOTHING;
    case AT_FLAG:
        if (octet == QD_HDLC_FLAG) {
            return QD_HDLC_NOTHING; /* fill */
        }
        if ((octet & FORMAT_TYPE_MASK) != FORMAT_TYPE_3) {
            return drop(receiver);
        }
        begin(receiver);
        return head_octet(receiver, octet);
    case CLOSE:
        return close_octet(receiver, octet, frame);
    default:
        return head_octet(receiver, octet);
    }
}

qd_hdlc_event_t qd_hdlc_receiver_take(qd_hdlc_receiver_t *receiver, const uint8_t *octets, size_t length,
                                      size_t *taken, qd_hdlc_frame_t *frame) {
    qd_hdlc_event_t event = QD_HDLC_NOTHING;
    size_t at = 0;

    while (event == QD_HDLC_NOTHING && at < length) {
        if (receiver->state == BODY) {
            at += body_octets(receiver, octets + at, length - at);
        } else {
            event = one_octet(receiver, octets[at], frame);
            at++;
        }
    }
    *taken = at;
    return event;
}
