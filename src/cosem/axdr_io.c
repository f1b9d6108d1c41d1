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
    uint8_t *room = count < 0x80u && is_open(sink) ? qd_writer_reserve(sink->w, 2) : NULL;
    if (room != NULL) {
        room[0] = (uint8_t)type;
        room[1] = (uint8_t)count;
        sink->emitted += 2u;
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

/* What most columns of most profiles are; 0: none of these. */
static inline size_t encode(uint8_t *room, const qd_scalar_t *scalar) {
    uint8_t type = scalar->type;
    uint32_t value = (uint32_t)scalar->v.u; /* read before the octets are written, which might be it */
    room[0] = type;
    if (type == QD_TYPE_DOUBLE_LONG_UNSIGNED) {
        room[1] = (uint8_t)(value >> 24);
        room[2] = (uint8_t)(value >> 16);
        room[3] = (uint8_t)(value >> 8);
        room[4] = (uint8_t)value;
        return 5;
    }
    if (type == QD_TYPE_UNSIGNED) {
        room[1] = (uint8_t)value;
        return 2;
    }
    if (type != QD_TYPE_OCTET_STRING || scalar->length > QD_SCALAR_INLINE) {
        return 0;
    }
    room[1] = (uint8_t)scalar->length;
    memcpy(room + 2, scalar->v.octets, QD_SCALAR_INLINE);
    return scalar->length + 2u;
}

/* Scalars that fit whatever they are go straight into the window. Returns how many it took. */
static uint8_t encode_row(qd_axdr_sink_t *sink, const qd_scalar_t *scalar, const uint8_t *chosen,
                          uint8_t count) {
    size_t before = sink->w->at;
    size_t left = sink->limit - before;
    size_t length = 1;
    size_t i = 0;
    if (!is_open(sink)) {
        return 0;
    }
    uint8_t *at = qd_writer_reserve(sink->w, left);
    const uint8_t *last = at != NULL ? at + left - ELEMENT_MAX : NULL;
    while (i < count && at <= last && length != 0) {
        const qd_scalar_t *one = &scalar[chosen != NULL ? chosen[i] : i];
        length = encode(at, one);
        at += length;
        i += length != 0;
    }
    sink->w->at = at != NULL ? (size_t)(at - sink->w->data) : before;
    sink->emitted += (uint32_t)(sink->w->at - before);
    return (uint8_t)i;
}

static qd_status_t sink_scalars(void *context, const qd_scalar_t *scalar, const uint8_t *chosen,
                                uint8_t count) {
    qd_status_t status = QD_OK;
    uint8_t i = encode_row(context, scalar, chosen, count);
    for (; status == QD_OK && i < count; i++) {
        status = sink_scalar(context, &scalar[chosen != NULL ? chosen[i] : i]);
    }
    return status;
}

void qd_axdr_sink_init(qd_axdr_sink_t *sink, qd_writer_t *w, size_t limit) {
    sink->sink.context = sink;
    sink->sink.group = sink_group;
    sink->sink.scalar = sink_scalar;
    sink->sink.scalars = sink_scalars;
    sink->w = w;
    sink->start = w->at;
    sink->limit = limit < w->size ? limit : w->size;
    sink->skip = 0;
    sink->emitted = 0;
}

/* Octets of the small elements that encoded rows are made of, but for the content of groups. */
static size_t element_octets(const uint8_t *octets) {
    switch (octets[0]) {
    case QD_TYPE_NULL:
        return 1;
    case QD_TYPE_LONG_UNSIGNED:
        return 3;
    case QD_TYPE_OCTET_STRING:
        return 2u + octets[1];
    default:
        return 2; /* heads of groups, numbers of one octet */
    }
}

qd_status_t qd_axdr_sink_encoded(qd_axdr_sink_t *sink, const uint8_t *octets, size_t length) {
    size_t reach = sink->skip + (sink->limit - sink->w->at);
    size_t whole = 0;
    if (sink->skip >= length || length <= reach) {
        return qd_axdr_sink_emit(sink, octets, length);
    }
    for (size_t next = element_octets(octets); next <= reach; next += element_octets(octets + next)) {
        whole = next;
    }
    if (whole <= sink->skip && sink->w->at == sink->start) {
        return qd_axdr_sink_emit(sink, octets, length); /* a window below one element cuts it */
    }
    (void)qd_axdr_sink_emit(sink, octets, whole > sink->skip ? whole : sink->skip);
    return QD_NO_SPACE;
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
