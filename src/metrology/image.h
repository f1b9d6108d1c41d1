/*
 * image.h - what the images of base and delta share: how numbers are put, the bits of their heads, and where the
 * base keeps what a delta refers to.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_METROLOGY_IMAGE_H
#define QD_METROLOGY_IMAGE_H

#include "base/cursor.h"
#include "base/octets.h"
#include "metrology/state.h"

#define QD_MET_BIT_CLOCK 0x01u
#define QD_MET_BIT_NO_LOAD 0x02u
#define QD_MET_BITS_PHASE_NO_LOAD 0x1Cu
#define QD_MET_PHASE_NO_LOAD_AT 2u

/* Offsets in the base; images.c has the whole of it. */
#define QD_MET_BASE_NUMBER_AT 2u
#define QD_MET_BASE_SNAPSHOT_AT 6u
#define QD_MET_BASE_RATES_AT 22u
#define QD_MET_BASE_JOURNAL_AT 30u
#define QD_MET_BASE_PULSES_AT 51u
#define QD_MET_BASE_REGISTERS_AT 75u
#define QD_MET_BASE_RESTS_AT 843u

/* Where an image of fixed layout grows; its bound is proved at compile time beside its format. A second's delta is
 * written 31 million times a year: compilers turn these stores into one each. */
typedef struct qd_met_image {
    uint8_t *at;
} qd_met_image_t;

static inline void qd_met_put8(qd_met_image_t *w, uint8_t value) {
    *w->at++ = value;
}

static inline void qd_met_put16(qd_met_image_t *w, uint16_t value) {
    qd_le16_put(w->at, value);
    w->at += 2;
}

static inline void qd_met_put24(qd_met_image_t *w, uint32_t value) {
    qd_le24_put(w->at, value);
    w->at += 3;
}

static inline void qd_met_put32(qd_met_image_t *w, uint32_t value) {
    qd_le32_put(w->at, value);
    w->at += 4;
}

static inline void qd_met_put64(qd_met_image_t *w, uint64_t value) {
    qd_met_put32(w, (uint32_t)value);
    qd_met_put32(w, (uint32_t)(value >> 32));
}

/* The bits that base and delta share. */
static inline uint8_t qd_met_head_bits(const qd_metrology_t *m, const qd_met_clock_t *clock) {
    return (uint8_t)((clock->valid ? QD_MET_BIT_CLOCK : 0u) | (m->no_load ? QD_MET_BIT_NO_LOAD : 0u) |
                     m->phase_no_load << QD_MET_PHASE_NO_LOAD_AT);
}

static inline void qd_met_no_load_get(qd_metrology_t *m, uint8_t bits) {
    m->no_load = (bits & QD_MET_BIT_NO_LOAD) != 0;
    m->phase_no_load = (uint32_t)(bits & QD_MET_BITS_PHASE_NO_LOAD) >> QD_MET_PHASE_NO_LOAD_AT;
}

/* QD_CORRUPT: octets were missing, out of range or left over. */
static inline qd_status_t qd_met_image_end(const qd_reader_t *r) {
    return r->status == QD_OK && qd_reader_left(r) == 0 ? QD_OK : QD_CORRUPT;
}

#endif
