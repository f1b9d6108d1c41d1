/*
 * results.c - what the services share in their replies: results, joined blocks, faults.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "client/internal.h"
#include "protocol/axdr.h"
#include "protocol/xdlms.h"

enum { NEXT = 2, RESPONSE_NORMAL = 1, RESPONSE_BLOCK = 2 };

/* One block of a reply. */
typedef struct block {
    bool last;
    uint8_t access;
} block_t;

qd_client_result_t qd_client_violation(qd_client_t *client, const char *what) {
    return qd_client_fail(client, QD_CLIENT_VIOLATION, what);
}

qd_client_result_t qd_client_refuse_access(qd_client_t *client, uint8_t access) {
    return qd_client_refuse(client, QD_REFUSAL_ACCESS, 0, access, qd_client_access_name(access));
}

qd_client_result_t qd_client_succeed(qd_client_t *client) {
    client->fault.result = QD_CLIENT_OK;
    client->fault.refusal = QD_REFUSAL_NONE;
    client->fault.what = "";
    return QD_CLIENT_OK;
}

qd_client_result_t qd_client_ready(qd_client_t *client) {
    if (client->state == QD_CLIENT_BROKEN) {
        return client->fault.result;
    }
    if (client->state != QD_CLIENT_ASSOCIATED) {
        return qd_client_fail(client, QD_CLIENT_OWN, "no association is open");
    }
    return QD_CLIENT_OK;
}

/* Get-Data-Result ::= 00 element | 01 data-access-result */
qd_status_t qd_client_get_result(qd_reader_t *r, qd_client_value_t *value) {
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

/* block of GET ::= last number (00 raw-data | 01 data-access-result); of ACTION ::= last number raw-data */
static qd_client_result_t take_block(qd_client_t *client, uint8_t tag, qd_reader_t *reply, uint32_t number,
                                     qd_client_room_t *room, block_t *block) {
    uint8_t last = qd_reader_u8(reply);
    uint32_t got = qd_reader_u32(reply);
    uint8_t choice = tag == QD_APDU_GET_RESPONSE ? qd_reader_u8(reply) : 0u;
    const uint8_t *octets;
    uint16_t length;

    block->last = last != 0u;
    block->access = 0;
    if (choice == 1u) {
        block->access = qd_reader_u8(reply);
        if (reply->status != QD_OK || qd_reader_left(reply) > 0u || block->access == 0u) {
            return qd_client_violation(client, "a malformed data block");
        }
        return QD_CLIENT_OK;
    }
    length = qd_axdr_get_length(reply);
    octets = qd_reader_octets(reply, length);
    if (choice != 0u || octets == NULL || qd_reader_left(reply) > 0u) {
        return qd_client_violation(client, "a malformed data block");
    }
    if (got != number) {
        return qd_client_violation(client, "data blocks out of order");
    }
    if (length == 0u && !block->last) {
        return qd_client_violation(client, "an empty data block that is not the last");
    }
    return qd_client_join(client, room, octets, length);
}

/* What came instead of a block: some meters end a long reply with a plain reason. */
static qd_client_result_t take_end(qd_client_t *client, uint8_t tag, qd_reader_t *reply, block_t *block) {
    if (tag == QD_APDU_GET_RESPONSE && qd_reader_u8(reply) != 1u) {
        return qd_client_violation(client, "data instead of the next block");
    }
    block->access = qd_reader_u8(reply);
    block->last = true;
    if (reply->status != QD_OK || block->access == 0u) {
        return qd_client_violation(client, "data instead of the next block");
    }
    return QD_CLIENT_OK;
}

qd_client_result_t qd_client_take_blocks(qd_client_t *client, uint8_t tag, uint8_t invoke,
                                         qd_client_room_t *room, qd_reader_t *reply, uint8_t *access) {
    uint32_t number = 1;
    block_t block;
    qd_client_result_t result = take_block(client, tag, reply, number, room, &block);

    *access = 0;
    while (result == QD_CLIENT_OK && block.access == 0u && !block.last) {
        qd_writer_t w;

        qd_client_request(client, &w);
        qd_writer_u8(&w, (uint8_t)(tag - 4u));
        qd_writer_u8(&w, NEXT);
        qd_writer_u8(&w, invoke);
        qd_writer_u32(&w, number);
        number++;
        result = qd_client_exchange(client, &w, room, reply);
        if (result != QD_CLIENT_OK) {
            break;
        }
        switch (qd_client_choice(client, reply, tag, invoke)) {
        case RESPONSE_BLOCK:
            result = take_block(client, tag, reply, number, room, &block);
            break;
        case RESPONSE_NORMAL:
            result = take_end(client, tag, reply, &block);
            break;
        case 0:
            return client->fault.result;
        default:
            return qd_client_violation(client, "the reply is not a data block");
        }
    }
    if (result == QD_CLIENT_OK) {
        *access = block.access;
    }
    return result;
}
