#include "item/shape.h"

#include <string.h>

#include "item/scalar.h"

#define DATE 5u
#define TIME 4u
#define DATE_TIME 12u

/* What is done at a step: at is its place in the record; of an array *count comes out. */
typedef qd_status_t (*visit_t)(const void *context, const qd_shape_step_t *step, uint8_t *at,
                               uint16_t *count);

/* An array whose elements are visited: steps begin .. end of the shape, once for each. */
typedef struct frame {
    uint8_t begin;
    uint8_t end;
    uint16_t left;
    uint16_t size;
    uint8_t *outer; /* record that the array is in */
} frame_t;

static qd_status_t walk(const qd_shape_t *shape, uint8_t *record, visit_t visit, const void *context) {
    frame_t frame[QD_SHAPE_DEPTH];
    uint8_t depth = 0;
    uint8_t at = 0;
    qd_status_t status = QD_OK;
    while (status == QD_OK && (at < shape->count || depth > 0)) {
        frame_t *inner = depth > 0 ? &frame[depth - 1u] : NULL;
        if (inner != NULL && at == inner->end) {
            inner->left--;
            record = inner->left > 0 ? record + inner->size : inner->outer;
            at = inner->left > 0 ? inner->begin : at;
            depth = (uint8_t)(depth - (inner->left == 0));
            continue;
        }
        const qd_shape_step_t *step = &shape->step[at++];
        uint16_t count = 0;
        status = visit(context, step, record + step->offset, &count);
        if (status != QD_OK || step->op != QD_SHAPE_ARRAY) {
            continue;
        }
        if (count == 0) {
            at = (uint8_t)(at + step->steps);
        } else if (depth == QD_SHAPE_DEPTH) {
            status = QD_ARGUMENT;
        } else {
            frame[depth++] = (frame_t){at, (uint8_t)(at + step->steps), count, step->size, record};
            record += step->base;
        }
    }
    return status;
}

static int32_t number_of(const qd_shape_step_t *step, const uint8_t *at) {
    uint16_t wide = 0;
    if (step->width == 1) {
        return step->type == QD_TYPE_INTEGER ? (int8_t)*at : *at;
    }
    memcpy(&wide, at, sizeof wide);
    return wide;
}

static qd_status_t give_any(const qd_any_t *any, const qd_sink_t *sink) {
    qd_scalar_t scalar;
    if (any->type == QD_TYPE_NULL) {
        qd_scalar_null(&scalar);
        return sink->scalar(sink->context, &scalar);
    }
    return qd_type_is_string(any->type) ? qd_sink_octets(sink, (qd_type_t)any->type, any->octets, any->length)
                                        : qd_sink_integer(sink, (qd_type_t)any->type, any->number);
}

static qd_status_t give_step(const void *context, const qd_shape_step_t *step, uint8_t *at, uint16_t *count) {
    const qd_sink_t *sink = context;
    qd_any_t any;
    switch ((qd_shape_op_t)step->op) {
    case QD_SHAPE_STRUCTURE:
        return sink->group(sink->context, QD_TYPE_STRUCTURE, step->maximum);
    case QD_SHAPE_ARRAY:
        *count = *at < step->maximum ? *at : step->maximum;
        return sink->group(sink->context, QD_TYPE_ARRAY, *count);
    case QD_SHAPE_NUMBER:
        return qd_sink_integer(sink, (qd_type_t)step->type, number_of(step, at));
    case QD_SHAPE_NAME:
        return qd_sink_octets(sink, QD_TYPE_OCTET_STRING, at + 1, *at < step->maximum ? *at : step->maximum);
    case QD_SHAPE_ANY:
        memcpy(&any, at, sizeof any);
        return give_any(&any, sink);
    case QD_SHAPE_OCTETS:
    case QD_SHAPE_DATE:
    case QD_SHAPE_TIME:
    case QD_SHAPE_DATE_TIME:
    default:
        return qd_sink_octets(sink, QD_TYPE_OCTET_STRING, at, step->maximum);
    }
}

qd_status_t qd_shape_give(const qd_shape_t *shape, const void *record, const qd_sink_t *sink) {
    return walk(shape, (uint8_t *)record, give_step, sink);
}

/* A field of a date or time: its range, FF not specified, or from wild on one of the days that move. */
static bool fits(uint8_t field, uint8_t first, uint8_t last, uint8_t wild) {
    return (field >= first && field <= last) || field >= wild;
}

/* Month FD and FE: end and begin of daylight saving; day FD and FE: the last but one, and the last of the month. */
static bool is_date(const uint8_t *octets) {
    return fits(octets[2], 1, 12, 0xFD) && fits(octets[3], 1, 31, 0xFD) && fits(octets[4], 1, 7, 0xFF);
}

static bool is_time(const uint8_t *octets) {
    return fits(octets[0], 0, 23, 0xFF) && fits(octets[1], 0, 59, 0xFF) && fits(octets[2], 0, 59, 0xFF) &&
           fits(octets[3], 0, 99, 0xFF);
}

/* Deviation 8000, or -720 .. 720 minutes. */
static bool is_date_time(const uint8_t *octets) {
    int32_t deviation = (int16_t)(octets[9] << 8 | octets[10]);
    return is_date(octets) && is_time(octets + DATE) &&
           (deviation == INT16_MIN || (deviation >= -720 && deviation <= 720));
}

static bool is_valid(const qd_shape_step_t *step, const uint8_t *octets) {
    switch ((qd_shape_op_t)step->op) {
    case QD_SHAPE_DATE:
        return is_date(octets);
    case QD_SHAPE_TIME:
        return is_time(octets);
    case QD_SHAPE_DATE_TIME:
        return is_date_time(octets);
    default:
        return true;
    }
}

static qd_status_t take_group(const qd_source_t *source, const qd_shape_step_t *step, uint8_t *at,
                              uint16_t *count) {
    bool array = step->op == QD_SHAPE_ARRAY;
    qd_status_t status = qd_source_group(source, array ? QD_TYPE_ARRAY : QD_TYPE_STRUCTURE, count);
    if (status != QD_OK) {
        return status;
    }
    if (!array) {
        return *count == step->maximum ? QD_OK : QD_TYPE;
    }
    if (*count > step->maximum) {
        return QD_RANGE;
    }
    *at = (uint8_t)*count;
    return QD_OK;
}

static qd_status_t take_any(const qd_source_t *source, uint8_t *at) {
    qd_item_element_t element;
    qd_any_t any = {0};
    qd_status_t status = source->next(source->context, &element);
    if (status != QD_OK) {
        return status == QD_END ? QD_TYPE : status;
    }
    any.type = element.type;
    if (element.type == QD_TYPE_OCTET_STRING || element.type == QD_TYPE_VISIBLE_STRING) {
        if (element.scalar.length > QD_ANY_OCTETS) {
            return QD_RANGE;
        }
        any.length = (uint8_t)element.scalar.length;
        memcpy(any.octets, qd_scalar_data(&element.scalar), any.length);
    } else if (qd_type_is_integer(element.type)) {
        any.number = element.scalar.v.i;
    } else if (element.type != QD_TYPE_NULL) {
        return QD_TYPE;
    }
    memcpy(at, &any, sizeof any);
    return QD_OK;
}

static qd_status_t take_step(const void *context, const qd_shape_step_t *step, uint8_t *at, uint16_t *count) {
    const qd_source_t *source = context;
    uint16_t length = 0;
    int64_t number = 0;
    qd_status_t status = QD_OK;
    switch ((qd_shape_op_t)step->op) {
    case QD_SHAPE_STRUCTURE:
    case QD_SHAPE_ARRAY:
        return take_group(source, step, at, count);
    case QD_SHAPE_NUMBER: {
        status = qd_source_integer(source, (qd_type_t)step->type, step->minimum, step->maximum, &number);
        uint16_t wide = (uint16_t)number;
        uint8_t narrow = (uint8_t)number;
        if (status == QD_OK) {
            memcpy(at, step->width == 1 ? (const void *)&narrow : &wide, step->width);
        }
        return status;
    }
    case QD_SHAPE_NAME:
        status = qd_source_octets(source, at + 1, (uint16_t)step->minimum, step->maximum, &length);
        *at = status == QD_OK ? (uint8_t)length : 0u;
        return status;
    case QD_SHAPE_ANY:
        return take_any(source, at);
    case QD_SHAPE_OCTETS:
    case QD_SHAPE_DATE:
    case QD_SHAPE_TIME:
    case QD_SHAPE_DATE_TIME:
    default:
        status = qd_source_octets(source, at, step->maximum, step->maximum, &length);
        return status == QD_OK && !is_valid(step, at) ? QD_RANGE : status;
    }
}

qd_status_t qd_shape_take(const qd_shape_t *shape, const qd_source_t *source, void *record) {
    return walk(shape, record, take_step, source);
}

qd_status_t qd_shape_take_rows(const qd_shape_t *shape, const qd_source_t *source, void *records, size_t size,
                               uint16_t most, uint16_t *count) {
    qd_status_t status = qd_source_group(source, QD_TYPE_ARRAY, count);
    if (status == QD_OK && *count > most) {
        status = QD_RANGE;
    }
    for (uint16_t i = 0; status == QD_OK && i < *count; i++) {
        status = qd_shape_take(shape, source, (uint8_t *)records + i * size);
    }
    return status;
}
