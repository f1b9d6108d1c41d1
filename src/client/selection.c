/*
 * selection.c - the descriptors of selective access to class 7.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "protocol/axdr.h"
#include "quadrant/client.h"

#define SELECTOR_RANGE 1u
#define SELECTOR_ENTRY 2u
#define DATE_TIME_SIZE 12u
#define CLASS_CLOCK 8u
#define ATTRIBUTE_TIME 2

static void put_unsigned(qd_writer_t *w, qd_type_t type, uint64_t number) {
    qd_scalar_t scalar = {.type = (uint8_t)type, .v.u = number};

    qd_axdr_put_scalar(w, &scalar);
}

static void put_octets(qd_writer_t *w, const uint8_t *octets, uint16_t length) {
    qd_scalar_t scalar = {.type = QD_TYPE_OCTET_STRING, .length = length, .external = octets};

    qd_axdr_put_scalar(w, &scalar);
}

static qd_status_t finish(const qd_writer_t *w, uint8_t selector, qd_client_selection_t *selection) {
    selection->selector = selector;
    selection->data = w->data;
    selection->length = w->at;
    return w->status;
}

/* range_descriptor ::= structure { restricting_object, from_value, to_value, selected_values } */
qd_status_t qd_client_select_range(const uint8_t from[12], const uint8_t to[12], uint8_t *out, size_t size,
                                   qd_client_selection_t *selection) {
    static const uint8_t clock[6] = {0, 0, 1, 0, 0, 255};
    qd_scalar_t attribute = {.type = QD_TYPE_INTEGER, .v.i = ATTRIBUTE_TIME};
    qd_writer_t w;

    qd_writer_init(&w, out, size);
    qd_axdr_put_group(&w, QD_TYPE_STRUCTURE, 4);
    qd_axdr_put_group(&w, QD_TYPE_STRUCTURE, 4);
    put_unsigned(&w, QD_TYPE_LONG_UNSIGNED, CLASS_CLOCK);
    put_octets(&w, clock, sizeof clock);
    qd_axdr_put_scalar(&w, &attribute);
    put_unsigned(&w, QD_TYPE_LONG_UNSIGNED, 0);
    put_octets(&w, from, DATE_TIME_SIZE);
    put_octets(&w, to, DATE_TIME_SIZE);
    qd_axdr_put_group(&w, QD_TYPE_ARRAY, 0);
    return finish(&w, SELECTOR_RANGE, selection);
}

/* entry_descriptor ::= structure { from_entry, to_entry, from_selected_value, to_selected_value } */
qd_status_t qd_client_select_entries(uint32_t from, uint32_t to, uint8_t *out, size_t size,
                                     qd_client_selection_t *selection) {
    qd_writer_t w;

    qd_writer_init(&w, out, size);
    qd_axdr_put_group(&w, QD_TYPE_STRUCTURE, 4);
    put_unsigned(&w, QD_TYPE_DOUBLE_LONG_UNSIGNED, from);
    put_unsigned(&w, QD_TYPE_DOUBLE_LONG_UNSIGNED, to);
    put_unsigned(&w, QD_TYPE_LONG_UNSIGNED, 1);
    put_unsigned(&w, QD_TYPE_LONG_UNSIGNED, 0);
    return finish(&w, SELECTOR_ENTRY, selection);
}
