/*
 * link_hdlc_send.c - frames of an HDLC link on their way: straight from the transmit buffer, part by part.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/crc.h"
#include "cosem/link_internal.h"

/* Parts of the frame that is being sent. */
enum { PART_NONE = 0, PART_HEAD, PART_INFORMATION, PART_TAIL };

/* Begins a frame with octets of the transmit buffer as information. */
static void send_frame(qd_link_t *link, uint8_t client, const qd_hdlc_address_t *source,
                       const qd_hdlc_control_t *control, uint16_t at, uint16_t length, bool segmented) {
    qd_link_hdlc_t *h = &link->hdlc;
    const qd_hdlc_head_t head = {.destination = {client, 0, 1},
                                 .source = *source,
                                 .control = qd_hdlc_control_encode(control),
                                 .segmented = segmented};
    qd_writer_t w;
    qd_writer_init(&w, h->frame, sizeof h->frame);
    uint16_t crc = qd_hdlc_head_encode(&w, &head, length);
    h->crc = length > 0 ? qd_crc16(crc, link->transmit + at, length) : 0;
    h->frame_length = (uint8_t)w.at;
    h->information_at = at;
    h->information_length = length;
    h->part = PART_HEAD;
    h->turned = true;
    link->sent = 0;
}

void qd_link_hdlc_plain(qd_link_t *link, uint8_t client, const qd_hdlc_address_t *source,
                        qd_hdlc_kind_t kind) {
    const qd_hdlc_control_t control = {.kind = (uint8_t)kind, .poll = true, .receive = link->hdlc.expected};
    send_frame(link, client, source, &control, 0, 0, false);
}

void qd_link_hdlc_segment(qd_link_t *link) {
    qd_link_hdlc_t *h = &link->hdlc;
    uint16_t left = (uint16_t)(h->answer - h->next);
    uint16_t length = left < h->information_transmit ? left : h->information_transmit;
    bool segmented = length < left;
    bool last = !segmented || h->burst + 1u >= h->window;
    const qd_hdlc_control_t control = {
        .kind = QD_HDLC_I, .poll = last, .send = h->send, .receive = h->expected};
    send_frame(link, h->client, &h->own, &control, h->next, length, segmented);
    h->next = (uint16_t)(h->next + length);
    h->send = qd_hdlc_after(h->send);
    h->burst = last ? 0 : (uint8_t)(h->burst + 1u);
}

/* The frame that is being sent goes on with its next part. */
static void next_part(qd_link_t *link) {
    qd_link_hdlc_t *h = &link->hdlc;
    qd_writer_t w;
    if (h->part == PART_HEAD && h->information_length > 0) {
        h->part = PART_INFORMATION;
    } else if (h->part == PART_INFORMATION) {
        qd_writer_init(&w, h->frame, sizeof h->frame);
        qd_hdlc_tail_encode(&w, h->crc);
        h->frame_length = (uint8_t)w.at;
        h->part = PART_TAIL;
    } else {
        h->part = PART_NONE;
        if (h->burst > 0) {
            qd_link_hdlc_segment(link);
        }
    }
}

void qd_link_hdlc_flush(qd_link_t *link) {
    qd_link_hdlc_t *h = &link->hdlc;
    while (h->part != PART_NONE) {
        bool information = h->part == PART_INFORMATION;
        if (!qd_link_write(link, information ? link->transmit + h->information_at : h->frame,
                           information ? h->information_length : h->frame_length)) {
            return;
        }
        next_part(link);
    }
}

void qd_link_hdlc_with(qd_link_t *link, const qd_writer_t *information, qd_hdlc_kind_t kind) {
    const qd_hdlc_control_t control = {.kind = (uint8_t)kind, .poll = true};
    link->hdlc.answer = 0;
    send_frame(link, link->hdlc.client, &link->hdlc.own, &control, 0, (uint16_t)information->at, false);
}
