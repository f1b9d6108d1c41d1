/*
 * wrapper.c - the wrapper of the TCP profile.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "protocol/wrapper.h"

static uint16_t big_endian(const uint8_t *octets) {
    return (uint16_t)((uint32_t)octets[0] << 8 | octets[1]);
}

/* wrapper ::= version source destination length, two octets each */
qd_status_t qd_wrapper_decode(qd_reader_t *r, qd_wrapper_head_t *head) {
    const uint8_t *octets;

    if (qd_reader_left(r) < QD_WRAPPER_HEAD) {
        static const qd_wrapper_head_t empty;
        *head = empty;
        return QD_TRUNCATED; /* the reader stays usable: more octets may come */
    }
    octets = qd_reader_octets(r, QD_WRAPPER_HEAD); /* one look at the bounds for all of it */
    head->version = big_endian(octets);
    head->source = big_endian(octets + 2);
    head->destination = big_endian(octets + 4);
    head->length = big_endian(octets + 6);
    return head->version == QD_WRAPPER_VERSION ? QD_OK : QD_VERSION;
}

void qd_wrapper_encode(qd_writer_t *w, const qd_wrapper_head_t *head) {
    qd_writer_u16(w, head->version);
    qd_writer_u16(w, head->source);
    qd_writer_u16(w, head->destination);
    qd_writer_u16(w, head->length);
}
