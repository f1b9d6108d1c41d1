#include "base/cursor.h"

#include <string.h>

void qd_reader_init(qd_reader_t *r, const uint8_t *data, size_t size) {
    r->data = data;
    r->size = size;
    r->at = 0;
    r->status = QD_OK;
}

size_t qd_reader_left(const qd_reader_t *r) {
    return r->status == QD_OK ? r->size - r->at : 0;
}

qd_status_t qd_reader_fail(qd_reader_t *r, qd_status_t status) {
    if (r->status == QD_OK) {
        r->status = status;
    }
    return r->status;
}

const uint8_t *qd_reader_octets(qd_reader_t *r, size_t length) {
    const uint8_t *octets;

    if (r->status != QD_OK) {
        return NULL;
    }
    /* Compared with what remains, so that no sum can wrap. */
    if (length > r->size - r->at) {
        r->status = QD_TRUNCATED;
        return NULL;
    }
    octets = r->data + r->at;
    r->at += length;
    return octets;
}

uint8_t qd_reader_peek(const qd_reader_t *r) {
    return qd_reader_left(r) > 0 ? r->data[r->at] : 0;
}

static uint64_t big_endian(qd_reader_t *r, size_t length) {
    const uint8_t *octets = qd_reader_octets(r, length);
    uint64_t value = 0;

    for (size_t i = 0; octets != NULL && i < length; i++) {
        value = value << 8 | octets[i];
    }
    return value;
}

static uint64_t little_endian(qd_reader_t *r, size_t length) {
    const uint8_t *octets = qd_reader_octets(r, length);
    uint64_t value = 0;

    for (size_t i = length; octets != NULL && i > 0; i--) {
        value = value << 8 | octets[i - 1];
    }
    return value;
}

/* The short ones are what every request is made of; they do without the loop. */
uint8_t qd_reader_u8(qd_reader_t *r) {
    if (r->status != QD_OK || r->at == r->size) {
        return (uint8_t)big_endian(r, 1);
    }
    return r->data[r->at++];
}

uint16_t qd_reader_u16(qd_reader_t *r) {
    const uint8_t *octets = qd_reader_octets(r, 2);

    return octets == NULL ? 0 : (uint16_t)((uint32_t)octets[0] << 8 | octets[1]);
}

uint32_t qd_reader_u32(qd_reader_t *r) {
    return (uint32_t)big_endian(r, 4);
}

uint64_t qd_reader_u64(qd_reader_t *r) {
    return big_endian(r, 8);
}

uint16_t qd_reader_u16_le(qd_reader_t *r) {
    return (uint16_t)little_endian(r, 2);
}

uint32_t qd_reader_u32_le(qd_reader_t *r) {
    return (uint32_t)little_endian(r, 4);
}

uint64_t qd_reader_u64_le(qd_reader_t *r) {
    return little_endian(r, 8);
}

void qd_writer_init(qd_writer_t *w, uint8_t *data, size_t size) {
    w->data = data;
    w->size = size;
    w->at = 0;
    w->status = QD_OK;
}

size_t qd_writer_left(const qd_writer_t *w) {
    return w->status == QD_OK ? w->size - w->at : 0;
}

uint8_t *qd_writer_reserve(qd_writer_t *w, size_t length) {
    uint8_t *room;

    if (w->status != QD_OK) {
        return NULL;
    }
    if (length > w->size - w->at) {
        w->status = QD_NO_SPACE;
        return NULL;
    }
    room = w->data + w->at;
    w->at += length;
    return room;
}

static void put_big_endian(qd_writer_t *w, uint64_t value, size_t length) {
    uint8_t *room = qd_writer_reserve(w, length);

    for (size_t i = length; room != NULL && i > 0; i--) {
        room[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

static void put_little_endian(qd_writer_t *w, uint64_t value, size_t length) {
    uint8_t *room = qd_writer_reserve(w, length);

    for (size_t i = 0; room != NULL && i < length; i++) {
        room[i] = (uint8_t)value;
        value >>= 8;
    }
}

void qd_writer_u8(qd_writer_t *w, uint8_t value) {
    uint8_t *room = qd_writer_reserve(w, 1);

    if (room != NULL) {
        *room = value;
    }
}

void qd_writer_u16(qd_writer_t *w, uint16_t value) {
    uint8_t *room = qd_writer_reserve(w, 2);

    if (room != NULL) {
        room[0] = (uint8_t)(value >> 8);
        room[1] = (uint8_t)value;
    }
}

void qd_writer_u32(qd_writer_t *w, uint32_t value) {
    put_big_endian(w, value, 4);
}

void qd_writer_u64(qd_writer_t *w, uint64_t value) {
    put_big_endian(w, value, 8);
}

void qd_writer_u16_le(qd_writer_t *w, uint16_t value) {
    put_little_endian(w, value, 2);
}

void qd_writer_u32_le(qd_writer_t *w, uint32_t value) {
    put_little_endian(w, value, 4);
}

void qd_writer_u64_le(qd_writer_t *w, uint64_t value) {
    put_little_endian(w, value, 8);
}

void qd_writer_octets(qd_writer_t *w, const uint8_t *octets, size_t length) {
    uint8_t *room = qd_writer_reserve(w, length);

    if (room != NULL && length > 0) {
        memcpy(room, octets, length);
    }
}
