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
#define QD_CONFORMANCE_GENERAL_BLOCK_TRANSFER QD_CONFORMANCE_BIT(2)
#define QD_CONFORMANCE_ATTRIBUTE_0_SET QD_CONFORMANCE_BIT(8)
#define QD_CONFORMANCE_PRIORITY QD_CONFORMANCE_BIT(9)
#define QD_CONFORMANCE_ATTRIBUTE_0_GET QD_CONFORMANCE_BIT(10)
#define QD_CONFORMANCE_BLOCK_GET QD_CONFORMANCE_BIT(11)
#define QD_CONFORMANCE_BLOCK_SET QD_CONFORMANCE_BIT(12)
#define QD_CONFORMANCE_BLOCK_ACTION QD_CONFORMANCE_BIT(13)
#define QD_CONFORMANCE_MULTIPLE_REFERENCES QD_CONFORMANCE_BIT(14)
#define QD_CONFORMANCE_DATA_NOTIFICATION QD_CONFORMANCE_BIT(16)
#define QD_CONFORMANCE_ACCESS QD_CONFORMANCE_BIT(17)
#define QD_CONFORMANCE_GET QD_CONFORMANCE_BIT(19)
#define QD_CONFORMANCE_SET QD_CONFORMANCE_BIT(20)
#define QD_CONFORMANCE_SELECTIVE_ACCESS QD_CONFORMANCE_BIT(21)
#define QD_CONFORMANCE_EVENT_NOTIFICATION QD_CONFORMANCE_BIT(22)
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

/* Long-Invoke-Id-And-Priority: bits 23..0 the id. */
#define QD_LONG_INVOKE_ID(invoke) ((uint32_t)((invoke)&0xFFFFFFu))
#define QD_LONG_INVOKE_SELF_DESCRIPTIVE 0x10000000u
#define QD_LONG_INVOKE_BREAK_ON_ERROR 0x20000000u
#define QD_LONG_INVOKE_CONFIRMED 0x40000000u
#define QD_LONG_INVOKE_HIGH_PRIORITY 0x80000000u

/* Choices of the services: requests, and the responses where they have numbers of their own. */
enum { QD_GET_NORMAL = 1, QD_GET_NEXT = 2, QD_GET_WITH_LIST = 3, QD_GET_WITH_DATABLOCK = 2 };
enum {
    QD_SET_NORMAL = 1,
    QD_SET_FIRST_DATABLOCK = 2,
    QD_SET_DATABLOCK = 3,
    QD_SET_WITH_LIST = 4,
    QD_SET_WITH_LIST_FIRST_DATABLOCK = 5
};
enum {
    QD_SET_RESPONSE_NORMAL = 1,
    QD_SET_RESPONSE_DATABLOCK = 2,
    QD_SET_RESPONSE_LAST_DATABLOCK = 3,
    QD_SET_RESPONSE_LAST_DATABLOCK_WITH_LIST = 4,
    QD_SET_RESPONSE_WITH_LIST = 5
};
enum {
    QD_ACTION_NORMAL = 1,
    QD_ACTION_NEXT_PBLOCK = 2,
    QD_ACTION_WITH_LIST = 3,
    QD_ACTION_FIRST_PBLOCK = 4,
    QD_ACTION_WITH_LIST_FIRST_PBLOCK = 5,
    QD_ACTION_PBLOCK = 6
};
enum {
    QD_ACTION_RESPONSE_NORMAL = 1,
    QD_ACTION_RESPONSE_WITH_PBLOCK = 2,
    QD_ACTION_RESPONSE_WITH_LIST = 3,
    QD_ACTION_RESPONSE_NEXT_PBLOCK = 4
};
/* Access-Request-Specification; a response has the first three. */
enum {
    QD_ACCESS_SPEC_GET = 1,
    QD_ACCESS_SPEC_SET = 2,
    QD_ACCESS_SPEC_ACTION = 3,
    QD_ACCESS_SPEC_GET_WITH_SELECTION = 4,
    QD_ACCESS_SPEC_SET_WITH_SELECTION = 5
};

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

/* DataBlock-SA: a block of a SET or ACTION, or of an ACTION's answer. */
typedef struct qd_datablock {
    bool last;
    uint32_t number; /* 1 the first */
    qd_view_t data;
} qd_datablock_t;

/* General-Block-Transfer. */
#define QD_GBT_LAST 0x80u
#define QD_GBT_STREAMING 0x40u
#define QD_GBT_WINDOW_MAX 63u
/* Octets in front of the length of its block data. */
#define QD_GBT_HEAD 6u
typedef struct qd_gbt {
    bool last;
    bool streaming;  /* more follows at once: nobody answers now */
    uint8_t window;  /* blocks that its sender can take without an acknowledgement; 0: none now */
    uint16_t number; /* 1 the first, in each direction */
    uint16_t ack;    /* number of the last block that its sender took in order; 0: none */
    qd_view_t data;  /* part of an APDU; empty: nothing but the acknowledgement */
} qd_gbt_t;

/* Head of a data-notification; the body, one A-XDR element, follows. */
typedef struct qd_data_notification {
    uint32_t invoke;     /* Long-Invoke-Id-And-Priority */
    qd_view_t date_time; /* 12 octets, or length 0: none */
} qd_data_notification_t;

/* Head of an event-notification-request; the attribute's value, one A-XDR element, follows. */
typedef struct qd_event_notification {
    qd_view_t time; /* 12 octets; data NULL: none */
    qd_descriptor_t attribute;
} qd_event_notification_t;

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
/* What follows a descriptor of an ACCESS that has selection: as there, without the presence octet. */
qd_status_t qd_selector_decode(qd_reader_t *r, uint8_t *selector, qd_view_t *parameters);
/* Octet-string without its tag: length and octets. */
qd_status_t qd_view_decode(qd_reader_t *r, qd_view_t *view);
void qd_view_encode(qd_writer_t *w, const qd_view_t *view);
qd_status_t qd_datablock_decode(qd_reader_t *r, qd_datablock_t *block);
void qd_datablock_encode(qd_writer_t *w, const qd_datablock_t *block);

/* Whole APDUs and heads of them; readers stand on the tag. QD_OK, QD_TRUNCATED, QD_MALFORMED. */
qd_status_t qd_gbt_decode(qd_reader_t *r, qd_gbt_t *gbt);
void qd_gbt_encode(qd_writer_t *w, const qd_gbt_t *gbt);
qd_status_t qd_data_notification_decode(qd_reader_t *r, qd_data_notification_t *head);
void qd_data_notification_encode(qd_writer_t *w, const qd_data_notification_t *head);
qd_status_t qd_event_notification_decode(qd_reader_t *r, qd_event_notification_t *head);
void qd_event_notification_encode(qd_writer_t *w, const qd_event_notification_t *head);

#endif
