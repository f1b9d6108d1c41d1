/*
 * query.c - which rows of a profile are wanted: selective access from the options of the command line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

#define SELECTOR_RANGE 1u
#define SELECTOR_ENTRY 2u

/* "3:7", "3:" or "3"; false: none of them. */
static bool parse_entries(const char *text, uint32_t *from, uint32_t *to) {
    char *end;
    unsigned long first = strtoul(text, &end, 10);
    unsigned long last = first;

    if (*text < '0' || *text > '9' || first == 0u || first > UINT32_MAX) {
        return false;
    }
    if (*end == ':') {
        const char *rest = end + 1;

        if (*rest == '\0') {
            *from = (uint32_t)first;
            *to = 0;
            return true;
        }
        if (*rest < '0' || *rest > '9') {
            return false;
        }
        last = strtoul(rest, &end, 10);
        if (last < first || last > UINT32_MAX) {
            return false;
        }
    }
    *from = (uint32_t)first;
    *to = (uint32_t)last;
    return *end == '\0';
}

/* A bound of the range; NULL: no bound on this side. */
static bool parse_bound(const char *text, uint8_t octets[12]) {
    if (text == NULL) {
        (void)memset(octets, 0xFF, 12);
        octets[9] = 0x80; /* deviation not specified */
        octets[10] = 0x00;
        return true;
    }
    return qd_date_time_parse(text, strlen(text), octets);
}

int qd_query_parse(const qd_options_t *options, qd_query_t *query) {
    uint32_t last = 0;

    (void)memset(query, 0, sizeof *query);
    if (options->entries != NULL && (options->from != NULL || options->to != NULL)) {
        return qd_complain(options->command, QD_EXIT_USAGE, "give either --entries or --from and --to");
    }
    if (options->entries != NULL && !parse_entries(options->entries, &query->first, &query->last)) {
        return qd_complain(options->command, QD_EXIT_USAGE,
                           "--entries cannot be %s; give A:B, both from 1 on", options->entries);
    }
    if (!parse_bound(options->from, query->from) || !parse_bound(options->to, query->to)) {
        return qd_complain(options->command, QD_EXIT_USAGE,
                           "--from and --to want a time such as 2026-03-29T02:00:00+01:00");
    }
    if (options->columns != NULL) {
        if (!parse_entries(options->columns, &query->column, &last) || query->column > 0xFFFFu ||
            last > 0xFFFFu) {
            return qd_complain(options->command, QD_EXIT_USAGE,
                               "--columns cannot be %s; give A:B, both from 1 on", options->columns);
        }
        query->last_column = last;
    }
    query->range = options->from != NULL || options->to != NULL;
    query->chosen = query->range || options->entries != NULL || options->columns != NULL;
    if (query->first == 0u) {
        query->first = 1;
    }
    if (query->column == 0u) {
        query->column = 1;
    }
    return QD_EXIT_OK;
}

static void put_number(qd_element_writer_t *w, qd_type_t type, int64_t number) {
    qd_scalar_t scalar = {.type = (uint8_t)type, .v.i = number};

    qd_element_write_scalar(w, &scalar);
}

static void put_octets(qd_element_writer_t *w, const uint8_t *octets, uint16_t length) {
    qd_scalar_t scalar = {.type = QD_TYPE_OCTET_STRING, .length = length, .external = octets};

    qd_element_write_scalar(w, &scalar);
}

/* capture_object_definition ::= structure { class_id, logical_name, attribute_index, data_index } */
static void put_column(qd_element_writer_t *w, const qd_column_t *column) {
    qd_element_write_group(w, QD_TYPE_STRUCTURE, 4);
    put_number(w, QD_TYPE_LONG_UNSIGNED, column->ref.class_id);
    put_octets(w, column->ref.obis.group, sizeof column->ref.obis.group);
    put_number(w, QD_TYPE_INTEGER, column->ref.index);
    put_number(w, QD_TYPE_LONG_UNSIGNED, column->data_index);
}

bool qd_query_select(qd_query_t *query, const qd_column_t *columns, size_t count, const qd_column_t *clock) {
    size_t last = query->last_column != 0u && query->last_column < count ? query->last_column : count;
    bool all = query->column == 1u && query->last_column == 0u;
    qd_element_writer_t w;
    size_t i;

    qd_element_write_begin(&w, query->octets, sizeof query->octets);
    qd_element_write_group(&w, QD_TYPE_STRUCTURE, 4);
    if (query->range) {
        put_column(&w, clock);
        put_octets(&w, query->from, sizeof query->from);
        put_octets(&w, query->to, sizeof query->to);
        qd_element_write_group(&w, QD_TYPE_ARRAY, (uint16_t)(all ? 0u : last + 1u - query->column));
        for (i = query->column - 1u; !all && i < last; i++) {
            put_column(&w, &columns[i]);
        }
    } else {
        put_number(&w, QD_TYPE_DOUBLE_LONG_UNSIGNED, query->first);
        put_number(&w, QD_TYPE_DOUBLE_LONG_UNSIGNED, query->last);
        put_number(&w, QD_TYPE_LONG_UNSIGNED, query->column);
        put_number(&w, QD_TYPE_LONG_UNSIGNED, query->last_column);
    }
    query->selection.selector = query->range ? SELECTOR_RANGE : SELECTOR_ENTRY;
    query->selection.data = query->octets;
    query->selection.length = w.at;
    return w.status == QD_OK;
}

/* More rows than entries were asked for: the selection was not taken, and the rows are others than those wanted. */
static bool too_many(const qd_query_t *query, const qd_client_value_t *value, uint16_t *count) {
    qd_element_iterator_t it;
    qd_element_t head;

    qd_element_begin(&it, value->data, value->length);
    if (!query->chosen || query->range || query->last == 0u || qd_element_next(&it, &head) != QD_OK ||
        head.type != QD_TYPE_ARRAY) {
        return false;
    }
    *count = head.count;
    return head.count > query->last - query->first + 1u;
}

int qd_query_read(qd_session_t *session, const qd_client_ref_t *ref, const qd_query_t *query,
                  const char *name, qd_client_value_t *value) {
    uint16_t count = 0;

    if (query->chosen && !qd_client_has_selection(&session->client)) {
        return qd_complain(
            session->options->command, QD_EXIT_REFUSED,
            "the meter has no selective access; leave out --from, --to, --entries and --columns");
    }
    if (qd_client_get_selected(&session->client, ref, query->chosen ? &query->selection : NULL,
                               session->value, QD_SESSION_VALUE, value) != QD_CLIENT_OK) {
        return qd_session_complain(session, name);
    }
    if (too_many(query, value, &count)) {
        return qd_complain(
            session->options->command, QD_EXIT_PROTOCOL,
            "%u rows came for entries %lu to %lu: the meter does not select; leave out --entries",
            (unsigned)count, (unsigned long)query->first, (unsigned long)query->last);
    }
    return QD_EXIT_OK;
}
