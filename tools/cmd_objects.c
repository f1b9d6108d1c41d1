/*
 * cmd_objects.c - quadrant objects: what this client may see.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dictionary.h"
#include "item.h"
#include "present.h"
#include "session.h"

#include <string.h>

/* Access modes of the versions 1 and 2 of class 15; 4 to 6 want an authenticated request. */
static const char *attribute_mode(uint8_t mode) {
    static const char *const names[] = {"-", "r", "w", "rw", "ar", "aw", "arw"};

    return mode < sizeof names / sizeof names[0] ? names[mode] : "?";
}

static const char *method_mode(uint8_t mode) {
    return mode == 0u ? "-" : mode == 1u ? "x" : mode == 2u ? "ax" : "?";
}

static void text_access(FILE *to, const qd_object_t *row) {
    int i;
    const char *between = "";

    for (i = 1; i < QD_INDEX_MAX; i++) {
        int last = i;

        if (row->attribute[i] == 0u) {
            continue;
        }
        while (last + 1 < QD_INDEX_MAX && row->attribute[last + 1] == row->attribute[i]) {
            last++;
        }
        (void)fprintf(to, "%s%d", between, i);
        if (last > i) {
            (void)fprintf(to, "-%d", last);
        }
        (void)fprintf(to, ":%s", attribute_mode(row->attribute[i]));
        between = " ";
        i = last;
    }
    for (i = 0; i < QD_INDEX_MAX; i++) {
        if (row->method[i] != 0u) {
            (void)fprintf(to, "%sm%d:%s", between, i, method_mode(row->method[i]));
            between = " ";
        }
    }
}

static void json_modes(FILE *to, const char *name, const uint8_t mode[QD_INDEX_MAX],
                       const char *(*text)(uint8_t)) {
    const char *between = "";
    int i;

    (void)fprintf(to, ",\"%s\":{", name);
    for (i = 0; i < QD_INDEX_MAX; i++) {
        if (mode[i] != 0u) {
            (void)fprintf(to, "%s\"%d\":\"%s\"", between, i, text(mode[i]));
            between = ",";
        }
    }
    (void)fputc('}', to);
}

static void print_row(FILE *to, qd_format_t format, const qd_object_t *row) {
    const char *name = qd_dictionary_object(&row->obis);
    const char *class_name = qd_dictionary_class(row->class_id);
    char obis[QD_OBIS_TEXT];

    qd_obis_print(&row->obis, obis);
    switch (format) {
    case QD_FORMAT_TEXT:
        (void)fprintf(to, "%5u %2u  %-18s  ", row->class_id, row->version, obis);
        text_access(to, row);
        (void)fprintf(to, "  %s\n", name[0] != '\0' ? name : class_name);
        break;
    case QD_FORMAT_JSON:
        (void)fprintf(to, "{\"version\":1,\"class\":%u,\"class_version\":%u,\"class_name\":", row->class_id,
                      row->version);
        qd_json_string(to, class_name, strlen(class_name));
        (void)fprintf(to, ",\"obis\":\"%s\"", obis);
        json_modes(to, "attributes", row->attribute, attribute_mode);
        json_modes(to, "methods", row->method, method_mode);
        (void)fputs(",\"name\":", to);
        qd_json_string(to, name, strlen(name));
        (void)fputs("}\n", to);
        break;
    case QD_FORMAT_CSV:
        (void)fprintf(to, "%u,%u,%s,", row->class_id, row->version, obis);
        text_access(to, row);
        (void)fprintf(to, ",\"%s\",\"%s\"\n", name, class_name);
        break;
    }
}

int qd_cmd_objects(int argc, char **argv) {
    qd_options_t options;
    qd_session_t *session = NULL;
    size_t i;
    int status;

    if (!qd_options_parse(&options, argc, argv)) {
        return QD_EXIT_USAGE;
    }
    if (options.help) {
        return qd_help(options.command);
    }
    if (options.argument_count != 1) {
        return qd_complain(options.command, QD_EXIT_USAGE, "give one ADDRESS; see quadrant help objects");
    }
    status = qd_session_open(&options, options.argument[0], &session);
    if (status == QD_EXIT_OK) {
        status = qd_session_objects(session, true);
    }
    if (status == QD_EXIT_OK) {
        if (options.format == QD_FORMAT_CSV) {
            (void)puts("class,class_version,obis,access,name,class_name");
        }
        for (i = 0; i < session->objects.count; i++) {
            print_row(stdout, options.format, &session->objects.row[i]);
        }
    }
    return qd_session_close(session, status);
}
