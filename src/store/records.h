/*
 * records.h - the store as its users see it: numbered records, read and written whole.
 *
 * Purpose: the interface that is injected into metrology and the app's modules, so that neither
 * links against the store. A write is durable when it returns QD_OK, except inside an open group:
 * then it is staged and becomes durable, with all others of the group, when the group is committed.
 * Rule for all users: build the new image, write it, and only then change what is in memory.
 * Context: main context. Ownership: buffers are the caller's and may be reused after the call.
 */
#ifndef QD_STORE_RECORDS_H
#define QD_STORE_RECORDS_H

#include "quadrant/status.h"
#include "quadrant/types.h"

typedef struct qd_records {
    void *context;
    /* Reads the newest good copy. QD_OK: *length octets in buffer (at most size); QD_END: never
     * written; QD_CORRUPT: written, but both copies are bad; QD_NO_SPACE: longer than size;
     * QD_UNDEFINED: no such record; QD_IO. */
    qd_status_t (*read)(void *context, uint16_t record, uint8_t *buffer, size_t size, size_t *length);
    /* Writes the record. QD_OK; QD_PENDING: call again with the same octets; QD_UNDEFINED;
     * QD_NO_SPACE: longer than the record's capacity, or the group is full; QD_IO: the old content
     * still stands. */
    qd_status_t (*write)(void *context, uint16_t record, const uint8_t *buffer, size_t length);
} qd_records_t;

#endif
