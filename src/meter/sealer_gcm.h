/*
 * sealer_gcm.h - the store's sealer with AES-GCM under the device key.
 *
 * Nonce of GCM: record (2), slot (1), 0 (1), epoch (4), sequence (4), each little-endian: 12 octets. No
 * additional data: what stands in front of the sealed octets is in the nonce, or is their length.
 * Tag: 12 octets. Context: main context. Ownership: the state is the caller's.
 */
#ifndef QD_METER_SEALER_GCM_H
#define QD_METER_SEALER_GCM_H

#include "crypto/gcm.h"
#include "quadrant/port/key.h"
#include "store/sealer.h"

#define QD_SEALER_GCM_TAG 12u

typedef struct qd_sealer_gcm {
    qd_sealer_t sealer; /* what the store is given */
    qd_gcm_t gcm;
} qd_sealer_gcm_t;

/* Fetches the key and expands it. QD_OK, or the port's. */
qd_status_t qd_sealer_gcm_init(qd_sealer_gcm_t *sealer, const qd_device_key_t *key);
/* For qd_store_size and the like, before there is a key: has the tag size, seals nothing (QD_IO). */
extern const qd_sealer_t qd_sealer_gcm_shape;

#endif
