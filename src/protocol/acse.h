/*
 * acse.h - association control APDUs in BER (ISO/IEC 15953/15954 as profiled by IEC 62056-53).
 *
 * Purpose: AARQ, AARE, RLRQ, RLRE both ways; knows no meter. Fields are written in the order of the ASN.1
 * module and taken in any order, each at most once; fields that the module does not have are QD_MALFORMED.
 * Context: any. Ownership: views point into the reader's buffer.
 */
#ifndef QD_PROTOCOL_ACSE_H
#define QD_PROTOCOL_ACSE_H

#include "base/cursor.h"

#define QD_ACSE_TAG_AARQ 0x60u
#define QD_ACSE_TAG_AARE 0x61u
#define QD_ACSE_TAG_RLRQ 0x62u
#define QD_ACSE_TAG_RLRE 0x63u

/* Last arc of the application context name 2.16.756.5.8.1.n; 0: another object identifier. */
#define QD_CONTEXT_LN 1u
#define QD_CONTEXT_SN 2u
#define QD_CONTEXT_LN_CIPHERED 3u
#define QD_CONTEXT_SN_CIPHERED 4u

/* Last arc of the mechanism name 2.16.756.5.8.2.n. */
#define QD_MECHANISM_NONE 0u
#define QD_MECHANISM_LLS 1u
#define QD_MECHANISM_HLS_GMAC 5u
#define QD_MECHANISM_UNKNOWN 255u /* another object identifier */

typedef enum qd_association_result {
    QD_RESULT_ACCEPTED = 0,
    QD_RESULT_REJECTED_PERMANENT = 1,
    QD_RESULT_REJECTED_TRANSIENT = 2
} qd_association_result_t;

/* Diagnostics of the acse-service-user; provider's ones are marked by QD_DIAGNOSTIC_PROVIDER. */
typedef enum qd_association_diagnostic {
    QD_DIAGNOSTIC_NULL = 0,
    QD_DIAGNOSTIC_NO_REASON = 1,
    QD_DIAGNOSTIC_CONTEXT_NOT_SUPPORTED = 2,
    QD_DIAGNOSTIC_CALLING_AE_INVOCATION = 6, /* the user is not known */
    QD_DIAGNOSTIC_MECHANISM_NOT_RECOGNISED = 11,
    QD_DIAGNOSTIC_MECHANISM_REQUIRED = 12,
    QD_DIAGNOSTIC_AUTHENTICATION_FAILURE = 13,
    QD_DIAGNOSTIC_AUTHENTICATION_REQUIRED = 14,
    QD_DIAGNOSTIC_PROVIDER = 0x80,
    QD_DIAGNOSTIC_PROVIDER_NO_COMMON_VERSION = 0x82
} qd_association_diagnostic_t;

typedef struct qd_view {
    const uint8_t *data; /* NULL: field absent */
    size_t length;
} qd_view_t;

#define QD_USER_UNKNOWN 0xFFFFu /* a number that is no user's */

typedef struct qd_aarq {
    bool version_1;             /* protocol version 1 offered (also when the field is absent) */
    uint8_t context_name;       /* QD_CONTEXT_* */
    qd_view_t calling_ap_title; /* client system title */
    qd_view_t calling_ae_qualifier;
    bool has_user;            /* calling-AE-invocation-id, which says who uses the client */
    uint16_t user;            /* 0 .. 255 or QD_USER_UNKNOWN */
    bool authentication_unit; /* sender-acse-requirements asks for it */
    bool has_mechanism;
    uint8_t mechanism;          /* QD_MECHANISM_* */
    qd_view_t authentication;   /* charstring or bitstring content of calling-authentication-value */
    qd_view_t user_information; /* xDLMS APDU */
} qd_aarq_t;

typedef struct qd_aare {
    uint8_t context_name;
    uint8_t result;     /* qd_association_result_t */
    uint8_t diagnostic; /* qd_association_diagnostic_t */
    qd_view_t responding_ap_title;
    bool has_mechanism; /* writes responder-acse-requirements and mechanism-name */
    uint8_t mechanism;
    qd_view_t authentication;
    qd_view_t user_information;
} qd_aare_t;

typedef struct qd_release {
    bool has_reason;
    uint8_t reason;
    qd_view_t user_information;
} qd_release_t;

/* Reader stands on the tag. QD_OK: whole APDU read; QD_TRUNCATED; QD_MALFORMED (also octets left
 * over after the APDU). */
qd_status_t qd_aarq_decode(qd_reader_t *r, qd_aarq_t *aarq);
qd_status_t qd_aare_decode(qd_reader_t *r, qd_aare_t *aare);
qd_status_t qd_release_decode(qd_reader_t *r, uint8_t tag, qd_release_t *release);
/* A buffer too small is in w->status. */
void qd_aarq_encode(qd_writer_t *w, const qd_aarq_t *aarq);
void qd_aare_encode(qd_writer_t *w, const qd_aare_t *aare);
void qd_release_encode(qd_writer_t *w, uint8_t tag, const qd_release_t *release);

#endif
