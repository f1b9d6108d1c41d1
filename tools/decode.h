/*
 * decode.h - APDUs in readable form, for --trace.
 */
#ifndef QD_TOOLS_DECODE_H
#define QD_TOOLS_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A reader that never leaves its octets; after the first fault it gives zeros. */
typedef struct qd_look {
    FILE *to;
    const uint8_t *octets;
    size_t size;
    size_t at;
    unsigned indent;
    bool bad;
} qd_look_t;

/* A line, or several, for every part of an APDU. What is malformed is said where it begins; secrets are never shown. */
void qd_decode_apdu(FILE *to, const uint8_t *apdu, size_t length, unsigned indent);

/* Octets from here on belong to a secret (a password in an association request, or written to an association object);
 * length: there is none. */
size_t qd_decode_secret(const uint8_t *apdu, size_t length);

/* Name of an acse-service-user diagnostic (ISO/IEC 8650-1), "unknown" for others. */
const char *qd_decode_diagnostic(unsigned number);

/* --- shared by decode.c and decode_acse.c */

uint32_t qd_look_number(qd_look_t *look, unsigned octets);
/* NULL: fewer remain. */
const uint8_t *qd_look_octets(qd_look_t *look, size_t length);
/* A-XDR length. */
size_t qd_look_length(qd_look_t *look);
/* Begins a line at the present indent. */
void qd_look_line(const qd_look_t *look, const char *format, ...) __attribute__((format(printf, 2, 3)));
void qd_look_hex(const qd_look_t *look, const char *name, const uint8_t *octets, size_t length);

/* AARQ, AARE, RLRQ, RLRE; look stands on the tag. */
void qd_decode_acse(qd_look_t *look);
/* Initiate request and response. */
void qd_decode_initiate(qd_look_t *look);

#endif
