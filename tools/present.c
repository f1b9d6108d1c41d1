/*
 * present.c - from A-XDR to text, JSON and CSV.
 *
 * A value is walked once with the iterator; nesting is a counter per level, as in the client.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "present.h"

#include "item.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DATE_TIME_OCTETS 12u
#define DEVIATION_UNDEFINED 0x8000u

void qd_decimal_print(uint64_t magnitude, bool negative, int8_t scaler, char text[QD_DECIMAL_TEXT]) {
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%" PRIu64, magnitude);
    int point = count + scaler; /* digits before the point */
    size_t at = 0;
    int i;

    if (negative && magnitude != 0u) {
        text[at++] = '-';
    }
    if (point <= 0) {
        text[at++] = '0';
    }
    for (i = 0; i < count || i < point; i++) {
        if (i >= count && magnitude == 0u) {
            break; /* 0 with a positive scaler stays 0 */
        }
        if (i == 0 && point <= 0) {
            int zeros;

            text[at++] = '.';
            for (zeros = point; zeros < 0; zeros++) {
                text[at++] = '0';
            }
        } else if (i == point) {
            text[at++] = '.';
        }
        text[at++] = i < count ? digits[i] : '0';
    }
    text[at] = '\0';
}

/* --- date-time -------------------------------------------------------------------------------- */

static bool in_range(uint8_t octet, uint8_t low, uint8_t high) {
    return (octet >= low && octet <= high) || octet == 0xFFu;
}

/* A field of two digits, or "*". */
static size_t put_field(char *text, size_t size, const char *before, unsigned value, bool specified) {
    int length =
        specified ? snprintf(text, size, "%s%02u", before, value) : snprintf(text, size, "%s*", before);

    return (size_t)length;
}

static size_t put_month_or_day(char *text, size_t size, uint8_t octet, bool month) {
    if (octet >= 0xFDu && octet < 0xFFu) {
        const char *word =
            month ? (octet == 0xFEu ? "dst-begin" : "dst-end") : (octet == 0xFEu ? "last" : "last-but-one");

        return (size_t)snprintf(text, size, "-%s", word);
    }
    return put_field(text, size, "-", octet, octet != 0xFFu);
}

/* Weekday, where it decides: a date that is not fully specified. */
static size_t put_weekday(char *text, size_t size, const uint8_t *o) {
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

    if (o[4] < 1u || o[4] > 7u || (o[2] <= 12u && o[3] <= 31u && (o[0] != 0xFFu || o[1] != 0xFFu))) {
        return 0;
    }
    return (size_t)snprintf(text, size, "(%s)", names[o[4] - 1u]);
}

static void print_clock_status(uint8_t octet, char status[QD_DATE_TIME_TEXT]) {
    static const char *const names[] = {"invalid", "doubtful", "different-base", "invalid-status",
                                        "bit4",    "bit5",     "bit6",           "dst"};
    size_t at = 0;
    unsigned bit;

    status[0] = '\0';
    if (octet == 0xFFu) {
        (void)snprintf(status, QD_DATE_TIME_TEXT, "unspecified");
        return;
    }
    for (bit = 0; bit < 8u; bit++) {
        if ((octet & (1u << bit)) != 0u) {
            at +=
                (size_t)snprintf(status + at, QD_DATE_TIME_TEXT - at, "%s%s", at > 0u ? "," : "", names[bit]);
        }
    }
}

static bool is_date_time(const uint8_t *o, size_t length) {
    int16_t deviation;

    if (length != DATE_TIME_OCTETS) {
        return false;
    }
    deviation = (int16_t)((uint16_t)(o[9] << 8) | o[10]);
    return (in_range(o[2], 1, 12) || o[2] >= 0xFDu) && (in_range(o[3], 1, 31) || o[3] >= 0xFDu) &&
           in_range(o[4], 1, 7) && in_range(o[5], 0, 23) && in_range(o[6], 0, 59) && in_range(o[7], 0, 59) &&
           in_range(o[8], 0, 99) &&
           ((deviation >= -840 && deviation <= 720) || (uint16_t)deviation == DEVIATION_UNDEFINED);
}

/* The deviation counts from local time to UTC: UTC+1 is -60. */
static void put_deviation(char *text, size_t size, const uint8_t *o) {
    int offset = -(int16_t)((uint16_t)(o[9] << 8) | o[10]);

    if (((uint16_t)(o[9] << 8) | o[10]) == DEVIATION_UNDEFINED) {
        return;
    }
    if (offset == 0) {
        (void)snprintf(text, size, "Z");
    } else {
        (void)snprintf(text, size, "%c%02d:%02d", offset < 0 ? '-' : '+', abs(offset) / 60, abs(offset) % 60);
    }
}

bool qd_date_time_print(const uint8_t *o, size_t length, char text[QD_DATE_TIME_TEXT],
                        char status[QD_DATE_TIME_TEXT]) {
    unsigned year;
    size_t at = 0;

    if (!is_date_time(o, length)) {
        return false;
    }
    year = (unsigned)(o[0] << 8) | o[1];
    at += year == 0xFFFFu ? (size_t)snprintf(text, QD_DATE_TIME_TEXT, "*")
                          : (size_t)snprintf(text, QD_DATE_TIME_TEXT, "%04u", year);
    at += put_month_or_day(text + at, QD_DATE_TIME_TEXT - at, o[2], true);
    at += put_month_or_day(text + at, QD_DATE_TIME_TEXT - at, o[3], false);
    at += put_weekday(text + at, QD_DATE_TIME_TEXT - at, o);
    at += put_field(text + at, QD_DATE_TIME_TEXT - at, "T", o[5], o[5] != 0xFFu);
    at += put_field(text + at, QD_DATE_TIME_TEXT - at, ":", o[6], o[6] != 0xFFu);
    at += put_field(text + at, QD_DATE_TIME_TEXT - at, ":", o[7], o[7] != 0xFFu);
    if (o[8] != 0xFFu && o[8] != 0u) {
        at += put_field(text + at, QD_DATE_TIME_TEXT - at, ".", o[8], true);
    }
    put_deviation(text + at, QD_DATE_TIME_TEXT - at, o);
    print_clock_status(o[11], status);
    return true;
}

/* --- scalars ---------------------------------------------------------------------------------- */

void qd_json_string(FILE *to, const char *text, size_t length) {
    size_t i;

    (void)fputc('"', to);
    for (i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\') {
            (void)fprintf(to, "\\%c", c);
        } else if (c < 0x20u || c == 0x7Fu) {
            (void)fprintf(to, "\\u%04x", c);
        } else {
            (void)fputc(c, to);
        }
    }
    (void)fputc('"', to);
}

static bool printable(const uint8_t *octets, size_t length) {
    size_t i;

    for (i = 0; i < length; i++) {
        if (octets[i] < 0x20u || octets[i] > 0x7Eu) {
            return false;
        }
    }
    return length > 0u;
}

static void put_hex(FILE *to, const uint8_t *octets, size_t length) {
    size_t i;

    for (i = 0; i < length; i++) {
        (void)fprintf(to, "%02X", octets[i]);
    }
}

static bool is_signed(uint8_t type) {
    return type == QD_TYPE_INTEGER || type == QD_TYPE_LONG || type == QD_TYPE_DOUBLE_LONG ||
           type == QD_TYPE_LONG64;
}

static bool is_integer(uint8_t type) {
    return is_signed(type) || type == QD_TYPE_UNSIGNED || type == QD_TYPE_LONG_UNSIGNED ||
           type == QD_TYPE_DOUBLE_LONG_UNSIGNED || type == QD_TYPE_LONG64_UNSIGNED || type == QD_TYPE_ENUM ||
           type == QD_TYPE_BCD;
}

static void put_integer(FILE *to, const qd_scalar_t *scalar, int8_t scaler) {
    char text[QD_DECIMAL_TEXT];
    bool negative = is_signed(scalar->type) && scalar->v.i < 0;

    qd_decimal_print(negative ? 0u - scalar->v.u : scalar->v.u, negative, scaler, text);
    (void)fputs(text, to);
}

static void put_float(FILE *to, const qd_scalar_t *scalar, bool json) {
    uint32_t bits = (uint32_t)scalar->v.u;
    float single = 0;
    double value = 0;

    if (scalar->type == QD_TYPE_FLOAT32) {
        (void)memcpy(&single, &bits, sizeof single);
        value = (double)single;
    } else {
        (void)memcpy(&value, &scalar->v.u, sizeof value);
    }
    if (json && (value - value) != 0.0) { /* JSON has no infinity and no NaN */
        (void)fputs("null", to);
    } else {
        (void)fprintf(to, scalar->type == QD_TYPE_FLOAT32 ? "%.9g" : "%.17g", value);
    }
}

/* An octet-string says by its form what it is: a logical name, a date-time, text, or octets. */
static void put_octets(FILE *to, const qd_scalar_t *scalar, bool logical_name) {
    char text[QD_DATE_TIME_TEXT];
    char status[QD_DATE_TIME_TEXT];
    qd_obis_t obis;

    if (logical_name && scalar->length == sizeof obis.group) {
        (void)memcpy(obis.group, scalar->external, sizeof obis.group);
        qd_obis_print(&obis, text);
        (void)fputs(text, to);
    } else if (qd_date_time_print(scalar->external, scalar->length, text, status)) {
        (void)fputs(text, to);
    } else if (printable(scalar->external, scalar->length)) {
        (void)fwrite(scalar->external, 1, scalar->length, to);
    } else {
        put_hex(to, scalar->external, scalar->length);
    }
}

static void put_bits(FILE *to, const qd_scalar_t *scalar) {
    unsigned i;

    for (i = 0; i < scalar->length; i++) {
        (void)fputc((scalar->external[i / 8u] & (0x80u >> (i % 8u))) != 0u ? '1' : '0', to);
    }
}

static void put_string(FILE *to, const qd_scalar_t *scalar, bool logical_name) {
    switch (scalar->type) {
    case QD_TYPE_BIT_STRING:
        put_bits(to, scalar);
        break;
    case QD_TYPE_VISIBLE_STRING:
    case QD_TYPE_UTF8_STRING:
        (void)fwrite(scalar->external, 1, scalar->length, to);
        break;
    case QD_TYPE_DATE:
    case QD_TYPE_TIME:
        put_hex(to, scalar->external, scalar->length);
        break;
    default:
        put_octets(to, scalar, logical_name);
        break;
    }
}

/* Strings go through a memory stream, so that JSON can quote what text just prints. */
static void put_json_string(FILE *to, const qd_scalar_t *scalar, bool logical_name) {
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);

    if (memory == NULL) {
        (void)fputs("null", to);
        return;
    }
    put_string(memory, scalar, logical_name);
    (void)fclose(memory);
    if (scalar->type == QD_TYPE_VISIBLE_STRING && !printable((const uint8_t *)text, length) && length > 0u) {
        size_t i;

        for (i = 0; i < length; i++) { /* no octet of a visible-string may break the UTF-8 of the line */
            text[i] = (char)((unsigned char)text[i] < 0x80u ? text[i] : '?');
        }
    }
    qd_json_string(to, text, length);
    free(text);
}

static void put_scalar(FILE *to, const qd_scalar_t *scalar, int8_t scaler, bool json, bool logical_name) {
    if (scalar->type == QD_TYPE_NULL) {
        (void)fputs("null", to);
    } else if (scalar->type == QD_TYPE_BOOLEAN) {
        (void)fputs(scalar->v.u != 0u ? "true" : "false", to);
    } else if (is_integer(scalar->type)) {
        put_integer(to, scalar, scaler);
    } else if (scalar->type == QD_TYPE_FLOAT32 || scalar->type == QD_TYPE_FLOAT64) {
        put_float(to, scalar, json);
    } else if (json) {
        put_json_string(to, scalar, logical_name);
    } else {
        put_string(to, scalar, logical_name);
    }
}

/* --- whole values ----------------------------------------------------------------------------- */

/* Closes the groups that are complete. */
static size_t close_groups(FILE *to, uint16_t left[QD_ELEMENT_DEPTH_MAX], size_t depth) {
    while (depth > 0u && left[depth - 1u] == 0u) {
        (void)fputc(']', to);
        depth--;
    }
    return depth;
}

/* Groups in brackets, in text as in JSON; strings inside a group are always quoted. */
void qd_present_value(FILE *to, const qd_row_t *row, bool json) {
    uint16_t left[QD_ELEMENT_DEPTH_MAX];
    size_t depth = 0;
    qd_element_iterator_t it;
    qd_element_t element;
    bool first = true;

    qd_element_begin(&it, row->data, row->length);
    while (qd_element_next(&it, &element) == QD_OK) {
        if (depth > 0u) {
            left[depth - 1u]--;
            if (!first) {
                (void)fputs(", ", to);
            }
        }
        first = false;
        if (element.type == QD_TYPE_ARRAY || element.type == QD_TYPE_STRUCTURE) {
            (void)fputc('[', to);
            left[depth++] = element.count;
            first = true;
        } else {
            put_scalar(to, &element.scalar, row->scale.known ? row->scale.scaler : (int8_t)0,
                       json || depth > 0u, row->ref.index == 1 && depth == 0u);
        }
        if (depth > 0u && left[depth - 1u] == 0u) {
            depth = close_groups(to, left, depth);
            first = false;
        }
    }
    if (depth > 0u) { /* cannot be: the client has walked it already */
        (void)fputs("]", to);
    }
}

/* The outermost element; false: none. */
static bool outermost(const qd_row_t *row, qd_element_t *element) {
    qd_element_iterator_t it;

    if (row->data == NULL) {
        return false;
    }
    qd_element_begin(&it, row->data, row->length);
    return qd_element_next(&it, element) == QD_OK;
}

/* A number without its scaler; the content of a string, or a whole group, in hex. */
static void put_raw(FILE *to, const qd_row_t *row, bool json) {
    const char *quote = json ? "\"" : "";
    qd_element_t element;

    if (!outermost(row, &element)) {
        (void)fputs(json ? "null" : "", to);
    } else if (element.type == QD_TYPE_ARRAY || element.type == QD_TYPE_STRUCTURE) {
        (void)fputs(quote, to);
        put_hex(to, row->data, row->length);
        (void)fputs(quote, to);
    } else if (element.scalar.external != NULL) {
        (void)fputs(quote, to);
        put_hex(to, element.scalar.external,
                element.type == QD_TYPE_BIT_STRING ? (element.scalar.length + 7u) / 8u
                                                   : element.scalar.length);
        (void)fputs(quote, to);
    } else {
        put_scalar(to, &element.scalar, 0, json, false);
    }
}

/* Clock status of a value that is a date-time; "" otherwise. */
static bool clock_status(const qd_row_t *row, char status[QD_DATE_TIME_TEXT]) {
    char text[QD_DATE_TIME_TEXT];
    qd_element_t element;

    status[0] = '\0';
    return outermost(row, &element) && element.scalar.external != NULL &&
           (element.type == QD_TYPE_OCTET_STRING || element.type == QD_TYPE_DATE_TIME) &&
           qd_date_time_print(element.scalar.external, element.scalar.length, text, status);
}

const char *qd_present_unit(const qd_row_t *row, char number[16]) {
    const char *name;

    if (!row->scale.known) {
        return "";
    }
    name = qd_client_unit_name(row->scale.unit);
    if (name == NULL) {
        (void)snprintf(number, 16, "unit-%u", row->scale.unit);
        return number;
    }
    return name;
}

static void text_row(FILE *to, const qd_row_t *row) {
    char status[QD_DATE_TIME_TEXT];
    char number[16];
    const char *unit = qd_present_unit(row, number);

    if (row->at != NULL) {
        (void)fprintf(to, "%s  ", row->at);
    }
    (void)fprintf(to, "%-20s  ", row->item);
    if (strcmp(row->status, "ok") != 0) {
        (void)fprintf(to, "refused: %s\n", row->status);
        return;
    }
    if (row->data != NULL) {
        qd_present_value(to, row, false);
    } else {
        (void)fputs("ok", to);
    }
    if (unit[0] != '\0') {
        (void)fprintf(to, " %s", unit);
    }
    if (clock_status(row, status) && status[0] != '\0') {
        (void)fprintf(to, " (%s)", status);
    }
    (void)fputc('\n', to);
}

static void json_row(FILE *to, const qd_row_t *row) {
    char obis[QD_OBIS_TEXT];
    char status[QD_DATE_TIME_TEXT];
    char number[16];
    const char *unit = qd_present_unit(row, number);

    qd_obis_print(&row->ref.obis, obis);
    (void)fputs("{\"version\":1,\"item\":", to);
    qd_json_string(to, row->item, strlen(row->item));
    if (row->ref.class_id != 0u) {
        (void)fprintf(to, ",\"class\":%u", row->ref.class_id);
    } else {
        (void)fputs(",\"class\":null", to);
    }
    (void)fprintf(to, ",\"obis\":\"%s\",\"attribute\":%d,\"value\":", obis, row->ref.index);
    if (row->data != NULL) {
        qd_present_value(to, row, true);
    } else {
        (void)fputs("null", to);
    }
    (void)fputs(",\"raw\":", to);
    put_raw(to, row, true);
    if (row->scale.known) {
        (void)fprintf(to, ",\"scaler\":%d,\"unit\":", row->scale.scaler);
        qd_json_string(to, unit, strlen(unit));
    } else {
        (void)fputs(",\"scaler\":null,\"unit\":null", to);
    }
    if (clock_status(row, status)) {
        (void)fprintf(to, ",\"clock_status\":\"%s\"", status);
    }
    (void)fputs(",\"status\":", to);
    qd_json_string(to, row->status, strlen(row->status));
    if (row->at != NULL) {
        (void)fprintf(to, ",\"at\":\"%s\"", row->at);
    }
    (void)fputs("}\n", to);
}

void qd_csv_field(FILE *to, const char *text, size_t length) {
    size_t i;

    if (length == 0u || (memchr(text, ',', length) == NULL && memchr(text, '"', length) == NULL &&
                         memchr(text, '\n', length) == NULL && memchr(text, '\r', length) == NULL)) {
        (void)fwrite(text, 1, length, to);
        return;
    }
    (void)fputc('"', to);
    for (i = 0; i < length; i++) {
        if (text[i] == '"') {
            (void)fputc('"', to);
        }
        (void)fputc(text[i], to);
    }
    (void)fputc('"', to);
}

static void csv_row(FILE *to, const qd_row_t *row) {
    char obis[QD_OBIS_TEXT];
    char status[QD_DATE_TIME_TEXT];
    char number[16];
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);

    if (row->at != NULL) {
        (void)fprintf(to, "%s,", row->at);
    }
    qd_obis_print(&row->ref.obis, obis);
    qd_csv_field(to, row->item, strlen(row->item));
    (void)fprintf(to, ",%u,%s,%d,", row->ref.class_id, obis, row->ref.index);
    if (memory != NULL) {
        if (row->data != NULL) {
            qd_present_value(memory, row, false);
        }
        (void)fclose(memory);
        qd_csv_field(to, text, length);
        free(text);
    }
    (void)fputc(',', to);
    put_raw(to, row, false);
    (void)fputc(',', to);
    if (row->scale.known) {
        (void)fprintf(to, "%d", row->scale.scaler);
    }
    (void)fprintf(to, ",%s,%s,", qd_present_unit(row, number), row->status);
    if (clock_status(row, status)) {
        qd_csv_field(to, status, strlen(status));
    }
    (void)fputc('\n', to);
}

void qd_present_head(FILE *to, qd_format_t format, bool with_time) {
    if (format == QD_FORMAT_CSV) {
        (void)fprintf(to, "%sitem,class,obis,attribute,value,raw,scaler,unit,status,clock_status\n",
                      with_time ? "at," : "");
    }
}

void qd_present_row(FILE *to, qd_format_t format, const qd_row_t *row) {
    switch (format) {
    case QD_FORMAT_JSON:
        json_row(to, row);
        break;
    case QD_FORMAT_CSV:
        csv_row(to, row);
        break;
    case QD_FORMAT_TEXT:
        text_row(to, row);
        break;
    }
}
