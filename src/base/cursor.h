/*
 * cursor.h - the only way parsers and encoders touch octets.
 *
 * Purpose: bounded reading and writing with a sticky status: after the first failure every further
 * call does nothing and returns zero, so a parser may read a whole production and ask once.
 * Ownership: the buffer stays the caller's. Context: any. Octet order: big-endian (network), as
 * A-XDR, ACSE and the wrapper want it; records use the _le forms.
 */
#ifndef QD_BASE_CURSOR_H
#define QD_BASE_CURSOR_H

#include "quadrant/status.h"
#include "quadrant/types.h"

typedef struct qd_reader {
    const uint8_t *data;
    size_t size;
    size_t at;
    qd_status_t status; /* QD_OK, QD_TRUNCATED, or what a parser set with qd_reader_fail */
} qd_reader_t;

void qd_reader_init(qd_reader_t *r, const uint8_t *data, size_t size);
/* Octets that remain; 0 after a failure. */
size_t qd_reader_left(const qd_reader_t *r);
/* Records the first failure; later ones are ignored. Returns the recorded status. */
qd_status_t qd_reader_fail(qd_reader_t *r, qd_status_t status);
uint8_t qd_reader_u8(qd_reader_t *r);
uint16_t qd_reader_u16(qd_reader_t *r);
uint32_t qd_reader_u32(qd_reader_t *r);
uint64_t qd_reader_u64(qd_reader_t *r);
uint16_t qd_reader_u16_le(qd_reader_t *r);
uint32_t qd_reader_u32_le(qd_reader_t *r);
uint64_t qd_reader_u64_le(qd_reader_t *r);
/* The next length octets in place, or NULL (status QD_TRUNCATED) when fewer remain. */
const uint8_t *qd_reader_octets(qd_reader_t *r, size_t length);
/* Next octet without taking it; 0 when none remains (status unchanged). */
uint8_t qd_reader_peek(const qd_reader_t *r);

typedef struct qd_writer {
    uint8_t *data;
    size_t size;
    size_t at;
    qd_status_t status; /* QD_OK or QD_NO_SPACE */
} qd_writer_t;

void qd_writer_init(qd_writer_t *w, uint8_t *data, size_t size);
size_t qd_writer_left(const qd_writer_t *w);
/* Room for length octets, which the caller fills now, or NULL once something did not fit: nothing shorter may follow it. */
uint8_t *qd_writer_reserve(qd_writer_t *w, size_t length);
void qd_writer_u8(qd_writer_t *w, uint8_t value);
void qd_writer_u16(qd_writer_t *w, uint16_t value);
void qd_writer_u32(qd_writer_t *w, uint32_t value);
void qd_writer_u64(qd_writer_t *w, uint64_t value);
void qd_writer_u16_le(qd_writer_t *w, uint16_t value);
void qd_writer_u32_le(qd_writer_t *w, uint32_t value);
void qd_writer_u64_le(qd_writer_t *w, uint64_t value);
void qd_writer_octets(qd_writer_t *w, const uint8_t *octets, size_t length);

#endif
