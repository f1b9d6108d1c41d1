/*
 * decode_acse.c - association and initiate in readable form.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "decode.h"
#include "quadrant/client.h"

#include <string.h>

#define AARQ 0x60u
#define AARE 0x61u
#define USER_INFORMATION 0xBEu
#define SECRET_REQUEST 0xACu /* calling-authentication-value */
#define SECRET_RESPONSE 0xAAu

typedef struct field {
    uint8_t tag;
    const char *name;
} field_t;

static const field_t aarq_fields[] = {{0x80, "protocol-version"},
                                      {0xA1, "application-context-name"},
                                      {0xA2, "called-AP-title"},
                                      {0xA3, "called-AE-qualifier"},
                                      {0xA4, "called-AP-invocation-id"},
                                      {0xA5, "called-AE-invocation-id"},
                                      {0xA6, "calling-AP-title"},
                                      {0xA7, "calling-AE-qualifier"},
                                      {0xA8, "calling-AP-invocation-id"},
                                      {0xA9, "calling-AE-invocation-id"},
                                      {0x8A, "sender-acse-requirements"},
                                      {0x8B, "mechanism-name"},
                                      {0xAC, "calling-authentication-value"},
                                      {0xBD, "implementation-information"},
                                      {0xBE, "user-information"}};
static const field_t aare_fields[] = {{0x80, "protocol-version"},
                                      {0xA1, "application-context-name"},
                                      {0xA2, "result"},
                                      {0xA3, "result-source-diagnostic"},
                                      {0xA4, "responding-AP-title"},
                                      {0xA5, "responding-AE-qualifier"},
                                      {0xA6, "responding-AP-invocation-id"},
                                      {0xA7, "responding-AE-invocation-id"},
                                      {0x88, "responder-acse-requirements"},
                                      {0x89, "mechanism-name"},
                                      {0xAA, "responding-authentication-value"},
                                      {0xBE, "user-information"}};
static const field_t release_fields[] = {{0x80, "reason"}, {0xBE, "user-information"}};

static const char *field_name(uint8_t apdu, uint8_t tag) {
    const field_t *fields = release_fields;
    size_t count = sizeof release_fields / sizeof release_fields[0];
    size_t i;

    if (apdu == AARQ) {
        fields = aarq_fields;
        count = sizeof aarq_fields / sizeof aarq_fields[0];
    } else if (apdu == AARE) {
        fields = aare_fields;
        count = sizeof aare_fields / sizeof aare_fields[0];
    }
    for (i = 0; i < count; i++) {
        if (fields[i].tag == tag) {
            return fields[i].name;
        }
    }
    return "unknown field";
}

static const char *context_name(unsigned number) {
    static const char *const names[] = {"logical names", "short names", "logical names, ciphered",
                                        "short names, ciphered"};

    return number >= 1u && number <= 4u ? names[number - 1u] : "unknown";
}

static const char *mechanism_name(unsigned number) {
    static const char *const names[] = {"lowest",      "LLS",       "HLS of the manufacturer",
                                        "HLS MD5",     "HLS SHA-1", "HLS GMAC",
                                        "HLS SHA-256", "HLS ECDSA"};

    return number < sizeof names / sizeof names[0] ? names[number] : "unknown";
}

const char *qd_decode_diagnostic(unsigned number) {
    static const char *const names[] = {"null",
                                        "no-reason-given",
                                        "application-context-name-not-supported",
                                        "calling-AP-title-not-recognized",
                                        "calling-AP-invocation-identifier-not-recognized",
                                        "calling-AE-qualifier-not-recognized",
                                        "calling-AE-invocation-identifier-not-recognized",
                                        "called-AP-title-not-recognized",
                                        "called-AP-invocation-identifier-not-recognized",
                                        "called-AE-qualifier-not-recognized",
                                        "called-AE-invocation-identifier-not-recognized",
                                        "authentication-mechanism-name-not-recognised",
                                        "authentication-mechanism-name-required",
                                        "authentication-failure",
                                        "authentication-required"};

    return number < sizeof names / sizeof names[0] ? names[number] : "unknown";
}

static void put_conformance(const qd_look_t *look, uint32_t bits) {
    uint8_t bit;

    qd_look_line(look, "conformance %06X:", bits);
    for (bit = 0; bit < QD_CLIENT_CONFORMANCE_BITS; bit++) {
        if ((bits & (0x800000u >> bit)) != 0u) {
            (void)fprintf(look->to, " %s", qd_client_conformance_name(bit));
        }
    }
    (void)fputc('\n', look->to);
}

static void put_conformance_field(qd_look_t *look) {
    (void)qd_look_number(look, 4);
    put_conformance(look, qd_look_number(look, 3));
}

/* Request ::= 01 [key] [response-allowed] [quality] version conformance size;  response ::= 08 [quality] ... */
void qd_decode_initiate(qd_look_t *look) {
    bool request = qd_look_number(look, 1) == 1u;

    qd_look_line(look, "%s\n", request ? "initiate-request" : "initiate-response");
    look->indent++;
    if (request && qd_look_number(look, 1) != 0u) {
        (void)qd_look_octets(look, qd_look_length(look));
        qd_look_line(look, "dedicated-key ***\n");
    }
    if (request && qd_look_number(look, 1) != 0u) {
        qd_look_line(look, "response-allowed %s\n", qd_look_number(look, 1) != 0u ? "true" : "false");
    }
    if (qd_look_number(look, 1) != 0u) {
        qd_look_line(look, "quality-of-service %u\n", (unsigned)qd_look_number(look, 1));
    }
    qd_look_line(look, "DLMS version %u\n", (unsigned)qd_look_number(look, 1));
    put_conformance_field(look);
    qd_look_line(look, "max-receive-pdu-size %u\n", (unsigned)qd_look_number(look, 2));
    if (!request) {
        qd_look_line(look, "VAA name %04X\n", (unsigned)qd_look_number(look, 2));
    }
    look->indent--;
}

/* BER length of up to two octets. */
static size_t ber_length(qd_look_t *look) {
    uint32_t first = qd_look_number(look, 1);

    if (first < 0x80u) {
        return first;
    }
    if (first > 0x82u) {
        look->bad = true;
        return 0;
    }
    return qd_look_number(look, first & 3u);
}

static void put_user_information(const qd_look_t *look, const uint8_t *octets, size_t length) {
    qd_look_line(look, "user-information\n");
    if (length > 2u && octets[0] == 0x04u && octets[1] == length - 2u) {
        qd_decode_apdu(look->to, octets + 2, length - 2u, look->indent + 1u);
    } else {
        qd_look_hex(look, "octets", octets, length);
    }
}

static void put_field(const qd_look_t *look, uint8_t apdu, uint8_t tag, const uint8_t *octets,
                      size_t length) {
    const char *name = field_name(apdu, tag);
    unsigned last = length > 0u ? octets[length - 1u] : 0u;

    if ((apdu == AARQ && tag == SECRET_REQUEST) || (apdu == AARE && tag == SECRET_RESPONSE)) {
        qd_look_line(look, "%s ***\n", name);
    } else if (tag == USER_INFORMATION) {
        put_user_information(look, octets, length);
    } else if (tag == 0xA1u && length == 9u) {
        qd_look_line(look, "%s %u, %s\n", name, last, context_name(last));
    } else if ((tag == 0x8Bu || tag == 0x89u) && length == 7u) {
        qd_look_line(look, "%s %u, %s\n", name, last, mechanism_name(last));
    } else if (apdu == AARE && tag == 0xA2u && length == 3u) {
        static const char *const results[] = {"accepted", "rejected-permanent", "rejected-transient"};

        qd_look_line(look, "%s %u, %s\n", name, last, last < 3u ? results[last] : "unknown");
    } else if (apdu == AARE && tag == 0xA3u && length == 5u) {
        qd_look_line(look, "%s %u, %s\n", name, last,
                     octets[0] == 0xA1u ? qd_decode_diagnostic(last) : "of the service provider");
    } else if (tag == 0x80u && (apdu == 0x62u || apdu == 0x63u)) {
        qd_look_line(look, "%s %u, %s\n", name, last, last == 0u ? "normal" : "other");
    } else {
        qd_look_hex(look, name, octets, length);
    }
}

void qd_decode_acse(qd_look_t *look) {
    uint8_t apdu = (uint8_t)qd_look_number(look, 1);
    size_t length = ber_length(look);

    if (length != look->size - look->at) {
        qd_look_line(look, "length %zu, but %zu octets follow\n", length, look->size - look->at);
    }
    while (!look->bad && look->at < look->size) {
        uint8_t tag = (uint8_t)qd_look_number(look, 1);
        size_t size = ber_length(look);
        const uint8_t *octets = qd_look_octets(look, size);

        if (octets != NULL) {
            put_field(look, apdu, tag, octets, size);
        }
    }
}
