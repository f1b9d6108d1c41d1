/*
 * SET and ACTION: normal, with list and in blocks. The request is understood wholly before anything is touched; of a
 * list, each item has its own result, and a call that comes back goes on behind the item that was done last.
 */
#include <string.h>

#include "cosem/server.h"

/* SET or ACTION; they differ in numbers, and an ACTION's result may bring data. */
typedef struct writing {
    qd_service_t *service;
    bool action;
    uint8_t invoke;
} writing_t;

static qd_transfer_t *transfer_of(const writing_t *x) {
    return &x->service->association->transfer;
}

/* Result of one attribute or method. */
static qd_status_t answer(const writing_t *x, uint8_t result) {
    qd_writer_t *w = x->service->w;
    w->at = 0;
    qd_writer_u8(w, x->action ? QD_APDU_ACTION_RESPONSE : QD_APDU_SET_RESPONSE);
    qd_writer_u8(w, QD_SET_RESPONSE_NORMAL); /* of an ACTION, too */
    qd_writer_u8(w, x->invoke);
    qd_writer_u8(w, result);
    if (x->action) {
        qd_writer_u8(w, 0); /* no return parameters */
    }
    return QD_OK;
}

/* Ends the transfer: of a SET with the number of the block that did it. */
static qd_status_t answer_end(const writing_t *x, uint8_t result, uint32_t block) {
    qd_association_t *association = x->service->association;
    transfer_of(x)->receiving = false;
    if (association->staging == QD_STAGING_BLOCKS) {
        association->staging = QD_STAGING_NONE;
    }
    (void)answer(x, result);
    if (!x->action) {
        x->service->w->data[1] = QD_SET_RESPONSE_LAST_DATABLOCK;
        qd_writer_u32(x->service->w, block);
    }
    return QD_OK;
}

static qd_status_t acknowledge(const writing_t *x, uint32_t block) {
    qd_writer_t *w = x->service->w;
    w->at = 0;
    qd_writer_u8(w, x->action ? QD_APDU_ACTION_RESPONSE : QD_APDU_SET_RESPONSE);
    qd_writer_u8(w, x->action ? QD_ACTION_RESPONSE_NEXT_PBLOCK : QD_SET_RESPONSE_DATABLOCK);
    qd_writer_u8(w, x->invoke);
    qd_writer_u32(w, block);
    return QD_OK;
}

static bool is_list(const qd_transfer_t *t) {
    return t->kind == QD_REPLY_SET_LIST || t->kind == QD_REPLY_SET_LAST_LIST ||
           t->kind == QD_REPLY_ACTION_LIST;
}

/* Results of what was applied. */
static qd_status_t answer_results(const writing_t *x) {
    qd_association_t *association = x->service->association;
    qd_transfer_t *t = transfer_of(x);
    bool blocks = t->receiving;
    t->receiving = false;
    if (association->staging == QD_STAGING_BLOCKS) {
        association->staging = QD_STAGING_NONE;
    }
    if (t->kind == QD_REPLY_SET) {
        const qd_selected_t *item = &association->selection[0];
        uint8_t result = item->row == QD_SELECTED_REFUSED ? item->member : (uint8_t)QD_ACCESS_SUCCESS;
        return blocks ? answer_end(x, result, t->block) : answer(x, result);
    }
    if (t->kind == QD_REPLY_SET_LIST && blocks) {
        t->kind = QD_REPLY_SET_LAST_LIST;
    }
    if (t->kind != QD_REPLY_SET_LAST_LIST) {
        t->block = 0; /* an ACTION's answer counts its own blocks */
    }
    t->applied = true;
    qd_stream_rewind(t);
    return qd_stream_answer(x->service);
}

static qd_status_t apply_and_answer(const writing_t *x, const qd_reader_t *values) {
    if (transfer_of(x)->applied) {
        return qd_stream_answer(x->service);
    }
    qd_status_t status = qd_server_apply(x->service, *values, is_list(transfer_of(x)));
    if (status == QD_MALFORMED) {
        return qd_service_refuse(x->service, QD_EXCEPTION_OTHER_REASON);
    }
    return status == QD_OK ? answer_results(x) : status;
}

/* The results of a list must find room before anything is done, as they can not be told twice. */
static bool results_fit(const writing_t *x, size_t count, bool blocks) {
    size_t room = x->service->limit;
    if (qd_service_has(x->service, QD_CONFORMANCE_GENERAL_BLOCK_TRANSFER) ||
        (x->action && qd_service_has(x->service, QD_CONFORMANCE_BLOCK_ACTION))) {
        return true;
    }
    return (x->action ? 4u + 2u * count : 4u + count + (blocks ? 4u : 0u)) <= room;
}

/* One descriptor, or a list of them. A call that comes back leaves what they led to. QD_OK; others: refused, in
 * *reason why. */
static qd_status_t take_items(const writing_t *x, bool list, bool blocks, qd_exception_service_t *reason) {
    qd_service_t *service = x->service;
    uint16_t count = list ? qd_axdr_get_length(&service->r) : 1u;
    *reason = QD_EXCEPTION_OTHER_REASON;
    if (service->r.status != QD_OK || count == 0) {
        return QD_MALFORMED;
    }
    if (count > QD_SELECTION_ITEMS || (list && !results_fit(x, count, blocks))) {
        *reason = QD_EXCEPTION_PDU_TOO_LONG;
        return QD_NO_SPACE;
    }
    if (!service->again) {
        qd_reply_t kind = x->action ? list ? QD_REPLY_ACTION_LIST : QD_REPLY_ACTION
                          : list    ? QD_REPLY_SET_LIST
                                    : QD_REPLY_SET;
        qd_stream_begin(service, kind, x->invoke, (uint8_t)count);
        transfer_of(x)->place.at = 0;
    }
    for (uint16_t n = 0; n < count; n++) {
        uint8_t i = (uint8_t)n; /* at most QD_SELECTION_ITEMS, see above */
        qd_status_t status =
            x->action ? qd_item_take_action(service, i) : qd_item_take_set(service, i, QD_SELECTOR_OPTIONAL);
        if (status != QD_OK) {
            return status;
        }
    }
    return QD_OK;
}

static qd_status_t serve_whole(const writing_t *x, bool list) {
    qd_service_t *service = x->service;
    static const uint8_t none = QD_TYPE_NULL;
    qd_exception_service_t reason;
    qd_reader_t values;
    if (take_items(x, list, false, &reason) != QD_OK) {
        return qd_service_refuse(service, reason);
    }
    values = service->r;
    if (x->action && !list) {
        uint8_t presence = qd_reader_u8(&values);
        if (values.status != QD_OK || presence > 1u || (presence == 0u && qd_reader_left(&values) != 0)) {
            return qd_service_refuse(service, QD_EXCEPTION_OTHER_REASON);
        }
        if (presence == 0u) {
            qd_reader_init(&values, &none, 1);
        }
    }
    return apply_and_answer(x, &values);
}

/* A block of a request. QD_OK: answered, unless it was the last: then *whole. */
static qd_status_t collect(const writing_t *x, const qd_datablock_t *block, bool *whole) {
    qd_association_t *association = x->service->association;
    qd_transfer_t *t = transfer_of(x);
    *whole = false;
    if (block->number != t->block + 1u) {
        return answer_end(x, x->action ? QD_ACCESS_LONG_GET_ABORTED : QD_ACCESS_BLOCK_NUMBER_INVALID,
                          block->number);
    }
    qd_status_t status =
        qd_association_stage(x->service->server->associations, association, QD_STAGING_BLOCKS,
                             x->service->request->now_ms, &block->data, block->last);
    if (status != QD_OK) {
        uint8_t aborted = x->action ? QD_ACCESS_LONG_GET_ABORTED : QD_ACCESS_LONG_SET_ABORTED;
        return answer_end(x, status == QD_BUSY ? (uint8_t)QD_ACCESS_TEMPORARY_FAILURE : aborted,
                          block->number);
    }
    t->block = block->number;
    t->receiving = true;
    *whole = block->last;
    return *whole ? QD_OK : acknowledge(x, block->number);
}

static qd_status_t finish(const writing_t *x) {
    const qd_association_t *association = x->service->association;
    qd_reader_t values;
    qd_reader_init(&values, qd_association_staged(x->service->server->associations), association->staged);
    return apply_and_answer(x, &values);
}

static qd_status_t serve_first_block(const writing_t *x, bool list) {
    qd_service_t *service = x->service;
    const qd_selected_t *item = &service->association->selection[0];
    qd_exception_service_t reason;
    qd_datablock_t block;
    bool whole = false;
    if (service->again) {
        return finish(x); /* its block was taken when the call was here before */
    }
    if (take_items(x, list, true, &reason) != QD_OK) {
        return qd_service_refuse(service, reason);
    }
    if (qd_datablock_decode(&service->r, &block) != QD_OK || qd_reader_left(&service->r) != 0) {
        return qd_service_refuse(service, QD_EXCEPTION_OTHER_REASON);
    }
    if (!list && item->row == QD_SELECTED_REFUSED) {
        return answer_end(x, item->member, block.number);
    }
    qd_status_t status = collect(x, &block, &whole);
    return whole ? finish(x) : status;
}

static qd_status_t serve_block(const writing_t *x) {
    qd_service_t *service = x->service;
    qd_transfer_t *t = transfer_of(x);
    qd_datablock_t block;
    bool whole = false;
    if (service->again) {
        return finish(x);
    }
    if (qd_datablock_decode(&service->r, &block) != QD_OK || qd_reader_left(&service->r) != 0) {
        return qd_service_refuse(service, QD_EXCEPTION_OTHER_REASON);
    }
    bool ours = x->action == (t->kind == QD_REPLY_ACTION || t->kind == QD_REPLY_ACTION_LIST);
    if (!t->receiving || !ours || QD_INVOKE_ID(t->invoke) != QD_INVOKE_ID(x->invoke)) {
        qd_stream_begin(service, x->action ? QD_REPLY_ACTION : QD_REPLY_SET, x->invoke, 0);
        return answer_end(x, x->action ? QD_ACCESS_NO_LONG_GET : QD_ACCESS_NO_LONG_SET, block.number);
    }
    t->invoke = x->invoke;
    t->request = service->call.request;
    qd_status_t status = collect(x, &block, &whole);
    return whole ? finish(x) : status;
}

/* The next block of return parameters. */
static qd_status_t serve_next(const writing_t *x) {
    qd_service_t *service = x->service;
    qd_transfer_t *t = transfer_of(x);
    uint32_t block = qd_reader_u32(&service->r);
    if (service->r.status != QD_OK || qd_reader_left(&service->r) != 0) {
        return qd_service_refuse(service, QD_EXCEPTION_OTHER_REASON);
    }
    bool action = t->kind == QD_REPLY_ACTION || t->kind == QD_REPLY_ACTION_LIST;
    if (!t->active || !action || t->general || QD_INVOKE_ID(t->invoke) != QD_INVOKE_ID(x->invoke)) {
        qd_stream_begin(service, QD_REPLY_ACTION, x->invoke, 1);
        return qd_stream_error(service, QD_ACCESS_NO_LONG_GET);
    }
    return block == t->block ? qd_stream_block(service)
                             : qd_stream_error(service, QD_ACCESS_LONG_GET_ABORTED);
}

/* What the choices of the two services ask for. */
enum { NOTHING = 0, WHOLE, WHOLE_LIST, FIRST_BLOCK, FIRST_BLOCK_LIST, NEXT_BLOCK, NEXT_OF_ANSWER };

static const uint8_t set_ways[] = {
    [QD_SET_NORMAL] = WHOLE,
    [QD_SET_FIRST_DATABLOCK] = FIRST_BLOCK,
    [QD_SET_DATABLOCK] = NEXT_BLOCK,
    [QD_SET_WITH_LIST] = WHOLE_LIST,
    [QD_SET_WITH_LIST_FIRST_DATABLOCK] = FIRST_BLOCK_LIST,
};
static const uint8_t action_ways[] = {
    [QD_ACTION_NORMAL] = WHOLE,
    [QD_ACTION_NEXT_PBLOCK] = NEXT_OF_ANSWER,
    [QD_ACTION_WITH_LIST] = WHOLE_LIST,
    [QD_ACTION_FIRST_PBLOCK] = FIRST_BLOCK,
    [QD_ACTION_WITH_LIST_FIRST_PBLOCK] = FIRST_BLOCK_LIST,
    [QD_ACTION_PBLOCK] = NEXT_BLOCK,
};

static qd_status_t serve(const writing_t *x, uint8_t way) {
    qd_service_t *service = x->service;
    bool list = way == WHOLE_LIST || way == FIRST_BLOCK_LIST;
    if (way >= FIRST_BLOCK && service->limit < QD_BLOCKS_LIMIT_MIN) {
        return qd_service_refuse(service, QD_EXCEPTION_PDU_TOO_LONG);
    }
    if ((list && !qd_service_has(service, QD_CONFORMANCE_MULTIPLE_REFERENCES)) ||
        (way >= FIRST_BLOCK &&
         !qd_service_has(service, x->action ? QD_CONFORMANCE_BLOCK_ACTION : QD_CONFORMANCE_BLOCK_SET))) {
        way = NOTHING;
    }
    switch (way) {
    case WHOLE:
    case WHOLE_LIST:
        return serve_whole(x, list);
    case FIRST_BLOCK:
    case FIRST_BLOCK_LIST:
        return serve_first_block(x, list);
    case NEXT_BLOCK:
        return serve_block(x);
    case NEXT_OF_ANSWER:
        return serve_next(x);
    default:
        return qd_service_refuse(service, QD_EXCEPTION_NOT_SUPPORTED);
    }
}

qd_status_t qd_server_set(qd_service_t *service) {
    uint8_t choice = qd_reader_u8(&service->r);
    const writing_t x = {service, false, qd_reader_u8(&service->r)};
    return serve(&x, choice < sizeof set_ways ? set_ways[choice] : (uint8_t)NOTHING);
}

qd_status_t qd_server_action(qd_service_t *service) {
    uint8_t choice = qd_reader_u8(&service->r);
    const writing_t x = {service, true, qd_reader_u8(&service->r)};
    return serve(&x, choice < sizeof action_ways ? action_ways[choice] : (uint8_t)NOTHING);
}
