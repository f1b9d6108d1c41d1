#include "cosem/axdr_io.h"

#include <string.h>

#include "item/scalar.h"

#define KEEP_WHOLE 16u

qd_status_t qd_axdr_sink_emit(qd_axdr_sink_t *sink, const uint8_t *octets, size_t length) {
    bool whole = sink->skip == 0;
    if (sink->skip >= length) {
        sink->skip -= (uint32_t)length;
        sink->emitted += (uint32_t)length;
        return QD_OK;
    }
    octets += sink->skip;
    length -= sink->skip;
    sink->emitted += sink->skip;
    sink->skip = 0;
    size_t room = sink->limit - sink->w->at;
    if (length <= room) {
        qd_writer_octets(sink->w, octets, length);
        sink->emitted += (uint32_t)length;
        return QD_OK;
    }
    if (whole && length <= KEEP_WHOLE && sink->w->at > sink->start) {
        return QD_NO_SPACE;
    }
    qd_writer_octets(sink->w, octets, room);
    sink->emitted += (uint32_t)room;
    return QD_NO_SPACE;
}

/* Most octets of an element that a scalar holds itself. */
#define ELEMENT_MAX 24u

/* Nothing is to be passed over and any small element fits: no window has to be cut. */
static bool is_open(const qd_axdr_sink_t *sink) {
    return sink->skip == 0 && sink->limit - sink->w->at >= ELEMENT_MAX;
}

static qd_status_t sink_group(void *context, qd_type_t type, uint16_t count) {
    uint8_t octets[4];
    qd_axdr_sink_t *sink = context;
    if (is_open(sink)) {
        size_t before = sink->w->at;
        qd_axdr_put_group(sink->w, type, count);
        sink->emitted += (uint32_t)(sink->w->at - before);
        return QD_OK;
    }
    qd_writer_t w;
    qd_writer_init(&w, octets, sizeof octets);
    qd_axdr_put_group(&w, type, count);
    return qd_axdr_sink_emit(context, octets, w.at);
}

static qd_status_t sink_scalar(void *context, const qd_scalar_t *scalar) {
    uint8_t octets[ELEMENT_MAX];
    qd_writer_t w;
    qd_axdr_sink_t *sink = context;
    if (scalar->length <= QD_SCALAR_INLINE && is_open(sink)) {
        size_t before = sink->w->at;
        qd_axdr_put_scalar(sink->w, scalar);
        sink->emitted += (uint32_t)(sink->w->at - before);
        return sink->w->status;
    }
    qd_writer_init(&w, octets, sizeof octets);
    if (qd_type_is_string(scalar->type) && scalar->length > QD_SCALAR_INLINE) {
        qd_writer_u8(&w, scalar->type);
        qd_axdr_put_length(&w, scalar->length);
        qd_status_t status = qd_axdr_sink_emit(context, octets, w.at);
        size_t length = scalar->type == QD_TYPE_BIT_STRING ? (scalar->length + 7u) / 8u : scalar->length;
        return status == QD_OK ? qd_axdr_sink_emit(context, qd_scalar_data(scalar), length) : status;
    }
    qd_axdr_put_scalar(&w, scalar);
    return w.status == QD_OK ? qd_axdr_sink_emit(context, octets, w.at) : w.status;
}

void qd_axdr_sink_init(qd_axdr_sink_t *sink, qd_writer_t *w, size_t limit) {
    sink->sink.context = sink;
    sink->sink.group = sink_group;
    sink->sink.scalar = sink_scalar;
    sink->w = w;
    sink->start = w->at;
    sink->limit = limit < w->size ? limit : w->size;
    sink->skip = 0;
    sink->emitted = 0;
}

qd_status_t qd_axdr_sink_elements(qd_axdr_sink_t *sink, const uint8_t *octets, const uint8_t *end,
                                  uint8_t count) {
    qd_status_t status = QD_OK;
    uint8_t at = 0;
    if (sink->skip == 0 && end[count - 1u] <= sink->limit - sink->w->at) {
        return qd_axdr_sink_emit(sink, octets, end[count - 1u]);
    }
    for (uint8_t i = 0; status == QD_OK && i < count; i++) {
        status = qd_axdr_sink_emit(sink, octets + at, (size_t)(end[i] - at));
        at = end[i];
    }
    return status;
}

qd_axdr_sink_t *qd_axdr_sink_of(const qd_sink_t *sink) {
    return sink->group == sink_group ? sink->context : NULL;
}

void qd_axdr_sink_unit(qd_axdr_sink_t *sink, uint32_t offset) {
    sink->skip = offset;
    sink->emitted = 0;
}

static qd_status_t source_next(void *context, qd_item_element_t *element) {
    qd_axdr_source_t *source = context;
    qd_axdr_element_t read;
    if (source->r.data == NULL) {
        source->r.data = (const uint8_t *)"";
        element->type = QD_TYPE_NULL;
        element->count = 0;
        qd_scalar_null(&element->scalar);
        return QD_OK;
    }
    if (qd_reader_left(&source->r) == 0) {
        return QD_END;
    }
    qd_status_t status = qd_axdr_get(&source->r, &read);
    if (status == QD_OK) {
        element->type = read.type;
        element->count = read.count;
        element->scalar = read.scalar;
    }
    return status;
}

void qd_axdr_source_init(qd_axdr_source_t *source, const uint8_t *octets, size_t length) {
    source->source.context = source;
    source->source.next = source_next;
    qd_reader_init(&source->r, octets, length);
}
