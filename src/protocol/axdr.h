/*
 * axdr.h - A-XDR encoding of the common data types (IEC 61334-6 as profiled by IEC 62056-53).
 *
 * Purpose: one element at a time, both ways; knows no meter and builds no tree.
 * Limits: nesting QD_AXDR_DEPTH_MAX, lengths up to 65,535 (forms 00..7F, 81 nn, 82 nnnn).
 * Context: any. Ownership: views point into the reader's buffer.
 */
#ifndef QD_PROTOCOL_AXDR_H
#define QD_PROTOCOL_AXDR_H

#include "base/cursor.h"

#define QD_AXDR_DEPTH_MAX 16u

/* One element as read: a scalar (strings by view in scalar.external), or the head of an array or
 * structure with its number of elements, which then follow one by one. */
typedef struct qd_axdr_element {
    uint8_t type;   /* qd_type_t */
    uint16_t count; /* of QD_TYPE_ARRAY and QD_TYPE_STRUCTURE */
    qd_scalar_t scalar;
} qd_axdr_element_t;

/* Variable length field. Returns the length; a fault is in r->status (QD_TRUNCATED, QD_MALFORMED). */
uint16_t qd_axdr_get_length(qd_reader_t *r);
/* Next element. QD_OK; QD_TRUNCATED: octets (or announced elements: each takes at least one octet)
 * run past the end; QD_MALFORMED: unknown tag, bad boolean or length form; QD_UNSUPPORTED: compact
 * array. The status is also left in r->status. */
qd_status_t qd_axdr_get(qd_reader_t *r, qd_axdr_element_t *element);
/* Skips one whole element with everything in it. As qd_axdr_get; QD_MALFORMED: too deep. */
qd_status_t qd_axdr_skip(qd_reader_t *r);

void qd_axdr_put_length(qd_writer_t *w, uint16_t length);
/* Head of an array or structure of count elements. */
void qd_axdr_put_group(qd_writer_t *w, qd_type_t type, uint16_t count);
/* Tag and content of any scalar type. A type that is not scalar leaves QD_ARGUMENT in w->status. */
void qd_axdr_put_scalar(qd_writer_t *w, const qd_scalar_t *scalar);

#endif
