/*
 * sealer.h - what guards stored octets, injected into the store.
 *
 * Purpose: seal and open one piece of a record. The CRC sealer (integrity only) is the first one;
 * an AES-GCM sealer has the same shape. Nonce = {record, slot, epoch, sequence}: no two seals of a
 * device's life share one, because the epoch is committed before the first write after start.
 * Context: main context. Ownership: buffers are the caller's; in and out may be the same.
 */
#ifndef QD_STORE_SEALER_H
#define QD_STORE_SEALER_H

#include "quadrant/status.h"
#include "quadrant/types.h"

#define QD_SEAL_TAG_MAX 16u

/* Values of slot, so that no two kinds of pieces share a nonce. */
#define QD_SEAL_SLOT_REDO 0u  /* with record 0; slots of records are 0 and 1 */
#define QD_SEAL_SLOT_SUPER 1u /* with record 0 */
#define QD_SEAL_SLOT_PAGE 2u  /* page of a log: record is the log's id, sequence the page's number */

typedef struct qd_seal_nonce {
    uint16_t record;
    uint8_t slot;
    uint32_t epoch;
    uint32_t sequence;
} qd_seal_nonce_t;

typedef struct qd_sealer {
    void *context;
    uint8_t tag_size; /* octets of tag, 4 .. QD_SEAL_TAG_MAX */
    /* QD_OK; QD_IO: the key is not to be had. */
    qd_status_t (*seal)(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                        uint8_t *out, uint8_t *tag);
    /* QD_OK; QD_CORRUPT: tag does not fit, out is undefined; QD_IO. */
    qd_status_t (*open)(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                        uint8_t *out, const uint8_t *tag);
} qd_sealer_t;

/* Integrity by CRC-32 over nonce and octets; tag_size 4; needs no context. */
extern const qd_sealer_t qd_sealer_crc;

#endif
