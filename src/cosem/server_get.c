/*
 * GET: normal, next and with list. A value is a stream of units (count, choice with array head or
 * whole value, rows); a response is a window on that stream, encoded anew for each block.
 */
#include <string.h>

#include "cosem/server.h"

#define CHOICE_DATA 0u
#define CHOICE_ERROR 1u
/* C4 02 invoke last number(4) choice: in front of a block's length. */
#define BLOCK_HEAD 9u
/* Chosen rows of a table that one block spans, those between them included; a call has time for so many. */
#define BLOCK_ROWS 32u

static qd_status_t exception(qd_service_t *service, qd_exception_service_t reason) {
    service->association->transfer.active = false;
    return qd_server_exception(service->w, QD_EXCEPTION_NOT_ALLOWED, reason);
}

static bool is_rows(const qd_service_t *service, const qd_selected_t *item) {
    const qd_class_attribute_t *attribute =
        qd_object_attribute(service->server->objects, item->row, item->attribute);
    return attribute != NULL && attribute->kind == QD_KIND_ROWS;
}

/* Whether the present item's rows are chosen by the association's choice. */
static bool is_selective(const qd_transfer_t *t) {
    return t->selective == t->at;
}

/* Finds the rows of the present item, or makes sure that they are still the same ones. */
static qd_status_t refresh_span(const qd_service_t *service, qd_transfer_t *t, const qd_selected_t *item) {
    qd_span_t span;
    qd_object_t object = {item->row, item->member};
    const qd_objects_t *objects = service->server->objects;
    uint32_t count = 0;
    bool begins = !t->head_given && t->offset == 0;
    qd_status_t status = QD_OK;
    if (begins && is_selective(t)) {
        status = qd_object_selected(objects, &service->call, object, item->attribute,
                                    &service->association->choice, &span, &count);
    } else {
        status = qd_object_span(objects, &service->call, object, item->attribute, &span);
        count = span.end - span.first;
    }
    if (status != QD_OK) {
        return status;
    }
    if (begins) {
        t->next = span.first;
        t->left = count;
        t->generation = span.generation;
        return count <= UINT16_MAX ? QD_OK : QD_RANGE; /* more than an array's head can say */
    }
    return t->generation == span.generation && (span.first <= t->next || t->left == 0) ? QD_OK : QD_ABORTED;
}

/* The next row of the present item; t->next is its number. */
static qd_status_t give_row(const qd_service_t *service, qd_transfer_t *t, const qd_selected_t *item,
                            qd_axdr_sink_t *sink) {
    qd_object_t object = {item->row, item->member};
    const qd_objects_t *objects = service->server->objects;
    qd_status_t status = QD_OK;
    if (is_selective(t)) {
        status = qd_object_pick(objects, &service->call, object, item->attribute,
                                &service->association->choice, &t->next, &sink->sink);
    } else {
        status = qd_object_row(objects, &service->call, object, item->attribute, t->next, &sink->sink);
    }
    return status == QD_END ? QD_ABORTED : status; /* fewer than the head has promised */
}

/* Choice octet of a list, then array head or the whole value. */
static qd_status_t give_head(const qd_service_t *service, const qd_transfer_t *t, const qd_selected_t *item,
                             qd_axdr_sink_t *sink) {
    const uint8_t data = CHOICE_DATA;
    qd_object_t object = {item->row, item->member};
    if (item->row == QD_SELECTED_REFUSED) {
        const uint8_t refused[2] = {CHOICE_ERROR, item->member};
        return t->list ? qd_axdr_sink_emit(sink, refused, sizeof refused) : QD_ARGUMENT;
    }
    qd_status_t status = t->list ? qd_axdr_sink_emit(sink, &data, 1) : QD_OK;
    if (status != QD_OK) {
        return status;
    }
    if (is_rows(service, item)) {
        return sink->sink.group(sink, QD_TYPE_ARRAY, (uint16_t)t->left);
    }
    return qd_object_give(service->server->objects, &service->call, object, item->attribute, &sink->sink);
}

/* Head of an item; one that turns out to have no value becomes a refused item of the list. */
static qd_status_t give_head_or_refusal(const qd_service_t *service, const qd_transfer_t *t,
                                        const qd_selected_t *item, qd_axdr_sink_t *sink) {
    size_t before = sink->w->at;
    qd_status_t status = give_head(service, t, item, sink);
    bool failed = status != QD_OK && status != QD_NO_SPACE && status != QD_PENDING;
    if (!failed || !t->list) {
        return status;
    }
    if (t->offset != 0) {
        return QD_ABORTED; /* part of it is already with the client */
    }
    const uint8_t refused[2] = {CHOICE_ERROR, qd_server_result(status)};
    sink->w->at = before;
    qd_axdr_sink_unit(sink, 0);
    return qd_axdr_sink_emit(sink, refused, sizeof refused);
}

/* One unit of the stream; the transfer moves on when it is complete. QD_STATE: of a table, and tables is false. */
static qd_status_t give_unit(const qd_service_t *service, qd_transfer_t *t, qd_axdr_sink_t *sink,
                             bool tables) {
    qd_status_t status = QD_OK;
    qd_axdr_sink_unit(sink, t->offset);
    if (t->list && !t->count_given) {
        status = qd_axdr_sink_emit(sink, &t->count, 1);
        t->count_given = status == QD_OK;
        return status;
    }
    const qd_selected_t *item = &service->association->selection[t->at];
    bool rows = item->row != QD_SELECTED_REFUSED && is_rows(service, item);
    if (rows && !tables) {
        return QD_STATE;
    }
    if (rows && (status = refresh_span(service, t, item)) != QD_OK) {
        return status;
    }
    status = t->head_given ? give_row(service, t, item, sink) : give_head_or_refusal(service, t, item, sink);
    if (status == QD_OK) {
        t->next += t->head_given ? 1u : 0u;
        t->left -= t->head_given ? 1u : 0u;
        t->head_given = true;
        if (!rows || t->left == 0) {
            t->at++;
            t->head_given = false;
        }
    }
    return status;
}

/* Fills the window. QD_OK: the stream has ended; QD_NO_SPACE: the window is full; QD_PENDING: the rest takes another
 * call, of chosen rows at the latest behind so many; QD_STATE: it has a table, and rows is 0. */
static qd_status_t give_window(const qd_service_t *service, qd_transfer_t *t, qd_axdr_sink_t *sink,
                               uint32_t rows) {
    uint32_t first = t->next;
    bool inside = t->head_given;
    while (t->at < t->count) {
        if (t->head_given && is_selective(t)) {
            first = inside ? first : t->next;
            inside = true;
            if (t->next - first >= rows) {
                return QD_PENDING;
            }
        }
        qd_status_t status = give_unit(service, t, sink, rows != 0);
        if (status != QD_OK) {
            t->offset = status == QD_NO_SPACE ? sink->emitted : t->offset;
            return status;
        }
        t->offset = 0;
    }
    return QD_OK;
}

static void put_head(qd_service_t *service, uint8_t choice) {
    service->w->at = 0;
    service->w->status = QD_OK;
    qd_writer_u8(service->w, QD_APDU_GET_RESPONSE);
    qd_writer_u8(service->w, choice);
    qd_writer_u8(service->w, service->association->transfer.invoke);
}

static qd_status_t answer_error(qd_service_t *service, uint8_t result) {
    service->association->transfer.active = false;
    put_head(service, QD_GET_NORMAL);
    qd_writer_u8(service->w, CHOICE_ERROR);
    qd_writer_u8(service->w, result);
    return QD_OK;
}

static qd_status_t answer_block_error(qd_service_t *service, uint32_t block, uint8_t result) {
    service->association->transfer.active = false;
    put_head(service, QD_GET_WITH_DATABLOCK);
    qd_writer_u8(service->w, 1); /* last block */
    qd_writer_u32(service->w, block);
    qd_writer_u8(service->w, CHOICE_ERROR);
    qd_writer_u8(service->w, result);
    return QD_OK;
}

/* Length of the block's data in front of it; the reserved octets that are not needed close up. */
static void close_block(qd_writer_t *w, size_t reserved) {
    uint8_t field[3];
    size_t start = BLOCK_HEAD + reserved;
    size_t length = w->at - start;
    qd_writer_t f;
    qd_writer_init(&f, field, sizeof field);
    qd_axdr_put_length(&f, (uint16_t)length);
    memmove(w->data + BLOCK_HEAD + f.at, w->data + start, length);
    memcpy(w->data + BLOCK_HEAD, field, f.at);
    w->at = BLOCK_HEAD + f.at + length;
}

/* The stream has ended within its first block: it is no block then. */
static void close_whole(qd_service_t *service, size_t start) {
    const qd_transfer_t *t = &service->association->transfer;
    size_t length = service->w->at - start;
    put_head(service, t->list ? QD_GET_WITH_LIST : QD_GET_NORMAL);
    if (!t->list) {
        qd_writer_u8(service->w, CHOICE_DATA);
    }
    memmove(service->w->data + service->w->at, service->w->data + start, length);
    service->w->at += length;
}

static qd_status_t answer_block(qd_service_t *service) {
    qd_transfer_t *t = &service->association->transfer;
    qd_transfer_t before = *t;
    service->server->spent = true;
    size_t limit = service->association->pdu_size;
    size_t reserved = limit <= BLOCK_HEAD + 1u + 0x7Fu ? 1u : 3u;
    put_head(service, QD_GET_WITH_DATABLOCK);
    qd_writer_u8(service->w, 0);
    qd_writer_u32(service->w, t->block + 1u);
    qd_writer_u8(service->w, 0); /* raw data */
    service->w->at += reserved;
    qd_axdr_sink_t sink;
    qd_axdr_sink_init(&sink, service->w, limit);
    qd_status_t status = give_window(service, t, &sink, BLOCK_ROWS);
    if (status == QD_PENDING) {
        if (service->w->at == sink.start) {
            return QD_PENDING; /* at most rows were passed over; that need not be done again */
        }
        if (!t->head_given) {
            *t = before;
            return QD_PENDING;
        }
        status = QD_NO_SPACE; /* the rows that are there are a block; the next one brings those that follow */
    }
    if (status != QD_OK && status != QD_NO_SPACE) {
        if (before.block == 0) {
            return answer_error(service, qd_server_result(status));
        }
        return answer_block_error(service, before.block + 1u, qd_server_result(status));
    }
    if (service->w->at == sink.start) {
        return exception(service, QD_EXCEPTION_PDU_TOO_LONG); /* not even one octet fits */
    }
    if (status == QD_OK && before.block == 0) {
        t->active = false;
        close_whole(service, sink.start);
        return QD_OK;
    }
    t->block++;
    t->active = status == QD_NO_SPACE;
    service->w->data[3] = (uint8_t)(t->active ? 0u : 1u);
    close_block(service->w, reserved);
    return QD_OK;
}

/* The stream from its beginning: in one response when it fits, else as the first block. Tables are a block from the
 * beginning, whose octets become the response when they are all: no row is asked for twice. */
static qd_status_t answer_stream(qd_service_t *service) {
    qd_transfer_t *t = &service->association->transfer;
    bool blocks = (service->association->conformance & QD_CONFORMANCE_BLOCK_GET) != 0;
    qd_transfer_t before = *t;
    put_head(service, t->list ? QD_GET_WITH_LIST : QD_GET_NORMAL);
    if (!t->list) {
        qd_writer_u8(service->w, CHOICE_DATA);
    }
    qd_axdr_sink_t sink;
    qd_axdr_sink_init(&sink, service->w, service->association->pdu_size);
    qd_status_t status = give_window(service, t, &sink, blocks ? 0 : UINT32_MAX);
    if (status == QD_OK) {
        t->active = false;
        return QD_OK;
    }
    *t = before;
    if (status == QD_PENDING) {
        return QD_PENDING;
    }
    if (status == QD_STATE) {
        return answer_block(service);
    }
    if (status != QD_NO_SPACE) {
        return answer_error(service, qd_server_result(status));
    }
    return blocks ? answer_block(service) : exception(service, QD_EXCEPTION_PDU_TOO_LONG);
}

/* Selective access of item n. One choice is kept per transfer; a call that comes back finds it begun. */
static qd_status_t take_selection(qd_service_t *service, uint8_t n, qd_object_t object, int8_t attribute,
                                  uint8_t selector, const qd_view_t *parameters) {
    qd_transfer_t *t = &service->association->transfer;
    qd_selection_t *choice = &service->association->choice;
    qd_axdr_source_t source;
    if (t->selective != QD_SELECTED_NONE) {
        return QD_NO_SPACE;
    }
    if ((service->association->conformance & QD_CONFORMANCE_SELECTIVE_ACCESS) == 0) {
        return QD_SELECTOR;
    }
    qd_status_t status = QD_OK;
    if (choice->request != service->call.request) {
        qd_axdr_source_init(&source, parameters->data, parameters->length);
        status = qd_object_select(service->server->objects, &service->call, object, attribute, selector,
                                  &source.source, choice);
        choice->request = status == QD_OK ? service->call.request : 0;
    }
    t->selective = status == QD_OK ? n : t->selective;
    return status;
}

/* Cosem-Attribute-Descriptor-With-Selection: where it leads, or why not. */
static qd_status_t take_item(qd_service_t *service, uint8_t n) {
    qd_selected_t *item = &service->association->selection[n];
    qd_descriptor_t descriptor;
    qd_view_t parameters;
    uint8_t selector = 0;
    qd_object_t object;
    if (qd_descriptor_decode(&service->r, &descriptor) != QD_OK ||
        qd_selection_decode(&service->r, &selector, &parameters) != QD_OK) {
        return service->r.status == QD_OK ? QD_MALFORMED : service->r.status;
    }
    const qd_item_name_t name = {descriptor.class_id, descriptor.obis, descriptor.index};
    qd_status_t status = qd_object_may_read(service->server->objects, &service->call, &name, &object);
    if (status == QD_OK && parameters.data != NULL) {
        status = take_selection(service, n, object, descriptor.index, selector, &parameters);
    }
    item->row = status == QD_OK ? object.row : QD_SELECTED_REFUSED;
    item->member = status == QD_OK ? object.member : qd_server_result(status);
    item->attribute = descriptor.index;
    return QD_OK;
}

static void start_transfer(qd_service_t *service, uint8_t invoke, bool list, uint8_t count) {
    qd_transfer_t *t = &service->association->transfer;
    memset(t, 0, sizeof *t);
    t->invoke = invoke;
    t->list = list;
    t->count = count;
    t->selective = QD_SELECTED_NONE;
}

static qd_status_t get_normal(qd_service_t *service, uint8_t invoke) {
    qd_selected_t *item = &service->association->selection[0];
    start_transfer(service, invoke, false, 1);
    if (take_item(service, 0) != QD_OK || qd_reader_left(&service->r) != 0) {
        return exception(service, QD_EXCEPTION_OTHER_REASON);
    }
    return item->row == QD_SELECTED_REFUSED ? answer_error(service, item->member) : answer_stream(service);
}

static qd_status_t get_list(qd_service_t *service, uint8_t invoke) {
    if ((service->association->conformance & QD_CONFORMANCE_MULTIPLE_REFERENCES) == 0) {
        return exception(service, QD_EXCEPTION_NOT_SUPPORTED);
    }
    uint16_t count = qd_axdr_get_length(&service->r);
    if (service->r.status != QD_OK || count == 0) {
        return exception(service, QD_EXCEPTION_OTHER_REASON);
    }
    if (count > QD_SELECTION_ITEMS) {
        return exception(service, QD_EXCEPTION_PDU_TOO_LONG);
    }
    start_transfer(service, invoke, true, (uint8_t)count);
    for (uint16_t i = 0; i < count; i++) {
        if (take_item(service, (uint8_t)i) != QD_OK) {
            return exception(service, QD_EXCEPTION_OTHER_REASON);
        }
    }
    if (qd_reader_left(&service->r) != 0) {
        return exception(service, QD_EXCEPTION_OTHER_REASON);
    }
    return answer_stream(service);
}

static qd_status_t get_next(qd_service_t *service, uint8_t invoke) {
    qd_transfer_t *t = &service->association->transfer;
    uint32_t block = qd_reader_u32(&service->r);
    if (service->r.status != QD_OK || qd_reader_left(&service->r) != 0) {
        return exception(service, QD_EXCEPTION_OTHER_REASON);
    }
    if (!t->active || QD_INVOKE_ID(t->invoke) != QD_INVOKE_ID(invoke)) {
        t->invoke = invoke;
        return answer_block_error(service, block, QD_ACCESS_NO_LONG_GET);
    }
    if (block != t->block) {
        return answer_block_error(service, block, QD_ACCESS_BLOCK_NUMBER_INVALID);
    }
    return answer_block(service);
}

qd_status_t qd_server_get(qd_service_t *service) {
    uint8_t choice = qd_reader_u8(&service->r);
    uint8_t invoke = qd_reader_u8(&service->r);
    if (service->r.status == QD_OK) {
        switch (choice) {
        case QD_GET_NORMAL:
            return get_normal(service, invoke);
        case QD_GET_NEXT:
            return get_next(service, invoke);
        case QD_GET_WITH_LIST:
            return get_list(service, invoke);
        default:
            break;
        }
    }
    return exception(service, QD_EXCEPTION_NOT_SUPPORTED);
}
