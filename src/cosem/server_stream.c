/*
 * An answer is a stream of units (count, choice with array head or whole value, rows); a response is a window on
 * that stream, encoded anew for each block.
 */
#include <string.h>

#include "cosem/server.h"

#define CHOICE_DATA 0u
#define CHOICE_ERROR 1u
#define PREFIX_MAX 7u
/* Chosen rows of a table that one block spans, those between them included; a call has time for so many. */
#define BLOCK_ROWS 32u

/* What stands in front of an answer's data; its blocks, when the service has some of its own. */
typedef struct reply_row {
    uint8_t tag;
    uint8_t choice;
    uint32_t blocks; /* conformance bit; 0: none */
} reply_row_t;

static const reply_row_t replies[] = {
    [QD_REPLY_GET] = {QD_APDU_GET_RESPONSE, QD_GET_NORMAL, QD_CONFORMANCE_BLOCK_GET},
    [QD_REPLY_GET_LIST] = {QD_APDU_GET_RESPONSE, QD_GET_WITH_LIST, QD_CONFORMANCE_BLOCK_GET},
    [QD_REPLY_SET] = {QD_APDU_SET_RESPONSE, QD_SET_RESPONSE_NORMAL, 0},
    [QD_REPLY_SET_LIST] = {QD_APDU_SET_RESPONSE, QD_SET_RESPONSE_WITH_LIST, 0},
    [QD_REPLY_SET_LAST_LIST] = {QD_APDU_SET_RESPONSE, QD_SET_RESPONSE_LAST_DATABLOCK_WITH_LIST, 0},
    [QD_REPLY_ACTION] = {QD_APDU_ACTION_RESPONSE, QD_ACTION_RESPONSE_NORMAL, QD_CONFORMANCE_BLOCK_ACTION},
    [QD_REPLY_ACTION_LIST] = {QD_APDU_ACTION_RESPONSE, QD_ACTION_RESPONSE_WITH_LIST,
                              QD_CONFORMANCE_BLOCK_ACTION},
    [QD_REPLY_ACCESS] = {QD_APDU_ACCESS_RESPONSE, 0, 0},
};

static bool is_list(const qd_transfer_t *t) {
    return t->kind != QD_REPLY_GET && t->kind != QD_REPLY_SET && t->kind != QD_REPLY_ACTION;
}

uint8_t qd_stream_spec(const qd_transfer_t *t) {
    switch (t->kind) {
    case QD_REPLY_GET:
    case QD_REPLY_GET_LIST:
        return QD_ACCESS_SPEC_GET;
    case QD_REPLY_ACTION:
    case QD_REPLY_ACTION_LIST:
        return QD_ACCESS_SPEC_ACTION;
    case QD_REPLY_ACCESS:
        return (uint8_t)((t->choices >> (2u * t->place.at) & 3u) + 1u);
    default:
        return QD_ACCESS_SPEC_SET;
    }
}

/* Attribute whose value is given now; 0: the head of all of them. */
static int8_t present_attribute(const qd_transfer_t *t, const qd_selected_t *item) {
    return item->attribute != 0 ? item->attribute : (int8_t)t->place.attribute;
}

static bool is_rows(const qd_service_t *service, const qd_selected_t *item, int8_t attribute) {
    const qd_class_attribute_t *row = qd_object_attribute(service->server->objects, item->row, attribute);
    return row != NULL && row->kind == QD_KIND_ROWS;
}

void qd_stream_rewind(qd_transfer_t *t) {
    const qd_stream_place_t start = {.stage = is_list(t) ? QD_STAGE_COUNT : QD_STAGE_HEAD};
    t->place = start;
}

void qd_stream_begin(qd_service_t *service, qd_reply_t kind, uint32_t invoke, uint8_t count) {
    qd_association_t *association = service->association;
    qd_transfer_t *t = &association->transfer;
    t->active = false;
    t->receiving = false;
    t->applied = false;
    t->general = false;
    t->kind = (uint8_t)kind;
    t->count = count;
    t->selective = 0;
    t->held = false;
    t->invoke = invoke;
    t->block = 0;
    t->request = service->call.request;
    t->place.at = 0; /* the rest of it when the answer begins */
    t->place.attribute = 0;
    if (association->staging > QD_STAGING_GENERAL) {
        association->staging = QD_STAGING_NONE;
    }
}

/* Finds the rows of the present item, or makes sure that they are still the same ones. */
static qd_status_t refresh_span(const qd_service_t *service, qd_transfer_t *t, const qd_selected_t *item,
                                int8_t attribute) {
    qd_span_t span;
    qd_stream_place_t *p = &t->place;
    qd_object_t object = {item->row, item->member};
    const qd_objects_t *objects = service->server->objects;
    uint32_t count = 0;
    bool begins = p->stage == QD_STAGE_HEAD && !qd_axdr_is_cut(&p->cut);
    qd_status_t status = QD_OK;
    qd_selection_t *choice = begins ? qd_item_choice(service, p->at) : NULL;
    if (choice != NULL) {
        status = qd_object_selected(objects, &service->call, object, attribute, choice, &span, &count);
    } else {
        status = qd_object_span(objects, &service->call, object, attribute, &span);
        count = span.end - span.first;
    }
    if (status != QD_OK) {
        return status;
    }
    if (begins) {
        p->next = span.first;
        p->left = (uint16_t)count;
        p->generation = span.generation;
        return count <= UINT16_MAX ? QD_OK : QD_RANGE; /* more than an array's head can say */
    }
    return p->generation == span.generation && (span.first <= p->next || p->left == 0) ? QD_OK : QD_ABORTED;
}

/* Rows of the present item, from number place.next on, as many as go; their table does not move inside one call. Of chosen
 * ones no more than span that many. */
static qd_status_t give_rows(const qd_service_t *service, qd_transfer_t *t, const qd_selected_t *item,
                             int8_t attribute, qd_axdr_sink_t *sink, uint32_t rows) {
    qd_ref_t ref;
    const qd_object_t object = {item->row, item->member};
    const qd_module_instance_t *m = qd_object_table(service->server->objects, object, attribute, &ref);
    const qd_selection_t *choice = qd_item_choice(service, t->place.at);
    qd_stream_place_t *p = &t->place;
    uint32_t first = p->next;
    qd_status_t status = QD_OK;
    bool resumed = qd_axdr_is_cut(&p->cut);
    while (p->left != 0) {
        if (choice != NULL && p->next - first >= rows) {
            return QD_PENDING;
        }
        status = choice != NULL
                     ? m->module->pick(m->state, &service->call, ref, choice, &p->next, &sink->sink)
                     : m->module->row(m->state, &service->call, ref, p->next, &sink->sink);
        if (status != QD_OK) {
            break;
        }
        if (resumed) {
            if (sink->from != NULL) {
                return QD_ABORTED; /* it has become shorter than what is sent of it */
            }
            p->cut = (qd_axdr_cut_t){0};
            resumed = false;
        }
        sink->cut = (qd_axdr_cut_t){0};
        p->next++;
        p->left--;
    }
    return status == QD_END ? QD_ABORTED : status; /* fewer than the head has promised */
}

/* Array head or the whole value of an attribute; the head of the structure of all. */
static qd_status_t give_value(const qd_service_t *service, const qd_transfer_t *t, const qd_selected_t *item,
                              int8_t attribute, qd_axdr_sink_t *sink) {
    const qd_objects_t *objects = service->server->objects;
    const qd_class_t *class_row = objects->tables->objects[item->row].class_row;
    qd_object_t object = {item->row, item->member};
    if (attribute == 0) {
        return sink->sink.group(sink, QD_TYPE_STRUCTURE, (uint16_t)(class_row->attribute_count + 1u));
    }
    if (item->attribute == 0) {
        qd_item_name_t name = {.class_id = class_row->id, .index = attribute};
        qd_object_name(objects, object, &name.obis);
        qd_status_t status = qd_object_may_read(objects, &service->call, &name, &object);
        if (status != QD_OK) {
            return status;
        }
    }
    if (is_rows(service, item, attribute)) {
        return sink->sink.group(sink, QD_TYPE_ARRAY, t->place.left);
    }
    return qd_object_give(objects, &service->call, object, attribute, &sink->sink);
}

/* What stands for a value that there is not: null-data in a structure or an ACCESS, else choice and result. */
static qd_status_t give_refusal(const qd_transfer_t *t, uint8_t result, qd_axdr_sink_t *sink) {
    const uint8_t refused[2] = {CHOICE_ERROR, result};
    const uint8_t null = QD_TYPE_NULL;
    if (t->place.attribute != 0 || t->kind == QD_REPLY_ACCESS) {
        return qd_axdr_sink_emit(sink, &null, 1);
    }
    return t->kind == QD_REPLY_GET_LIST ? qd_axdr_sink_emit(sink, refused, sizeof refused) : QD_ARGUMENT;
}

/* Head of a value that is read; one that turns out not to be there becomes a refused one. */
static qd_status_t give_get(const qd_service_t *service, qd_transfer_t *t, qd_selected_t *item,
                            qd_axdr_sink_t *sink) {
    const uint8_t data = CHOICE_DATA;
    size_t before = sink->w->at;
    qd_status_t status = QD_OK;
    if (item->row == QD_SELECTED_REFUSED) {
        return give_refusal(t, item->member, sink);
    }
    if (t->kind == QD_REPLY_GET_LIST && t->place.attribute == 0) {
        status = qd_axdr_sink_emit(sink, &data, 1);
    }
    if (status == QD_OK) {
        status = give_value(service, t, item, present_attribute(t, item), sink);
    }
    bool failed = status != QD_OK && status != QD_NO_SPACE && status != QD_PENDING;
    if (!failed || (t->kind == QD_REPLY_GET && t->place.attribute == 0)) {
        return status;
    }
    if (qd_axdr_is_cut(&t->place.cut)) {
        return QD_ABORTED; /* part of it is already with the client */
    }
    sink->w->at = before;
    qd_axdr_sink_unit(sink, &t->place.cut);
    if (t->kind == QD_REPLY_ACCESS && t->place.attribute == 0) {
        qd_item_refuse(item, qd_server_result(status));
    }
    return give_refusal(t, qd_server_result(status), sink);
}

/* Get-Data-Result OPTIONAL ::= 00 | 01 00 element; an ACCESS has the bare element or null-data. */
static qd_status_t give_parameters(const qd_service_t *service, const qd_transfer_t *t,
                                   const qd_selected_t *item, qd_axdr_sink_t *sink) {
    static const uint8_t present[2] = {1, CHOICE_DATA};
    static const uint8_t absent = 0; /* null-data, too */
    const qd_objects_t *objects = service->server->objects;
    qd_object_t object = {item->row, item->member};
    qd_status_t status = QD_END;
    if (item->row != QD_SELECTED_REFUSED) {
        status = qd_object_reply(objects, &service->call, object, item->attribute, &qd_item_probe);
    }
    if (status == QD_PENDING) {
        return status;
    }
    if (status != QD_OK) {
        return qd_axdr_sink_emit(sink, &absent, 1);
    }
    if (t->kind != QD_REPLY_ACCESS) {
        status = qd_axdr_sink_emit(sink, present, sizeof present);
    }
    return status == QD_OK ? qd_object_reply(objects, &service->call, object, item->attribute, &sink->sink)
                           : status;
}

static qd_status_t give_head(const qd_service_t *service, qd_transfer_t *t, qd_selected_t *item,
                             qd_axdr_sink_t *sink) {
    const uint8_t result = item->row == QD_SELECTED_REFUSED ? item->member : (uint8_t)QD_ACCESS_SUCCESS;
    uint8_t spec = qd_stream_spec(t);
    if (item->row == QD_SELECTED_KEPT) {
        qd_reader_t r;
        qd_view_t value;
        qd_reader_init(&r, qd_association_staged(service->server->associations),
                       service->server->tables->staging_size);
        r.at = item->member + 256u * (uint8_t)item->attribute;
        (void)qd_item_view(&r, &value);
        return qd_axdr_sink_emit(sink, value.data, value.length);
    }
    if (spec == QD_ACCESS_SPEC_GET) {
        return give_get(service, t, item, sink);
    }
    if (t->kind == QD_REPLY_ACCESS) {
        return spec == QD_ACCESS_SPEC_ACTION ? give_parameters(service, t, item, sink)
                                             : give_refusal(t, 0, sink);
    }
    qd_status_t status = qd_axdr_sink_emit(sink, &result, 1);
    return status == QD_OK && spec == QD_ACCESS_SPEC_ACTION ? give_parameters(service, t, item, sink)
                                                            : status;
}

static void end_items(qd_transfer_t *t) {
    bool tail = t->kind == QD_REPLY_ACCESS || t->kind == QD_REPLY_SET_LAST_LIST;
    t->place.stage = tail ? QD_STAGE_TAIL : QD_STAGE_END;
}

/* The present value is complete: on to the next attribute of its item, or the next item. */
static void end_value(const qd_service_t *service, qd_transfer_t *t, const qd_selected_t *item) {
    qd_stream_place_t *p = &t->place;
    p->stage = QD_STAGE_HEAD;
    if (item->attribute == 0 && item->row < QD_SELECTED_KEPT && qd_stream_spec(t) == QD_ACCESS_SPEC_GET) {
        const qd_class_t *class_row = service->server->tables->objects[item->row].class_row;
        if (p->attribute <= class_row->attribute_count) {
            p->attribute++;
            return;
        }
    }
    p->attribute = 0;
    if (++p->at >= t->count) {
        end_items(t);
    }
}

/* Prefix, count, and what follows the items. */
static qd_status_t give_frame(const qd_service_t *service, qd_transfer_t *t, qd_axdr_sink_t *sink) {
    uint8_t octets[2u * QD_SELECTION_ITEMS + 1u];
    qd_writer_t w;
    uint16_t stage = t->place.stage;
    bool described = false;
    qd_writer_init(&w, octets, sizeof octets);
    if (stage == QD_STAGE_PREFIX) {
        qd_writer_u8(&w, replies[t->kind].tag);
        if (t->kind == QD_REPLY_ACCESS) {
            described = (t->invoke & QD_LONG_INVOKE_SELF_DESCRIPTIVE) != 0;
            qd_writer_u32(&w, t->invoke);
            qd_writer_u8(&w, 0); /* no date-time */
            qd_writer_u8(&w, described);
        } else {
            qd_writer_u8(&w, replies[t->kind].choice);
            qd_writer_u8(&w, (uint8_t)t->invoke);
        }
        if (t->kind == QD_REPLY_GET) {
            qd_writer_u8(&w, CHOICE_DATA);
        }
    } else if (stage == QD_STAGE_COUNT) {
        qd_writer_u8(&w, t->count);
    } else if (t->kind == QD_REPLY_ACCESS) {
        qd_writer_u8(&w, t->count);
        for (uint8_t i = 0; i < t->count; i++) {
            const qd_selected_t *item = &service->association->selection[i];
            qd_writer_u8(&w, (uint8_t)((t->choices >> (2u * i) & 3u) + 1u));
            qd_writer_u8(&w, item->row == QD_SELECTED_REFUSED ? item->member : (uint8_t)QD_ACCESS_SUCCESS);
        }
    } else {
        qd_writer_u32(&w, t->block);
    }
    qd_status_t status = qd_axdr_sink_emit(sink, octets, w.at);
    if (status == QD_OK && described) {
        const uint8_t *copy =
            qd_association_staged(service->server->associations) + service->association->staged;
        status = qd_axdr_sink_emit(sink, copy + 2, copy[0] * 256u + copy[1]);
    }
    if (status == QD_OK) {
        bool single = stage == QD_STAGE_PREFIX && is_list(t);
        t->place.stage = stage == QD_STAGE_TAIL ? QD_STAGE_END : single ? QD_STAGE_COUNT : QD_STAGE_HEAD;
    }
    return status;
}

/* One unit of the stream, or rows of one value; the place moves on behind what is complete. QD_STATE: of a table, and
 * most is 0. */
static qd_status_t give_unit(const qd_service_t *service, qd_transfer_t *t, qd_axdr_sink_t *sink,
                             uint32_t most) {
    qd_stream_place_t *p = &t->place;
    qd_status_t status = QD_OK;
    qd_axdr_sink_unit(sink, &p->cut);
    if (p->stage != QD_STAGE_HEAD && p->stage != QD_STAGE_ROWS) {
        return give_frame(service, t, sink);
    }
    qd_selected_t *item = &service->association->selection[p->at];
    int8_t attribute = present_attribute(t, item);
    bool rows = item->row < QD_SELECTED_KEPT && qd_stream_spec(t) == QD_ACCESS_SPEC_GET &&
                is_rows(service, item, attribute);
    if (rows && most == 0) {
        return QD_STATE;
    }
    if (rows && (status = refresh_span(service, t, item, attribute)) != QD_OK) {
        return status;
    }
    if (p->stage == QD_STAGE_ROWS) {
        status = give_rows(service, t, item, attribute, sink, most);
    } else {
        status = give_head(service, t, item, sink);
    }
    if (status == QD_OK && sink->from != NULL) {
        return QD_ABORTED; /* it has become shorter than what is sent of it */
    }
    if (status == QD_OK) {
        p->stage = QD_STAGE_ROWS;
        if (!rows || p->left == 0 || item->row == QD_SELECTED_REFUSED) {
            end_value(service, t, item);
        }
    }
    return status;
}

/* Fills the window. QD_OK: the stream has ended, or come to that item; QD_NO_SPACE: the window is full; QD_PENDING: the rest takes another
 * call, of chosen rows at the latest behind so many; QD_STATE: it has a table, and rows is 0. */
static qd_status_t give_window(const qd_service_t *service, qd_transfer_t *t, qd_axdr_sink_t *sink,
                               uint32_t rows, uint8_t end) {
    uint8_t staging = service->association->staging;
    if (t->held && staging != QD_STAGING_GENERAL && staging != QD_STAGING_ANSWER) {
        return QD_ABORTED; /* parts of the answer were in a slot that somebody else has now */
    }
    while (t->place.stage != QD_STAGE_END && t->place.at != end) {
        qd_status_t status = give_unit(service, t, sink, rows);
        if (status != QD_OK) {
            if (status == QD_NO_SPACE) {
                t->place.cut = sink->cut;
            }
            return status;
        }
        t->place.cut = (qd_axdr_cut_t){0};
    }
    return QD_OK;
}

static void put_head(qd_service_t *service, uint8_t choice) {
    const qd_transfer_t *t = &service->association->transfer;
    service->w->at = 0;
    service->w->status = QD_OK;
    qd_writer_u8(service->w, replies[t->kind].tag);
    qd_writer_u8(service->w, choice);
    qd_writer_u8(service->w, (uint8_t)t->invoke);
}

qd_status_t qd_stream_error(qd_service_t *service, uint8_t result) {
    qd_transfer_t *t = &service->association->transfer;
    t->active = false;
    if (t->kind != QD_REPLY_GET && t->kind != QD_REPLY_GET_LIST && t->kind != QD_REPLY_ACTION &&
        t->kind != QD_REPLY_ACTION_LIST) {
        return qd_service_refuse(service, QD_EXCEPTION_NOT_POSSIBLE);
    }
    put_head(service, QD_GET_NORMAL); /* of an ACTION, too */
    if (replies[t->kind].tag == QD_APDU_GET_RESPONSE) {
        qd_writer_u8(service->w, CHOICE_ERROR);
    }
    qd_writer_u8(service->w, result);
    if (replies[t->kind].tag == QD_APDU_ACTION_RESPONSE) {
        qd_writer_u8(service->w, 0); /* no return parameters */
    }
    return QD_OK;
}

qd_status_t qd_stream_block_error(qd_service_t *service, uint32_t block, uint8_t result) {
    qd_transfer_t *t = &service->association->transfer;
    if (replies[t->kind].tag != QD_APDU_GET_RESPONSE) {
        return qd_stream_error(service, result);
    }
    t->active = false;
    put_head(service, QD_GET_WITH_DATABLOCK);
    qd_writer_u8(service->w, 1); /* last block */
    qd_writer_u32(service->w, block);
    qd_writer_u8(service->w, CHOICE_ERROR);
    qd_writer_u8(service->w, result);
    return QD_OK;
}

void qd_stream_close(qd_writer_t *w, size_t start, size_t reserved) {
    uint8_t field[3];
    size_t length = w->at - start - reserved;
    qd_writer_t f;
    qd_writer_init(&f, field, sizeof field);
    qd_axdr_put_length(&f, (uint16_t)length);
    memmove(w->data + start + f.at, w->data + start + reserved, length);
    memcpy(w->data + start, field, f.at);
    w->at = start + f.at + length;
}

/* The stream has ended within its first block: it is no block then. */
static void close_whole(qd_service_t *service, size_t start) {
    const qd_transfer_t *t = &service->association->transfer;
    size_t length = service->w->at - start;
    put_head(service, replies[t->kind].choice);
    if (t->kind == QD_REPLY_GET) {
        qd_writer_u8(service->w, CHOICE_DATA);
    }
    memmove(service->w->data + service->w->at, service->w->data + start, length);
    service->w->at += length;
}

qd_status_t qd_stream_part(qd_service_t *service, qd_writer_t *w, size_t limit, uint8_t end) {
    qd_transfer_t *t = &service->association->transfer;
    qd_transfer_t before = *t;
    qd_axdr_sink_t sink;
    service->server->spent = true;
    qd_axdr_sink_init(&sink, w, limit);
    qd_status_t status = give_window(service, t, &sink, BLOCK_ROWS, end);
    if (status == QD_PENDING && t->place.stage != QD_STAGE_ROWS) {
        *t = before;
        w->at = sink.start;
    }
    return status;
}

qd_status_t qd_stream_fill(qd_service_t *service, qd_writer_t *w, size_t limit) {
    size_t start = w->at;
    qd_status_t status = qd_stream_part(service, w, limit, UINT8_MAX);
    /* The rows that are there are a block; the next one brings those that follow. */
    return status == QD_PENDING && w->at != start ? QD_NO_SPACE : status;
}

qd_status_t qd_stream_block(qd_service_t *service) {
    qd_transfer_t *t = &service->association->transfer;
    uint32_t block = t->block;
    size_t limit = service->limit;
    put_head(service, QD_GET_WITH_DATABLOCK); /* of an ACTION, too */
    qd_writer_u8(service->w, 0);
    qd_writer_u32(service->w, block + 1u);
    if (replies[t->kind].tag == QD_APDU_GET_RESPONSE) {
        qd_writer_u8(service->w, 0); /* raw data */
    }
    size_t head = service->w->at;
    size_t reserved = limit <= head + 1u + 0x7Fu ? 1u : 3u;
    service->w->at += reserved;
    qd_status_t status = qd_stream_fill(service, service->w, limit);
    if (status == QD_PENDING) {
        return QD_PENDING;
    }
    if (status != QD_OK && status != QD_NO_SPACE) {
        return block == 0 ? qd_stream_error(service, qd_server_result(status))
                          : qd_stream_block_error(service, block + 1u, qd_server_result(status));
    }
    if (status == QD_OK && block == 0) {
        t->active = false;
        close_whole(service, head + reserved);
        return QD_OK;
    }
    t->block = block + 1u;
    t->active = status == QD_NO_SPACE;
    service->w->data[3] = (uint8_t)(t->active ? 0u : 1u);
    qd_stream_close(service->w, head, reserved);
    return QD_OK;
}

/* One value that is no table, as almost every request wants it. QD_NO_SPACE: it takes blocks. */
static qd_status_t answer_value(qd_service_t *service, const qd_selected_t *item) {
    qd_object_t object = {item->row, item->member};
    qd_axdr_sink_t sink;
    put_head(service, QD_GET_NORMAL);
    qd_writer_u8(service->w, CHOICE_DATA);
    qd_axdr_sink_init(&sink, service->w, service->limit);
    qd_status_t status =
        qd_object_give(service->server->objects, &service->call, object, item->attribute, &sink.sink);
    if (status == QD_OK || status == QD_PENDING || status == QD_NO_SPACE) {
        return status;
    }
    return qd_stream_error(service, qd_server_result(status));
}

/* In one response when it fits, else as the first block. Tables are a block from the beginning, whose octets become
 * the response when they are all: no row is asked for twice. */
static qd_status_t answer_whole(qd_service_t *service, bool blocks) {
    qd_transfer_t *t = &service->association->transfer;
    const qd_stream_place_t before = t->place;
    qd_axdr_sink_t sink;
    service->w->at = 0;
    qd_axdr_sink_init(&sink, service->w, service->limit);
    t->place.stage = QD_STAGE_PREFIX;
    if (!blocks) {
        service->server->spent = true; /* there may be tables in it */
    }
    qd_status_t status = give_window(service, t, &sink, blocks ? 0 : UINT32_MAX, UINT8_MAX);
    if (status == QD_OK) {
        t->active = false;
        return QD_OK;
    }
    t->place = before;
    if (status == QD_PENDING || status == QD_STATE || status == QD_NO_SPACE) {
        return status;
    }
    return qd_stream_error(service, qd_server_result(status));
}

qd_status_t qd_stream_answer(qd_service_t *service) {
    qd_transfer_t *t = &service->association->transfer;
    const qd_selected_t *item = &service->association->selection[0];
    qd_status_t status = QD_OK;
    if (!service->carried && t->kind == QD_REPLY_GET && item->attribute != 0 &&
        !is_rows(service, item, item->attribute)) {
        status = answer_value(service, item);
        if (status != QD_NO_SPACE) {
            return status;
        }
    }
    bool blocks = qd_service_has(service, replies[t->kind].blocks);
    qd_stream_rewind(t); /* of a call that comes back it may stand further on */
    if (service->carried) {
        t->general = true; /* whoever carries it does the rest */
        t->active = true;
        t->place.stage = QD_STAGE_PREFIX;
        return QD_OK;
    }
    status = answer_whole(service, blocks);
    if (status != QD_STATE && status != QD_NO_SPACE) {
        return status;
    }
    if (blocks) {
        return qd_stream_block(service);
    }
    if (qd_service_has(service, QD_CONFORMANCE_GENERAL_BLOCK_TRANSFER)) {
        return qd_general_answer(service);
    }
    return qd_service_refuse(service, QD_EXCEPTION_PDU_TOO_LONG);
}
