/*
 * access.c - the ACCESS service: several requests of any kind in one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "client/internal.h"
#include "protocol/axdr.h"
#include "protocol/xdlms.h"

#define WITH_SELECTION 3u /* added to the number of GET and SET */

typedef struct access_job {
    uint32_t invoke; /* Long-Invoke-Id-And-Priority */
    const uint8_t *services;
    const qd_client_item_t *items;
    size_t count;
} access_job_t;

/* request ::= D9 long-invoke-id date-time specifications data;  specification ::= choice descriptor [selection] */
static void put_access(const void *context, qd_client_sink_t *sink) {
    const access_job_t *job = context;
    uint8_t octets[16];
    qd_writer_t w;
    size_t i;

    qd_writer_init(&w, octets, sizeof octets);
    qd_writer_u8(&w, QD_APDU_ACCESS_REQUEST);
    qd_writer_u32(&w, job->invoke);
    qd_writer_u8(&w, 0);
    qd_client_sink_octets(sink, octets, w.at);
    qd_client_sink_length(sink, job->count);
    for (i = 0; i < job->count; i++) {
        const qd_client_item_t *item = &job->items[i];
        qd_descriptor_t descriptor = {item->ref.class_id, item->ref.obis, item->ref.index};
        bool selected = item->selection != NULL && job->services[i] != QD_CLIENT_ACCESS_ACTION;

        qd_writer_init(&w, octets, sizeof octets);
        qd_writer_u8(&w, (uint8_t)(job->services[i] + (selected ? WITH_SELECTION : 0u)));
        qd_descriptor_encode(&w, &descriptor);
        qd_client_sink_octets(sink, octets, w.at);
        if (selected) {
            qd_client_sink_u8(sink, item->selection->selector);
            qd_client_sink_octets(sink, item->selection->data, item->selection->length);
        }
    }
    qd_client_sink_length(sink, job->count);
    for (i = 0; i < job->count; i++) {
        if (job->items[i].data != NULL) {
            qd_client_sink_octets(sink, job->items[i].data, job->items[i].length);
        } else {
            qd_client_sink_u8(sink, QD_TYPE_NULL);
        }
    }
}

/* The specifications of the request, if the meter repeats them: they are skipped. */
static bool skip_specifications(qd_reader_t *r) {
    uint8_t present = qd_reader_u8(r);
    uint16_t count = present == 1u ? qd_axdr_get_length(r) : 0u;
    qd_descriptor_t descriptor;

    for (; count > 0u && r->status == QD_OK; count--) {
        uint8_t choice = qd_reader_u8(r);

        (void)qd_descriptor_decode(r, &descriptor);
        if (choice > WITH_SELECTION) {
            (void)qd_reader_u8(r);
            (void)qd_axdr_skip(r);
        }
    }
    return present <= 1u && r->status == QD_OK;
}

/* response ::= DA long-invoke-id date-time [specifications] data results;  result ::= choice access */
static qd_client_result_t take_access(qd_client_t *client, const access_job_t *job, qd_reader_t *r,
                                      qd_client_value_t *values) {
    size_t i;

    if (qd_axdr_get_length(r) != job->count) {
        return qd_client_violation(client, "another number of values than asked for");
    }
    for (i = 0; i < job->count; i++) {
        size_t start = r->at;

        if (qd_axdr_skip(r) != QD_OK) {
            return qd_client_violation(client, "a malformed value in the list");
        }
        values[i].data = r->data + start;
        values[i].length = r->at - start;
    }
    if (qd_axdr_get_length(r) != job->count) {
        return qd_client_violation(client, "another number of results than asked for");
    }
    for (i = 0; i < job->count; i++) {
        uint8_t choice = qd_reader_u8(r);

        values[i].access = qd_reader_u8(r);
        if (choice != job->services[i]) {
            return qd_client_violation(client, "a result of another service");
        }
        if (values[i].access != 0u) {
            values[i].data = NULL;
            values[i].length = 0;
        }
    }
    if (r->status != QD_OK || qd_reader_left(r) > 0u) {
        return qd_client_violation(client, "a malformed access-response");
    }
    return qd_client_succeed(client);
}

/* Everything up to the values; the rest of *reply is moved to the caller's room. */
static qd_client_result_t take_head(qd_client_t *client, const access_job_t *job, qd_reader_t *reply,
                                    qd_client_room_t *room) {
    uint8_t tag = qd_reader_u8(reply);
    uint32_t echoed = qd_reader_u32(reply);
    size_t left;
    qd_client_result_t result;

    (void)qd_reader_octets(reply, qd_axdr_get_length(reply));
    if (tag != QD_APDU_ACCESS_RESPONSE || reply->status != QD_OK) {
        return qd_client_violation(client, "the reply is of another service");
    }
    if (QD_LONG_INVOKE_ID(echoed ^ job->invoke) != 0u) {
        return qd_client_violation(client, "the reply has another invoke-id");
    }
    if (!skip_specifications(reply)) {
        return qd_client_violation(client, "a malformed access-response");
    }
    left = qd_reader_left(reply);
    result = qd_client_join(client, room, qd_reader_octets(reply, left), left);
    qd_reader_init(reply, room->out, room->at);
    return result;
}

qd_client_result_t qd_client_access(qd_client_t *client, const uint8_t *services,
                                    const qd_client_item_t *items, size_t count, bool break_on_error,
                                    uint8_t *out, size_t size, qd_client_value_t *values) {
    access_job_t job = {0, services, items, count};
    const qd_client_source_t source = {put_access, &job};
    qd_client_room_t room = {out, size, 0};
    qd_client_result_t result = qd_client_ready(client);
    qd_reader_t reply;
    size_t i;

    if (result != QD_CLIENT_OK) {
        return result;
    }
    if ((client->conformance & QD_CONFORMANCE_ACCESS) == 0u) {
        return qd_client_fail(client, QD_CLIENT_OWN, "the meter did not agree to the ACCESS service");
    }
    for (i = 0; i < count && services[i] >= QD_CLIENT_ACCESS_GET && services[i] <= QD_CLIENT_ACCESS_ACTION;
         i++) {
    }
    if (i < count || count == 0u || count > QD_CLIENT_LIST_MAX) {
        return qd_client_fail(client, QD_CLIENT_OWN, "ACCESS wants 1 to 64 GET, SET or ACTION");
    }
    job.invoke = (uint32_t)QD_INVOKE_ID(qd_client_next_invoke(client)) | QD_LONG_INVOKE_CONFIRMED |
                 (break_on_error ? QD_LONG_INVOKE_BREAK_ON_ERROR : 0u) |
                 ((client->conformance & QD_CONFORMANCE_PRIORITY) != 0u ? QD_LONG_INVOKE_HIGH_PRIORITY : 0u);
    result = qd_client_ask_source(client, &source, &room, &reply);
    if (result == QD_CLIENT_OK) {
        result = take_head(client, &job, &reply, &room);
    }
    return result == QD_CLIENT_OK ? take_access(client, &job, &reply, values) : result;
}
