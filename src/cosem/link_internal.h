/*
 * link_internal.h - between the files of the link. Context: main context, inside a step.
 */
#ifndef QD_COSEM_LINK_INTERNAL_H
#define QD_COSEM_LINK_INTERNAL_H

#include "cosem/link.h"

/* Sends octets to .. to+length as far as the channel takes them; link->sent says how many went. True: all. */
bool qd_link_write(qd_link_t *link, const uint8_t *octets, size_t length);
/* The port's time in this step, or the meter's. */
void qd_link_look_at_clock(qd_link_t *link, uint64_t tick_us);
/* True when the peer has been silent for limit_s; 0 is never. */
bool qd_link_silent(qd_link_t *link, uint32_t limit_s);
/* A request of a client of this channel. */
static inline qd_request_t qd_link_request(const qd_link_t *link, uint64_t tick_us, uint16_t client_sap,
                                           uint16_t server_sap, const uint8_t *apdu, size_t length) {
    const qd_request_t request = {
        .channel = link->number,
        .generation = link->generation,
        .local = link->local,
        .client_sap = client_sap,
        .server_sap = server_sap,
        .tick_us = tick_us,
        .now_ms = link->now_ms,
        .number = ((uint32_t)link->number + 1u) << 24 | (link->sequence & 0xFFFFFFu),
        .apdu = apdu,
        .length = length,
    };
    return request;
}
/* Serves it; link->waiting says whether it has to be asked again. The answer is in response. */
void qd_link_serve(qd_link_t *link, qd_server_t *server, const qd_request_t *request, qd_writer_t *response);

/* --- framings --- */

bool qd_link_wrapper_step(qd_link_t *link, qd_server_t *server, uint64_t tick_us);
void qd_link_hdlc_init(qd_link_t *link);
bool qd_link_hdlc_step(qd_link_t *link, qd_server_t *server, uint64_t tick_us);
/* --- HDLC frames on their way (link_hdlc_send.c) --- */

static inline uint8_t qd_hdlc_after(uint8_t number) {
    return (number + 1u) & QD_HDLC_SEQUENCE;
}
/* Sends frames, as far as the channel takes them. */
void qd_link_hdlc_flush(qd_link_t *link);
/* Begins a frame without information. */
void qd_link_hdlc_plain(qd_link_t *link, uint8_t client, const qd_hdlc_address_t *source,
                        qd_hdlc_kind_t kind);
/* Begins the next segment of the answer; the last one of a burst has F. */
void qd_link_hdlc_segment(qd_link_t *link);
/* Begins UA or FRMR; their information lies in the transmit buffer, so there is no answer any more. */
void qd_link_hdlc_with(qd_link_t *link, const qd_writer_t *information, qd_hdlc_kind_t kind);

/* --- mode E (link_mode_e.c) --- */

typedef enum qd_mode_e {
    QD_MODE_E_NONE = 0, /* HDLC from the beginning, or opened */
    QD_MODE_E_SIGN_ON,  /* waits for /?! */
    QD_MODE_E_OPTION,   /* has identified itself, waits for ACK 2 Z 2 */
    QD_MODE_E_OPEN      /* HDLC, at the speed that was agreed */
} qd_mode_e_t;

/* Speed and format of the line while there is no link: as the set-up says now. */
void qd_link_mode_e_rest(qd_link_t *link);
/* The same when the set-up has changed while nobody had a link. */
void qd_link_mode_e_look(qd_link_t *link);
/* Octets before the line has opened. True when one was taken. */
bool qd_link_mode_e_step(qd_link_t *link);
/* What the opening has answered is on its way: the line changes over. */
void qd_link_mode_e_sent(qd_link_t *link);

#endif
