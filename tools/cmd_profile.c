/*
 * cmd_profile.c - quadrant profile: rows of any profile (class 7), with the names and units of what it captures.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dictionary.h"
#include "item.h"
#include "present.h"
#include "query.h"

#include <stdlib.h>
#include <string.h>

#define CLASS_REGISTER 3u
#define CLASS_EXTENDED_REGISTER 4u
#define CLASS_DEMAND_REGISTER 5u
#define CLASS_PROFILE 7u
#define CLASS_CLOCK 8u
#define BUFFER 2
#define CAPTURE_OBJECTS 3
#define COLUMNS_MAX 64u
#define NAME_TEXT 128u

typedef struct profile {
    qd_item_t item;
    qd_query_t query;
    qd_column_t column[COLUMNS_MAX];
    qd_scale_t scale[COLUMNS_MAX];
    char name[COLUMNS_MAX][NAME_TEXT];
    size_t columns;
    size_t first; /* of those that are wanted */
    size_t shown;
} profile_t;

/* --- columns */

/* capture_object_definition ::= structure { class_id, logical_name, attribute_index, data_index, ... } */
static bool take_column(qd_element_iterator_t *it, profile_t *profile) {
    qd_column_t *column = &profile->column[profile->columns];
    qd_element_t element;
    uint16_t left;

    if (qd_element_next(it, &element) != QD_OK || element.type != QD_TYPE_STRUCTURE || element.count < 4u) {
        return false;
    }
    left = element.count;
    if (qd_element_next(it, &element) != QD_OK || element.type != QD_TYPE_LONG_UNSIGNED) {
        return false;
    }
    column->ref.class_id = (uint16_t)element.scalar.v.u;
    if (qd_element_next(it, &element) != QD_OK || element.scalar.length != sizeof column->ref.obis.group ||
        element.scalar.external == NULL) {
        return false;
    }
    (void)memcpy(column->ref.obis.group, element.scalar.external, sizeof column->ref.obis.group);
    if (qd_element_next(it, &element) != QD_OK || element.type != QD_TYPE_INTEGER) {
        return false;
    }
    column->ref.index = (int8_t)element.scalar.v.i;
    if (qd_element_next(it, &element) != QD_OK || element.type != QD_TYPE_LONG_UNSIGNED) {
        return false;
    }
    column->data_index = (uint16_t)element.scalar.v.u;
    for (left = (uint16_t)(left - 4u); left > 0u; left--) { /* of later versions of the class */
        if (qd_element_next(it, &element) != QD_OK || element.type == QD_TYPE_ARRAY ||
            element.type == QD_TYPE_STRUCTURE) {
            return false;
        }
    }
    profile->columns++;
    return true;
}

static int read_columns(qd_session_t *session, profile_t *profile) {
    qd_client_ref_t ref = profile->item.ref;
    qd_client_value_t value;
    qd_element_iterator_t it;
    qd_element_t head;
    uint16_t i;

    ref.index = CAPTURE_OBJECTS;
    if (qd_client_get(&session->client, &ref, session->value, QD_SESSION_VALUE, &value) != QD_CLIENT_OK) {
        return qd_session_complain(session, profile->item.text);
    }
    qd_element_begin(&it, value.data, value.length);
    if (qd_element_next(&it, &head) != QD_OK || head.type != QD_TYPE_ARRAY || head.count > COLUMNS_MAX) {
        return qd_complain(session->options->command, QD_EXIT_PROTOCOL,
                           "the capture objects are not readable");
    }
    for (i = 0; i < head.count; i++) {
        if (!take_column(&it, profile)) {
            return qd_complain(session->options->command, QD_EXIT_PROTOCOL,
                               "the capture objects are not readable");
        }
    }
    return QD_EXIT_OK;
}

static int8_t scale_index(const qd_client_ref_t *ref) {
    if (ref->class_id == CLASS_REGISTER || ref->class_id == CLASS_EXTENDED_REGISTER) {
        return ref->index == 2 ? 3 : 0;
    }
    return ref->class_id == CLASS_DEMAND_REGISTER && (ref->index == 2 || ref->index == 3) ? 4 : 0;
}

/* A column whose unit cannot be read is shown without. */
static int read_scale(qd_session_t *session, const qd_column_t *column, qd_scale_t *scale) {
    qd_client_ref_t ref = column->ref;
    qd_client_value_t value;
    qd_client_result_t result;
    qd_element_iterator_t it;
    qd_element_t element[3];

    ref.index = scale_index(&column->ref);
    if (ref.index == 0) {
        return QD_EXIT_OK;
    }
    result = qd_client_get(&session->client, &ref, session->value, QD_SESSION_VALUE, &value);
    if (result != QD_CLIENT_OK) {
        return result == QD_CLIENT_REFUSED ? QD_EXIT_OK : qd_session_complain(session, "scaler and unit");
    }
    qd_element_begin(&it, value.data, value.length);
    if (qd_element_next(&it, &element[0]) == QD_OK && element[0].type == QD_TYPE_STRUCTURE &&
        qd_element_next(&it, &element[1]) == QD_OK && element[1].type == QD_TYPE_INTEGER &&
        qd_element_next(&it, &element[2]) == QD_OK && element[2].type == QD_TYPE_ENUM) {
        scale->known = true;
        scale->scaler = (int8_t)element[1].scalar.v.i;
        scale->unit = (uint8_t)element[2].scalar.v.u;
    }
    return QD_EXIT_OK;
}

static void name_column(profile_t *profile, size_t i) {
    const qd_column_t *column = &profile->column[i];
    const char *known = qd_dictionary_object(&column->ref.obis);
    char obis[QD_OBIS_TEXT];

    qd_obis_print(&column->ref.obis, obis);
    (void)snprintf(profile->name[i], NAME_TEXT, "%s:%d%s%s", obis, column->ref.index,
                   *known != '\0' ? " " : "", known);
}

static const qd_column_t *find_clock(const profile_t *profile) {
    size_t i;

    for (i = 0; i < profile->columns; i++) {
        if (profile->column[i].ref.class_id == CLASS_CLOCK && profile->column[i].ref.index == 2) {
            return &profile->column[i];
        }
    }
    return NULL;
}

static int plan(qd_session_t *session, profile_t *profile) {
    const char *command = session->options->command;
    const qd_column_t *clock;
    int status = read_columns(session, profile);
    size_t i;

    if (status != QD_EXIT_OK) {
        return status;
    }
    profile->first = profile->query.column - 1u;
    if (profile->first >= profile->columns && profile->columns > 0u) {
        return qd_complain(command, QD_EXIT_USAGE,
                           "the profile has %zu columns; choose others with --columns", profile->columns);
    }
    profile->shown = profile->query.last_column != 0u && profile->query.last_column < profile->columns
                         ? profile->query.last_column - profile->first
                         : profile->columns - profile->first;
    for (i = profile->first; i < profile->first + profile->shown && status == QD_EXIT_OK; i++) {
        name_column(profile, i);
        status = read_scale(session, &profile->column[i], &profile->scale[i]);
    }
    clock = find_clock(profile);
    if (status == QD_EXIT_OK && profile->query.range && clock == NULL) {
        return qd_complain(command, QD_EXIT_USAGE, "the profile captures no clock; choose with --entries");
    }
    if (status == QD_EXIT_OK && !qd_query_select(&profile->query, profile->column, profile->columns, clock)) {
        return qd_complain(command, QD_EXIT_OWN,
                           "too many columns for one request; choose fewer with --columns");
    }
    return status;
}

/* --- rows */

/* Octets of the next element with everything in it. 0: there is none. */
static size_t whole_element(qd_element_iterator_t *it) {
    size_t start = it->at;
    uint64_t pending = 1;
    qd_element_t next;

    while (pending > 0u) {
        if (qd_element_next(it, &next) != QD_OK) {
            return 0;
        }
        pending += next.type == QD_TYPE_ARRAY || next.type == QD_TYPE_STRUCTURE ? next.count : 0u;
        pending--;
    }
    return it->at - start;
}

static void unit_text(const profile_t *profile, size_t column, char text[20]) {
    qd_row_t row = {.scale = profile->scale[column]};
    char number[16];
    const char *unit = qd_present_unit(&row, number);

    (void)snprintf(text, 20, "%s%s", *unit != '\0' ? " " : "", unit);
}

static void put_head(const qd_options_t *options, const profile_t *profile) {
    size_t i;

    for (i = 0; i < profile->shown && options->format != QD_FORMAT_JSON; i++) {
        size_t column = profile->first + i;
        char head[NAME_TEXT + 32u];
        char unit[20];

        unit_text(profile, column, unit);
        if (options->format == QD_FORMAT_CSV) {
            (void)snprintf(head, sizeof head, "%s%s%s%s", profile->name[column], *unit != '\0' ? " (" : "",
                           *unit != '\0' ? unit + 1 : "", *unit != '\0' ? ")" : "");
            (void)fputs(i > 0u ? "," : "", stdout);
            qd_csv_field(stdout, head, strlen(head));
        } else {
            (void)printf("# %zu: %s%s%s\n", column + 1u, profile->name[column], *unit != '\0' ? "," : "",
                         unit);
        }
    }
    if (options->format == QD_FORMAT_CSV) {
        (void)fputc('\n', stdout);
    }
}

static void put_json_cell(const profile_t *profile, size_t column, const qd_row_t *row) {
    char number[16];

    (void)fputs("{\"item\":", stdout);
    qd_json_string(stdout, profile->name[column], strcspn(profile->name[column], " "));
    (void)fputs(",\"value\":", stdout);
    qd_present_value(stdout, row, true);
    if (row->scale.known) {
        (void)printf(",\"scaler\":%d,\"unit\":", row->scale.scaler);
        qd_json_string(stdout, qd_present_unit(row, number), strlen(qd_present_unit(row, number)));
    }
    (void)fputc('}', stdout);
}

static void put_cell(const qd_options_t *options, const profile_t *profile, size_t i, const uint8_t *data,
                     size_t length) {
    size_t column = profile->first + i;
    qd_row_t row = {
        .ref = profile->column[column].ref, .scale = profile->scale[column], .data = data, .length = length};
    bool absent = length == 1u && data[0] == QD_TYPE_NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *memory;

    if (options->format == QD_FORMAT_JSON) {
        (void)fputs(i > 0u ? "," : "", stdout);
        put_json_cell(profile, column, &row);
        return;
    }
    memory = absent ? NULL : open_memstream(&text, &size);
    if (memory != NULL) {
        qd_present_value(memory, &row, false);
        (void)fclose(memory);
    }
    if (options->format == QD_FORMAT_CSV) {
        (void)fputs(i > 0u ? "," : "", stdout);
        qd_csv_field(stdout, text != NULL ? text : "", size);
    } else {
        (void)printf("%s%s", i > 0u ? "  " : "", text != NULL ? text : "-");
    }
    free(text);
}

static int put_row(const qd_options_t *options, const profile_t *profile, qd_element_iterator_t *it,
                   const uint8_t *base) {
    qd_element_t head;
    size_t i;

    if (qd_element_next(it, &head) != QD_OK || head.type != QD_TYPE_STRUCTURE ||
        head.count != profile->shown) {
        return qd_complain(options->command, QD_EXIT_PROTOCOL,
                           "a row has other columns than the profile says");
    }
    if (options->format == QD_FORMAT_JSON) {
        (void)fputs("{\"version\":1,\"columns\":[", stdout);
    }
    for (i = 0; i < head.count; i++) {
        size_t at = it->at;
        size_t length = whole_element(it);

        if (length == 0u) {
            return qd_complain(options->command, QD_EXIT_PROTOCOL, "a row of the buffer is not readable");
        }
        put_cell(options, profile, i, base + at, length);
    }
    (void)fputs(options->format == QD_FORMAT_JSON ? "]}\n" : "\n", stdout);
    return QD_EXIT_OK;
}

static int put_rows(const qd_options_t *options, const profile_t *profile, const qd_client_value_t *value) {
    qd_element_iterator_t it;
    qd_element_t head;
    int status = QD_EXIT_OK;
    uint16_t left;

    qd_element_begin(&it, value->data, value->length);
    if (qd_element_next(&it, &head) != QD_OK || head.type != QD_TYPE_ARRAY) {
        return qd_complain(options->command, QD_EXIT_PROTOCOL, "the buffer is no array");
    }
    put_head(options, profile);
    for (left = head.count; left > 0u && status == QD_EXIT_OK; left--) {
        status = put_row(options, profile, &it, value->data);
    }
    return status;
}

static int check(const qd_options_t *options, profile_t *profile) {
    if (options->argument_count != 2) {
        return qd_complain(options->command, QD_EXIT_USAGE,
                           "give an ADDRESS and an ITEM; see quadrant help profile");
    }
    if (!qd_item_parse(options->argument[1], &profile->item) ||
        (profile->item.ref.class_id != 0u && profile->item.ref.class_id != CLASS_PROFILE) ||
        (profile->item.has_index && profile->item.ref.index != BUFFER)) {
        return qd_complain(options->command, QD_EXIT_USAGE,
                           "%s is no profile; give its OBIS code, such as 1-0:99.1.0", options->argument[1]);
    }
    profile->item.ref.class_id = CLASS_PROFILE;
    profile->item.ref.index = BUFFER;
    return qd_query_parse(options, &profile->query);
}

static int run(const qd_options_t *options, profile_t *profile) {
    qd_session_t *session = NULL;
    qd_client_value_t value;
    int status = qd_session_open(options, options->argument[0], &session);

    if (status != QD_EXIT_OK) {
        return status;
    }
    status = plan(session, profile);
    if (status == QD_EXIT_OK) {
        status = qd_query_read(session, &profile->item.ref, &profile->query, profile->item.text, &value);
    }
    if (status == QD_EXIT_OK) {
        status = put_rows(options, profile, &value);
    }
    return qd_session_close(session, status);
}

int qd_cmd_profile(int argc, char **argv) {
    qd_options_t options;
    profile_t *profile;
    int status;

    if (!qd_options_parse(&options, argc, argv)) {
        return QD_EXIT_USAGE;
    }
    if (options.help) {
        return qd_help(options.command);
    }
    profile = calloc(1, sizeof *profile);
    if (profile == NULL) {
        return qd_complain(options.command, QD_EXIT_OWN, "no memory");
    }
    status = check(&options, profile);
    if (status == QD_EXIT_OK) {
        status = run(&options, profile);
    }
    free(profile);
    return status;
}
