/*
 * gate_codec.h - the messages of the gate as octets, for the link between two images.
 *
 * Numbers are little-endian; signed ones as two's complement; a flag is one octet, 0 or 1. The codec
 * judges form only: what a value means is judged behind the gate.
 * Context: any.
 */
#ifndef QD_METROLOGY_GATE_CODEC_H
#define QD_METROLOGY_GATE_CODEC_H

#include "base/cursor.h"
#include "metrology/gate.h"

void qd_gate_request_encode(qd_writer_t *w, const qd_gate_request_t *request);
void qd_gate_reply_encode(qd_writer_t *w, const qd_gate_reply_t *reply);
void qd_gate_snapshot_encode(qd_writer_t *w, const qd_snapshot_t *snapshot);
/* QD_OK: the body is exactly one message; QD_TRUNCATED; QD_MALFORMED: unknown kind, a flag that is
 * neither 0 nor 1, octets left over. The message is undefined unless QD_OK. */
qd_status_t qd_gate_request_decode(qd_reader_t *r, qd_gate_request_t *request);
qd_status_t qd_gate_reply_decode(qd_reader_t *r, qd_gate_reply_t *reply);
qd_status_t qd_gate_snapshot_decode(qd_reader_t *r, qd_snapshot_t *snapshot);

#endif
