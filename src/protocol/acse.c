/*
 * acse.c - association control APDUs in BER.
 *
 * Tags are named after the fields of the ASN.1 module; the class is context-specific, bit 5 says
 * constructed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "protocol/acse.h"

#include <string.h>

#define BER_INTEGER 0x02u
#define BER_OCTET_STRING 0x04u
#define BER_OBJECT_IDENTIFIER 0x06u

#define TAG_PROTOCOL_VERSION 0x80u
#define TAG_CONTEXT_NAME 0xA1u
#define TAG_USER_INFORMATION 0xBEu
#define TAG_IMPLEMENTATION_INFORMATION 0xBDu

/* AARQ */
#define TAG_CALLED_AP_TITLE 0xA2u
#define TAG_CALLED_AE_QUALIFIER 0xA3u
#define TAG_CALLED_AP_INVOCATION 0xA4u
#define TAG_CALLED_AE_INVOCATION 0xA5u
#define TAG_CALLING_AP_TITLE 0xA6u
#define TAG_CALLING_AE_QUALIFIER 0xA7u
#define TAG_CALLING_AP_INVOCATION 0xA8u
#define TAG_CALLING_AE_INVOCATION 0xA9u
#define TAG_SENDER_REQUIREMENTS 0x8Au
#define TAG_CALLING_MECHANISM 0x8Bu
#define TAG_CALLING_AUTHENTICATION 0xACu

/* AARE */
#define TAG_RESULT 0xA2u
#define TAG_DIAGNOSTIC 0xA3u
#define TAG_RESPONDING_AP_TITLE 0xA4u
#define TAG_RESPONDING_AE_QUALIFIER 0xA5u
#define TAG_RESPONDING_AP_INVOCATION 0xA6u
#define TAG_RESPONDING_AE_INVOCATION 0xA7u
#define TAG_RESPONDER_REQUIREMENTS 0x88u
#define TAG_RESPONDING_MECHANISM 0x89u
#define TAG_RESPONDING_AUTHENTICATION 0xAAu

#define TAG_DIAGNOSTIC_USER 0xA1u
#define TAG_DIAGNOSTIC_PROVIDER 0xA2u
#define TAG_REASON 0x80u
#define TAG_CHARSTRING 0x80u
#define TAG_BITSTRING 0x81u

#define OID_OCTETS 7u
#define OID_ARC_CONTEXT 1u
#define OID_ARC_MECHANISM 2u

/* 2.16.756.5.8, the country and organisation of both names. */
static const uint8_t oid_stem[] = {0x60, 0x85, 0x74, 0x05, 0x08};

/* --- reading ---------------------------------------------------------------------------------- */

/* length ::= 00..7F | 81 octet | 82 octet octet. The indefinite form has no place in these APDUs. */
static size_t get_length(qd_reader_t *r) {
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

/* field ::= tag length content; the content becomes a reader of its own, so that no inner length
 * can reach beyond its field. */
static uint8_t get_field(qd_reader_t *r, qd_reader_t *content) {
    uint8_t tag = qd_reader_u8(r);
    size_t length = get_length(r);
    const uint8_t *data = qd_reader_octets(r, length);

    qd_reader_init(content, data, data != NULL ? length : 0u);
    return tag;
}

/* A reader that must be used up: what is left over, or ran short, is a fault of the outer APDU. An
 * inner length that overruns its field can never be mended by more octets, so it is malformed. */
static void close_field(qd_reader_t *r, const qd_reader_t *content) {
    if (r->status == QD_OK && (content->status != QD_OK || content->at != content->size)) {
        (void)qd_reader_fail(r, QD_MALFORMED);
    }
}

/* wrapped ::= tag length content, filling all of the outer field */
static qd_view_t get_wrapped(qd_reader_t *r, qd_reader_t *outer, uint8_t tag) {
    qd_reader_t inner;
    qd_view_t view = {NULL, 0};

    if (get_field(outer, &inner) != tag) {
        (void)qd_reader_fail(outer, QD_MALFORMED);
    }
    close_field(r, outer);
    if (r->status == QD_OK) {
        view.data = inner.data;
        view.length = inner.size;
    }
    return view;
}

/* name ::= 60 85 74 05 08 kind arc; any other object identifier gives the stranger's number */
static uint8_t name_arc(qd_view_t oid, uint8_t kind, uint8_t stranger) {
    if (oid.length != OID_OCTETS || memcmp(oid.data, oid_stem, sizeof oid_stem) != 0 || oid.data[5] != kind ||
        oid.data[6] > 0x7Fu) {
        return stranger;
    }
    return oid.data[6];
}

static uint8_t get_context_name(qd_reader_t *r, qd_reader_t *field) {
    return name_arc(get_wrapped(r, field, BER_OBJECT_IDENTIFIER), OID_ARC_CONTEXT, 0);
}

static uint8_t get_mechanism(const qd_reader_t *field) {
    qd_view_t oid = {field->data, field->size};

    return name_arc(oid, OID_ARC_MECHANISM, QD_MECHANISM_UNKNOWN);
}

/* bits ::= unused-bits octet*; the value of bit 0, the most significant of the first octet */
static bool get_bit_0(qd_reader_t *r, qd_reader_t *field) {
    uint8_t unused = qd_reader_u8(field);

    if (field->status != QD_OK || unused > 7u || (field->size == 1u && unused != 0u)) {
        (void)qd_reader_fail(r, QD_MALFORMED);
        return false;
    }
    return field->size > 1u && (qd_reader_u8(field) & 0x80u) != 0u;
}

/* authentication-value ::= 80 length charstring | 81 length unused-bits octets */
static qd_view_t get_authentication(qd_reader_t *r, qd_reader_t *field) {
    qd_reader_t inner;
    qd_view_t view = {NULL, 0};
    uint8_t tag = get_field(field, &inner);

    if (tag == TAG_BITSTRING) {
        if (qd_reader_u8(&inner) != 0u || inner.status != QD_OK) {
            (void)qd_reader_fail(field, QD_MALFORMED);
        }
    } else if (tag != TAG_CHARSTRING) {
        (void)qd_reader_fail(field, QD_MALFORMED);
    }
    close_field(r, field);
    if (r->status == QD_OK) {
        view.length = inner.size - inner.at;
        view.data = inner.data + inner.at;
    }
    return view;
}

/* integer ::= 02 01 octet, filling all of the outer field */
static uint8_t get_small_integer(qd_reader_t *r, qd_reader_t *field) {
    qd_view_t integer = get_wrapped(r, field, BER_INTEGER);

    if (r->status == QD_OK && (integer.length != 1u || integer.data[0] > 0x7Fu)) {
        (void)qd_reader_fail(r, QD_MALFORMED);
    }
    return r->status == QD_OK ? integer.data[0] : 0u;
}

/* integer ::= 02 length octets; of one octet it has no sign, as user numbers have none */
static uint16_t get_user(qd_reader_t *r, qd_reader_t *field) {
    qd_view_t integer = get_wrapped(r, field, BER_INTEGER);

    if (integer.length == 2u && integer.data[0] == 0u) {
        return integer.data[1];
    }
    return integer.length == 1u ? integer.data[0] : QD_USER_UNKNOWN;
}

/* Each field at most once; the tag's class and number make one bit. */
static void note_once(qd_reader_t *r, uint32_t *seen, uint8_t tag) {
    uint32_t bit = (uint32_t)1 << (tag & 0x1Fu);

    if ((*seen & bit) != 0u) {
        (void)qd_reader_fail(r, QD_MALFORMED);
    }
    *seen |= bit;
}

/* apdu ::= tag length fields, and nothing after it */
static qd_status_t get_apdu(qd_reader_t *r, uint8_t tag, qd_reader_t *fields) {
    if (get_field(r, fields) != tag || (r->status == QD_OK && qd_reader_left(r) > 0u)) {
        (void)qd_reader_fail(r, QD_MALFORMED);
    }
    return r->status;
}

/* A length in the APDU that overruns the APDU: as with close_field. */
static qd_status_t finish(qd_reader_t *r, const qd_reader_t *fields) {
    if (r->status == QD_OK && fields->status != QD_OK) {
        (void)qd_reader_fail(r, QD_MALFORMED);
    }
    return r->status;
}

static void aarq_field(qd_reader_t *r, uint8_t tag, qd_reader_t *field, qd_aarq_t *aarq) {
    switch (tag) {
    case TAG_PROTOCOL_VERSION:
        aarq->version_1 = get_bit_0(r, field);
        break;
    case TAG_CONTEXT_NAME:
        aarq->context_name = get_context_name(r, field);
        break;
    case TAG_CALLING_AP_TITLE:
        aarq->calling_ap_title = get_wrapped(r, field, BER_OCTET_STRING);
        break;
    case TAG_CALLING_AE_QUALIFIER:
        aarq->calling_ae_qualifier = get_wrapped(r, field, BER_OCTET_STRING);
        break;
    case TAG_CALLING_AE_INVOCATION:
        aarq->has_user = true;
        aarq->user = get_user(r, field);
        break;
    case TAG_SENDER_REQUIREMENTS:
        aarq->authentication_unit = get_bit_0(r, field);
        break;
    case TAG_CALLING_MECHANISM:
        aarq->has_mechanism = true;
        aarq->mechanism = get_mechanism(field);
        break;
    case TAG_CALLING_AUTHENTICATION:
        aarq->authentication = get_authentication(r, field);
        break;
    case TAG_USER_INFORMATION:
        aarq->user_information = get_wrapped(r, field, BER_OCTET_STRING);
        break;
    case TAG_CALLED_AP_TITLE:
    case TAG_CALLED_AE_QUALIFIER:
    case TAG_CALLED_AP_INVOCATION:
    case TAG_CALLED_AE_INVOCATION:
    case TAG_CALLING_AP_INVOCATION:
    case TAG_IMPLEMENTATION_INFORMATION:
        break; /* known and of no use here */
    default:
        (void)qd_reader_fail(r, QD_MALFORMED);
        break;
    }
}

qd_status_t qd_aarq_decode(qd_reader_t *r, qd_aarq_t *aarq) {
    qd_aarq_t empty = {0};
    qd_reader_t fields;
    qd_reader_t field;
    uint32_t seen = 0;

    *aarq = empty;
    aarq->version_1 = true;
    (void)get_apdu(r, QD_ACSE_TAG_AARQ, &fields);
    while (r->status == QD_OK && qd_reader_left(&fields) > 0u) {
        uint8_t tag = get_field(&fields, &field);

        if (fields.status == QD_OK) {
            note_once(r, &seen, tag);
            aarq_field(r, tag, &field, aarq);
        }
    }
    if (r->status == QD_OK && (seen & ((uint32_t)1 << (TAG_CONTEXT_NAME & 0x1Fu))) == 0u) {
        (void)qd_reader_fail(r, QD_MALFORMED);
    }
    return finish(r, &fields);
}

/* diagnostic ::= A1 03 02 01 user | A2 03 02 01 provider */
static uint8_t get_diagnostic(qd_reader_t *r, qd_reader_t *field) {
    qd_reader_t choice;
    uint8_t tag = get_field(field, &choice);
    uint8_t number = get_small_integer(r, &choice);

    close_field(r, field);
    if (tag == TAG_DIAGNOSTIC_PROVIDER) {
        return (uint8_t)(QD_DIAGNOSTIC_PROVIDER | number);
    }
    if (tag != TAG_DIAGNOSTIC_USER) {
        (void)qd_reader_fail(r, QD_MALFORMED);
    }
    return number;
}

static void aare_field(qd_reader_t *r, uint8_t tag, qd_reader_t *field, qd_aare_t *aare) {
    switch (tag) {
    case TAG_CONTEXT_NAME:
        aare->context_name = get_context_name(r, field);
        break;
    case TAG_RESULT:
        aare->result = get_small_integer(r, field);
        break;
    case TAG_DIAGNOSTIC:
        aare->diagnostic = get_diagnostic(r, field);
        break;
    case TAG_RESPONDING_AP_TITLE:
        aare->responding_ap_title = get_wrapped(r, field, BER_OCTET_STRING);
        break;
    case TAG_RESPONDING_MECHANISM:
        aare->has_mechanism = true;
        aare->mechanism = get_mechanism(field);
        break;
    case TAG_RESPONDING_AUTHENTICATION:
        aare->authentication = get_authentication(r, field);
        break;
    case TAG_USER_INFORMATION:
        aare->user_information = get_wrapped(r, field, BER_OCTET_STRING);
        break;
    case TAG_PROTOCOL_VERSION:
    case TAG_RESPONDING_AE_QUALIFIER:
    case TAG_RESPONDING_AP_INVOCATION:
    case TAG_RESPONDING_AE_INVOCATION:
    case TAG_RESPONDER_REQUIREMENTS:
    case TAG_IMPLEMENTATION_INFORMATION:
        break;
    default:
        (void)qd_reader_fail(r, QD_MALFORMED);
        break;
    }
}

qd_status_t qd_aare_decode(qd_reader_t *r, qd_aare_t *aare) {
    const uint32_t wanted = ((uint32_t)1 << (TAG_CONTEXT_NAME & 0x1Fu)) |
                            ((uint32_t)1 << (TAG_RESULT & 0x1Fu)) | ((uint32_t)1 << (TAG_DIAGNOSTIC & 0x1Fu));
    qd_aare_t empty = {0};
    qd_reader_t fields;
    qd_reader_t field;
    uint32_t seen = 0;

    *aare = empty;
    (void)get_apdu(r, QD_ACSE_TAG_AARE, &fields);
    while (r->status == QD_OK && qd_reader_left(&fields) > 0u) {
        uint8_t tag = get_field(&fields, &field);

        if (fields.status == QD_OK) {
            note_once(r, &seen, tag);
            aare_field(r, tag, &field, aare);
        }
    }
    if (r->status == QD_OK && (seen & wanted) != wanted) {
        (void)qd_reader_fail(r, QD_MALFORMED);
    }
    return finish(r, &fields);
}

/* release ::= tag length [80 01 reason] [user-information] */
qd_status_t qd_release_decode(qd_reader_t *r, uint8_t tag, qd_release_t *release) {
    qd_release_t empty = {0};
    qd_reader_t fields;
    qd_reader_t field;
    uint32_t seen = 0;

    *release = empty;
    (void)get_apdu(r, tag, &fields);
    while (r->status == QD_OK && qd_reader_left(&fields) > 0u) {
        uint8_t name = get_field(&fields, &field);

        if (fields.status != QD_OK) {
            break;
        }
        note_once(r, &seen, name);
        if (name == TAG_REASON && field.size == 1u) {
            release->has_reason = true;
            release->reason = field.data[0];
        } else if (name == TAG_USER_INFORMATION) {
            release->user_information = get_wrapped(r, &field, BER_OCTET_STRING);
        } else {
            (void)qd_reader_fail(r, QD_MALFORMED);
        }
    }
    return finish(r, &fields);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* BER wants lengths before contents, so sizes are summed first and written second. */
static size_t field_size(size_t content) {
    return content + (content < 0x80u ? 2u : content <= 0xFFu ? 3u : 4u);
}

static size_t wrapped_size(size_t content) {
    return field_size(field_size(content));
}

/* Size of an optional field around an optional view. */
static size_t view_size(qd_view_t view) {
    return view.data != NULL ? wrapped_size(view.length) : 0u;
}

static void put_head(qd_writer_t *w, uint8_t tag, size_t length) {
    qd_writer_u8(w, tag);
    if (length > 0xFFFFu) {
        if (w->status == QD_OK) {
            w->status = QD_NO_SPACE;
        }
    } else if (length > 0xFFu) {
        qd_writer_u8(w, 0x82u);
        qd_writer_u16(w, (uint16_t)length);
    } else {
        if (length >= 0x80u) {
            qd_writer_u8(w, 0x81u);
        }
        qd_writer_u8(w, (uint8_t)length);
    }
}

static void put_view(qd_writer_t *w, uint8_t outer, uint8_t inner, qd_view_t view) {
    if (view.data != NULL) {
        put_head(w, outer, field_size(view.length));
        put_head(w, inner, view.length);
        qd_writer_octets(w, view.data, view.length);
    }
}

static void put_name(qd_writer_t *w, uint8_t tag, uint8_t kind, uint8_t arc) {
    put_head(w, tag, OID_OCTETS);
    qd_writer_octets(w, oid_stem, sizeof oid_stem);
    qd_writer_u8(w, kind);
    qd_writer_u8(w, arc);
}

static void put_context_name(qd_writer_t *w, uint8_t arc) {
    put_head(w, TAG_CONTEXT_NAME, field_size(OID_OCTETS));
    put_name(w, BER_OBJECT_IDENTIFIER, OID_ARC_CONTEXT, arc);
}

/* bits ::= tag 02 unused-bits octet */
static void put_bits(qd_writer_t *w, uint8_t tag, uint8_t unused, uint8_t octet) {
    put_head(w, tag, 2);
    qd_writer_u8(w, unused);
    qd_writer_u8(w, octet);
}

static void put_small_integer(qd_writer_t *w, uint8_t tag, uint8_t value) {
    put_head(w, tag, field_size(1));
    put_head(w, BER_INTEGER, 1);
    qd_writer_u8(w, value);
}

/* user ::= A9 length 02 length octets */
static size_t user_octets(const qd_aarq_t *aarq) {
    return aarq->user < 0x80u ? 1u : 2u;
}

static void put_user(qd_writer_t *w, const qd_aarq_t *aarq) {
    size_t octets = user_octets(aarq);

    put_head(w, TAG_CALLING_AE_INVOCATION, field_size(octets));
    put_head(w, BER_INTEGER, octets);
    if (octets > 1u) {
        qd_writer_u8(w, (uint8_t)(aarq->user >> 8));
    }
    qd_writer_u8(w, (uint8_t)aarq->user);
}

/* AARQ ::= 60 length [protocol-version] context-name [calling-AP-title] [calling-AE-qualifier]
 *          [calling-AE-invocation-id] [sender-acse-requirements] [mechanism-name]
 *          [calling-authentication-value] [user-information] */
void qd_aarq_encode(qd_writer_t *w, const qd_aarq_t *aarq) {
    size_t size = wrapped_size(OID_OCTETS);

    size += aarq->version_1 ? 0u : field_size(2);
    size += view_size(aarq->calling_ap_title) + view_size(aarq->calling_ae_qualifier);
    size += aarq->has_user ? wrapped_size(user_octets(aarq)) : 0u;
    size += aarq->authentication_unit ? field_size(2) : 0u;
    size += aarq->has_mechanism ? field_size(OID_OCTETS) : 0u;
    size += view_size(aarq->authentication) + view_size(aarq->user_information);

    put_head(w, QD_ACSE_TAG_AARQ, size);
    if (!aarq->version_1) { /* version 1 is the default and stays unsaid */
        put_bits(w, TAG_PROTOCOL_VERSION, 6, 0x40);
    }
    put_context_name(w, aarq->context_name);
    put_view(w, TAG_CALLING_AP_TITLE, BER_OCTET_STRING, aarq->calling_ap_title);
    put_view(w, TAG_CALLING_AE_QUALIFIER, BER_OCTET_STRING, aarq->calling_ae_qualifier);
    if (aarq->has_user) {
        put_user(w, aarq);
    }
    if (aarq->authentication_unit) {
        put_bits(w, TAG_SENDER_REQUIREMENTS, 7, 0x80);
    }
    if (aarq->has_mechanism) {
        put_name(w, TAG_CALLING_MECHANISM, OID_ARC_MECHANISM, aarq->mechanism);
    }
    put_view(w, TAG_CALLING_AUTHENTICATION, TAG_CHARSTRING, aarq->authentication);
    put_view(w, TAG_USER_INFORMATION, BER_OCTET_STRING, aarq->user_information);
}

/* AARE ::= 61 length context-name result diagnostic [responding-AP-title]
 *          [responder-acse-requirements mechanism-name] [responding-authentication-value]
 *          [user-information] */
void qd_aare_encode(qd_writer_t *w, const qd_aare_t *aare) {
    bool provider = (aare->diagnostic & QD_DIAGNOSTIC_PROVIDER) != 0u;
    size_t size = wrapped_size(OID_OCTETS) + wrapped_size(1) + field_size(wrapped_size(1));

    size += view_size(aare->responding_ap_title);
    size += aare->has_mechanism ? field_size(2) + field_size(OID_OCTETS) : 0u;
    size += view_size(aare->authentication) + view_size(aare->user_information);

    put_head(w, QD_ACSE_TAG_AARE, size);
    put_context_name(w, aare->context_name);
    put_small_integer(w, TAG_RESULT, aare->result);
    put_head(w, TAG_DIAGNOSTIC, wrapped_size(1));
    put_small_integer(w, provider ? TAG_DIAGNOSTIC_PROVIDER : TAG_DIAGNOSTIC_USER,
                      (uint8_t)(aare->diagnostic & 0x7Fu));
    put_view(w, TAG_RESPONDING_AP_TITLE, BER_OCTET_STRING, aare->responding_ap_title);
    if (aare->has_mechanism) {
        put_bits(w, TAG_RESPONDER_REQUIREMENTS, 7, 0x80);
        put_name(w, TAG_RESPONDING_MECHANISM, OID_ARC_MECHANISM, aare->mechanism);
    }
    put_view(w, TAG_RESPONDING_AUTHENTICATION, TAG_CHARSTRING, aare->authentication);
    put_view(w, TAG_USER_INFORMATION, BER_OCTET_STRING, aare->user_information);
}

void qd_release_encode(qd_writer_t *w, uint8_t tag, const qd_release_t *release) {
    size_t size = (release->has_reason ? field_size(1) : 0u) + view_size(release->user_information);

    put_head(w, tag, size);
    if (release->has_reason) {
        put_head(w, TAG_REASON, 1);
        qd_writer_u8(w, release->reason);
    }
    put_view(w, TAG_USER_INFORMATION, BER_OCTET_STRING, release->user_information);
}
