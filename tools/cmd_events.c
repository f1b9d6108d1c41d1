/*
 * cmd_events.c - quadrant events: rows of an event log or of the integrity journal.
 *
 * What is asked for is chosen by the meter, with selective access; a row is shown with the names of the dictionary,
 * and a power up with the time that has passed since the power down in front of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dictionary.h"
#include "item.h"
#include "present.h"
#include "query.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLASS_PROFILE 7u
#define BUFFER 2
#define COLUMNS_MAX 16u
#define POWER_DOWN 1u
#define POWER_UP 2u

typedef struct log_name {
    const char *name;
    uint8_t group_e;
} log_name_t;

static const log_name_t logs[] = {{"standard", 0}, {"fraud", 1},         {"disconnector", 2}, {"mbus", 3},
                                  {"quality", 4},  {"communication", 5}, {"firmware", 6},     {"security", 7},
                                  {"load", 8},     {"journal", 128}};
#define JOURNAL_E 128u

/* What is asked for. */
typedef struct query {
    qd_client_ref_t ref;
    bool journal;
    qd_query_t rows;
} query_t;

/* One row: its time and its numbers, in the order of the columns. */
typedef struct entry {
    char time[QD_DATE_TIME_TEXT]; /* "" when it has none */
    char status[QD_DATE_TIME_TEXT];
    bool dated;
    int64_t utc;
    size_t columns; /* numbers */
    qd_scalar_t number[COLUMNS_MAX];
} entry_t;

static bool find_log(const char *text, qd_client_ref_t *ref) {
    const qd_obis_t first = QD_OBIS(0, 0, 99, 98, 0, 255);
    const char *end;
    size_t i;

    ref->class_id = CLASS_PROFILE;
    ref->index = BUFFER;
    ref->obis = first;
    for (i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        if (strcmp(text, logs[i].name) == 0) {
            ref->obis.group[4] = logs[i].group_e;
            return true;
        }
    }
    return qd_obis_parse(text, &ref->obis, &end) && *end == '\0';
}

/* Usage faults come before any contact. */
static int check(const qd_options_t *options, query_t *query) {
    static const qd_column_t clock = {{8, QD_OBIS(0, 0, 1, 0, 0, 255), 2}, 0};
    int status;

    (void)memset(query, 0, sizeof *query);
    if (options->argument_count < 1 || options->argument_count > 2) {
        return qd_complain(options->command, QD_EXIT_USAGE,
                           "give an ADDRESS and at most one LOG; see quadrant help events");
    }
    if (!find_log(options->argument_count == 2 ? options->argument[1] : "standard", &query->ref)) {
        return qd_complain(options->command, QD_EXIT_USAGE, "no log %s; see quadrant help events",
                           options->argument[1]);
    }
    query->journal = query->ref.obis.group[4] == JOURNAL_E;
    if (options->columns != NULL) {
        return qd_complain(options->command, QD_EXIT_USAGE, "--columns is for quadrant profile");
    }
    status = qd_query_parse(options, &query->rows);
    return status == QD_EXIT_OK && !qd_query_select(&query->rows, NULL, 0, &clock)
               ? qd_complain(options->command, QD_EXIT_OWN, "no room")
               : status;
}

/* Seconds of UTC of a date-time, when all its fields and its deviation are there. */
static bool utc_of(const uint8_t *o, int64_t *utc) {
    int deviation = (int16_t)(uint16_t)((o[9] << 8) | o[10]);
    struct tm civil = {.tm_year = ((o[0] << 8) | o[1]) - 1900,
                       .tm_mon = o[2] - 1,
                       .tm_mday = o[3],
                       .tm_hour = o[5],
                       .tm_min = o[6],
                       .tm_sec = o[7]};

    if (o[2] > 12u || o[3] > 31u || o[5] > 23u || o[6] > 59u || o[7] > 59u || deviation == INT16_MIN) {
        return false;
    }
    *utc = (int64_t)timegm(&civil) + (int64_t)deviation * 60;
    return true;
}

/* The next row. QD_OK, QD_END, or what is wrong with the answer. */
static qd_status_t take_row(qd_element_iterator_t *it, entry_t *row) {
    qd_element_t element;
    qd_status_t status = qd_element_next(it, &element);
    uint16_t count = element.count;
    uint16_t i;

    (void)memset(row, 0, sizeof *row);
    if (status != QD_OK) {
        return status;
    }
    if (element.type != QD_TYPE_STRUCTURE || count > COLUMNS_MAX) {
        return QD_TYPE;
    }
    for (i = 0; i < count; i++) {
        status = qd_element_next(it, &element);
        if (status != QD_OK || element.type == QD_TYPE_STRUCTURE || element.type == QD_TYPE_ARRAY) {
            return status == QD_OK ? QD_TYPE : QD_TRUNCATED;
        }
        if (i > 0u) {
            row->number[row->columns++] = element.scalar;
        } else if (element.type != QD_TYPE_NULL &&
                   qd_date_time_print(element.scalar.external, element.scalar.length, row->time,
                                      row->status)) {
            row->dated = utc_of(element.scalar.external, &row->utc);
        }
    }
    return QD_OK;
}

static void put_number(const qd_scalar_t *number) {
    switch (number->type) {
    case QD_TYPE_NULL:
        (void)fputs("null", stdout);
        break;
    case QD_TYPE_INTEGER:
    case QD_TYPE_LONG:
    case QD_TYPE_DOUBLE_LONG:
    case QD_TYPE_LONG64:
        (void)printf("%" PRId64, number->v.i);
        break;
    default:
        (void)printf("%" PRIu64, number->v.u);
        break;
    }
}

/* What a row tells, whatever its format. */
typedef struct told {
    uint64_t code;
    const char *name;
    bool outage; /* its seconds are known */
    int64_t outage_s;
} told_t;

static void put_text(const query_t *query, const entry_t *row, const told_t *told) {
    size_t i;

    (void)printf("%-26s %3" PRIu64 "  %s", row->time[0] != '\0' ? row->time : "-", told->code,
                 told->code == 0u ? "entry lost" : told->name);
    if (told->outage) {
        (void)printf(", after %" PRId64 " s", told->outage_s);
    }
    if (row->status[0] != '\0') {
        (void)printf("  (clock: %s)", row->status);
    }
    if (query->journal && row->columns == 5u) {
        (void)printf("  detail %" PRIu64 "  %" PRId64 " -> %" PRId64, row->number[2].v.u, row->number[3].v.i,
                     row->number[4].v.i);
    } else {
        for (i = 1; i < row->columns; i++) {
            if (row->number[i].type != QD_TYPE_NULL && row->number[i].v.u != 0u) {
                (void)printf("  status %08" PRIX64, row->number[i].v.u);
            }
        }
    }
    (void)fputc('\n', stdout);
}

static void put_json(const query_t *query, const entry_t *row, const told_t *told) {
    static const char *const event_columns[] = {"code", "meter_status"};
    static const char *const journal_columns[] = {"entry", "code", "detail", "old", "new"};
    size_t known = query->journal ? 5u : 2u;
    size_t i;

    (void)fputs("{\"version\":1,\"time\":", stdout);
    if (row->time[0] != '\0') {
        qd_json_string(stdout, row->time, strlen(row->time));
        (void)fputs(",\"clock_status\":", stdout);
        qd_json_string(stdout, row->status, strlen(row->status));
    } else {
        (void)fputs("null", stdout);
    }
    for (i = 0; i < row->columns; i++) {
        if (i < known) {
            (void)printf(",\"%s\":", query->journal ? journal_columns[i] : event_columns[i]);
        } else {
            (void)printf(",\"column%zu\":", i + 2u);
        }
        put_number(&row->number[i]);
    }
    (void)fputs(",\"name\":", stdout);
    qd_json_string(stdout, told->name, strlen(told->name));
    if (told->outage) {
        (void)printf(",\"outage_s\":%" PRId64, told->outage_s);
    }
    (void)fputs("}\n", stdout);
}

static void put_csv(const entry_t *row, const told_t *told) {
    size_t i;

    (void)printf("%s,%s", row->time, row->status);
    for (i = 0; i < row->columns; i++) {
        (void)fputc(',', stdout);
        if (row->number[i].type != QD_TYPE_NULL) {
            put_number(&row->number[i]);
        }
    }
    (void)printf(",%s,", told->name);
    if (told->outage) {
        (void)printf("%" PRId64, told->outage_s);
    }
    (void)fputc('\n', stdout);
}

static void put_row(const qd_options_t *options, const query_t *query, const entry_t *row,
                    const told_t *told) {
    switch (options->format) {
    case QD_FORMAT_JSON:
        put_json(query, row, told);
        break;
    case QD_FORMAT_CSV:
        put_csv(row, told);
        break;
    case QD_FORMAT_TEXT:
    default:
        put_text(query, row, told);
        break;
    }
}

/* Rows as they come, oldest first. */
static int print_rows(const qd_options_t *options, const query_t *query, const qd_client_value_t *value) {
    qd_element_iterator_t it;
    qd_element_t head;
    entry_t row;
    entry_t down = {.dated = false};
    qd_status_t status;
    uint16_t left;

    qd_element_begin(&it, value->data, value->length);
    if (qd_element_next(&it, &head) != QD_OK || head.type != QD_TYPE_ARRAY) {
        return qd_complain(options->command, QD_EXIT_PROTOCOL, "the buffer is no array");
    }
    if (options->format == QD_FORMAT_CSV) {
        (void)puts(query->journal ? "time,clock_status,entry,code,detail,old,new,name,outage_s"
                                  : "time,clock_status,code,meter_status,name,outage_s");
    }
    for (left = head.count; left > 0u; left--) {
        told_t told = {0, "", false, 0};
        size_t code_at = query->journal ? 1u : 0u;

        status = take_row(&it, &row);
        if (status != QD_OK) {
            return qd_complain(options->command, QD_EXIT_PROTOCOL, "a row of the buffer is not readable");
        }
        told.code = row.columns > code_at ? row.number[code_at].v.u : 0u;
        told.name = query->journal ? qd_dictionary_journal(told.code) : qd_dictionary_event(told.code);
        if (!query->journal && told.code == POWER_UP && down.dated && row.dated && row.utc >= down.utc) {
            told.outage = true;
            told.outage_s = row.utc - down.utc;
        }
        down.dated = false;
        if (!query->journal && told.code == POWER_DOWN) {
            down = row;
            down.dated = row.dated && strstr(row.status, "invalid") == NULL;
        }
        if (strstr(row.status, "invalid") != NULL) {
            told.outage = false;
        }
        put_row(options, query, &row, &told);
    }
    return QD_EXIT_OK;
}

int qd_cmd_events(int argc, char **argv) {
    qd_options_t options;
    qd_session_t *session = NULL;
    qd_client_value_t value;
    query_t query;
    char name[QD_OBIS_TEXT];
    int status;

    if (!qd_options_parse(&options, argc, argv)) {
        return QD_EXIT_USAGE;
    }
    if (options.help) {
        return qd_help(options.command);
    }
    status = check(&options, &query);
    if (status != QD_EXIT_OK) {
        return status;
    }
    status = qd_session_open(&options, options.argument[0], &session);
    if (status != QD_EXIT_OK) {
        return status;
    }
    qd_obis_print(&query.ref.obis, name);
    status = qd_query_read(session, &query.ref, &query.rows, name, &value);
    if (status == QD_EXIT_OK) {
        status = print_rows(&options, &query, &value);
    }
    return qd_session_close(session, status);
}
