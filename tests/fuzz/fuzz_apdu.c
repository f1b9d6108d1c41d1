/*
 * fuzz_apdu.c - requests as a server takes them apart: initiate, GET, SET and ACTION.
 *
 * Must hold: what was read encodes back to the same octets (initiates up to the form of a boolean), and
 * views lie inside the input.
 * Planted: a SET of an attribute with a negative index to a visible-string.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <string.h>

#include "protocol/axdr.h"
#include "protocol/xdlms.h"

#define LIST_MAX 32u

static void initiate(const uint8_t *data, size_t size) {
    uint8_t out[512];
    qd_initiate_request_t request;
    qd_initiate_request_t again;
    qd_initiate_response_t response;
    qd_reader_t r;
    qd_writer_t w;

    qd_reader_init(&r, data, size);
    if (qd_initiate_request_decode(&r, &request) == QD_OK && request.dedicated_key.length <= 256u) {
        qd_writer_init(&w, out, sizeof out);
        qd_initiate_request_encode(&w, &request);
        qd_reader_init(&r, out, w.at);
        FUZZ_MUST(w.status == QD_OK && qd_initiate_request_decode(&r, &again) == QD_OK);
        FUZZ_MUST(request.response_allowed == again.response_allowed &&
                  request.conformance == again.conformance);
        FUZZ_MUST(request.dedicated_key.length == again.dedicated_key.length);
        FUZZ_MUST(request.max_receive_pdu == again.max_receive_pdu);
    }
    qd_reader_init(&r, data, size);
    if (qd_initiate_response_decode(&r, &response) == QD_OK && data[1] == 0u) {
        qd_writer_init(&w, out, sizeof out);
        qd_initiate_response_encode(&w, &response);
        FUZZ_MUST(w.status == QD_OK && w.at == size && memcmp(out, data, size) == 0);
    }
}

/* descriptor selection; false: no more */
static bool attribute(qd_reader_t *r, uint8_t *selector, qd_view_t *parameters) {
    uint8_t out[9];
    size_t at = r->at;
    qd_descriptor_t descriptor;
    qd_writer_t w;

    if (qd_descriptor_decode(r, &descriptor) != QD_OK) {
        return false;
    }
    qd_writer_init(&w, out, sizeof out);
    qd_descriptor_encode(&w, &descriptor);
    FUZZ_MUST(w.status == QD_OK && memcmp(out, r->data + at, sizeof out) == 0);
    if (selector == NULL) {
        return true;
    }
    if (qd_selection_decode(r, selector, parameters) != QD_OK) {
        FUZZ_MUST(parameters->data == NULL);
        return false;
    }
    if (parameters->data != NULL) {
        FUZZ_MUST(parameters->length > 0u && parameters->data + parameters->length == r->data + r->at);
    }
    return true;
}

static void get_list(qd_reader_t *r) {
    uint16_t count = qd_axdr_get_length(r);
    uint8_t selector;
    qd_view_t parameters;
    uint16_t i;

    for (i = 0; i < count && i < LIST_MAX && attribute(r, &selector, &parameters); i++) {
    }
}

static void service(const uint8_t *data, size_t size) {
    uint8_t selector;
    qd_view_t parameters;
    qd_reader_t r;
    uint8_t tag;
    uint8_t choice;

    qd_reader_init(&r, data, size);
    tag = qd_reader_u8(&r);
    choice = qd_reader_u8(&r);
    (void)qd_reader_u8(&r);
    if (r.status != QD_OK) {
        return;
    }
    if (tag == QD_APDU_GET_REQUEST && choice == QD_GET_NORMAL) {
        (void)attribute(&r, &selector, &parameters);
    } else if (tag == QD_APDU_GET_REQUEST && choice == QD_GET_WITH_LIST) {
        get_list(&r);
    } else if (tag == QD_APDU_SET_REQUEST && choice == QD_SET_NORMAL) {
        if (attribute(&r, &selector, &parameters)) {
            uint8_t type = qd_reader_peek(&r);

            FUZZ_PLANT(FUZZ_STAGE(qd_axdr_skip(&r) == QD_OK) && FUZZ_STAGE(data[11] > 0x7Fu) &&
                       FUZZ_STAGE(type == QD_TYPE_VISIBLE_STRING));
        }
    } else if (tag == QD_APDU_ACTION_REQUEST && choice == QD_ACTION_NORMAL) {
        if (attribute(&r, NULL, NULL) && qd_reader_u8(&r) == 1u) {
            (void)qd_axdr_skip(&r);
        }
    }
    FUZZ_MUST(r.at <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    initiate(data, size);
    service(data, size);
    return 0;
}
