/*
 * xdlms.c - xDLMS APDUs with logical name referencing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "protocol/xdlms.h"

#include <string.h>

#include "protocol/axdr.h"

#define INITIATE_ERROR_CHOICE 0x01u  /* ConfirmedServiceError: initiateError */
#define SERVICE_ERROR_INITIATE 0x06u /* ServiceError: initiate */
#define CONFORMANCE_HEAD 0x5F1F0400u /* [APPLICATION 31], 4 octets, no unused bits */

/* Reads the tag and fails unless it is the one wanted. */
static void get_tag(qd_reader_t *r, uint8_t tag) {
    if (qd_reader_u8(r) != tag) {
        (void)qd_reader_fail(r, QD_MALFORMED);
    }
}

/* presence ::= 00 | 01, before every OPTIONAL and DEFAULT field */
static bool get_presence(qd_reader_t *r) {
    uint8_t octet = qd_reader_u8(r);

    if (octet > 1u) {
        (void)qd_reader_fail(r, QD_MALFORMED);
    }
    return octet == 1u;
}

/* conformance ::= 5F 1F 04 00 octet octet octet */
static uint32_t get_conformance(qd_reader_t *r) {
    uint32_t high;

    if (qd_reader_u32(r) != CONFORMANCE_HEAD) {
        (void)qd_reader_fail(r, QD_MALFORMED);
    }
    high = qd_reader_u8(r);
    return (high << 16) | qd_reader_u16(r);
}

static void put_conformance(qd_writer_t *w, uint32_t conformance) {
    qd_writer_u32(w, CONFORMANCE_HEAD);
    qd_writer_u8(w, (uint8_t)(conformance >> 16));
    qd_writer_u16(w, (uint16_t)conformance);
}

/* An initiate fills its user-information: what follows it belongs to nobody. */
static qd_status_t finish(qd_reader_t *r) {
    if (r->status == QD_OK && qd_reader_left(r) > 0u) {
        (void)qd_reader_fail(r, QD_MALFORMED);
    }
    return r->status;
}

/* InitiateRequest ::= 01 [dedicated-key] [response-allowed] [quality-of-service] version conformance
 *                     client-max-receive-pdu-size; each [x] ::= 00 | 01 x */
qd_status_t qd_initiate_request_decode(qd_reader_t *r, qd_initiate_request_t *request) {
    qd_initiate_request_t empty = {0};

    *request = empty;
    get_tag(r, QD_APDU_INITIATE_REQUEST);
    if (get_presence(r)) {
        request->dedicated_key.length = qd_axdr_get_length(r);
        request->dedicated_key.data = qd_reader_octets(r, request->dedicated_key.length);
    }
    request->response_allowed = true;
    if (get_presence(r)) {
        request->response_allowed = qd_reader_u8(r) != 0u;
    }
    request->has_quality_of_service = get_presence(r);
    if (request->has_quality_of_service) {
        request->quality_of_service = qd_reader_u8(r);
    }
    request->dlms_version = qd_reader_u8(r);
    request->conformance = get_conformance(r);
    request->max_receive_pdu = qd_reader_u16(r);
    return finish(r);
}

void qd_initiate_request_encode(qd_writer_t *w, const qd_initiate_request_t *request) {
    qd_writer_u8(w, QD_APDU_INITIATE_REQUEST);
    qd_writer_u8(w, request->dedicated_key.data != NULL);
    if (request->dedicated_key.data != NULL) {
        qd_axdr_put_length(w, (uint16_t)request->dedicated_key.length);
        qd_writer_octets(w, request->dedicated_key.data, request->dedicated_key.length);
    }
    qd_writer_u8(w, !request->response_allowed);
    if (!request->response_allowed) {
        qd_writer_u8(w, 0);
    }
    qd_writer_u8(w, request->has_quality_of_service);
    if (request->has_quality_of_service) {
        qd_writer_u8(w, request->quality_of_service);
    }
    qd_writer_u8(w, request->dlms_version);
    put_conformance(w, request->conformance);
    qd_writer_u16(w, request->max_receive_pdu);
}

/* InitiateResponse ::= 08 [quality-of-service] version conformance server-max-receive-pdu-size vaa-name */
qd_status_t qd_initiate_response_decode(qd_reader_t *r, qd_initiate_response_t *response) {
    qd_initiate_response_t empty = {0};

    *response = empty;
    get_tag(r, QD_APDU_INITIATE_RESPONSE);
    response->has_quality_of_service = get_presence(r);
    if (response->has_quality_of_service) {
        response->quality_of_service = qd_reader_u8(r);
    }
    response->dlms_version = qd_reader_u8(r);
    response->conformance = get_conformance(r);
    response->max_receive_pdu = qd_reader_u16(r);
    response->vaa_name = qd_reader_u16(r);
    return finish(r);
}

void qd_initiate_response_encode(qd_writer_t *w, const qd_initiate_response_t *response) {
    qd_writer_u8(w, QD_APDU_INITIATE_RESPONSE);
    qd_writer_u8(w, response->has_quality_of_service);
    if (response->has_quality_of_service) {
        qd_writer_u8(w, response->quality_of_service);
    }
    qd_writer_u8(w, response->dlms_version);
    put_conformance(w, response->conformance);
    qd_writer_u16(w, response->max_receive_pdu);
    qd_writer_u16(w, response->vaa_name);
}

/* ConfirmedServiceError ::= 0E 01 06 error */
void qd_initiate_error_encode(qd_writer_t *w, qd_initiate_error_t error) {
    qd_writer_u8(w, QD_APDU_CONFIRMED_SERVICE_ERROR);
    qd_writer_u8(w, INITIATE_ERROR_CHOICE);
    qd_writer_u8(w, SERVICE_ERROR_INITIATE);
    qd_writer_u8(w, (uint8_t)error);
}

/* ExceptionResponse ::= D8 state-error service-error */
void qd_exception_encode(qd_writer_t *w, qd_exception_state_t state, qd_exception_service_t service) {
    qd_writer_u8(w, QD_APDU_EXCEPTION_RESPONSE);
    qd_writer_u8(w, (uint8_t)state);
    qd_writer_u8(w, (uint8_t)service);
}

/* descriptor ::= class-id(2) instance-id(6) index(1) */
qd_status_t qd_descriptor_decode(qd_reader_t *r, qd_descriptor_t *descriptor) {
    const uint8_t *groups;

    descriptor->class_id = qd_reader_u16(r);
    groups = qd_reader_octets(r, sizeof descriptor->obis.group);
    if (groups == NULL) {
        memset(&descriptor->obis, 0, sizeof descriptor->obis);
    } else {
        memcpy(descriptor->obis.group, groups, sizeof descriptor->obis.group);
    }
    descriptor->index = (int8_t)qd_reader_u8(r);
    return r->status;
}

void qd_descriptor_encode(qd_writer_t *w, const qd_descriptor_t *descriptor) {
    qd_writer_u16(w, descriptor->class_id);
    qd_writer_octets(w, descriptor->obis.group, sizeof descriptor->obis.group);
    qd_writer_u8(w, (uint8_t)descriptor->index);
}

/* selector element */
qd_status_t qd_selector_decode(qd_reader_t *r, uint8_t *selector, qd_view_t *parameters) {
    size_t start;
    const uint8_t *data;

    parameters->data = NULL;
    parameters->length = 0;
    *selector = qd_reader_u8(r);
    start = r->at;
    data = r->data + start;
    if (qd_axdr_skip(r) != QD_OK) {
        return r->status;
    }
    parameters->data = data;
    parameters->length = r->at - start;
    return QD_OK;
}

/* selection ::= 00 | 01 selector element */
qd_status_t qd_selection_decode(qd_reader_t *r, uint8_t *selector, qd_view_t *parameters) {
    *selector = 0;
    parameters->data = NULL;
    parameters->length = 0;
    return get_presence(r) ? qd_selector_decode(r, selector, parameters) : r->status;
}

qd_status_t qd_view_decode(qd_reader_t *r, qd_view_t *view) {
    view->length = qd_axdr_get_length(r);
    view->data = qd_reader_octets(r, view->length);
    if (r->status != QD_OK) {
        view->length = 0;
    }
    return r->status;
}

void qd_view_encode(qd_writer_t *w, const qd_view_t *view) {
    qd_axdr_put_length(w, (uint16_t)view->length);
    qd_writer_octets(w, view->data, view->length);
}

/* DataBlock-SA ::= last-block(1) block-number(4) raw-data octet-string */
qd_status_t qd_datablock_decode(qd_reader_t *r, qd_datablock_t *block) {
    block->last = qd_reader_u8(r) != 0u;
    block->number = qd_reader_u32(r);
    return qd_view_decode(r, &block->data);
}

void qd_datablock_encode(qd_writer_t *w, const qd_datablock_t *block) {
    qd_writer_u8(w, block->last);
    qd_writer_u32(w, block->number);
    qd_view_encode(w, &block->data);
}

/* General-Block-Transfer ::= E0 block-control(1) block-number(2) block-number-ack(2) block-data octet-string;
 * it fills its APDU */
qd_status_t qd_gbt_decode(qd_reader_t *r, qd_gbt_t *gbt) {
    uint8_t control;

    get_tag(r, QD_APDU_GENERAL_BLOCK_TRANSFER);
    control = qd_reader_u8(r);
    gbt->last = (control & QD_GBT_LAST) != 0u;
    gbt->streaming = (control & QD_GBT_STREAMING) != 0u;
    gbt->window = control & QD_GBT_WINDOW_MAX;
    gbt->number = qd_reader_u16(r);
    gbt->ack = qd_reader_u16(r);
    (void)qd_view_decode(r, &gbt->data);
    return finish(r);
}

void qd_gbt_encode(qd_writer_t *w, const qd_gbt_t *gbt) {
    uint8_t control = gbt->window & QD_GBT_WINDOW_MAX;

    control |= gbt->last ? QD_GBT_LAST : 0u;
    control |= gbt->streaming ? QD_GBT_STREAMING : 0u;
    qd_writer_u8(w, QD_APDU_GENERAL_BLOCK_TRANSFER);
    qd_writer_u8(w, control);
    qd_writer_u16(w, gbt->number);
    qd_writer_u16(w, gbt->ack);
    qd_view_encode(w, &gbt->data);
}

/* data-notification ::= 0F long-invoke-id-and-priority(4) date-time octet-string, then the body */
qd_status_t qd_data_notification_decode(qd_reader_t *r, qd_data_notification_t *head) {
    get_tag(r, QD_APDU_DATA_NOTIFICATION);
    head->invoke = qd_reader_u32(r);
    return qd_view_decode(r, &head->date_time);
}

void qd_data_notification_encode(qd_writer_t *w, const qd_data_notification_t *head) {
    qd_writer_u8(w, QD_APDU_DATA_NOTIFICATION);
    qd_writer_u32(w, head->invoke);
    qd_view_encode(w, &head->date_time);
}

/* event-notification-request ::= C2 (00 | 01 time octet-string) attribute-descriptor, then the value */
qd_status_t qd_event_notification_decode(qd_reader_t *r, qd_event_notification_t *head) {
    head->time.data = NULL;
    head->time.length = 0;
    get_tag(r, QD_APDU_EVENT_NOTIFICATION);
    if (get_presence(r)) {
        (void)qd_view_decode(r, &head->time);
    }
    return qd_descriptor_decode(r, &head->attribute);
}

void qd_event_notification_encode(qd_writer_t *w, const qd_event_notification_t *head) {
    qd_writer_u8(w, QD_APDU_EVENT_NOTIFICATION);
    qd_writer_u8(w, head->time.data != NULL);
    if (head->time.data != NULL) {
        qd_view_encode(w, &head->time);
    }
    qd_descriptor_encode(w, &head->attribute);
}
