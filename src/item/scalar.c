#include "item/scalar.h"

#include <string.h>

typedef struct qd_type_row {
    uint8_t type;
    bool is_signed;
    uint8_t bits;
} qd_type_row_t;

/* Range of each integer type; boolean and enum travel as numbers too. */
static const qd_type_row_t integer_types[] = {
    {QD_TYPE_DOUBLE_LONG_UNSIGNED, false, 32},
    {QD_TYPE_LONG_UNSIGNED, false, 16},
    {QD_TYPE_UNSIGNED, false, 8},
    {QD_TYPE_DOUBLE_LONG, true, 32},
    {QD_TYPE_LONG, true, 16},
    {QD_TYPE_INTEGER, true, 8},
    {QD_TYPE_LONG64, true, 64},
    {QD_TYPE_LONG64_UNSIGNED, false, 64},
    {QD_TYPE_ENUM, false, 8},
    {QD_TYPE_BOOLEAN, false, 1},
};

static const qd_type_row_t *type_row(uint8_t type) {
    for (size_t i = 0; i < sizeof integer_types / sizeof integer_types[0]; i++) {
        if (integer_types[i].type == type) {
            return &integer_types[i];
        }
    }
    return NULL;
}

void qd_scalar_null(qd_scalar_t *scalar) {
    scalar->type = QD_TYPE_NULL;
    scalar->length = 0;
    scalar->v.u = 0;
    scalar->external = NULL;
}

void qd_scalar_integer(qd_scalar_t *scalar, qd_type_t type, int64_t value) {
    scalar->type = (uint8_t)type;
    scalar->length = 0;
    scalar->v.i = value;
    scalar->external = NULL;
}

void qd_scalar_unsigned(qd_scalar_t *scalar, qd_type_t type, uint64_t value) {
    scalar->type = (uint8_t)type;
    scalar->length = 0;
    scalar->v.u = value;
    scalar->external = NULL;
}

void qd_scalar_octets(qd_scalar_t *scalar, qd_type_t type, const uint8_t *octets, uint16_t length) {
    scalar->type = (uint8_t)type;
    scalar->length = length;
    if (length <= QD_SCALAR_INLINE) {
        memcpy(scalar->v.octets, octets, length);
        scalar->external = NULL;
    } else {
        scalar->external = octets;
    }
}

const uint8_t *qd_scalar_data(const qd_scalar_t *scalar) {
    return scalar->external != NULL ? scalar->external : scalar->v.octets;
}

bool qd_type_is_signed(uint8_t type) {
    const qd_type_row_t *row = type_row(type);
    return row != NULL && row->is_signed;
}

bool qd_type_is_integer(uint8_t type) {
    return type_row(type) != NULL;
}

bool qd_type_is_string(uint8_t type) {
    return type == QD_TYPE_OCTET_STRING || type == QD_TYPE_VISIBLE_STRING || type == QD_TYPE_UTF8_STRING ||
           type == QD_TYPE_BIT_STRING;
}

/* Whether the number of a scalar of type `from` lies in the range of `to`. */
static bool number_fits(const qd_scalar_t *scalar, const qd_type_row_t *from, const qd_type_row_t *to) {
    bool negative = from->is_signed && scalar->v.i < 0;
    if (to->is_signed) {
        int64_t maximum = (int64_t)(UINT64_MAX >> (65u - to->bits));
        return negative ? scalar->v.i >= -maximum - 1 : scalar->v.u <= (uint64_t)maximum;
    }
    return !negative && scalar->v.u <= UINT64_MAX >> (64u - to->bits);
}

qd_status_t qd_scalar_convert(qd_scalar_t *scalar, uint8_t type) {
    if (scalar->type == type) {
        return QD_OK;
    }
    const qd_type_row_t *from = type_row(scalar->type);
    const qd_type_row_t *to = type_row(type);
    if (from == NULL || to == NULL) {
        return QD_TYPE;
    }
    if (!number_fits(scalar, from, to)) {
        return QD_RANGE;
    }
    scalar->type = type;
    return QD_OK;
}

qd_status_t qd_source_group(const qd_source_t *source, qd_type_t type, uint16_t *count) {
    qd_item_element_t element;
    qd_status_t status = source->next(source->context, &element);
    if (status != QD_OK) {
        return status == QD_END ? QD_TYPE : status;
    }
    if (element.type != (uint8_t)type) {
        return QD_TYPE;
    }
    *count = element.count;
    return QD_OK;
}

qd_status_t qd_source_scalar(const qd_source_t *source, qd_type_t type, qd_scalar_t *scalar) {
    qd_item_element_t element;
    qd_status_t status = source->next(source->context, &element);
    if (status != QD_OK) {
        return status == QD_END ? QD_TYPE : status;
    }
    if (element.type != (uint8_t)type) {
        return QD_TYPE;
    }
    *scalar = element.scalar;
    return QD_OK;
}

qd_status_t qd_source_integer(const qd_source_t *source, qd_type_t type, int64_t minimum, int64_t maximum,
                              int64_t *value) {
    qd_scalar_t scalar;
    qd_status_t status = qd_source_scalar(source, type, &scalar);
    if (status != QD_OK) {
        return status;
    }
    if (qd_scalar_convert(&scalar, QD_TYPE_LONG64) != QD_OK || scalar.v.i < minimum || scalar.v.i > maximum) {
        return QD_RANGE;
    }
    *value = scalar.v.i;
    return QD_OK;
}

qd_status_t qd_source_octets(const qd_source_t *source, uint8_t *octets, uint16_t minimum, uint16_t maximum,
                             uint16_t *length) {
    qd_scalar_t scalar;
    qd_status_t status = qd_source_scalar(source, QD_TYPE_OCTET_STRING, &scalar);
    if (status != QD_OK) {
        return status;
    }
    if (scalar.length < minimum || scalar.length > maximum) {
        return QD_RANGE;
    }
    memcpy(octets, qd_scalar_data(&scalar), scalar.length);
    *length = scalar.length;
    return QD_OK;
}

static qd_status_t scalar_source_next(void *context, qd_item_element_t *element) {
    qd_scalar_source_t *self = context;
    if (self->given) {
        return QD_END;
    }
    self->given = true;
    element->type = self->scalar.type;
    element->count = 0;
    element->scalar = self->scalar;
    return QD_OK;
}

void qd_scalar_source_init(qd_scalar_source_t *source) {
    source->source.context = source;
    source->source.next = scalar_source_next;
    source->given = false;
}

qd_status_t qd_sink_integer(const qd_sink_t *sink, qd_type_t type, int64_t value) {
    qd_scalar_t scalar;
    qd_scalar_integer(&scalar, type, value);
    return sink->scalar(sink->context, &scalar);
}

qd_status_t qd_sink_octets(const qd_sink_t *sink, qd_type_t type, const uint8_t *octets, uint16_t length) {
    qd_scalar_t scalar;
    qd_scalar_octets(&scalar, type, octets, length);
    return sink->scalar(sink->context, &scalar);
}

qd_status_t qd_sink_structure(const qd_sink_t *sink, const qd_scalar_t *scalar, const uint8_t *chosen,
                              uint8_t count) {
    if (sink->structure != NULL) {
        return sink->structure(sink->context, scalar, chosen, count);
    }
    qd_status_t status = sink->group(sink->context, QD_TYPE_STRUCTURE, count);
    for (uint8_t i = 0; status == QD_OK && i < count; i++) {
        status = sink->scalar(sink->context, &scalar[chosen != NULL ? chosen[i] : i]);
    }
    return status;
}
