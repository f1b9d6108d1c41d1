/*
 * request.c - requests of any length: in one APDU, in the blocks of SET and ACTION, or by general block transfer.
 *
 * A request is made anew for each of its blocks, and only the octets of that block are kept: so it needs no memory
 * of its own, however long it is.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "client/internal.h"
#include "protocol/axdr.h"
#include "protocol/xdlms.h"

#define NUMBER_OCTETS 5u /* last-block and block-number */
#define LENGTH_OCTETS 3u /* longest length field of raw data */

void qd_client_sink_octets(qd_client_sink_t *sink, const uint8_t *octets, size_t length) {
    size_t i;

    for (i = 0; i < length; i++, sink->total++) {
        if (sink->to != NULL && sink->total >= sink->skip && sink->total - sink->skip < sink->room) {
            sink->to[sink->total - sink->skip] = octets[i];
        }
    }
}

void qd_client_sink_u8(qd_client_sink_t *sink, uint8_t octet) {
    qd_client_sink_octets(sink, &octet, 1);
}

void qd_client_sink_length(qd_client_sink_t *sink, size_t length) {
    uint8_t octets[LENGTH_OCTETS];
    qd_writer_t w;

    qd_writer_init(&w, octets, sizeof octets);
    qd_axdr_put_length(&w, (uint16_t)length);
    qd_client_sink_octets(sink, octets, w.at);
}

size_t qd_client_source_length(const qd_client_source_t *source) {
    qd_client_sink_t sink = {NULL, 0, 0, 0};

    source->emit(source->context, &sink);
    return sink.total;
}

uint8_t qd_client_next_invoke(qd_client_t *client) {
    uint8_t priority = (client->conformance & QD_CONFORMANCE_PRIORITY) != 0u ? QD_INVOKE_HIGH_PRIORITY : 0u;

    client->invoke = (uint8_t)((client->invoke + 1u) & 0x0Fu);
    return (uint8_t)(priority | QD_INVOKE_CONFIRMED | client->invoke);
}

uint8_t qd_client_choice(qd_client_t *client, qd_reader_t *reply, uint8_t tag, uint8_t invoke) {
    uint8_t got = qd_reader_u8(reply);
    uint8_t choice = qd_reader_u8(reply);
    uint8_t echoed = qd_reader_u8(reply);

    if (reply->status != QD_OK || got != tag) {
        (void)qd_client_violation(client, "the reply is of another service");
        return 0;
    }
    if (echoed != invoke) {
        (void)qd_client_violation(client, "the reply has another invoke-id");
        return 0;
    }
    if (choice == 0u) {
        (void)qd_client_violation(client, "the reply has an unknown choice");
    }
    return choice;
}

/* --- the parts of a request */

/* descriptor, and for GET and SET selection ::= 00 | 01 selector element */
static void put_descriptor(const qd_client_job_t *job, size_t i, qd_client_sink_t *sink) {
    const qd_client_ref_t *ref = job->items != NULL ? &job->items[i].ref : &job->refs[i];
    const qd_client_selection_t *selection = job->items != NULL ? job->items[i].selection : NULL;
    qd_descriptor_t descriptor = {ref->class_id, ref->obis, ref->index};
    uint8_t octets[9];
    qd_writer_t w;

    qd_writer_init(&w, octets, sizeof octets);
    qd_descriptor_encode(&w, &descriptor);
    qd_client_sink_octets(sink, octets, w.at);
    if (job->tag == QD_APDU_ACTION_REQUEST) {
        return;
    }
    qd_client_sink_u8(sink, selection != NULL);
    if (selection != NULL) {
        qd_client_sink_u8(sink, selection->selector);
        qd_client_sink_octets(sink, selection->data, selection->length);
    }
}

static void put_descriptors(const qd_client_job_t *job, qd_client_sink_t *sink) {
    size_t i;

    if (job->list) {
        qd_client_sink_length(sink, job->count);
    }
    for (i = 0; i < job->count; i++) {
        put_descriptor(job, i, sink);
    }
}

/* One element for each item; a list has their number before them, and null-data for an item without one. */
static void put_values(const qd_client_job_t *job, qd_client_sink_t *sink) {
    size_t i;

    if (job->list) {
        qd_client_sink_length(sink, job->count);
    }
    for (i = 0; i < job->count; i++) {
        if (job->items[i].data != NULL) {
            qd_client_sink_octets(sink, job->items[i].data, job->items[i].length);
        } else if (job->list) {
            qd_client_sink_u8(sink, QD_TYPE_NULL);
        }
    }
}

static void put_whole(const void *context, qd_client_sink_t *sink) {
    const qd_client_job_t *job = context;
    uint8_t list =
        job->tag == QD_APDU_SET_REQUEST ? QD_SET_WITH_LIST : QD_ACTION_WITH_LIST; /* 3 is GET's, too */

    qd_client_sink_u8(sink, job->tag);
    qd_client_sink_u8(sink, job->list ? list : 1u);
    qd_client_sink_u8(sink, job->invoke);
    put_descriptors(job, sink);
    if (job->tag == QD_APDU_GET_REQUEST) {
        return;
    }
    if (job->tag == QD_APDU_ACTION_REQUEST && !job->list) {
        qd_client_sink_u8(sink, job->items[0].data != NULL);
    }
    put_values(job, sink);
}

static void put_raw(const void *context, qd_client_sink_t *sink) {
    put_values(context, sink);
}

/* --- one APDU after the other */

qd_client_result_t qd_client_ask_source(qd_client_t *client, const qd_client_source_t *source,
                                        qd_client_room_t *room, qd_reader_t *reply) {
    size_t length = qd_client_source_length(source);
    qd_client_sink_t sink = {NULL, 0, 0, 0};
    qd_writer_t w;

    if (length > qd_client_apdu_room(client)) {
        if ((client->conformance & QD_CONFORMANCE_GENERAL_BLOCK_TRANSFER) != 0u) {
            return qd_client_gbt_send(client, source, length, room, reply);
        }
        return qd_client_fail(client, QD_CLIENT_OWN, "the request is longer than the meter takes");
    }
    qd_client_request(client, &w);
    sink.to = w.data;
    sink.room = w.size;
    source->emit(source->context, &sink);
    w.at = length;
    return qd_client_exchange(client, &w, room, reply);
}

/* Head of block number: its choice, with what is asked in the first. */
static void put_head(const qd_client_job_t *job, uint32_t number, qd_client_sink_t *sink) {
    bool set = job->tag == QD_APDU_SET_REQUEST;
    uint8_t first = job->list ? (set ? QD_SET_WITH_LIST_FIRST_DATABLOCK : QD_ACTION_WITH_LIST_FIRST_PBLOCK)
                              : (set ? QD_SET_FIRST_DATABLOCK : QD_ACTION_FIRST_PBLOCK);

    qd_client_sink_u8(sink, job->tag);
    qd_client_sink_u8(sink, number == 1u ? first : (set ? QD_SET_DATABLOCK : QD_ACTION_PBLOCK));
    qd_client_sink_u8(sink, job->invoke);
    if (number == 1u) {
        put_descriptors(job, sink);
    }
}

/* block ::= head last number raw-data. Octets of raw data in it; SIZE_MAX: even the head has no room. */
static size_t put_block(qd_client_t *client, const qd_client_job_t *job, uint32_t number, size_t from,
                        size_t total, qd_writer_t *w) {
    qd_client_sink_t sink = {NULL, 0, 0, 0};
    size_t take;

    qd_client_request(client, w);
    sink.to = w->data;
    sink.room = w->size;
    put_head(job, number, &sink);
    if (sink.total + NUMBER_OCTETS + LENGTH_OCTETS >= w->size) {
        return SIZE_MAX;
    }
    w->at = sink.total;
    take = w->size - w->at - NUMBER_OCTETS - 1u;
    take -= take > 0x7Fu ? LENGTH_OCTETS - 1u : 0u;
    take = take < total - from ? take : total - from;
    qd_writer_u8(w, from + take == total);
    qd_writer_u32(w, number);
    qd_axdr_put_length(w, (uint16_t)take);
    sink.to = w->data + w->at;
    sink.room = take;
    sink.skip = from;
    sink.total = 0;
    put_raw(job, &sink);
    w->at += take;
    return take;
}

/* The answer to a block that is not the last. QD_CLIENT_OK: the next one is wanted. */
static qd_client_result_t take_acknowledgement(qd_client_t *client, const qd_client_job_t *job,
                                               uint32_t number, qd_reader_t *reply) {
    bool set = job->tag == QD_APDU_SET_REQUEST;
    uint8_t choice = qd_client_choice(client, reply, (uint8_t)(job->tag + 4u), job->invoke);
    uint8_t access;
    uint32_t got;

    if (choice == 0u) {
        return client->fault.result;
    }
    if (choice == (set ? QD_SET_RESPONSE_DATABLOCK : QD_ACTION_RESPONSE_NEXT_PBLOCK)) {
        got = qd_reader_u32(reply);
        if (reply->status != QD_OK || qd_reader_left(reply) > 0u || got != number) {
            return qd_client_violation(client, "another block is acknowledged than was sent");
        }
        return QD_CLIENT_OK;
    }
    access = qd_reader_u8(reply); /* a meter that ends it says why, in a reply of any kind with one result */
    if (reply->status != QD_OK || access == 0u ||
        (choice != 1u && !(set && choice == QD_SET_RESPONSE_LAST_DATABLOCK))) {
        return qd_client_violation(client, "the reply does not fit a block");
    }
    return qd_client_refuse_access(client, access);
}

static qd_client_result_t ask_blocks(qd_client_t *client, const qd_client_job_t *job, qd_client_room_t *room,
                                     qd_reader_t *reply) {
    const qd_client_source_t raw = {put_raw, job};
    size_t total = qd_client_source_length(&raw);
    size_t at = 0;
    uint32_t number;

    for (number = 1;; number++) {
        qd_writer_t w;
        size_t took = put_block(client, job, number, at, total, &w);
        qd_client_result_t result;

        if (took == SIZE_MAX) {
            return qd_client_fail(client, QD_CLIENT_OWN, "the meter's APDUs are too short for this request");
        }
        at += took;
        result = qd_client_exchange(client, &w, room, reply);
        if (result != QD_CLIENT_OK || at == total) {
            return result;
        }
        result = take_acknowledgement(client, job, number, reply);
        if (result != QD_CLIENT_OK) {
            return result;
        }
    }
}

qd_client_result_t qd_client_ask(qd_client_t *client, const qd_client_job_t *job, qd_client_room_t *room,
                                 qd_reader_t *reply) {
    const qd_client_source_t whole = {put_whole, job};
    uint32_t blocks = 0;

    if (job->tag == QD_APDU_SET_REQUEST) {
        blocks = QD_CONFORMANCE_BLOCK_SET;
    } else if (job->tag == QD_APDU_ACTION_REQUEST) {
        blocks = QD_CONFORMANCE_BLOCK_ACTION;
    }
    if ((client->conformance & blocks) != 0u &&
        qd_client_source_length(&whole) > qd_client_apdu_room(client)) {
        return ask_blocks(client, job, room, reply);
    }
    return qd_client_ask_source(client, &whole, room, reply);
}
