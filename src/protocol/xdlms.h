/*
 * xdlms.h - xDLMS APDUs with logical name referencing (IEC 62056-53).
 *
 * Purpose: requests and responses field by field, for server and client alike; data stays A-XDR.
 * Context: any. Ownership: views point into the reader's buffer.
 */
#ifndef QD_PROTOCOL_XDLMS_H
#define QD_PROTOCOL_XDLMS_H

#include "base/cursor.h"
#include "protocol/acse.h"

typedef enum qd_apdu_tag {
    QD_APDU_INITIATE_REQUEST = 0x01,
    QD_APDU_INITIATE_RESPONSE = 0x08,
    QD_APDU_CONFIRMED_SERVICE_ERROR = 0x0E,
    QD_APDU_DATA_NOTIFICATION = 0x0F,
    QD_APDU_GET_REQUEST = 0xC0,
    QD_APDU_SET_REQUEST = 0xC1,
    QD_APDU_EVENT_NOTIFICATION = 0xC2,
    QD_APDU_ACTION_REQUEST = 0xC3,
    QD_APDU_GET_RESPONSE = 0xC4,
    QD_APDU_SET_RESPONSE = 0xC5,
    QD_APDU_ACTION_RESPONSE = 0xC7,
    QD_APDU_EXCEPTION_RESPONSE = 0xD8,
    QD_APDU_ACCESS_REQUEST = 0xD9,
    QD_APDU_ACCESS_RESPONSE = 0xDA,
    QD_APDU_GENERAL_BLOCK_TRANSFER = 0xE0
} qd_apdu_tag_t;

/* Conformance block: bit 0 of the standard is the most significant of the 24. */
#define QD_CONFORMANCE_BIT(n) (0x800000u >> (n))
#define QD_CONFORMANCE_BLOCK_GET QD_CONFORMANCE_BIT(11)
#define QD_CONFORMANCE_BLOCK_SET QD_CONFORMANCE_BIT(12)
#define QD_CONFORMANCE_BLOCK_ACTION QD_CONFORMANCE_BIT(13)
#define QD_CONFORMANCE_MULTIPLE_REFERENCES QD_CONFORMANCE_BIT(14)
#define QD_CONFORMANCE_GET QD_CONFORMANCE_BIT(19)
#define QD_CONFORMANCE_SET QD_CONFORMANCE_BIT(20)
#define QD_CONFORMANCE_SELECTIVE_ACCESS QD_CONFORMANCE_BIT(21)
#define QD_CONFORMANCE_ACTION QD_CONFORMANCE_BIT(23)

typedef struct qd_initiate_request {
    qd_view_t dedicated_key; /* data NULL: absent */
    bool response_allowed;
    bool has_quality_of_service;
    uint8_t quality_of_service;
    uint8_t dlms_version;
    uint32_t conformance;     /* 24 bits */
    uint16_t max_receive_pdu; /* of the client */
} qd_initiate_request_t;

typedef struct qd_initiate_response {
    bool has_quality_of_service; /* the one that was proposed comes back */
    uint8_t quality_of_service;
    uint8_t dlms_version;
    uint32_t conformance;
    uint16_t max_receive_pdu; /* of the server */
    uint16_t vaa_name;        /* 0007 with logical names */
} qd_initiate_response_t;

/* ServiceError of the initiate service. */
typedef enum qd_initiate_error {
    QD_INITIATE_OTHER = 0,
    QD_INITIATE_VERSION_TOO_LOW = 1,
    QD_INITIATE_INCOMPATIBLE_CONFORMANCE = 2,
    QD_INITIATE_PDU_TOO_SHORT = 3
} qd_initiate_error_t;

/* Cosem-Attribute-Descriptor or Cosem-Method-Descriptor. */
typedef struct qd_descriptor {
    uint16_t class_id;
    qd_obis_t obis;
    int8_t index;
} qd_descriptor_t;

/* Invoke-Id-And-Priority. */
#define QD_INVOKE_ID(octet) ((uint8_t)((octet)&0x0Fu))
#define QD_INVOKE_CONFIRMED 0x40u
#define QD_INVOKE_HIGH_PRIORITY 0x80u

/* Choices of the three services (request, response). */
enum { QD_GET_NORMAL = 1, QD_GET_NEXT = 2, QD_GET_WITH_LIST = 3, QD_GET_WITH_DATABLOCK = 2 };
enum { QD_SET_NORMAL = 1 };
enum { QD_ACTION_NORMAL = 1 };

/* Data-Access-Result and Action-Result share these numbers. */
typedef enum qd_access_result {
    QD_ACCESS_SUCCESS = 0,
    QD_ACCESS_HARDWARE_FAULT = 1,
    QD_ACCESS_TEMPORARY_FAILURE = 2,
    QD_ACCESS_READ_WRITE_DENIED = 3,
    QD_ACCESS_OBJECT_UNDEFINED = 4,
    QD_ACCESS_OBJECT_CLASS_INCONSISTENT = 9,
    QD_ACCESS_OBJECT_UNAVAILABLE = 11,
    QD_ACCESS_TYPE_UNMATCHED = 12,
    QD_ACCESS_SCOPE_VIOLATED = 13,
    QD_ACCESS_BLOCK_UNAVAILABLE = 14,
    QD_ACCESS_LONG_GET_ABORTED = 15,
    QD_ACCESS_NO_LONG_GET = 16,
    QD_ACCESS_LONG_SET_ABORTED = 17,
    QD_ACCESS_NO_LONG_SET = 18,
    QD_ACCESS_BLOCK_NUMBER_INVALID = 19,
    QD_ACCESS_OTHER = 250
} qd_access_result_t;

/* Exception-response. */
typedef enum qd_exception_state {
    QD_EXCEPTION_NOT_ALLOWED = 1,
    QD_EXCEPTION_UNKNOWN = 2
} qd_exception_state_t;
typedef enum qd_exception_service {
    QD_EXCEPTION_NOT_POSSIBLE = 1,
    QD_EXCEPTION_NOT_SUPPORTED = 2,
    QD_EXCEPTION_OTHER_REASON = 3,
    QD_EXCEPTION_PDU_TOO_LONG = 4
} qd_exception_service_t;

/* Initiate and errors. Readers stand on the tag; QD_OK, QD_TRUNCATED, QD_MALFORMED. */
qd_status_t qd_initiate_request_decode(qd_reader_t *r, qd_initiate_request_t *request);
void qd_initiate_request_encode(qd_writer_t *w, const qd_initiate_request_t *request);
qd_status_t qd_initiate_response_decode(qd_reader_t *r, qd_initiate_response_t *response);
void qd_initiate_response_encode(qd_writer_t *w, const qd_initiate_response_t *response);
void qd_initiate_error_encode(qd_writer_t *w, qd_initiate_error_t error);
void qd_exception_encode(qd_writer_t *w, qd_exception_state_t state, qd_exception_service_t service);

/* Pieces of the services. */
qd_status_t qd_descriptor_decode(qd_reader_t *r, qd_descriptor_t *descriptor);
void qd_descriptor_encode(qd_writer_t *w, const qd_descriptor_t *descriptor);
/* Optional selective access of a GET or SET: *selector 0 and *parameters.data NULL when absent;
 * otherwise *parameters views the A-XDR element, which is skipped. QD_OK, QD_TRUNCATED,
 * QD_MALFORMED. */
qd_status_t qd_selection_decode(qd_reader_t *r, uint8_t *selector, qd_view_t *parameters);

#endif
