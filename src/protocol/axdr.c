/*
 * axdr.c - A-XDR encoding of the common data types.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "protocol/axdr.h"

#define DATE_TIME_OCTETS 12u
#define DATE_OCTETS 5u
#define TIME_OCTETS 4u

/* length ::= 00..7F | 81 octet | 82 octet octet */
uint16_t qd_axdr_get_length(qd_reader_t *r) {
    uint8_t first = qd_reader_u8(r);

    if (first < 0x80u) {
        return first;
    }
    if (first == 0x81u) {
        return qd_reader_u8(r);
    }
    if (first == 0x82u) {
        return qd_reader_u16(r);
    }
    (void)qd_reader_fail(r, QD_MALFORMED);
    return 0;
}

static void get_octets(qd_reader_t *r, qd_scalar_t *scalar, uint16_t octets) {
    scalar->external = qd_reader_octets(r, octets);
}

/* BOOLEAN ::= 00 | 01 | FF. A-XDR calls every octet but 00 true; only these two are in use, and the
 * others are more likely a parser out of step. */
static uint64_t get_boolean(qd_reader_t *r) {
    uint8_t octet = qd_reader_u8(r);

    if (octet != 0u && octet != 1u && octet != 0xFFu) {
        (void)qd_reader_fail(r, QD_MALFORMED);
        return 0;
    }
    return octet != 0u;
}

/* array ::= 01 length element*      structure ::= 02 length element* */
static void get_group(qd_reader_t *r, qd_axdr_element_t *element) {
    element->count = qd_axdr_get_length(r);
    if (element->count > qd_reader_left(r)) {
        /* Refused before anybody loops or reserves room for what cannot be there. */
        (void)qd_reader_fail(r, QD_TRUNCATED);
    }
}

/* Content of the types that are not numbers; false: the tag is none of them. */
static bool get_string(qd_reader_t *r, qd_scalar_t *scalar) {
    switch (scalar->type) {
    case QD_TYPE_BIT_STRING: /* length counts bits, padded to whole octets */
        scalar->length = qd_axdr_get_length(r);
        get_octets(r, scalar, (uint16_t)((scalar->length + 7u) / 8u));
        return true;
    case QD_TYPE_OCTET_STRING:
    case QD_TYPE_VISIBLE_STRING:
    case QD_TYPE_UTF8_STRING:
        scalar->length = qd_axdr_get_length(r);
        break;
    case QD_TYPE_DATE_TIME:
        scalar->length = DATE_TIME_OCTETS;
        break;
    case QD_TYPE_DATE:
        scalar->length = DATE_OCTETS;
        break;
    case QD_TYPE_TIME:
        scalar->length = TIME_OCTETS;
        break;
    default:
        return false;
    }
    get_octets(r, scalar, scalar->length);
    return true;
}

/* Content of the fixed-length numbers; a float is its bit pattern. */
static void get_number(qd_reader_t *r, qd_scalar_t *scalar) {
    switch (scalar->type) {
    case QD_TYPE_BOOLEAN:
        scalar->v.u = get_boolean(r);
        break;
    case QD_TYPE_INTEGER:
        scalar->v.i = (int8_t)qd_reader_u8(r);
        break;
    case QD_TYPE_LONG:
        scalar->v.i = (int16_t)qd_reader_u16(r);
        break;
    case QD_TYPE_DOUBLE_LONG:
        scalar->v.i = (int32_t)qd_reader_u32(r);
        break;
    case QD_TYPE_LONG64:
        scalar->v.i = (int64_t)qd_reader_u64(r);
        break;
    case QD_TYPE_BCD:
    case QD_TYPE_UNSIGNED:
    case QD_TYPE_ENUM:
        scalar->v.u = qd_reader_u8(r);
        break;
    case QD_TYPE_LONG_UNSIGNED:
        scalar->v.u = qd_reader_u16(r);
        break;
    case QD_TYPE_DOUBLE_LONG_UNSIGNED:
    case QD_TYPE_FLOAT32:
        scalar->v.u = qd_reader_u32(r);
        break;
    case QD_TYPE_LONG64_UNSIGNED:
    case QD_TYPE_FLOAT64:
        scalar->v.u = qd_reader_u64(r);
        break;
    default:
        (void)qd_reader_fail(r, QD_MALFORMED);
        break;
    }
}

/* element ::= tag content */
qd_status_t qd_axdr_get(qd_reader_t *r, qd_axdr_element_t *element) {
    qd_axdr_element_t empty = {0};

    *element = empty;
    element->type = qd_reader_u8(r);
    element->scalar.type = element->type;
    switch (element->type) {
    case QD_TYPE_NULL:
        break;
    case QD_TYPE_ARRAY:
    case QD_TYPE_STRUCTURE:
        get_group(r, element);
        break;
    case QD_TYPE_COMPACT_ARRAY:
        (void)qd_reader_fail(r, QD_UNSUPPORTED);
        break;
    default:
        if (!get_string(r, &element->scalar)) {
            get_number(r, &element->scalar);
        }
        break;
    }
    return r->status;
}

qd_status_t qd_axdr_skip(qd_reader_t *r) {
    uint16_t left[QD_AXDR_DEPTH_MAX];
    size_t depth = 0;
    qd_axdr_element_t element;

    do {
        if (qd_axdr_get(r, &element) != QD_OK) {
            return r->status;
        }
        if (element.type == QD_TYPE_ARRAY || element.type == QD_TYPE_STRUCTURE) {
            if (depth == QD_AXDR_DEPTH_MAX) {
                return qd_reader_fail(r, QD_MALFORMED);
            }
            if (element.count > 0u) {
                left[depth++] = element.count;
                continue;
            }
        }
        while (depth > 0u && --left[depth - 1u] == 0u) {
            depth--;
        }
    } while (depth > 0u);
    return QD_OK;
}

void qd_axdr_put_length(qd_writer_t *w, uint16_t length) {
    if (length < 0x80u) {
        qd_writer_u8(w, (uint8_t)length);
    } else if (length <= 0xFFu) {
        qd_writer_u8(w, 0x81u);
        qd_writer_u8(w, (uint8_t)length);
    } else {
        qd_writer_u8(w, 0x82u);
        qd_writer_u16(w, length);
    }
}

static void put_fail(qd_writer_t *w) {
    if (w->status == QD_OK) {
        w->status = QD_ARGUMENT;
    }
}

void qd_axdr_put_group(qd_writer_t *w, qd_type_t type, uint16_t count) {
    if (type != QD_TYPE_ARRAY && type != QD_TYPE_STRUCTURE) {
        put_fail(w);
        return;
    }
    qd_writer_u8(w, (uint8_t)type);
    qd_axdr_put_length(w, count);
}

/* Octets of a string-like scalar; only then is there something to view. */
static size_t content_octets(const qd_scalar_t *scalar) {
    return scalar->type == QD_TYPE_BIT_STRING ? (scalar->length + 7u) / 8u : scalar->length;
}

static bool string_fits(const qd_scalar_t *scalar) {
    switch (scalar->type) {
    case QD_TYPE_DATE_TIME:
        return scalar->length == DATE_TIME_OCTETS;
    case QD_TYPE_DATE:
        return scalar->length == DATE_OCTETS;
    case QD_TYPE_TIME:
        return scalar->length == TIME_OCTETS;
    default:
        return scalar->external != NULL || content_octets(scalar) <= QD_SCALAR_INLINE;
    }
}

static void put_string(qd_writer_t *w, const qd_scalar_t *scalar, bool with_length) {
    if (!string_fits(scalar)) {
        put_fail(w);
        return;
    }
    qd_writer_u8(w, scalar->type);
    if (with_length) {
        qd_axdr_put_length(w, scalar->length);
    }
    qd_writer_octets(w, scalar->external != NULL ? scalar->external : scalar->v.octets,
                     content_octets(scalar));
}

/* Octets behind the tag of the types that are numbers; the others are strings, or nothing. */
#define NO_NUMBER 0xFFu

static uint8_t number_octets(uint8_t type) {
    static const uint8_t octets[] = {
        [QD_TYPE_NULL] = 0,
        [QD_TYPE_ARRAY] = NO_NUMBER,
        [QD_TYPE_STRUCTURE] = NO_NUMBER,
        [QD_TYPE_BOOLEAN] = 1,
        [QD_TYPE_BIT_STRING] = NO_NUMBER,
        [QD_TYPE_DOUBLE_LONG] = 4,
        [QD_TYPE_DOUBLE_LONG_UNSIGNED] = 4,
        [7] = NO_NUMBER,
        [8] = NO_NUMBER,
        [QD_TYPE_OCTET_STRING] = NO_NUMBER,
        [QD_TYPE_VISIBLE_STRING] = NO_NUMBER,
        [11] = NO_NUMBER,
        [QD_TYPE_UTF8_STRING] = NO_NUMBER,
        [QD_TYPE_BCD] = 1,
        [14] = NO_NUMBER,
        [QD_TYPE_INTEGER] = 1,
        [QD_TYPE_LONG] = 2,
        [QD_TYPE_UNSIGNED] = 1,
        [QD_TYPE_LONG_UNSIGNED] = 2,
        [19] = NO_NUMBER,
        [QD_TYPE_LONG64] = 8,
        [QD_TYPE_LONG64_UNSIGNED] = 8,
        [QD_TYPE_ENUM] = 1,
        [QD_TYPE_FLOAT32] = 4,
        [QD_TYPE_FLOAT64] = 8,
    };

    return type < sizeof octets ? octets[type] : NO_NUMBER;
}

void qd_axdr_put_scalar(qd_writer_t *w, const qd_scalar_t *scalar) {
    uint8_t octets = number_octets(scalar->type);

    if (octets != NO_NUMBER) {
        uint8_t *room = qd_writer_reserve(w, 1u + (size_t)octets);
        uint64_t value = scalar->type == QD_TYPE_BOOLEAN ? scalar->v.u != 0u : scalar->v.u;

        if (room != NULL) {
            room[0] = scalar->type;
        }
        for (size_t i = octets; room != NULL && i > 0u; i--) {
            room[i] = (uint8_t)value;
            value >>= 8;
        }
        return;
    }
    switch (scalar->type) {
    case QD_TYPE_BIT_STRING:
    case QD_TYPE_OCTET_STRING:
    case QD_TYPE_VISIBLE_STRING:
    case QD_TYPE_UTF8_STRING:
        put_string(w, scalar, true);
        break;
    case QD_TYPE_DATE_TIME:
    case QD_TYPE_DATE:
    case QD_TYPE_TIME:
        put_string(w, scalar, false);
        break;
    default:
        put_fail(w);
        break;
    }
}
