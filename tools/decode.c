/*
 * decode.c - xDLMS APDUs in readable form.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "decode.h"
#include "dictionary.h"
#include "item.h"
#include "present.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define HEX_SHOWN 48u

enum {
    GET_REQUEST = 0xC0,
    SET_REQUEST,
    EVENT,
    ACTION_REQUEST,
    GET_RESPONSE,
    SET_RESPONSE,
    ACTION_RESPONSE = 0xC7
};

/* --- the reader */

uint32_t qd_look_number(qd_look_t *look, unsigned octets) {
    uint32_t number = 0;

    if (look->bad || look->size - look->at < octets) {
        look->bad = true;
        return 0;
    }
    for (; octets > 0u; octets--) {
        number = number << 8 | look->octets[look->at++];
    }
    return number;
}

const uint8_t *qd_look_octets(qd_look_t *look, size_t length) {
    const uint8_t *at = look->octets + look->at;

    if (look->bad || look->size - look->at < length) {
        look->bad = true;
        return NULL;
    }
    look->at += length;
    return at;
}

size_t qd_look_length(qd_look_t *look) {
    uint32_t first = qd_look_number(look, 1);

    if (first < 0x80u) {
        return first;
    }
    if (first > 0x84u || first == 0x80u) {
        look->bad = true;
        return 0;
    }
    return qd_look_number(look, first & 7u);
}

void qd_look_line(const qd_look_t *look, const char *format, ...) {
    va_list list;

    (void)fprintf(look->to, "%*s", (int)(look->indent * 2u), "");
    va_start(list, format);
    (void)vfprintf(look->to, format, list);
    va_end(list);
}

void qd_look_hex(const qd_look_t *look, const char *name, const uint8_t *octets, size_t length) {
    size_t i;

    qd_look_line(look, "%s (%zu)", name, length);
    for (i = 0; i < length && i < HEX_SHOWN; i++) {
        (void)fprintf(look->to, "%s%02X", i == 0u ? " " : "", octets[i]);
    }
    (void)fputs(i < length ? " ...\n" : "\n", look->to);
}

/* --- data */

static bool is_text(const uint8_t *octets, size_t length) {
    size_t i;

    for (i = 0; i < length; i++) {
        if (octets[i] < 0x20u || octets[i] > 0x7Eu || octets[i] == '"') {
            return false;
        }
    }
    return length > 0u;
}

static void put_string(FILE *to, const qd_scalar_t *scalar) {
    const uint8_t *octets = scalar->external;
    char text[QD_DATE_TIME_TEXT];
    char status[QD_DATE_TIME_TEXT];
    qd_obis_t obis;
    char name[QD_OBIS_TEXT];
    size_t i;

    if (octets == NULL || scalar->length == 0u) {
        (void)fputs(" \"\"", to);
        return;
    }
    if (scalar->type != QD_TYPE_OCTET_STRING) {
        (void)fprintf(to, is_text(octets, scalar->length) ? " \"%.*s\"" : " of %d octets",
                      (int)scalar->length, (const char *)octets);
        return;
    }
    (void)fputc(' ', to);
    for (i = 0; i < scalar->length && i < HEX_SHOWN; i++) {
        (void)fprintf(to, "%02X", octets[i]);
    }
    (void)fputs(i < scalar->length ? " ..." : "", to);
    if (scalar->length == 6u) {
        (void)memcpy(obis.group, octets, 6);
        qd_obis_print(&obis, name);
        (void)fprintf(to, " %s", name);
    } else if (scalar->length == 12u && qd_date_time_print(octets, 12, text, status)) {
        (void)fprintf(to, " %s%s%s", text, status[0] != '\0' ? " " : "", status);
    } else if (is_text(octets, scalar->length)) {
        (void)fprintf(to, " \"%.*s\"", (int)scalar->length, (const char *)octets);
    }
}

static void put_scalar(FILE *to, const qd_scalar_t *scalar) {
    switch (scalar->type) {
    case QD_TYPE_NULL:
        break;
    case QD_TYPE_BOOLEAN:
        (void)fputs(scalar->v.u != 0u ? " true" : " false", to);
        break;
    case QD_TYPE_INTEGER:
    case QD_TYPE_LONG:
    case QD_TYPE_DOUBLE_LONG:
    case QD_TYPE_LONG64:
        (void)fprintf(to, " %" PRId64, scalar->v.i);
        break;
    case QD_TYPE_OCTET_STRING:
    case QD_TYPE_VISIBLE_STRING:
    case QD_TYPE_UTF8_STRING:
        put_string(to, scalar);
        break;
    case QD_TYPE_BIT_STRING:
    case QD_TYPE_DATE_TIME:
    case QD_TYPE_DATE:
    case QD_TYPE_TIME:
    case QD_TYPE_FLOAT32:
    case QD_TYPE_FLOAT64:
        (void)fprintf(to, " of %u %s", scalar->length,
                      scalar->type == QD_TYPE_BIT_STRING ? "bits" : "octets");
        break;
    default:
        (void)fprintf(to, " %" PRIu64, scalar->v.u);
        break;
    }
}

/* One element with everything in it, one line each. */
static void put_data(qd_look_t *look) {
    qd_element_iterator_t it;
    qd_element_t element;
    uint64_t pending = 1;

    if (look->bad || look->at == look->size) {
        look->bad = true;
        return;
    }
    qd_element_begin(&it, look->octets + look->at, look->size - look->at);
    while (pending > 0u && qd_element_next(&it, &element) == QD_OK) {
        bool group = element.type == QD_TYPE_ARRAY || element.type == QD_TYPE_STRUCTURE;

        qd_look_line(look, "%*s%s", (int)(element.depth * 2u), "", qd_client_type_name(element.type));
        if (group) {
            (void)fprintf(look->to, " of %u", element.count);
        } else {
            put_scalar(look->to, &element.scalar);
        }
        (void)fputc('\n', look->to);
        pending += group ? element.count : 0u;
        pending--;
    }
    look->at += it.at;
    look->bad = pending > 0u;
}

/* --- pieces */

static void put_invoke(qd_look_t *look) {
    uint32_t invoke = qd_look_number(look, 1);

    qd_look_line(look, "invoke-id %u%s%s\n", (unsigned)(invoke & 15u),
                 (invoke & 0x40u) != 0u ? ", confirmed" : ", unconfirmed",
                 (invoke & 0x80u) != 0u ? ", high priority" : "");
}

static void put_long_invoke(qd_look_t *look) {
    uint32_t invoke = qd_look_number(look, 4);

    qd_look_line(look, "long-invoke-id %u%s%s%s\n", (unsigned)(invoke & 0xFFFFFFu),
                 (invoke & 0x40000000u) != 0u ? ", confirmed" : ", unconfirmed",
                 (invoke & 0x80000000u) != 0u ? ", high priority" : "",
                 (invoke & 0x20000000u) != 0u ? ", break on error" : "");
}

/* True: the value of this attribute is a secret. */
static bool put_descriptor(qd_look_t *look, const char *kind) {
    uint32_t class_id = qd_look_number(look, 2);
    const uint8_t *octets = qd_look_octets(look, 6);
    int8_t index = (int8_t)qd_look_number(look, 1);
    qd_obis_t obis;
    char name[QD_OBIS_TEXT];

    if (look->bad || octets == NULL) {
        return false;
    }
    (void)memcpy(obis.group, octets, 6);
    qd_obis_print(&obis, name);
    qd_look_line(look, "%s %u/%s:%d  %s, %s\n", kind, (unsigned)class_id, name, index,
                 qd_dictionary_class((uint16_t)class_id), qd_dictionary_object(&obis));
    return class_id == 15u && index == 7;
}

static void put_selection(qd_look_t *look) {
    uint32_t selector = qd_look_number(look, 1);

    qd_look_line(look, "selection by %s (%u)\n",
                 selector == 1u ? "range" : (selector == 2u ? "entry" : "selector"), (unsigned)selector);
    look->indent++;
    put_data(look);
    look->indent--;
}

static bool put_attribute(qd_look_t *look) {
    bool secret = put_descriptor(look, "attribute");

    if (qd_look_number(look, 1) != 0u) {
        put_selection(look);
    }
    return secret;
}

static void put_result(qd_look_t *look) {
    uint32_t access = qd_look_number(look, 1);

    if (!look->bad) {
        qd_look_line(look, "result %u, %s\n", (unsigned)access,
                     access == 0u ? "success" : qd_client_access_name((uint8_t)access));
    }
}

/* Get-Data-Result */
static void put_get_result(qd_look_t *look) {
    if (qd_look_number(look, 1) == 0u) {
        put_data(look);
    } else {
        put_result(look);
    }
}

static void put_action_result(qd_look_t *look) {
    put_result(look);
    if (qd_look_number(look, 1) != 0u) {
        put_get_result(look);
    }
}

static void put_block(qd_look_t *look, bool may_refuse) {
    uint32_t last = qd_look_number(look, 1);
    uint32_t number = qd_look_number(look, 4);
    const uint8_t *octets;
    size_t length;

    qd_look_line(look, "block %u%s\n", (unsigned)number, last != 0u ? ", the last" : "");
    if (may_refuse && qd_look_number(look, 1) != 0u) {
        put_result(look);
        return;
    }
    length = qd_look_length(look);
    octets = qd_look_octets(look, length);
    if (octets != NULL) {
        qd_look_hex(look, "raw data", octets, length);
    }
}

static void put_list(qd_look_t *look, void (*one)(qd_look_t *look)) {
    size_t count = qd_look_length(look);

    qd_look_line(look, "list of %zu\n", count);
    look->indent++;
    for (; count > 0u && !look->bad; count--) {
        one(look);
    }
    look->indent--;
}

static void put_list_attribute(qd_look_t *look) {
    (void)put_attribute(look);
}

static void put_list_method(qd_look_t *look) {
    (void)put_descriptor(look, "method");
}

static void put_number(qd_look_t *look) {
    qd_look_line(look, "block %u\n", (unsigned)qd_look_number(look, 4));
}

/* --- services */

static void put_get_request(qd_look_t *look, uint32_t choice) {
    if (choice == 1u) {
        (void)put_attribute(look);
    } else if (choice == 2u) {
        put_number(look);
    } else if (choice == 3u) {
        put_list(look, put_list_attribute);
    }
}

static void put_get_response(qd_look_t *look, uint32_t choice) {
    if (choice == 1u) {
        put_get_result(look);
    } else if (choice == 2u) {
        put_block(look, true);
    } else if (choice == 3u) {
        put_list(look, put_get_result);
    }
}

static void hide(qd_look_t *look) {
    qd_look_line(look, "***\n");
    look->at = look->size;
}

static void put_set_request(qd_look_t *look, uint32_t choice) {
    switch (choice) {
    case 1:
    case 2:
        if (put_attribute(look)) {
            hide(look);
        } else if (choice == 1u) {
            put_data(look);
        } else {
            put_block(look, false);
        }
        break;
    case 3:
        put_block(look, false);
        break;
    case 4:
        put_list(look, put_list_attribute);
        put_list(look, put_data);
        break;
    case 5:
        put_list(look, put_list_attribute);
        put_block(look, false);
        break;
    default:
        break;
    }
}

static void put_set_response(qd_look_t *look, uint32_t choice) {
    switch (choice) {
    case 1:
        put_result(look);
        break;
    case 2:
        put_number(look);
        break;
    case 3:
        put_result(look);
        put_number(look);
        break;
    case 4:
        put_list(look, put_result);
        put_number(look);
        break;
    case 5:
        put_list(look, put_result);
        break;
    default:
        break;
    }
}

static void put_action_request(qd_look_t *look, uint32_t choice) {
    switch (choice) {
    case 1:
        (void)put_descriptor(look, "method");
        if (qd_look_number(look, 1) != 0u) {
            put_data(look);
        }
        break;
    case 2:
        put_number(look);
        break;
    case 3:
        put_list(look, put_list_method);
        put_list(look, put_data);
        break;
    case 4:
        (void)put_descriptor(look, "method");
        put_block(look, false);
        break;
    case 5:
        put_list(look, put_list_method);
        put_block(look, false);
        break;
    case 6:
        put_block(look, false);
        break;
    default:
        break;
    }
}

static void put_action_response(qd_look_t *look, uint32_t choice) {
    if (choice == 1u) {
        put_action_result(look);
    } else if (choice == 2u) {
        put_block(look, false);
    } else if (choice == 3u) {
        put_list(look, put_action_result);
    } else if (choice == 4u) {
        put_number(look);
    }
}

static void put_service(qd_look_t *look) {
    uint32_t tag = qd_look_number(look, 1);
    uint32_t choice = qd_look_number(look, 1);

    put_invoke(look);
    switch (tag) {
    case GET_REQUEST:
        put_get_request(look, choice);
        break;
    case SET_REQUEST:
        put_set_request(look, choice);
        break;
    case ACTION_REQUEST:
        put_action_request(look, choice);
        break;
    case GET_RESPONSE:
        put_get_response(look, choice);
        break;
    case SET_RESPONSE:
        put_set_response(look, choice);
        break;
    default:
        put_action_response(look, choice);
        break;
    }
}

static void put_specification(qd_look_t *look) {
    static const char *const kinds[] = {"", "get", "set", "action", "get", "set"};
    uint32_t choice = qd_look_number(look, 1);

    (void)put_descriptor(look, choice <= 5u ? kinds[choice] : "unknown");
    if (choice > 3u) {
        put_selection(look);
    }
}

static void put_access_result(qd_look_t *look) {
    (void)qd_look_number(look, 1);
    put_result(look);
}

static void put_access(qd_look_t *look) {
    bool request = qd_look_number(look, 1) == 0xD9u;

    put_long_invoke(look);
    (void)qd_look_octets(look, qd_look_length(look));
    if (request || qd_look_number(look, 1) != 0u) {
        put_list(look, put_specification);
    }
    put_list(look, put_data);
    if (!request) {
        put_list(look, put_access_result);
    }
}

static void put_notification(qd_look_t *look) {
    bool event = qd_look_number(look, 1) == EVENT;

    if (event) {
        if (qd_look_number(look, 1) != 0u) {
            (void)qd_look_octets(look, qd_look_length(look));
        }
        (void)put_descriptor(look, "attribute");
    } else {
        put_long_invoke(look);
        (void)qd_look_octets(look, qd_look_length(look));
    }
    put_data(look);
}

static void put_gbt(qd_look_t *look) {
    uint32_t control = (qd_look_number(look, 1), qd_look_number(look, 1));
    uint32_t number = qd_look_number(look, 2);
    uint32_t acknowledged = qd_look_number(look, 2);
    size_t length = qd_look_length(look);
    const uint8_t *octets = qd_look_octets(look, length);

    qd_look_line(look, "block %u%s%s, window %u, acknowledges %u\n", (unsigned)number,
                 (control & 0x80u) != 0u ? ", the last" : "", (control & 0x40u) != 0u ? ", streaming" : "",
                 (unsigned)(control & 63u), (unsigned)acknowledged);
    if (octets != NULL) {
        qd_look_hex(look, "block data", octets, length);
    }
}

static void put_exception(qd_look_t *look) {
    static const char *const states[] = {"unknown", "service-not-allowed", "service-unknown"};
    static const char *const services[] = {
        "unknown",      "operation-not-possible", "service-not-supported",   "other-reason",
        "pdu-too-long", "deciphering-error",      "invocation-counter-error"};
    uint32_t state = (qd_look_number(look, 1), qd_look_number(look, 1));
    uint32_t service = qd_look_number(look, 1);

    qd_look_line(look, "state-error %u, %s; service-error %u, %s\n", (unsigned)state,
                 states[state < 3u ? state : 0u], (unsigned)service, services[service < 7u ? service : 0u]);
    if (service == 6u) {
        qd_look_line(look, "invocation counter %u\n", (unsigned)qd_look_number(look, 4));
    }
}

static void put_service_error(qd_look_t *look) {
    uint32_t service = (qd_look_number(look, 1), qd_look_number(look, 1));
    uint32_t kind = qd_look_number(look, 1);
    uint32_t code = qd_look_number(look, 1);

    qd_look_line(look, "service %u, error class %u, code %u\n", (unsigned)service, (unsigned)kind,
                 (unsigned)code);
}

static void put_apdu(qd_look_t *look, uint8_t tag) {
    switch (tag) {
    case 0x60:
    case 0x61:
    case 0x62:
    case 0x63:
        qd_decode_acse(look);
        break;
    case 0x01:
    case 0x08:
        qd_decode_initiate(look);
        break;
    case 0x0E:
        put_service_error(look);
        break;
    case 0x0F:
    case EVENT:
        put_notification(look);
        break;
    case GET_REQUEST:
    case SET_REQUEST:
    case ACTION_REQUEST:
    case GET_RESPONSE:
    case SET_RESPONSE:
    case ACTION_RESPONSE:
        put_service(look);
        break;
    case 0xD8:
        put_exception(look);
        break;
    case 0xD9:
    case 0xDA:
        put_access(look);
        break;
    case 0xE0:
        put_gbt(look);
        break;
    default:
        look->at = look->size;
        break;
    }
}

void qd_decode_apdu(FILE *to, const uint8_t *apdu, size_t length, unsigned indent) {
    qd_look_t look = {to, apdu, length, 0, indent, length == 0u};

    if (length > 0u) {
        put_apdu(&look, apdu[0]);
    }
    if (look.bad) {
        qd_look_line(&look, "malformed here, at octet %zu\n", look.at);
    } else if (look.at < look.size) {
        qd_look_hex(&look, "octets behind the end", apdu + look.at, length - look.at);
    }
}

size_t qd_decode_secret(const uint8_t *apdu, size_t length) {
    size_t at = 2;

    if (length > 12u && apdu[0] == SET_REQUEST && (apdu[1] == 1u || apdu[1] == 2u) && apdu[3] == 0u &&
        apdu[4] == 15u && apdu[11] == 7u) {
        return 12;
    }
    if (length < 2u || apdu[0] != 0x60u) {
        return length;
    }
    at += apdu[1] > 0x80u ? (size_t)(apdu[1] & 3u) : 0u;
    while (at + 2u < length && apdu[at] != 0xACu) {
        at += 2u + apdu[at + 1u];
    }
    return at + 2u < length ? at + 2u : length;
}
