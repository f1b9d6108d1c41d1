/*
 * scalar.h - making, reading and converting typed scalars. Context: any.
 */
#ifndef QD_ITEM_SCALAR_H
#define QD_ITEM_SCALAR_H

#include "item/item.h"

void qd_scalar_null(qd_scalar_t *scalar);
/* value is cast to the signedness of type; no range check. */
void qd_scalar_integer(qd_scalar_t *scalar, qd_type_t type, int64_t value);
void qd_scalar_unsigned(qd_scalar_t *scalar, qd_type_t type, uint64_t value);
/* By value when it fits into QD_SCALAR_INLINE octets, else as a view on octets. */
void qd_scalar_octets(qd_scalar_t *scalar, qd_type_t type, const uint8_t *octets, uint16_t length);
/* Start of a string's octets. */
const uint8_t *qd_scalar_data(const qd_scalar_t *scalar);
/* True for types whose number is in v.i; false: v.u. */
bool qd_type_is_signed(uint8_t type);
bool qd_type_is_integer(uint8_t type);
bool qd_type_is_string(uint8_t type);
/* Changes an integer's type. QD_OK; QD_RANGE: value does not fit, scalar unchanged; QD_TYPE: one of
 * the two is no integer type and they differ. */
qd_status_t qd_scalar_convert(qd_scalar_t *scalar, uint8_t type);

/* Takes the next element and insists on its kind. QD_OK, QD_TYPE, or the source's status. */
qd_status_t qd_source_group(const qd_source_t *source, qd_type_t type, uint16_t *count);
qd_status_t qd_source_scalar(const qd_source_t *source, qd_type_t type, qd_scalar_t *scalar);
/* An integer of that very type within minimum .. maximum. QD_OK, QD_TYPE, QD_RANGE. */
qd_status_t qd_source_integer(const qd_source_t *source, qd_type_t type, int64_t minimum, int64_t maximum,
                              int64_t *value);
/* An octet-string of minimum .. maximum octets, copied. QD_OK, QD_TYPE, QD_RANGE. */
qd_status_t qd_source_octets(const qd_source_t *source, uint8_t *octets, uint16_t minimum, uint16_t maximum,
                             uint16_t *length);

/* A source that gives one scalar and then ends. */
typedef struct qd_scalar_source {
    qd_source_t source;
    qd_scalar_t scalar;
    bool given;
} qd_scalar_source_t;

/* Prepares it; the scalar is set by the caller. */
void qd_scalar_source_init(qd_scalar_source_t *source);

/* Gives one integer or string to a sink. The sink's status. */
qd_status_t qd_sink_integer(const qd_sink_t *sink, qd_type_t type, int64_t value);
/* A structure of scalars; chosen NULL: the first count, else those that it names. The sink's status. */
qd_status_t qd_sink_structure(const qd_sink_t *sink, const qd_scalar_t *scalar, const uint8_t *chosen,
                              uint8_t count);
qd_status_t qd_sink_octets(const qd_sink_t *sink, qd_type_t type, const uint8_t *octets, uint16_t length);

#endif
