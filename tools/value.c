/*
 * value.c - scalars from text.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "value.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096u

typedef enum form {
    FORM_SIGNED,
    FORM_UNSIGNED,
    FORM_BOOLEAN,
    FORM_NULL,
    FORM_STRING,
    FORM_OCTETS,
    FORM_BITS,
    FORM_DATE_TIME,
    FORM_DATE,
    FORM_TIME
} form_t;

typedef struct type_row {
    const char *name;
    uint8_t tag;
    form_t form;
    uint8_t bits;
} type_row_t;

static const type_row_t types[] = {
    {"u8", QD_TYPE_UNSIGNED, FORM_UNSIGNED, 8},
    {"u16", QD_TYPE_LONG_UNSIGNED, FORM_UNSIGNED, 16},
    {"u32", QD_TYPE_DOUBLE_LONG_UNSIGNED, FORM_UNSIGNED, 32},
    {"u64", QD_TYPE_LONG64_UNSIGNED, FORM_UNSIGNED, 64},
    {"i8", QD_TYPE_INTEGER, FORM_SIGNED, 8},
    {"i16", QD_TYPE_LONG, FORM_SIGNED, 16},
    {"i32", QD_TYPE_DOUBLE_LONG, FORM_SIGNED, 32},
    {"i64", QD_TYPE_LONG64, FORM_SIGNED, 64},
    {"bool", QD_TYPE_BOOLEAN, FORM_BOOLEAN, 0},
    {"enum", QD_TYPE_ENUM, FORM_UNSIGNED, 8},
    {"bcd", QD_TYPE_BCD, FORM_UNSIGNED, 8},
    {"octets", QD_TYPE_OCTET_STRING, FORM_OCTETS, 0},
    {"text", QD_TYPE_VISIBLE_STRING, FORM_STRING, 0},
    {"utf8", QD_TYPE_UTF8_STRING, FORM_STRING, 0},
    {"bits", QD_TYPE_BIT_STRING, FORM_BITS, 0},
    {"date-time", QD_TYPE_OCTET_STRING, FORM_DATE_TIME, 0},
    {"date", QD_TYPE_OCTET_STRING, FORM_DATE, 0},
    {"time", QD_TYPE_OCTET_STRING, FORM_TIME, 0},
    {"null", QD_TYPE_NULL, FORM_NULL, 0},
};

/* --- date and time ---------------------------------------------------------------------------- */

/* Text that is being taken apart; good turns false at the first thing that does not fit. */
typedef struct scan {
    const char *at;
    const char *end;
    bool good;
} scan_t;

static bool take(scan_t *scan, char c) {
    if (scan->good && scan->at < scan->end && *scan->at == c) {
        scan->at++;
        return true;
    }
    return false;
}

static void need(scan_t *scan, char c) {
    if (!take(scan, c)) {
        scan->good = false;
    }
}

/* Exactly digits digits, low..high; "*" is unspecified. */
static unsigned field(scan_t *scan, int digits, unsigned low, unsigned high, unsigned unspecified) {
    unsigned value = 0;

    if (take(scan, '*')) {
        return unspecified;
    }
    for (; digits > 0 && scan->good; digits--) {
        if (scan->at == scan->end || *scan->at < '0' || *scan->at > '9') {
            scan->good = false;
            return 0;
        }
        value = value * 10u + (unsigned)(*scan->at++ - '0');
    }
    if (value < low || value > high) {
        scan->good = false;
    }
    return value;
}

/* Monday 1 .. Sunday 7 (Sakamoto's rule). */
static uint8_t weekday(unsigned year, unsigned month, unsigned day) {
    static const uint8_t shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    unsigned y = month < 3u ? year - 1u : year;
    unsigned sunday_0 = (y + y / 4u - y / 100u + y / 400u + shift[month - 1u] + day) % 7u;

    return (uint8_t)(sunday_0 == 0u ? 7u : sunday_0);
}

static unsigned days_in_month(unsigned year, unsigned month) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4u == 0u && year % 100u != 0u) || year % 400u == 0u;

    return days[month - 1u] + (month == 2u && leap ? 1u : 0u);
}

/* date ::= YYYY-MM-DD, 5 octets with the weekday */
static void scan_date(scan_t *scan, uint8_t octets[5]) {
    unsigned year = field(scan, 4, 1, 9999, 0xFFFFu);
    unsigned month;
    unsigned day;

    need(scan, '-');
    month = field(scan, 2, 1, 12, 0xFFu);
    need(scan, '-');
    day = field(scan, 2, 1, 31, 0xFFu);
    octets[0] = (uint8_t)(year >> 8);
    octets[1] = (uint8_t)year;
    octets[2] = (uint8_t)month;
    octets[3] = (uint8_t)day;
    octets[4] = 0xFFu;
    if (scan->good && year != 0xFFFFu && month != 0xFFu && day != 0xFFu) {
        if (day > days_in_month(year, month)) {
            scan->good = false;
        } else {
            octets[4] = weekday(year, month, day);
        }
    }
}

/* time ::= HH:MM[:SS[.hh]], 4 octets */
static void scan_time(scan_t *scan, uint8_t octets[4]) {
    octets[0] = (uint8_t)field(scan, 2, 0, 23, 0xFFu);
    need(scan, ':');
    octets[1] = (uint8_t)field(scan, 2, 0, 59, 0xFFu);
    octets[2] = 0;
    octets[3] = 0;
    if (take(scan, ':')) {
        octets[2] = (uint8_t)field(scan, 2, 0, 59, 0xFFu);
        if (take(scan, '.')) {
            octets[3] = (uint8_t)field(scan, 2, 0, 99, 0xFFu);
        }
    }
}

/* offset ::= Z | (+ | -)HH:MM. The deviation counts the other way round. */
static uint16_t scan_deviation(scan_t *scan) {
    bool west;
    int minutes;

    if (scan->at == scan->end) {
        return 0x8000u;
    }
    if (take(scan, 'Z')) {
        return 0;
    }
    west = take(scan, '-');
    if (!west) {
        need(scan, '+');
    }
    minutes = (int)field(scan, 2, 0, 14, 0) * 60;
    (void)take(scan, ':');
    minutes += (int)field(scan, 2, 0, 59, 0);
    return (uint16_t)(west ? minutes : -minutes);
}

bool qd_date_time_parse(const char *text, size_t length, uint8_t octets[12]) {
    scan_t scan = {text, text + length, true};
    uint16_t deviation;

    scan_date(&scan, octets);
    if (!take(&scan, 'T')) {
        need(&scan, ' ');
    }
    scan_time(&scan, octets + 5);
    deviation = scan_deviation(&scan);
    octets[9] = (uint8_t)(deviation >> 8);
    octets[10] = (uint8_t)deviation;
    /* Without a deviation nobody can say whether it is summer time. */
    octets[11] = deviation == 0x8000u ? 0xFFu : 0u;
    return scan.good && scan.at == scan.end;
}

/* --- scalars ---------------------------------------------------------------------------------- */

static const char *encode_unsigned(const type_row_t *type, const char *text, qd_scalar_t *scalar) {
    char *end;
    unsigned long long value;

    if (*text < '0' || *text > '9') {
        return "an unsigned number is wanted";
    }
    value = strtoull(text, &end, 0);
    if (*end != '\0') {
        return "an unsigned number is wanted";
    }
    if ((type->bits < 64u && value >> type->bits != 0u) || (value == UINT64_MAX && strlen(text) > 20u)) {
        return "the number is out of the type's range";
    }
    scalar->v.u = value;
    return NULL;
}

static const char *encode_signed(const type_row_t *type, const char *text, qd_scalar_t *scalar) {
    char *end;
    long long value;
    long long limit = type->bits < 64u ? (1LL << (type->bits - 1u)) - 1 : INT64_MAX;

    if ((*text < '0' || *text > '9') && *text != '-') {
        return "a number is wanted";
    }
    value = strtoll(text, &end, 0);
    if (*end != '\0' || end == text) {
        return "a number is wanted";
    }
    if (value > limit || value < -limit - 1) {
        return "the number is out of the type's range";
    }
    scalar->v.i = value;
    return NULL;
}

static int hex_digit(char digit) {
    static const char digits[] = "0123456789abcdef";
    const char *at = digit != '\0' ? strchr(digits, digit >= 'A' && digit <= 'F' ? digit + 32 : digit) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

static const char *encode_octets(const char *text, size_t length, uint8_t *octets, qd_scalar_t *scalar) {
    size_t i;

    if (length % 2u != 0u) {
        return "octets are pairs of hex digits";
    }
    for (i = 0; i < length; i += 2u) {
        int high = hex_digit(text[i]);
        int low = hex_digit(text[i + 1u]);

        if (high < 0 || low < 0) {
            return "octets are pairs of hex digits";
        }
        octets[i / 2u] = (uint8_t)(high * 16 + low);
    }
    scalar->length = (uint16_t)(length / 2u);
    scalar->external = octets;
    return NULL;
}

static const char *encode_bits(const char *text, size_t length, uint8_t *octets, qd_scalar_t *scalar) {
    size_t i;

    (void)memset(octets, 0, length / 8u + 1u);
    for (i = 0; i < length; i++) {
        if (text[i] != '0' && text[i] != '1') {
            return "bits are digits 0 and 1";
        }
        if (text[i] == '1') {
            octets[i / 8u] = (uint8_t)(octets[i / 8u] | (0x80u >> (i % 8u)));
        }
    }
    scalar->length = (uint16_t)length;
    scalar->external = octets;
    return NULL;
}

static const char *encode_date_or_time(form_t form, const char *text, size_t length, uint8_t *octets,
                                       qd_scalar_t *scalar) {
    scan_t scan = {text, text + length, true};

    scalar->external = octets;
    if (form == FORM_DATE_TIME) {
        scalar->length = 12;
        return qd_date_time_parse(text, length, octets) ? NULL : "a date-time is 2026-03-29T02:00+01:00";
    }
    if (form == FORM_DATE) {
        scan_date(&scan, octets);
        scalar->length = 5;
    } else {
        scan_time(&scan, octets);
        scalar->length = 4;
    }
    if (!scan.good || scan.at != scan.end) {
        return form == FORM_DATE ? "a date is 2026-03-29" : "a time is 02:00:00";
    }
    return NULL;
}

static const char *encode_boolean(const char *text, qd_scalar_t *scalar) {
    bool yes = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;

    scalar->v.u = yes;
    return yes || strcmp(text, "false") == 0 || strcmp(text, "0") == 0 ? NULL : "true or false is wanted";
}

/* copy has length octets and a 0 behind them; octets has room for as many. */
static const char *encode(const type_row_t *type, const char *copy, size_t length, uint8_t *octets,
                          qd_scalar_t *scalar) {
    switch (type->form) {
    case FORM_SIGNED:
        return encode_signed(type, copy, scalar);
    case FORM_UNSIGNED:
        return encode_unsigned(type, copy, scalar);
    case FORM_BOOLEAN:
        return encode_boolean(copy, scalar);
    case FORM_NULL:
        return length == 0u ? NULL : "null has no text";
    case FORM_STRING:
        (void)memcpy(octets, copy, length);
        scalar->length = (uint16_t)length;
        scalar->external = octets;
        return NULL;
    case FORM_OCTETS:
        return encode_octets(copy, length, octets, scalar);
    case FORM_BITS:
        return encode_bits(copy, length, octets, scalar);
    case FORM_DATE_TIME:
    case FORM_DATE:
    case FORM_TIME:
        break;
    }
    return encode_date_or_time(type->form, copy, length, octets, scalar);
}

const char *qd_value_scalar(qd_element_writer_t *writer, const char *type, const char *text, size_t length) {
    char copy[TEXT_MAX + 1u];
    uint8_t octets[TEXT_MAX + 16u];
    qd_scalar_t scalar = {0};
    const char *why;
    size_t i;

    for (i = 0; i < sizeof types / sizeof types[0] && strcmp(types[i].name, type) != 0; i++) {
    }
    if (i == sizeof types / sizeof types[0]) {
        return "no such type; quadrant help set lists them";
    }
    if (length > TEXT_MAX) {
        return "the text is longer than 4096 characters";
    }
    (void)memcpy(copy, text, length);
    copy[length] = '\0';
    scalar.type = types[i].tag;
    why = encode(&types[i], copy, length, octets, &scalar);
    if (why == NULL) {
        qd_element_write_scalar(writer, &scalar);
    }
    return why;
}

/* type ::= name ":" at the start; the length of the name, 0: this is JSON */
static size_t type_length(const char *text) {
    size_t length = strcspn(text, ":");
    size_t i;

    if (text[length] == '\0' && strcmp(text, "null") != 0) {
        return 0;
    }
    for (i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strlen(types[i].name) == length && strncmp(types[i].name, text, length) == 0) {
            return length;
        }
    }
    return 0;
}

bool qd_value_wants_types(const char *text) {
    return type_length(text) == 0u;
}

const char *qd_value_encode(const char *text, const uint8_t *like, size_t like_length, uint8_t *out,
                            size_t size, size_t *used) {
    qd_element_writer_t writer;
    size_t length = type_length(text);
    char name[16];
    const char *why;

    qd_element_write_begin(&writer, out, size);
    if (length > 0u) {
        const char *rest = text + length + (text[length] == ':' ? 1u : 0u);

        (void)memcpy(name, text, length);
        name[length] = '\0';
        why = qd_value_scalar(&writer, name, rest, strlen(rest));
    } else {
        why = qd_json_encode(text, like, like_length, &writer);
    }
    if (why == NULL && writer.status != QD_OK) {
        why = "the value is too long";
    }
    *used = writer.at;
    return why;
}
