/*
 * wrapper.c - the wrapper of the TCP profile.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "protocol/wrapper.h"

/* wrapper ::= version source destination length, two octets each */
qd_status_t qd_wrapper_decode(qd_reader_t *r, qd_wrapper_head_t *head) {
    qd_wrapper_head_t empty = {0};

    *head = empty;
    if (qd_reader_left(r) < QD_WRAPPER_HEAD) {
        return QD_TRUNCATED; /* the reader stays usable: more octets may come */
    }
    head->version = qd_reader_u16(r);
    head->source = qd_reader_u16(r);
    head->destination = qd_reader_u16(r);
    head->length = qd_reader_u16(r);
    return head->version == QD_WRAPPER_VERSION ? QD_OK : QD_VERSION;
}

void qd_wrapper_encode(qd_writer_t *w, const qd_wrapper_head_t *head) {
    qd_writer_u16(w, head->version);
    qd_writer_u16(w, head->source);
    qd_writer_u16(w, head->destination);
    qd_writer_u16(w, head->length);
}
