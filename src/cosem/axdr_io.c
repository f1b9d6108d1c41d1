#include "cosem/axdr_io.h"

#include <string.h>

#include "base/crc.h"
#include "item/scalar.h"

#define KEEP_WHOLE 16u

/* One element, or what is left of it. */
static qd_status_t put(qd_axdr_sink_t *sink, const uint8_t *octets, size_t length) {
    size_t done = 0;
    if (sink->from != NULL) {
        if (sink->cut.elements < sink->from->elements) {
            sink->cut.elements++;
            return QD_OK;
        }
        done = sink->from->octets;
        if (done >= length || qd_crc16(sink->cut.check, octets, done) != sink->from->check) {
            return QD_ABORTED; /* not what the blocks before have begun */
        }
        sink->from = NULL;
    }
    size_t end = done + (sink->limit - sink->w->at);
    if (end >= length) {
        end = length;
        sink->cut.elements++;
    } else if (done == 0 && length <= KEEP_WHOLE && sink->w->at > sink->start) {
        end = 0;
    }
    qd_writer_octets(sink->w, octets + done, end - done);
    if (end == length) {
        return QD_OK;
    }
    sink->cut.octets = (uint16_t)end;
    sink->cut.check = qd_crc16(sink->cut.check, octets, end);
    return QD_NO_SPACE;
}

/* An element that says what follows it, two octets at a time. Rows are made of these: a check sequence would take long. */
static inline uint16_t mix(uint32_t check, uint32_t first, uint32_t second) {
    return (uint16_t)((check + first + (second << 8)) * 0x9E37u);
}

qd_status_t qd_axdr_sink_emit(qd_axdr_sink_t *sink, const uint8_t *octets, size_t length) {
    qd_status_t status = put(sink, octets, length);
    for (size_t i = 0; status == QD_OK && i < length; i += 2) {
        sink->cut.check = mix(sink->cut.check, octets[i], i + 1 < length ? octets[i + 1] : 0);
    }
    return status;
}

/* Most octets of an element that a scalar holds itself. */
#define ELEMENT_MAX 24u
/* Of the numbers that rows mostly are. */
#define NUMBER_MAX 5u

/* Nothing is to be passed over and any small element fits: no window has to be cut. */
static bool is_open(const qd_axdr_sink_t *sink) {
    return sink->from == NULL && sink->limit - sink->w->at >= ELEMENT_MAX;
}

static qd_status_t sink_group(void *context, qd_type_t type, uint16_t count) {
    uint8_t octets[4];
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
        qd_axdr_put_scalar(sink->w, scalar);
        sink->cut.elements++;
        return sink->w->status;
    }
    qd_writer_init(&w, octets, sizeof octets);
    if (qd_type_is_string(scalar->type) && scalar->length > QD_SCALAR_INLINE) {
        qd_writer_u8(&w, scalar->type);
        qd_axdr_put_length(&w, scalar->length);
        qd_status_t status = qd_axdr_sink_emit(context, octets, w.at);
        size_t length = scalar->type == QD_TYPE_BIT_STRING ? (scalar->length + 7u) / 8u : scalar->length;
        return status == QD_OK ? put(sink, qd_scalar_data(scalar), length) : status;
    }
    qd_axdr_put_scalar(&w, scalar);
    return w.status == QD_OK ? put(sink, octets, w.at) : w.status;
}

/* Into an open window: the head, when it is wanted, and scalars from number i on, as long as any of them fits. Returns the
 * number of the first one that is left. */
static inline size_t encode_row(qd_axdr_sink_t *sink, const qd_scalar_t *scalar, const uint8_t *chosen,
                                size_t i, size_t count, bool head) {
    uint8_t *begin = sink->w->data + sink->w->at;
    /* Behind this there is no room for a number. */
    const uint8_t *last = sink->w->data + sink->limit - NUMBER_MAX;
    uint8_t *at = begin;
    uint32_t elements = sink->cut.elements - (uint32_t)i;
    if (head) {
        *at++ = QD_TYPE_STRUCTURE;
        *at++ = (uint8_t)count;
        sink->cut.check = mix(sink->cut.check, QD_TYPE_STRUCTURE, (uint32_t)count);
        elements++;
    }
    for (; i < count && at <= last; i++) {
        const qd_scalar_t *one = chosen != NULL ? &scalar[chosen[i]] : &scalar[i];
        uint8_t type = one->type;
        if (type == QD_TYPE_DOUBLE_LONG_UNSIGNED) { /* what most columns are */
            uint32_t value = (uint32_t)one->v.u;
            at[0] = type;
            at[1] = (uint8_t)(value >> 24);
            at[2] = (uint8_t)(value >> 16);
            at[3] = (uint8_t)(value >> 8);
            at[4] = (uint8_t)value;
            at += 5;
        } else if (type == QD_TYPE_UNSIGNED) {
            uint8_t value = (uint8_t)one->v.u;
            at[0] = type;
            at[1] = value;
            at += 2;
        } else if (type == QD_TYPE_OCTET_STRING && one->length <= QD_SCALAR_INLINE &&
                   at <= last - (ELEMENT_MAX - NUMBER_MAX)) {
            uint8_t length = (uint8_t)one->length;
            at[0] = type;
            at[1] = length;
            __builtin_memcpy(at + 2, one->v.octets, QD_SCALAR_INLINE); /* a call costs more than it does */
            at += 2u + length;
        } else {
            break;
        }
    }
    sink->w->at += (size_t)(at - begin);
    sink->cut.elements = (uint16_t)(elements + i);
    return i;
}

static qd_status_t sink_structure(void *context, const qd_scalar_t *scalar, const uint8_t *chosen,
                                  uint8_t count) {
    qd_axdr_sink_t *sink = context;
    qd_status_t status = QD_OK;
    bool head = true;
    size_t i = 0;
    do {
        if (is_open(sink) && count < 0x80u) {
            i = encode_row(sink, scalar, chosen, i, count, head);
            if (i == count) {
                return QD_OK;
            }
        } else if (head) {
            status = sink_group(sink, QD_TYPE_STRUCTURE, count);
        }
        head = false;
        if (status == QD_OK && i < count) {
            status = sink_scalar(sink, chosen != NULL ? &scalar[chosen[i]] : &scalar[i]);
            i++;
        }
    } while (status == QD_OK && i < count);
    return status;
}

void qd_axdr_sink_init(qd_axdr_sink_t *sink, qd_writer_t *w, size_t limit) {
    sink->sink.context = sink;
    sink->sink.group = sink_group;
    sink->sink.scalar = sink_scalar;
    sink->sink.structure = sink_structure;
    sink->w = w;
    sink->start = w->at;
    sink->limit = limit < w->size ? limit : w->size;
    sink->from = NULL;
    sink->cut = (qd_axdr_cut_t){0};
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

uint8_t *qd_axdr_sink_room(const qd_axdr_sink_t *sink, size_t length) {
    return sink->from == NULL && sink->limit - sink->w->at >= length ? sink->w->data + sink->w->at : NULL;
}

/* Its cut counts octets of whole elements for elements, and its shape is its length. */
qd_status_t qd_axdr_sink_encoded(qd_axdr_sink_t *sink, const uint8_t *octets, size_t length) {
    qd_status_t status = QD_OK;
    if (octets == sink->w->data + sink->w->at) {
        sink->w->at += length;
        return QD_OK;
    }
    size_t done = sink->from != NULL ? sink->from->elements : 0;
    sink->cut.check = (uint16_t)length;
    while (status == QD_OK && done < length) {
        size_t room = sink->from == NULL ? sink->limit - sink->w->at : 0;
        size_t end = room >= length - done ? length : done;
        size_t one = 0;
        while (end < length) {
            one = element_octets(octets + end);
            if (end + one > done + room) {
                break;
            }
            end += one;
        }
        qd_writer_octets(sink->w, octets + done, end - done);
        sink->cut.elements = (uint16_t)end;
        if (end < length) {
            status = put(sink, octets + end, one);
            end += one;
        }
        done = end;
    }
    return status;
}

qd_axdr_sink_t *qd_axdr_sink_of(const qd_sink_t *sink) {
    return sink->group == sink_group ? sink->context : NULL;
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
