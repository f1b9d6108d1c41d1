/*
 * cmd_read.c - quadrant read and watch.
 *
 * Every item becomes one or two attributes: the value and, where the class has one, its scaler and
 * unit. They are asked for in lists as long as the meter takes, else one by one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "item.h"
#include "present.h"
#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLASS_REGISTER 3u
#define CLASS_EXTENDED_REGISTER 4u
#define CLASS_DEMAND_REGISTER 5u
#define CLASS_CLOCK 8u

typedef struct reading {
    qd_item_t item;
    char text[QD_OBIS_TEXT]; /* of an item that nobody typed */
    qd_scale_t scale;
    bool scale_asked;
    bool listed;   /* its class is from the object list */
    uint8_t *data; /* own copy; NULL: none */
    size_t length;
    const char *status;
} reading_t;

typedef struct plan {
    reading_t *reading;
    size_t count;
} plan_t;

/* One attribute to ask for. */
typedef struct want {
    size_t reading;
    bool scale;
    qd_client_ref_t ref;
} want_t;

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

/* Attribute with scaler and unit of a value; 0: it has none. */
static int8_t scale_index(const qd_client_ref_t *ref) {
    switch (ref->class_id) {
    case CLASS_REGISTER:
    case CLASS_EXTENDED_REGISTER:
        return ref->index == 2 ? 3 : 0;
    case CLASS_DEMAND_REGISTER:
        return ref->index == 2 || ref->index == 3 ? 4 : 0;
    default:
        return 0;
    }
}

static bool copy_data(reading_t *reading, const qd_client_value_t *value) {
    free(reading->data);
    reading->data = malloc(value->length > 0u ? value->length : 1u);
    if (reading->data == NULL) {
        return false;
    }
    (void)memcpy(reading->data, value->data, value->length);
    reading->length = value->length;
    return true;
}

/* scaler_unit ::= structure {scaler: integer, unit: enum} */
static void take_scale(reading_t *reading, const qd_client_value_t *value) {
    qd_element_iterator_t it;
    qd_element_t head;
    qd_element_t scaler;
    qd_element_t unit;

    reading->scale_asked = true;
    if (value->data == NULL) {
        return; /* the value without its unit is still worth a row */
    }
    qd_element_begin(&it, value->data, value->length);
    if (qd_element_next(&it, &head) == QD_OK && head.type == QD_TYPE_STRUCTURE && head.count == 2u &&
        qd_element_next(&it, &scaler) == QD_OK && scaler.type == QD_TYPE_INTEGER &&
        qd_element_next(&it, &unit) == QD_OK && unit.type == QD_TYPE_ENUM) {
        reading->scale.known = true;
        reading->scale.scaler = (int8_t)scaler.scalar.v.i;
        reading->scale.unit = (uint8_t)unit.scalar.v.u;
    }
}

static bool take(plan_t *plan, const want_t *want, const qd_client_value_t *value, const char *reason) {
    reading_t *reading = &plan->reading[want->reading];

    if (want->scale) {
        take_scale(reading, value);
        return true;
    }
    if (value->data == NULL) {
        reading->status = value->access != 0u ? qd_client_access_name(value->access) : reason;
        return true;
    }
    reading->status = "ok";
    return copy_data(reading, value);
}

static int ask_one(qd_session_t *session, plan_t *plan, const want_t *want) {
    qd_client_value_t value;
    qd_client_result_t result =
        qd_client_get(&session->client, &want->ref, session->value, QD_SESSION_VALUE, &value);

    if (result != QD_CLIENT_OK && result != QD_CLIENT_REFUSED) {
        return qd_session_complain(session, plan->reading[want->reading].item.text);
    }
    if (!take(plan, want, &value, qd_client_last_fault(&session->client)->what)) {
        return qd_complain(session->options->command, QD_EXIT_OWN, "no memory");
    }
    return QD_EXIT_OK;
}

/* A list that the meter refuses as a whole, or whose answer is too long, is asked one by one. */
static int ask_list(qd_session_t *session, plan_t *plan, const want_t *wants, size_t count) {
    qd_client_ref_t refs[QD_CLIENT_LIST_MAX] = {0};
    qd_client_value_t values[QD_CLIENT_LIST_MAX];
    qd_client_result_t result;
    int status = QD_EXIT_OK;
    size_t i;

    for (i = 0; i < count; i++) {
        refs[i] = wants[i].ref;
    }
    result = qd_client_get_list(&session->client, refs, count, session->value, QD_SESSION_VALUE, values);
    if (result == QD_CLIENT_SILENT || result == QD_CLIENT_VIOLATION) {
        return qd_session_complain(session, "list of attributes");
    }
    for (i = 0; i < count && status == QD_EXIT_OK; i++) {
        if (result != QD_CLIENT_OK) {
            status = ask_one(session, plan, &wants[i]);
        } else if (!take(plan, &wants[i], &values[i], "")) {
            status = qd_complain(session->options->command, QD_EXIT_OWN, "no memory");
        }
    }
    return status;
}

static int ask(qd_session_t *session, plan_t *plan) {
    want_t *wants = calloc(plan->count * 2u + 1u, sizeof *wants);
    size_t capacity = qd_client_list_capacity(&session->client);
    size_t count = 0;
    size_t i;
    int status = QD_EXIT_OK;

    if (wants == NULL) {
        return qd_complain(session->options->command, QD_EXIT_OWN, "no memory");
    }
    for (i = 0; i < plan->count; i++) {
        reading_t *reading = &plan->reading[i];
        int8_t scale = scale_index(&reading->item.ref);

        if (reading->item.ref.class_id == 0u) {
            continue;
        }
        if (scale != 0 && !reading->scale_asked) {
            wants[count].reading = i;
            wants[count].scale = true;
            wants[count].ref = reading->item.ref;
            wants[count++].ref.index = scale;
        }
        wants[count].reading = i;
        wants[count++].ref = reading->item.ref;
    }
    for (i = 0; i < count && status == QD_EXIT_OK;) {
        size_t part = count - i < capacity ? count - i : capacity;

        if (part > 1u) {
            status = ask_list(session, plan, &wants[i], part);
        } else {
            part = 1;
            status = ask_one(session, plan, &wants[i]);
        }
        i += part;
    }
    free(wants);
    return status;
}

/* A kept object list may be older than the meter's: what it named and the meter does not know is looked
 * up again, once. */
static int ask_again(qd_session_t *session, plan_t *plan) {
    bool again = false;
    size_t i;

    for (i = 0; i < plan->count && !session->objects_fresh; i++) {
        const char *status = plan->reading[i].status;

        again = again || (plan->reading[i].listed && (strcmp(status, qd_client_access_name(4)) == 0 ||
                                                      strcmp(status, qd_client_access_name(9)) == 0));
    }
    if (!again || qd_session_objects(session, true) != QD_EXIT_OK) {
        return QD_EXIT_OK; /* the rows already say what is wrong */
    }
    for (i = 0; i < plan->count; i++) {
        if (plan->reading[i].listed) {
            plan->reading[i].item.ref.class_id = 0;
            plan->reading[i].scale_asked = false;
            (void)qd_session_find_class(session, &plan->reading[i].item.ref);
        }
    }
    return ask(session, plan);
}

static void print_plan(const qd_session_t *session, const plan_t *plan, const char *at) {
    size_t i;

    for (i = 0; i < plan->count; i++) {
        const reading_t *reading = &plan->reading[i];
        qd_row_t row = {.item = reading->item.text,
                        .ref = reading->item.ref,
                        .scale = reading->scale,
                        .status = reading->status,
                        .at = at};

        if (strcmp(reading->status, "ok") == 0) {
            row.data = reading->data;
            row.length = reading->length;
        }
        qd_present_row(stdout, session->options->format, &row);
    }
    (void)fflush(stdout);
}

static bool all_ok(const plan_t *plan) {
    size_t i;

    for (i = 0; i < plan->count; i++) {
        if (strcmp(plan->reading[i].status, "ok") != 0) {
            return false;
        }
    }
    return true;
}

/* Items as typed; the class comes from the object list where it is not given. */
static int plan_items(qd_session_t *session, plan_t *plan) {
    const qd_options_t *options = session->options;
    size_t count = (size_t)(options->argument_count - 1);
    size_t i;

    plan->reading = calloc(count, sizeof *plan->reading);
    if (plan->reading == NULL) {
        return qd_complain(options->command, QD_EXIT_OWN, "no memory");
    }
    plan->count = count;
    for (i = 0; i < plan->count; i++) {
        reading_t *reading = &plan->reading[i];
        int status;

        (void)qd_item_parse(options->argument[i + 1u], &reading->item);
        reading->status = qd_client_access_name(4); /* object-undefined, until it is found */
        reading->listed = reading->item.ref.class_id == 0u;
        status = qd_session_find_class(session, &reading->item.ref);
        if (status != QD_EXIT_OK && status != QD_EXIT_REFUSED) {
            return status;
        }
    }
    return QD_EXIT_OK;
}

/* All registers and the clock. */
static int plan_default(qd_session_t *session, plan_t *plan) {
    int status = qd_session_objects(session, false);
    size_t i;

    if (status != QD_EXIT_OK) {
        return status;
    }
    plan->reading = calloc(session->objects.count + 1u, sizeof *plan->reading);
    if (plan->reading == NULL) {
        return qd_complain(session->options->command, QD_EXIT_OWN, "no memory");
    }
    for (i = 0; i < session->objects.count; i++) {
        const qd_object_t *object = &session->objects.row[i];
        reading_t *reading = &plan->reading[plan->count];

        if ((object->class_id != CLASS_REGISTER && object->class_id != CLASS_CLOCK) ||
            !qd_object_readable(object, 2)) {
            continue;
        }
        qd_obis_print(&object->obis, reading->text);
        reading->item.text = reading->text;
        reading->item.ref.class_id = object->class_id;
        reading->item.ref.obis = object->obis;
        reading->item.ref.index = 2;
        reading->listed = true;
        reading->status = "";
        plan->count++;
    }
    if (plan->count == 0u) {
        return qd_complain(session->options->command, QD_EXIT_REFUSED,
                           "this client may read no register and no clock; give ITEM or another --as");
    }
    return QD_EXIT_OK;
}

static void free_plan(plan_t *plan) {
    size_t i;

    for (i = 0; i < plan->count; i++) {
        free(plan->reading[i].data);
    }
    free(plan->reading);
}

/* Usage faults come before any contact. */
static int check_arguments(const qd_options_t *options) {
    qd_item_t item;
    int i;

    if (options->argument_count < 1) {
        return qd_complain(options->command, QD_EXIT_USAGE, "give an ADDRESS; see quadrant help %s",
                           options->command);
    }
    for (i = 1; i < options->argument_count; i++) {
        if (!qd_item_parse(options->argument[i], &item)) {
            return qd_complain(options->command, QD_EXIT_USAGE,
                               "%s is no ITEM; give 1-0:1.8.0, 1-0:1.8.0.255:2 or 3/1-0:1.8.0",
                               options->argument[i]);
        }
    }
    return QD_EXIT_OK;
}

static int start(const qd_options_t *options, qd_session_t **session, plan_t *plan) {
    int status = check_arguments(options);

    if (status == QD_EXIT_OK) {
        status = qd_session_open(options, options->argument[0], session);
    }
    if (status != QD_EXIT_OK) {
        return status;
    }
    return options->argument_count > 1 ? plan_items(*session, plan) : plan_default(*session, plan);
}

int qd_cmd_read(int argc, char **argv) {
    qd_options_t options;
    qd_session_t *session = NULL;
    plan_t plan = {NULL, 0};
    int status;

    if (!qd_options_parse(&options, argc, argv)) {
        return QD_EXIT_USAGE;
    }
    if (options.help) {
        return qd_help(options.command);
    }
    status = start(&options, &session, &plan);
    if (status == QD_EXIT_OK) {
        status = ask(session, &plan);
    }
    if (status == QD_EXIT_OK) {
        status = ask_again(session, &plan);
    }
    if (status == QD_EXIT_OK) {
        qd_present_head(stdout, options.format, false);
        print_plan(session, &plan, NULL);
        status = all_ok(&plan) ? QD_EXIT_OK : QD_EXIT_REFUSED;
    }
    free_plan(&plan);
    return qd_session_close(session, status);
}

static void wait_until(struct timespec *next, uint32_t interval_ms) {
    next->tv_sec += (time_t)(interval_ms / 1000u);
    next->tv_nsec += (long)(interval_ms % 1000u) * 1000000L;
    if (next->tv_nsec >= 1000000000L) {
        next->tv_nsec -= 1000000000L;
        next->tv_sec++;
    }
    while (!interrupted && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL) == EINTR) {
    }
}

static void time_text(char text[32]) {
    struct timespec now;
    struct tm utc;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    (void)strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

int qd_cmd_watch(int argc, char **argv) {
    struct sigaction action = {.sa_handler = interrupt};
    struct timespec next;
    qd_options_t options;
    qd_session_t *session = NULL;
    plan_t plan = {NULL, 0};
    uint32_t readings = 0;
    char at[32];
    int status;

    if (!qd_options_parse(&options, argc, argv)) {
        return QD_EXIT_USAGE;
    }
    if (options.help) {
        return qd_help(options.command);
    }
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    status = start(&options, &session, &plan);
    qd_present_head(stdout, status == QD_EXIT_OK ? options.format : QD_FORMAT_TEXT, true);
    (void)clock_gettime(CLOCK_MONOTONIC, &next);
    while (status == QD_EXIT_OK && !interrupted) {
        time_text(at);
        status = ask(session, &plan);
        if (status == QD_EXIT_OK) {
            print_plan(session, &plan, at);
        }
        readings++;
        if (options.count != 0u && readings == options.count) {
            break;
        }
        if (status == QD_EXIT_OK) {
            wait_until(&next, options.interval_ms);
        }
    }
    if (status == QD_EXIT_OK && !all_ok(&plan)) {
        status = QD_EXIT_REFUSED;
    }
    free_plan(&plan);
    return qd_session_close(session, status);
}
