/*
 * gcm.h - AES in Galois/counter mode.
 *
 * Purpose: seal and open octets with a key and a nonce of 12 octets. Used at rest by the store and on the wire by
 * the security suites. Source: NIST SP 800-38D, FIPS 197.
 * The implementation is chosen when the context is made, from what the processor has; all give the same octets.
 * Context: any; one thread at a time per context. Ownership: the context is the caller's and holds the expanded
 * key: qd_gcm_wipe before its memory is given to somebody else. Constant time where the processor has no table
 * look-ups through a cache.
 */
#ifndef QD_CRYPTO_GCM_H
#define QD_CRYPTO_GCM_H

#include "quadrant/status.h"
#include "quadrant/types.h"

#define QD_GCM_NONCE_SIZE 12u
#define QD_GCM_TAG_MAX 16u

typedef struct qd_gcm {
    uint64_t state[80]; /* gcm.c: expanded key and authentication key */
} qd_gcm_t;

/* key_size: 16 or 32 octets. QD_OK, QD_ARGUMENT. */
qd_status_t qd_gcm_init(qd_gcm_t *gcm, const uint8_t *key, size_t key_size);
/* in and out may be the same, length may be 0, aad may be NULL when aad_length is 0. tag_size 4 .. 16.
 * QD_OK, QD_ARGUMENT. */
qd_status_t qd_gcm_seal(qd_gcm_t *gcm, const uint8_t nonce[QD_GCM_NONCE_SIZE], const uint8_t *aad,
                        size_t aad_length, const uint8_t *in, size_t length, uint8_t *out, uint8_t *tag,
                        size_t tag_size);
/* QD_OK; QD_CORRUPT: the tag does not fit, out is all zero; QD_ARGUMENT. */
qd_status_t qd_gcm_open(qd_gcm_t *gcm, const uint8_t nonce[QD_GCM_NONCE_SIZE], const uint8_t *aad,
                        size_t aad_length, const uint8_t *in, size_t length, uint8_t *out, const uint8_t *tag,
                        size_t tag_size);
void qd_gcm_wipe(qd_gcm_t *gcm);

#endif
