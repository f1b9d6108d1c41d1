/*
 * names.c - identities and the standard's words for numbers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "client/internal.h"
#include "protocol/xdlms.h"

#include <string.h>

typedef struct name {
    uint8_t number;
    const char *text;
} name_t;

static const char *find(const name_t *names, size_t count, uint8_t number, const char *otherwise) {
    size_t i;

    for (i = 0; i < count; i++) {
        if (names[i].number == number) {
            return names[i].text;
        }
    }
    return otherwise;
}

#define FIND(names, number, otherwise) find((names), sizeof(names) / sizeof(names)[0], (number), (otherwise))

static const qd_client_identity_t identities[QD_CLIENT_IDENTITIES] = {
    {"public", 16, QD_CLIENT_LOWEST, false}, {"management", 1, QD_CLIENT_LLS, false},
    {"level1", 17, QD_CLIENT_LLS, false},    {"level2", 18, QD_CLIENT_LLS, false},
    {"level3", 19, QD_CLIENT_LLS, false},    {"preestablished", 102, QD_CLIENT_LOWEST, true},
};

const qd_client_identity_t *qd_client_identity_at(size_t n) {
    return n < QD_CLIENT_IDENTITIES ? &identities[n] : NULL;
}

const qd_client_identity_t *qd_client_identity_by_name(const char *name) {
    size_t i;

    for (i = 0; i < QD_CLIENT_IDENTITIES; i++) {
        if (strcmp(identities[i].name, name) == 0) {
            return &identities[i];
        }
    }
    return NULL;
}

const qd_client_identity_t *qd_client_identity_by_sap(uint16_t sap) {
    size_t i;

    for (i = 0; i < QD_CLIENT_IDENTITIES; i++) {
        if (identities[i].sap == sap) {
            return &identities[i];
        }
    }
    return NULL;
}

const char *qd_client_access_name(uint8_t access) {
    static const name_t names[] = {
        {QD_ACCESS_SUCCESS, "success"},
        {QD_ACCESS_HARDWARE_FAULT, "hardware-fault"},
        {QD_ACCESS_TEMPORARY_FAILURE, "temporary-failure"},
        {QD_ACCESS_READ_WRITE_DENIED, "read-write-denied"},
        {QD_ACCESS_OBJECT_UNDEFINED, "object-undefined"},
        {QD_ACCESS_OBJECT_CLASS_INCONSISTENT, "object-class-inconsistent"},
        {QD_ACCESS_OBJECT_UNAVAILABLE, "object-unavailable"},
        {QD_ACCESS_TYPE_UNMATCHED, "type-unmatched"},
        {QD_ACCESS_SCOPE_VIOLATED, "scope-of-access-violated"},
        {QD_ACCESS_BLOCK_UNAVAILABLE, "data-block-unavailable"},
        {QD_ACCESS_LONG_GET_ABORTED, "long-get-aborted"},
        {QD_ACCESS_NO_LONG_GET, "no-long-get-in-progress"},
        {QD_ACCESS_LONG_SET_ABORTED, "long-set-aborted"},
        {QD_ACCESS_NO_LONG_SET, "no-long-set-in-progress"},
        {QD_ACCESS_BLOCK_NUMBER_INVALID, "data-block-number-invalid"},
        {QD_ACCESS_OTHER, "other-reason"},
    };

    return FIND(names, access, "unknown-access-result");
}

const char *qd_client_diagnostic_name(uint8_t diagnostic) {
    static const name_t names[] = {
        {0, "no-diagnostic"},
        {1, "no-reason-given"},
        {2, "application-context-name-not-supported"},
        {3, "calling-AP-title-not-recognized"},
        {4, "calling-AP-invocation-identifier-not-recognized"},
        {5, "calling-AE-qualifier-not-recognized"},
        {6, "calling-AE-invocation-identifier-not-recognized"},
        {7, "called-AP-title-not-recognized"},
        {8, "called-AP-invocation-identifier-not-recognized"},
        {9, "called-AE-qualifier-not-recognized"},
        {10, "called-AE-invocation-identifier-not-recognized"},
        {11, "authentication-mechanism-name-not-recognised"},
        {12, "authentication-mechanism-name-required"},
        {13, "authentication-failure"},
        {14, "authentication-required"},
        {QD_DIAGNOSTIC_PROVIDER, "no-diagnostic"},
        {QD_DIAGNOSTIC_PROVIDER + 1, "no-reason-given"},
        {QD_DIAGNOSTIC_PROVIDER_NO_COMMON_VERSION, "no-common-acse-version"},
    };

    return FIND(names, diagnostic, "unknown-diagnostic");
}

const char *qd_client_initiate_name(uint8_t code) {
    static const name_t names[] = {
        {QD_INITIATE_OTHER, "initiate-error: other"},
        {QD_INITIATE_VERSION_TOO_LOW, "initiate-error: dlms-version-too-low"},
        {QD_INITIATE_INCOMPATIBLE_CONFORMANCE, "initiate-error: incompatible-conformance"},
        {QD_INITIATE_PDU_TOO_SHORT, "initiate-error: pdu-size-too-short"},
    };

    return FIND(names, code, "confirmed-service-error");
}

const char *qd_client_exception_name(uint8_t code) {
    static const name_t names[] = {
        {QD_EXCEPTION_NOT_POSSIBLE, "exception: operation-not-possible"},
        {QD_EXCEPTION_NOT_SUPPORTED, "exception: service-not-supported"},
        {QD_EXCEPTION_OTHER_REASON, "exception: other-reason"},
        {QD_EXCEPTION_PDU_TOO_LONG, "exception: pdu-too-long"},
        {5, "exception: deciphering-error"},
        {6, "exception: invocation-counter-error"},
    };

    return FIND(names, code, "exception: unknown service-error");
}

const char *qd_client_conformance_name(uint8_t bit) {
    static const char *const names[QD_CLIENT_CONFORMANCE_BITS] = {
        "reserved-zero",
        "general-protection",
        "general-block-transfer",
        "read",
        "write",
        "unconfirmed-write",
        "delta-value-encoding",
        "reserved-seven",
        "attribute0-supported-with-set",
        "priority-mgmt-supported",
        "attribute0-supported-with-get",
        "block-transfer-with-get-or-read",
        "block-transfer-with-set-or-write",
        "block-transfer-with-action",
        "multiple-references",
        "information-report",
        "data-notification",
        "access",
        "parameterized-access",
        "get",
        "set",
        "selective-access",
        "event-notification",
        "action",
    };

    return bit < QD_CLIENT_CONFORMANCE_BITS ? names[bit] : "unknown-service";
}

const char *qd_client_type_name(uint8_t type) {
    static const name_t names[] = {
        {QD_TYPE_NULL, "null-data"},
        {QD_TYPE_ARRAY, "array"},
        {QD_TYPE_STRUCTURE, "structure"},
        {QD_TYPE_BOOLEAN, "boolean"},
        {QD_TYPE_BIT_STRING, "bit-string"},
        {QD_TYPE_DOUBLE_LONG, "double-long"},
        {QD_TYPE_DOUBLE_LONG_UNSIGNED, "double-long-unsigned"},
        {QD_TYPE_OCTET_STRING, "octet-string"},
        {QD_TYPE_VISIBLE_STRING, "visible-string"},
        {QD_TYPE_UTF8_STRING, "utf8-string"},
        {QD_TYPE_BCD, "bcd"},
        {QD_TYPE_INTEGER, "integer"},
        {QD_TYPE_LONG, "long"},
        {QD_TYPE_UNSIGNED, "unsigned"},
        {QD_TYPE_LONG_UNSIGNED, "long-unsigned"},
        {QD_TYPE_COMPACT_ARRAY, "compact-array"},
        {QD_TYPE_LONG64, "long64"},
        {QD_TYPE_LONG64_UNSIGNED, "long64-unsigned"},
        {QD_TYPE_ENUM, "enum"},
        {QD_TYPE_FLOAT32, "float32"},
        {QD_TYPE_FLOAT64, "float64"},
        {QD_TYPE_DATE_TIME, "date-time"},
        {QD_TYPE_DATE, "date"},
        {QD_TYPE_TIME, "time"},
    };

    return FIND(names, type, "unknown-type");
}

const char *qd_client_unit_name(uint8_t unit) {
    static const name_t names[] = {
        {1, "a"},     {2, "mo"},    {3, "wk"},    {4, "d"},         {5, "h"},      {6, "min"},
        {7, "s"},     {8, "deg"},   {9, "degC"},  {10, "currency"}, {11, "m"},     {13, "m3"},
        {20, "kg"},   {27, "W"},    {28, "VA"},   {29, "var"},      {30, "Wh"},    {31, "VAh"},
        {32, "varh"}, {33, "A"},    {34, "C"},    {35, "V"},        {36, "V/m"},   {37, "F"},
        {38, "ohm"},  {44, "Hz"},   {45, "1/Wh"}, {46, "1/varh"},   {47, "1/VAh"}, {56, "%"},
        {70, "dBm"},  {71, "dBuV"}, {72, "dB"},   {254, "other"},   {255, ""},
    };

    return FIND(names, unit, NULL);
}

/* Names of the choices of one service; the first is choice 1. */
#define CHOICES_MAX 6u

typedef struct service {
    uint8_t tag;
    const char *plain;
    const char *choice[CHOICES_MAX];
} service_t;

static const service_t services[] = {
    {QD_ACSE_TAG_AARQ, "AARQ", {NULL}},
    {QD_ACSE_TAG_AARE, "AARE", {NULL}},
    {QD_ACSE_TAG_RLRQ, "RLRQ", {NULL}},
    {QD_ACSE_TAG_RLRE, "RLRE", {NULL}},
    {QD_APDU_INITIATE_REQUEST, "initiate-request", {NULL}},
    {QD_APDU_INITIATE_RESPONSE, "initiate-response", {NULL}},
    {QD_APDU_CONFIRMED_SERVICE_ERROR, "confirmed-service-error", {NULL}},
    {QD_APDU_DATA_NOTIFICATION, "data-notification", {NULL}},
    {QD_APDU_EVENT_NOTIFICATION, "event-notification-request", {NULL}},
    {QD_APDU_EXCEPTION_RESPONSE, "exception-response", {NULL}},
    {QD_APDU_ACCESS_REQUEST, "access-request", {NULL}},
    {QD_APDU_ACCESS_RESPONSE, "access-response", {NULL}},
    {QD_APDU_GENERAL_BLOCK_TRANSFER, "general-block-transfer", {NULL}},
    {QD_APDU_GET_REQUEST, "get-request", {"get-request-normal", "get-request-next", "get-request-with-list"}},
    {QD_APDU_GET_RESPONSE,
     "get-response",
     {"get-response-normal", "get-response-with-datablock", "get-response-with-list"}},
    {QD_APDU_SET_REQUEST,
     "set-request",
     {"set-request-normal", "set-request-with-first-datablock", "set-request-with-datablock",
      "set-request-with-list", "set-request-with-list-and-first-datablock"}},
    {QD_APDU_SET_RESPONSE,
     "set-response",
     {"set-response-normal", "set-response-datablock", "set-response-last-datablock",
      "set-response-last-datablock-with-list", "set-response-with-list"}},
    {QD_APDU_ACTION_REQUEST,
     "action-request",
     {"action-request-normal", "action-request-next-pblock", "action-request-with-list",
      "action-request-with-first-pblock", "action-request-with-list-and-first-pblock",
      "action-request-with-pblock"}},
    {QD_APDU_ACTION_RESPONSE,
     "action-response",
     {"action-response-normal", "action-response-with-pblock", "action-response-with-list",
      "action-response-next-pblock"}},
};

const char *qd_client_apdu_name(const uint8_t *apdu, size_t length) {
    size_t i;

    for (i = 0; length > 0u && i < sizeof services / sizeof services[0]; i++) {
        const service_t *service = &services[i];

        if (service->tag == apdu[0]) {
            const char *choice = NULL;

            if (length > 1u && apdu[1] >= 1u && apdu[1] <= CHOICES_MAX) {
                choice = service->choice[apdu[1] - 1u];
            }
            return choice != NULL ? choice : service->plain;
        }
    }
    return "unknown-apdu";
}
