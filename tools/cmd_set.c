/*
 * cmd_set.c - quadrant set and call: both send one VALUE to one place.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "item.h"
#include "methods.h"
#include "present.h"
#include "session.h"
#include "value.h"

#include <string.h>

#define VALUE_MAX 8192u

/* A session, and the item with its class. NULL: told; *status is the exit status. */
static qd_session_t *open_item(const qd_options_t *options, qd_item_t *item, int *status) {
    qd_session_t *session = NULL;

    if (!qd_item_parse(options->argument[1], item)) {
        *status = qd_complain(options->command, QD_EXIT_USAGE,
                              "%s is no ITEM; give 1-0:1.8.0, 1-0:1.8.0.255:2 or 3/1-0:1.8.0",
                              options->argument[1]);
        return NULL;
    }
    *status = qd_session_open(options, options->argument[0], &session);
    if (*status != QD_EXIT_OK) {
        return NULL;
    }
    *status = qd_session_find_class(session, &item->ref);
    if (*status == QD_EXIT_OK) {
        return session;
    }
    if (*status == QD_EXIT_REFUSED) {
        (void)qd_complain(options->command, *status, "%s: object-undefined: not in this client's object list",
                          item->text);
    }
    (void)qd_session_close(session, *status);
    return NULL;
}

static void print_done(const qd_options_t *options, const qd_item_t *item, const qd_client_value_t *value) {
    qd_row_t row = {
        .item = item->text, .ref = item->ref, .data = value->data, .length = value->length, .status = "ok"};

    if (options->format != QD_FORMAT_TEXT || value->data != NULL) {
        qd_present_head(stdout, options->format, false);
        qd_present_row(stdout, options->format, &row);
    }
}

/* A refusal is a row in JSON and CSV too, as in read. */
static int complain(const qd_session_t *session, const qd_item_t *item) {
    const qd_client_fault_t *fault = qd_client_last_fault(&session->client);

    if (fault->result == QD_CLIENT_REFUSED && session->options->format != QD_FORMAT_TEXT) {
        qd_row_t row = {.item = item->text, .ref = item->ref, .status = fault->what};

        qd_present_head(stdout, session->options->format, false);
        qd_present_row(stdout, session->options->format, &row);
    }
    return qd_session_complain(session, item->text);
}

/* JSON needs the attribute's present value to know its types; without the right to read it, types
 * that are spelt still do. A method's class says them. */
static int encode(qd_session_t *session, const qd_item_t *item, bool attribute, const char *text,
                  uint8_t *out, size_t *used) {
    qd_client_value_t like = {0, NULL, 0};
    const char *why;

    if (!attribute) {
        like.data = qd_method_like(&item->ref, &like.length);
    } else if (qd_value_wants_types(text)) {
        qd_client_result_t result =
            qd_client_get(&session->client, &item->ref, session->value, QD_SESSION_VALUE, &like);

        if (result == QD_CLIENT_SILENT || result == QD_CLIENT_VIOLATION) {
            return qd_session_complain(session, item->text);
        }
    }
    why = qd_value_encode(text, like.data, like.length, out, VALUE_MAX, used);
    return why != NULL ? qd_complain(session->options->command, QD_EXIT_USAGE, "%s: %s", text, why)
                       : QD_EXIT_OK;
}

int qd_cmd_set(int argc, char **argv) {
    qd_options_t options;
    qd_session_t *session;
    qd_item_t item;
    qd_client_value_t nothing = {0, NULL, 0};
    uint8_t value[VALUE_MAX];
    size_t length = 0;
    int status;

    if (!qd_options_parse(&options, argc, argv)) {
        return QD_EXIT_USAGE;
    }
    if (options.help) {
        return qd_help(options.command);
    }
    if (options.argument_count != 3) {
        return qd_complain(options.command, QD_EXIT_USAGE,
                           "give ADDRESS, ITEM and VALUE; see quadrant help set");
    }
    if (!qd_value_wants_types(options.argument[2])) { /* a wrong VALUE is told before any contact */
        const char *why = qd_value_encode(options.argument[2], NULL, 0, value, sizeof value, &length);

        if (why != NULL) {
            return qd_complain(options.command, QD_EXIT_USAGE, "%s: %s", options.argument[2], why);
        }
    }
    session = open_item(&options, &item, &status);
    if (session == NULL) {
        return status;
    }
    status = encode(session, &item, true, options.argument[2], value, &length);
    if (status == QD_EXIT_OK) {
        if (qd_client_set(&session->client, &item.ref, value, length) != QD_CLIENT_OK) {
            status = complain(session, &item);
        } else {
            print_done(&options, &item, &nothing);
            status = qd_session_keep_password(session, &item.ref, value, length);
        }
    }
    return qd_session_close(session, status);
}

int qd_cmd_call(int argc, char **argv) {
    qd_options_t options;
    qd_session_t *session;
    qd_item_t item;
    qd_client_value_t value = {0, NULL, 0};
    uint8_t parameter[VALUE_MAX];
    const char *text;
    size_t length = 0;
    int status;

    if (!qd_options_parse(&options, argc, argv)) {
        return QD_EXIT_USAGE;
    }
    if (options.help) {
        return qd_help(options.command);
    }
    if (options.argument_count < 2 || options.argument_count > 3) {
        return qd_complain(options.command, QD_EXIT_USAGE,
                           "give ADDRESS, ITEM:METHOD and maybe VALUE; see quadrant help call");
    }
    if (qd_item_parse(options.argument[1], &item) && !item.has_index) {
        return qd_complain(options.command, QD_EXIT_USAGE,
                           "%s has no method; give ITEM:METHOD, as 0-0:96.3.10:1", options.argument[1]);
    }
    text = options.argument_count == 3 ? options.argument[2] : "i8:0";
    session = open_item(&options, &item, &status);
    if (session == NULL) {
        return status;
    }
    if (strcmp(text, "none") != 0) {
        status = encode(session, &item, false, text, parameter, &length);
    }
    if (status == QD_EXIT_OK) {
        if (qd_client_call(&session->client, &item.ref, length > 0u ? parameter : NULL, length,
                           session->value, QD_SESSION_VALUE, &value) != QD_CLIENT_OK) {
            status = complain(session, &item);
        } else {
            print_done(&options, &item, &value);
        }
    }
    return qd_session_close(session, status);
}
