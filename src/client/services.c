/*
 * services.c - GET, SET and ACTION with their replies.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "client/internal.h"
#include "protocol/axdr.h"
#include "protocol/xdlms.h"

#include <string.h>

#define REF_OCTETS 10u      /* a descriptor and the octet of an absent selection */
#define LIST_HEAD_OCTETS 4u /* tag, choice, invoke-id, count */

enum { GET_RESPONSE_NORMAL = 1, GET_RESPONSE_BLOCK = 2, GET_RESPONSE_LIST = 3 };

/* Where the pieces of a reply are joined. */
typedef struct joined {
    uint8_t *out;
    size_t size;
    size_t at;
} joined_t;

static qd_client_result_t violation(qd_client_t *client, const char *what) {
    return qd_client_fail(client, QD_CLIENT_VIOLATION, what);
}

static qd_client_result_t refuse_access(qd_client_t *client, uint8_t access) {
    return qd_client_refuse(client, QD_REFUSAL_ACCESS, 0, access, qd_client_access_name(access));
}

static qd_client_result_t succeed(qd_client_t *client) {
    client->fault.result = QD_CLIENT_OK;
    client->fault.refusal = QD_REFUSAL_NONE;
    client->fault.what = "";
    return QD_CLIENT_OK;
}

/* QD_CLIENT_OK when a request may go out now. */
static qd_client_result_t ready(qd_client_t *client) {
    if (client->state == QD_CLIENT_BROKEN) {
        return client->fault.result;
    }
    if (client->state != QD_CLIENT_ASSOCIATED) {
        return qd_client_fail(client, QD_CLIENT_OWN, "no association is open");
    }
    return QD_CLIENT_OK;
}

/* Invoke-Id-And-Priority of the next request. */
static uint8_t next_invoke(qd_client_t *client) {
    uint8_t priority = (client->conformance & QD_CONFORMANCE_BIT(9)) != 0u ? QD_INVOKE_HIGH_PRIORITY : 0u;

    client->invoke = (uint8_t)((client->invoke + 1u) & 0x0Fu);
    return (uint8_t)(priority | QD_INVOKE_CONFIRMED | client->invoke);
}

static void put_ref(qd_writer_t *w, const qd_client_ref_t *ref) {
    qd_descriptor_t descriptor = {ref->class_id, ref->obis, ref->index};

    qd_descriptor_encode(w, &descriptor);
}

/* reply ::= tag choice invoke-id ...; 0 and a noted violation when it is not the one wanted */
static uint8_t get_choice(qd_client_t *client, qd_reader_t *reply, uint8_t tag, uint8_t invoke) {
    uint8_t got = qd_reader_u8(reply);
    uint8_t choice = qd_reader_u8(reply);
    uint8_t echoed = qd_reader_u8(reply);

    if (reply->status != QD_OK || got != tag) {
        (void)violation(client, "the reply is of another service");
        return 0;
    }
    if (echoed != invoke) {
        (void)violation(client, "the reply has another invoke-id");
        return 0;
    }
    if (choice == 0u) {
        (void)violation(client, "the reply has an unknown choice");
    }
    return choice;
}

static qd_client_result_t join(qd_client_t *client, joined_t *joined, const uint8_t *octets, size_t length) {
    if (length > joined->size - joined->at) {
        return qd_client_fail(client, QD_CLIENT_OWN, "the value is longer than the room for it");
    }
    memcpy(joined->out + joined->at, octets, length);
    joined->at += length;
    return QD_CLIENT_OK;
}

/* Get-Data-Result ::= 00 element | 01 data-access-result. QD_OK, or QD_MALFORMED. */
static qd_status_t get_result(qd_reader_t *r, qd_client_value_t *value) {
    uint8_t choice = qd_reader_u8(r);
    size_t start = r->at;

    value->access = 0;
    value->data = NULL;
    value->length = 0;
    if (r->status != QD_OK || choice > 1u) {
        return QD_MALFORMED;
    }
    if (choice == 1u) {
        value->access = qd_reader_u8(r);
        return r->status == QD_OK && value->access != 0u ? QD_OK : QD_MALFORMED;
    }
    if (qd_axdr_skip(r) != QD_OK) {
        return QD_MALFORMED;
    }
    value->data = r->data + start;
    value->length = r->at - start;
    return QD_OK;
}

/* --- GET -------------------------------------------------------------------------------------- */

/* block ::= last number (00 raw-data | 01 data-access-result) */
typedef struct block {
    bool last;
    uint8_t access;
} block_t;

static qd_client_result_t take_block(qd_client_t *client, qd_reader_t *reply, uint32_t number,
                                     joined_t *joined, block_t *block) {
    uint8_t last = qd_reader_u8(reply);
    uint32_t got = qd_reader_u32(reply);
    uint8_t choice = qd_reader_u8(reply);
    const uint8_t *octets;
    uint16_t length;

    block->last = last != 0u;
    block->access = 0;
    if (choice == 1u) {
        block->access = qd_reader_u8(reply);
        if (reply->status != QD_OK || qd_reader_left(reply) > 0u || block->access == 0u) {
            return violation(client, "a malformed data block");
        }
        return QD_CLIENT_OK;
    }
    length = qd_axdr_get_length(reply);
    octets = qd_reader_octets(reply, length);
    if (choice != 0u || octets == NULL || qd_reader_left(reply) > 0u) {
        return violation(client, "a malformed data block");
    }
    if (got != number) {
        return violation(client, "data blocks out of order");
    }
    if (length == 0u && !block->last) {
        return violation(client, "an empty data block that is not the last");
    }
    return join(client, joined, octets, length);
}

/* Fetches the rest of a long GET; the first block is in reply. *access: the reason when it ends with
 * one. */
static qd_client_result_t take_blocks(qd_client_t *client, qd_reader_t *reply, uint8_t invoke,
                                      joined_t *joined, uint8_t *access) {
    uint32_t number = 1;
    block_t block;
    qd_client_result_t result = take_block(client, reply, number, joined, &block);

    *access = 0;
    while (result == QD_CLIENT_OK && block.access == 0u && !block.last) {
        qd_writer_t w;

        qd_client_request(client, &w);
        qd_writer_u8(&w, QD_APDU_GET_REQUEST);
        qd_writer_u8(&w, QD_GET_NEXT);
        qd_writer_u8(&w, invoke);
        qd_writer_u32(&w, number);
        number++;
        result = qd_client_exchange(client, &w, reply);
        if (result != QD_CLIENT_OK) {
            break;
        }
        switch (get_choice(client, reply, QD_APDU_GET_RESPONSE, invoke)) {
        case GET_RESPONSE_BLOCK:
            result = take_block(client, reply, number, joined, &block);
            break;
        case GET_RESPONSE_NORMAL: /* some meters end a long GET with a plain reason */
            if (qd_reader_u8(reply) != 1u || reply->status != QD_OK) {
                return violation(client, "data instead of the next block");
            }
            block.access = qd_reader_u8(reply);
            block.last = true;
            break;
        case 0:
            return client->fault.result;
        default:
            return violation(client, "the reply is not a data block");
        }
    }
    if (result == QD_CLIENT_OK) {
        *access = block.access;
    }
    return result;
}

static qd_client_result_t take_normal(qd_client_t *client, qd_reader_t *reply, joined_t *joined,
                                      qd_client_value_t *value) {
    qd_client_value_t got;
    qd_client_result_t result;

    if (get_result(reply, &got) != QD_OK || qd_reader_left(reply) > 0u) {
        return violation(client, "a malformed value");
    }
    if (got.access != 0u) {
        value->access = got.access;
        return refuse_access(client, got.access);
    }
    result = join(client, joined, got.data, got.length);
    if (result == QD_CLIENT_OK) {
        value->data = joined->out;
        value->length = joined->at;
        result = succeed(client);
    }
    return result;
}

/* Blocks of a GET normal are one element, cut anywhere. */
static qd_client_result_t take_long(qd_client_t *client, qd_reader_t *reply, uint8_t invoke, joined_t *joined,
                                    qd_client_value_t *value) {
    qd_reader_t r;
    qd_client_result_t result = take_blocks(client, reply, invoke, joined, &value->access);

    if (result != QD_CLIENT_OK) {
        return result;
    }
    if (value->access != 0u) {
        return refuse_access(client, value->access);
    }
    qd_reader_init(&r, joined->out, joined->at);
    if (qd_axdr_skip(&r) != QD_OK || qd_reader_left(&r) > 0u) {
        return violation(client, "the joined blocks are not one value");
    }
    value->data = joined->out;
    value->length = joined->at;
    return succeed(client);
}

bool qd_client_has_selection(const qd_client_t *client) {
    return (client->conformance & QD_CONFORMANCE_SELECTIVE_ACCESS) != 0u;
}

/* selection ::= 00 | 01 selector element */
static void put_selection(qd_writer_t *w, const qd_client_selection_t *selection) {
    qd_writer_u8(w, selection != NULL);
    if (selection != NULL) {
        qd_writer_u8(w, selection->selector);
        qd_writer_octets(w, selection->data, selection->length);
    }
}

qd_client_result_t qd_client_get(qd_client_t *client, const qd_client_ref_t *ref, uint8_t *out, size_t size,
                                 qd_client_value_t *value) {
    return qd_client_get_selected(client, ref, NULL, out, size, value);
}

qd_client_result_t qd_client_get_selected(qd_client_t *client, const qd_client_ref_t *ref,
                                          const qd_client_selection_t *selection, uint8_t *out, size_t size,
                                          qd_client_value_t *value) {
    qd_client_value_t none = {0, NULL, 0};
    joined_t joined = {out, size, 0};
    qd_client_result_t result = ready(client);
    qd_writer_t w;
    qd_reader_t reply;
    uint8_t invoke;

    *value = none;
    if (result != QD_CLIENT_OK) {
        return result;
    }
    invoke = next_invoke(client);
    qd_client_request(client, &w);
    qd_writer_u8(&w, QD_APDU_GET_REQUEST);
    qd_writer_u8(&w, QD_GET_NORMAL);
    qd_writer_u8(&w, invoke);
    put_ref(&w, ref);
    put_selection(&w, selection);
    result = qd_client_exchange(client, &w, &reply);
    if (result != QD_CLIENT_OK) {
        return result;
    }
    switch (get_choice(client, &reply, QD_APDU_GET_RESPONSE, invoke)) {
    case GET_RESPONSE_NORMAL:
        return take_normal(client, &reply, &joined, value);
    case GET_RESPONSE_BLOCK:
        return take_long(client, &reply, invoke, &joined, value);
    case 0:
        return client->fault.result;
    default:
        return violation(client, "the reply does not fit a single attribute");
    }
}

size_t qd_client_list_capacity(const qd_client_t *client) {
    size_t room = client->size - QD_CLIENT_HEAD;

    if (!qd_client_has_list(client)) {
        return 0;
    }
    if (client->peer_pdu != 0u && client->peer_pdu < room) {
        room = client->peer_pdu;
    }
    room = room > LIST_HEAD_OCTETS ? (room - LIST_HEAD_OCTETS) / REF_OCTETS : 0u;
    return room < QD_CLIENT_LIST_MAX ? room : QD_CLIENT_LIST_MAX;
}

/* list ::= length result*; the results of a GET with list, joined in one piece */
static qd_client_result_t take_results(qd_client_t *client, const joined_t *joined, size_t count,
                                       qd_client_value_t *values) {
    qd_reader_t r;
    size_t i;

    qd_reader_init(&r, joined->out, joined->at);
    if (qd_axdr_get_length(&r) != count) {
        return violation(client, "another number of results than asked for");
    }
    for (i = 0; i < count; i++) {
        if (get_result(&r, &values[i]) != QD_OK) {
            return violation(client, "a malformed value in the list");
        }
    }
    if (qd_reader_left(&r) > 0u) {
        return violation(client, "octets after the list");
    }
    return succeed(client);
}

static qd_client_result_t take_list(qd_client_t *client, qd_reader_t *reply, uint8_t invoke, joined_t *joined,
                                    size_t count, qd_client_value_t *values) {
    qd_client_result_t result = QD_CLIENT_OK;
    uint8_t access = 0;
    size_t length;

    switch (get_choice(client, reply, QD_APDU_GET_RESPONSE, invoke)) {
    case GET_RESPONSE_LIST:
        length = qd_reader_left(reply);
        result = join(client, joined, qd_reader_octets(reply, length), length);
        break;
    case GET_RESPONSE_BLOCK:
        result = take_blocks(client, reply, invoke, joined, &access);
        break;
    case GET_RESPONSE_NORMAL: /* one reason for the whole request */
        if (qd_reader_u8(reply) != 1u) {
            return violation(client, "one value instead of a list");
        }
        access = qd_reader_u8(reply);
        if (reply->status != QD_OK || access == 0u) {
            return violation(client, "a malformed value");
        }
        break;
    case 0:
        return client->fault.result;
    default:
        return violation(client, "the reply does not fit a list");
    }
    if (result != QD_CLIENT_OK) {
        return result;
    }
    return access != 0u ? refuse_access(client, access) : take_results(client, joined, count, values);
}

qd_client_result_t qd_client_get_list(qd_client_t *client, const qd_client_ref_t *refs, size_t count,
                                      uint8_t *out, size_t size, qd_client_value_t *values) {
    joined_t joined = {out, size, 0};
    qd_client_result_t result = ready(client);
    qd_writer_t w;
    qd_reader_t reply;
    uint8_t invoke;
    size_t i;

    if (result != QD_CLIENT_OK) {
        return result;
    }
    if (count == 0u || count > qd_client_list_capacity(client)) {
        return qd_client_fail(client, QD_CLIENT_OWN, "too many attributes for one request");
    }
    invoke = next_invoke(client);
    qd_client_request(client, &w);
    qd_writer_u8(&w, QD_APDU_GET_REQUEST);
    qd_writer_u8(&w, QD_GET_WITH_LIST);
    qd_writer_u8(&w, invoke);
    qd_axdr_put_length(&w, (uint16_t)count);
    for (i = 0; i < count; i++) {
        put_ref(&w, &refs[i]);
        qd_writer_u8(&w, 0);
    }
    result = qd_client_exchange(client, &w, &reply);
    return result == QD_CLIENT_OK ? take_list(client, &reply, invoke, &joined, count, values) : result;
}

/* --- SET and ACTION --------------------------------------------------------------------------- */

qd_client_result_t qd_client_set(qd_client_t *client, const qd_client_ref_t *ref, const uint8_t *data,
                                 size_t length) {
    qd_client_result_t result = ready(client);
    qd_writer_t w;
    qd_reader_t reply;
    uint8_t invoke;
    uint8_t access;

    if (result != QD_CLIENT_OK) {
        return result;
    }
    invoke = next_invoke(client);
    qd_client_request(client, &w);
    qd_writer_u8(&w, QD_APDU_SET_REQUEST);
    qd_writer_u8(&w, QD_SET_NORMAL);
    qd_writer_u8(&w, invoke);
    put_ref(&w, ref);
    qd_writer_u8(&w, 0);
    qd_writer_octets(&w, data, length);
    result = qd_client_exchange(client, &w, &reply);
    if (result != QD_CLIENT_OK) {
        return result;
    }
    switch (get_choice(client, &reply, QD_APDU_SET_RESPONSE, invoke)) {
    case QD_SET_NORMAL:
        break;
    case 0:
        return client->fault.result;
    default:
        return violation(client, "the reply does not fit a SET");
    }
    access = qd_reader_u8(&reply);
    if (reply.status != QD_OK || qd_reader_left(&reply) > 0u) {
        return violation(client, "a malformed set-response");
    }
    return access != 0u ? refuse_access(client, access) : succeed(client);
}

/* action ::= action-result (00 | 01 result) */
static qd_client_result_t take_action(qd_client_t *client, qd_reader_t *reply, joined_t *joined,
                                      qd_client_value_t *value) {
    qd_client_value_t got = {0, NULL, 0};
    uint8_t access = qd_reader_u8(reply);
    uint8_t present = qd_reader_u8(reply);
    qd_client_result_t result;

    if (reply->status != QD_OK || present > 1u || (present == 1u && get_result(reply, &got) != QD_OK) ||
        qd_reader_left(reply) > 0u) {
        return violation(client, "a malformed action-response");
    }
    if (access == 0u) {
        access = got.access;
    }
    if (access != 0u) {
        value->access = access;
        return refuse_access(client, access);
    }
    if (got.data != NULL) {
        result = join(client, joined, got.data, got.length);
        if (result != QD_CLIENT_OK) {
            return result;
        }
        value->data = joined->out;
        value->length = joined->at;
    }
    return succeed(client);
}

qd_client_result_t qd_client_call(qd_client_t *client, const qd_client_ref_t *ref, const uint8_t *data,
                                  size_t length, uint8_t *out, size_t size, qd_client_value_t *value) {
    qd_client_value_t none = {0, NULL, 0};
    joined_t joined = {out, size, 0};
    qd_client_result_t result = ready(client);
    qd_writer_t w;
    qd_reader_t reply;
    uint8_t invoke;

    *value = none;
    if (result != QD_CLIENT_OK) {
        return result;
    }
    invoke = next_invoke(client);
    qd_client_request(client, &w);
    qd_writer_u8(&w, QD_APDU_ACTION_REQUEST);
    qd_writer_u8(&w, QD_ACTION_NORMAL);
    qd_writer_u8(&w, invoke);
    put_ref(&w, ref);
    qd_writer_u8(&w, data != NULL);
    if (data != NULL) {
        qd_writer_octets(&w, data, length);
    }
    result = qd_client_exchange(client, &w, &reply);
    if (result != QD_CLIENT_OK) {
        return result;
    }
    switch (get_choice(client, &reply, QD_APDU_ACTION_RESPONSE, invoke)) {
    case QD_ACTION_NORMAL:
        return take_action(client, &reply, &joined, value);
    case 0:
        return client->fault.result;
    default:
        return violation(client, "the reply does not fit an ACTION");
    }
}
