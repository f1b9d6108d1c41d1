/*
 * services.c - GET, SET and ACTION with their replies.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "client/internal.h"
#include "protocol/axdr.h"
#include "protocol/xdlms.h"

#define REF_OCTETS 10u      /* a descriptor and the octet of an absent selection */
#define LIST_HEAD_OCTETS 4u /* tag, choice, invoke-id, count */

enum { RESPONSE_NORMAL = 1, RESPONSE_BLOCK = 2, RESPONSE_LIST = 3 };

static const qd_client_value_t no_value = {0, NULL, 0};

/* --- GET -------------------------------------------------------------------------------------- */

static qd_client_result_t take_normal(qd_client_t *client, qd_reader_t *reply, qd_client_room_t *joined,
                                      qd_client_value_t *value) {
    qd_client_value_t got;
    qd_client_result_t result;

    if (qd_client_get_result(reply, &got) != QD_OK || qd_reader_left(reply) > 0u) {
        return qd_client_violation(client, "a malformed value");
    }
    if (got.access != 0u) {
        value->access = got.access;
        return qd_client_refuse_access(client, got.access);
    }
    result = qd_client_join(client, joined, got.data, got.length);
    if (result == QD_CLIENT_OK) {
        value->data = joined->out;
        value->length = joined->at;
        result = qd_client_succeed(client);
    }
    return result;
}

/* Blocks of a GET normal are one element, cut anywhere. */
static qd_client_result_t take_long(qd_client_t *client, qd_reader_t *reply, uint8_t invoke,
                                    qd_client_room_t *joined, qd_client_value_t *value) {
    qd_reader_t r;
    qd_client_result_t result =
        qd_client_take_blocks(client, QD_APDU_GET_RESPONSE, invoke, joined, reply, &value->access);

    if (result != QD_CLIENT_OK) {
        return result;
    }
    if (value->access != 0u) {
        return qd_client_refuse_access(client, value->access);
    }
    qd_reader_init(&r, joined->out, joined->at);
    if (qd_axdr_skip(&r) != QD_OK || qd_reader_left(&r) > 0u) {
        return qd_client_violation(client, "the joined blocks are not one value");
    }
    value->data = joined->out;
    value->length = joined->at;
    return qd_client_succeed(client);
}

bool qd_client_has_selection(const qd_client_t *client) {
    return (client->conformance & QD_CONFORMANCE_SELECTIVE_ACCESS) != 0u;
}

qd_client_result_t qd_client_get(qd_client_t *client, const qd_client_ref_t *ref, uint8_t *out, size_t size,
                                 qd_client_value_t *value) {
    return qd_client_get_selected(client, ref, NULL, out, size, value);
}

qd_client_result_t qd_client_get_selected(qd_client_t *client, const qd_client_ref_t *ref,
                                          const qd_client_selection_t *selection, uint8_t *out, size_t size,
                                          qd_client_value_t *value) {
    const qd_client_item_t item = {*ref, selection, NULL, 0};
    qd_client_job_t job = {QD_APDU_GET_REQUEST, 0, false, &item, 1, NULL};
    qd_client_room_t joined = {out, size, 0};
    qd_client_result_t result = qd_client_ready(client);
    qd_reader_t reply;

    *value = no_value;
    if (result != QD_CLIENT_OK) {
        return result;
    }
    job.invoke = qd_client_next_invoke(client);
    result = qd_client_ask(client, &job, &joined, &reply);
    if (result != QD_CLIENT_OK) {
        return result;
    }
    switch (qd_client_choice(client, &reply, QD_APDU_GET_RESPONSE, job.invoke)) {
    case RESPONSE_NORMAL:
        return take_normal(client, &reply, &joined, value);
    case RESPONSE_BLOCK:
        return take_long(client, &reply, job.invoke, &joined, value);
    case 0:
        return client->fault.result;
    default:
        return qd_client_violation(client, "the reply does not fit a single attribute");
    }
}

size_t qd_client_list_capacity(const qd_client_t *client) {
    size_t room = qd_client_apdu_room(client);

    if (!qd_client_has_list(client)) {
        return 0;
    }
    room = room > LIST_HEAD_OCTETS ? (room - LIST_HEAD_OCTETS) / REF_OCTETS : 0u;
    return room < QD_CLIENT_LIST_MAX ? room : QD_CLIENT_LIST_MAX;
}

/* How an element of a list is read. */
typedef qd_status_t (*take_one_t)(qd_reader_t *r, qd_client_value_t *value);

/* list ::= length element*; joined in one piece, whatever the service */
static qd_client_result_t take_elements(qd_client_t *client, const qd_client_room_t *joined,
                                        take_one_t take_one, size_t count, qd_client_value_t *values) {
    qd_reader_t r;
    size_t i;

    qd_reader_init(&r, joined->out, joined->at);
    if (qd_axdr_get_length(&r) != count) {
        return qd_client_violation(client, "another number of results than asked for");
    }
    for (i = 0; i < count; i++) {
        if (take_one(&r, &values[i]) != QD_OK) {
            return qd_client_violation(client, "a malformed element in the list");
        }
    }
    return qd_reader_left(&r) > 0u ? qd_client_violation(client, "octets after the list")
                                   : qd_client_succeed(client);
}

static qd_client_result_t take_list(qd_client_t *client, qd_reader_t *reply, uint8_t invoke,
                                    qd_client_room_t *joined, size_t count, qd_client_value_t *values) {
    qd_client_result_t result = QD_CLIENT_OK;
    uint8_t access = 0;
    size_t length;

    switch (qd_client_choice(client, reply, QD_APDU_GET_RESPONSE, invoke)) {
    case RESPONSE_LIST:
        length = qd_reader_left(reply);
        result = qd_client_join(client, joined, qd_reader_octets(reply, length), length);
        break;
    case RESPONSE_BLOCK:
        result = qd_client_take_blocks(client, QD_APDU_GET_RESPONSE, invoke, joined, reply, &access);
        break;
    case RESPONSE_NORMAL: /* one reason for the whole request */
        if (qd_reader_u8(reply) != 1u) {
            return qd_client_violation(client, "one value instead of a list");
        }
        access = qd_reader_u8(reply);
        if (reply->status != QD_OK || access == 0u) {
            return qd_client_violation(client, "a malformed value");
        }
        break;
    case 0:
        return client->fault.result;
    default:
        return qd_client_violation(client, "the reply does not fit a list");
    }
    if (result != QD_CLIENT_OK) {
        return result;
    }
    return access != 0u ? qd_client_refuse_access(client, access)
                        : take_elements(client, joined, qd_client_get_result, count, values);
}

/* A list that may go out now; *job is ready for it. */
static qd_client_result_t begin_list(qd_client_t *client, qd_client_job_t *job, size_t most) {
    qd_client_result_t result = qd_client_ready(client);

    if (result != QD_CLIENT_OK) {
        return result;
    }
    if (!qd_client_has_list(client) || job->count == 0u || job->count > most) {
        return qd_client_fail(client, QD_CLIENT_OWN, "too many attributes for one request");
    }
    job->list = true;
    job->invoke = qd_client_next_invoke(client);
    return QD_CLIENT_OK;
}

static qd_client_result_t get_list(qd_client_t *client, qd_client_job_t *job, uint8_t *out, size_t size,
                                   qd_client_value_t *values) {
    qd_client_room_t joined = {out, size, 0};
    qd_reader_t reply;
    qd_client_result_t result = begin_list(client, job, qd_client_list_capacity(client));

    if (result == QD_CLIENT_OK) {
        result = qd_client_ask(client, job, &joined, &reply);
    }
    return result == QD_CLIENT_OK ? take_list(client, &reply, job->invoke, &joined, job->count, values)
                                  : result;
}

qd_client_result_t qd_client_get_items(qd_client_t *client, const qd_client_item_t *items, size_t count,
                                       uint8_t *out, size_t size, qd_client_value_t *values) {
    qd_client_job_t job = {QD_APDU_GET_REQUEST, 0, true, items, count, NULL};

    return get_list(client, &job, out, size, values);
}

qd_client_result_t qd_client_get_list(qd_client_t *client, const qd_client_ref_t *refs, size_t count,
                                      uint8_t *out, size_t size, qd_client_value_t *values) {
    qd_client_job_t job = {QD_APDU_GET_REQUEST, 0, true, NULL, count, refs};

    return get_list(client, &job, out, size, values);
}

/* --- SET -------------------------------------------------------------------------------------- */

/* results ::= count access*; of a request in blocks their number follows */
static qd_client_result_t take_access_list(qd_client_t *client, qd_reader_t *reply, size_t count, bool blocks,
                                           uint8_t *access) {
    size_t i;

    if (qd_axdr_get_length(reply) != count) {
        return qd_client_violation(client, "another number of results than asked for");
    }
    for (i = 0; i < count; i++) {
        access[i] = qd_reader_u8(reply);
    }
    if (blocks) {
        (void)qd_reader_u32(reply);
    }
    if (reply->status != QD_OK || qd_reader_left(reply) > 0u) {
        return qd_client_violation(client, "a malformed set-response");
    }
    return qd_client_succeed(client);
}

/* response ::= tag choice invoke-id access, in blocks with their number */
static qd_client_result_t take_set(qd_client_t *client, const qd_client_job_t *job, qd_reader_t *reply,
                                   uint8_t *accesses) {
    uint8_t choice = qd_client_choice(client, reply, QD_APDU_SET_RESPONSE, job->invoke);
    bool blocks =
        choice == QD_SET_RESPONSE_LAST_DATABLOCK || choice == QD_SET_RESPONSE_LAST_DATABLOCK_WITH_LIST;
    uint8_t access;

    if (choice == 0u) {
        return client->fault.result;
    }
    if (choice == QD_SET_RESPONSE_WITH_LIST || choice == QD_SET_RESPONSE_LAST_DATABLOCK_WITH_LIST) {
        return job->list ? take_access_list(client, reply, job->count, blocks, accesses)
                         : qd_client_violation(client, "the reply does not fit a SET");
    }
    if (choice != QD_SET_RESPONSE_NORMAL && choice != QD_SET_RESPONSE_LAST_DATABLOCK) {
        return qd_client_violation(client, "the reply does not fit a SET");
    }
    access = qd_reader_u8(reply);
    if (blocks) {
        (void)qd_reader_u32(reply);
    }
    if (reply->status != QD_OK || qd_reader_left(reply) > 0u || (job->list && access == 0u)) {
        return qd_client_violation(client, "a malformed set-response");
    }
    return access != 0u ? qd_client_refuse_access(client, access) : qd_client_succeed(client);
}

qd_client_result_t qd_client_set(qd_client_t *client, const qd_client_ref_t *ref, const uint8_t *data,
                                 size_t length) {
    const qd_client_item_t item = {*ref, NULL, data, length};
    qd_client_job_t job = {QD_APDU_SET_REQUEST, 0, false, &item, 1, NULL};
    qd_client_result_t result = qd_client_ready(client);
    qd_reader_t reply;

    if (result != QD_CLIENT_OK) {
        return result;
    }
    job.invoke = qd_client_next_invoke(client);
    result = qd_client_ask(client, &job, NULL, &reply);
    return result == QD_CLIENT_OK ? take_set(client, &job, &reply, NULL) : result;
}

qd_client_result_t qd_client_set_list(qd_client_t *client, const qd_client_item_t *items, size_t count,
                                      uint8_t *access) {
    qd_client_job_t job = {QD_APDU_SET_REQUEST, 0, true, items, count, NULL};
    qd_client_result_t result = begin_list(client, &job, QD_CLIENT_LIST_MAX);
    qd_reader_t reply;

    if (result == QD_CLIENT_OK) {
        result = qd_client_ask(client, &job, NULL, &reply);
    }
    return result == QD_CLIENT_OK ? take_set(client, &job, &reply, access) : result;
}

/* --- ACTION ----------------------------------------------------------------------------------- */

/* action ::= action-result (00 | 01 result). QD_OK, or QD_MALFORMED. */
static qd_status_t get_action(qd_reader_t *r, qd_client_value_t *value) {
    uint8_t access = qd_reader_u8(r);
    uint8_t present = qd_reader_u8(r);

    *value = no_value;
    if (r->status != QD_OK || present > 1u || (present == 1u && qd_client_get_result(r, value) != QD_OK)) {
        return QD_MALFORMED;
    }
    if (access != 0u) {
        value->access = access;
        value->data = NULL;
        value->length = 0;
    }
    return QD_OK;
}

/* The value of a reader's action, in the caller's room. */
static qd_client_result_t take_action(qd_client_t *client, qd_reader_t *reply, qd_client_room_t *joined,
                                      qd_client_value_t *value) {
    qd_client_value_t got = no_value;
    qd_client_result_t result;

    if (get_action(reply, &got) != QD_OK || qd_reader_left(reply) > 0u) {
        return qd_client_violation(client, "a malformed action-response");
    }
    if (got.access != 0u) {
        value->access = got.access;
        return qd_client_refuse_access(client, got.access);
    }
    if (got.data != NULL) {
        result = qd_client_join(client, joined, got.data, got.length);
        if (result != QD_CLIENT_OK) {
            return result;
        }
        value->data = joined->out;
        value->length = joined->at;
    }
    return qd_client_succeed(client);
}

/* Joined blocks are the value alone, or an action with its result in front: the standard's editions differ. */
static qd_client_result_t take_joined_action(qd_client_t *client, const qd_client_room_t *joined,
                                             qd_client_value_t *value) {
    qd_client_value_t got = no_value;
    qd_reader_t r;

    qd_reader_init(&r, joined->out, joined->at);
    if (qd_axdr_skip(&r) == QD_OK && qd_reader_left(&r) == 0u) {
        value->data = joined->out;
        value->length = joined->at;
        return qd_client_succeed(client);
    }
    qd_reader_init(&r, joined->out, joined->at);
    if (get_action(&r, &got) != QD_OK || qd_reader_left(&r) > 0u) {
        return qd_client_violation(client, "the joined blocks are not one value");
    }
    *value = got;
    return got.access != 0u ? qd_client_refuse_access(client, got.access) : qd_client_succeed(client);
}

qd_client_result_t qd_client_call(qd_client_t *client, const qd_client_ref_t *ref, const uint8_t *data,
                                  size_t length, uint8_t *out, size_t size, qd_client_value_t *value) {
    const qd_client_item_t item = {*ref, NULL, data, length};
    qd_client_job_t job = {QD_APDU_ACTION_REQUEST, 0, false, &item, 1, NULL};
    qd_client_room_t joined = {out, size, 0};
    qd_client_result_t result = qd_client_ready(client);
    qd_reader_t reply;

    *value = no_value;
    if (result != QD_CLIENT_OK) {
        return result;
    }
    job.invoke = qd_client_next_invoke(client);
    result = qd_client_ask(client, &job, &joined, &reply);
    if (result != QD_CLIENT_OK) {
        return result;
    }
    switch (qd_client_choice(client, &reply, QD_APDU_ACTION_RESPONSE, job.invoke)) {
    case RESPONSE_NORMAL:
        return take_action(client, &reply, &joined, value);
    case RESPONSE_BLOCK:
        result = qd_client_take_blocks(client, QD_APDU_ACTION_RESPONSE, job.invoke, &joined, &reply,
                                       &value->access);
        if (result == QD_CLIENT_OK && value->access != 0u) {
            return qd_client_refuse_access(client, value->access);
        }
        return result == QD_CLIENT_OK ? take_joined_action(client, &joined, value) : result;
    case 0:
        return client->fault.result;
    default:
        return qd_client_violation(client, "the reply does not fit an ACTION");
    }
}

qd_client_result_t qd_client_call_list(qd_client_t *client, const qd_client_item_t *items, size_t count,
                                       uint8_t *out, size_t size, qd_client_value_t *values) {
    qd_client_job_t job = {QD_APDU_ACTION_REQUEST, 0, true, items, count, NULL};
    qd_client_room_t joined = {out, size, 0};
    qd_client_result_t result = begin_list(client, &job, QD_CLIENT_LIST_MAX);
    qd_reader_t reply;
    uint8_t access = 0;
    size_t length;

    if (result == QD_CLIENT_OK) {
        result = qd_client_ask(client, &job, &joined, &reply);
    }
    if (result != QD_CLIENT_OK) {
        return result;
    }
    switch (qd_client_choice(client, &reply, QD_APDU_ACTION_RESPONSE, job.invoke)) {
    case RESPONSE_LIST:
        length = qd_reader_left(&reply);
        result = qd_client_join(client, &joined, qd_reader_octets(&reply, length), length);
        break;
    case RESPONSE_BLOCK:
        result = qd_client_take_blocks(client, QD_APDU_ACTION_RESPONSE, job.invoke, &joined, &reply, &access);
        break;
    case RESPONSE_NORMAL: /* one reason for the whole request */
        access = qd_reader_u8(&reply);
        if (reply.status != QD_OK || access == 0u) {
            return qd_client_violation(client, "one result instead of a list");
        }
        break;
    case 0:
        return client->fault.result;
    default:
        return qd_client_violation(client, "the reply does not fit a list");
    }
    if (result != QD_CLIENT_OK) {
        return result;
    }
    return access != 0u ? qd_client_refuse_access(client, access)
                        : take_elements(client, &joined, get_action, count, values);
}

/* --- requests without answer ------------------------------------------------------------------ */

qd_client_result_t qd_client_tell(qd_client_t *client, const qd_client_item_t *item, bool action) {
    qd_client_result_t result = qd_client_ready(client);
    qd_descriptor_t descriptor = {item->ref.class_id, item->ref.obis, item->ref.index};
    qd_writer_t w;

    if (result != QD_CLIENT_OK) {
        return result;
    }
    qd_client_request(client, &w);
    qd_writer_u8(&w, action ? QD_APDU_ACTION_REQUEST : QD_APDU_SET_REQUEST);
    qd_writer_u8(&w, 1);
    qd_writer_u8(&w, (uint8_t)(qd_client_next_invoke(client) & ~QD_INVOKE_CONFIRMED));
    qd_descriptor_encode(&w, &descriptor);
    if (!action) {
        qd_writer_u8(&w, item->selection != NULL);
        if (item->selection != NULL) {
            qd_writer_u8(&w, item->selection->selector);
            qd_writer_octets(&w, item->selection->data, item->selection->length);
        }
    } else {
        qd_writer_u8(&w, item->data != NULL);
    }
    if (item->data != NULL) {
        qd_writer_octets(&w, item->data, item->length);
    }
    if (w.status != QD_OK) {
        return qd_client_fail(client, QD_CLIENT_OWN, "the request is longer than the meter takes");
    }
    result = qd_client_send(client, w.at);
    return result == QD_CLIENT_OK ? qd_client_succeed(client) : result;
}
