/*
 * wrapper.h - the wrapper of the TCP profile (IEC 62056-47): an 8-octet head before every APDU.
 * Context: any.
 */
#ifndef QD_PROTOCOL_WRAPPER_H
#define QD_PROTOCOL_WRAPPER_H

#include "base/cursor.h"

#define QD_WRAPPER_HEAD 8u
#define QD_WRAPPER_VERSION 1u

typedef struct qd_wrapper_head {
    uint16_t version;
    uint16_t source;      /* wPort of the sender */
    uint16_t destination; /* wPort of the receiver */
    uint16_t length;      /* of the APDU that follows */
} qd_wrapper_head_t;

/* Reads 8 octets. QD_OK; QD_TRUNCATED: fewer remain, nothing taken; QD_VERSION: not version 1 (the
 * head is filled; the octets cannot be resynchronised, end the connection). */
qd_status_t qd_wrapper_decode(qd_reader_t *r, qd_wrapper_head_t *head);
void qd_wrapper_encode(qd_writer_t *w, const qd_wrapper_head_t *head);

#endif
