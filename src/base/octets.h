/*
 * octets.h - lengths of texts, and little-endian numbers at any address, the order of everything that is kept (records, nonces, pages).
 * Compilers make one store or load of each where the machine allows it. What reads hostile octets uses cursor.h,
 * which knows where they end; here the caller has proved the room. Context: any.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_BASE_OCTETS_H
#define QD_BASE_OCTETS_H

#include "quadrant/types.h"

static inline void qd_le16_put(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

/* Bits 0 .. 23 of value. */
static inline void qd_le24_put(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)(value >> 16);
}

static inline void qd_le32_put(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)(value >> 16);
    at[3] = (uint8_t)(value >> 24);
}

static inline uint16_t qd_le16_get(const uint8_t *at) {
    return (uint16_t)(at[0] | (uint32_t)at[1] << 8);
}

static inline uint32_t qd_le32_get(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Length of a text. A C library made for speed brings some 200 octets of code for what is asked at a start. */
static inline size_t qd_text_length(const char *text) {
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}

static inline uint64_t qd_le64_get(const uint8_t *at) {
    return (uint64_t)qd_le32_get(at + 4) << 32 | qd_le32_get(at);
}

#endif
