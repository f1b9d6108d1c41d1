/*
 * gcm.h - AES in Galois/counter mode.
 *
 * Purpose: seal and open octets with a key and a nonce of 12 octets. Used at rest by the store and on the wire by
 * the security suites. Source: NIST SP 800-38D, FIPS 197.
 * The implementation is chosen when the context is made, from what the processor has; all give the same octets.
 * A nonce must never be used twice to seal with one key: the caller sees to that.
 * Context: any; one thread at a time per context. Ownership: the context is the caller's, may be copied and holds the
 * expanded key: qd_gcm_wipe before its memory is given to somebody else. The time that a call takes depends on lengths
 * only; src/crypto/engine.c says what a target without a data cache has instead.
 */
#ifndef QD_CRYPTO_GCM_H
#define QD_CRYPTO_GCM_H

#include <stdalign.h>

#include "quadrant/status.h"
#include "quadrant/types.h"

#define QD_GCM_NONCE_SIZE 12u
#define QD_GCM_TAG_MIN 4u
#define QD_GCM_TAG_MAX 16u
/* Octets in one message: fewer than the 2^36 - 32 of the standard, so that 32 bits count them. */
#define QD_GCM_LENGTH_MAX 0xFFFFFF00u

typedef struct qd_gcm {
    alignas(uint64_t) uint8_t state[288]; /* gcm.c: expanded key and authentication key */
} qd_gcm_t;

/* key_size: 16 or 32 octets. QD_OK, QD_ARGUMENT. */
qd_status_t qd_gcm_init(qd_gcm_t *gcm, const uint8_t *key, size_t key_size);
/* in and out are the same or do not overlap; length may be 0, and aad, in and out NULL where their length is 0.
 * tag_size: 4 .. 16, the first octets of the tag. QD_OK; QD_ARGUMENT: tag_size, or a length above its maximum. */
qd_status_t qd_gcm_seal(qd_gcm_t *gcm, const uint8_t nonce[QD_GCM_NONCE_SIZE], const uint8_t *aad,
                        size_t aad_length, const uint8_t *in, size_t length, uint8_t *out, uint8_t *tag,
                        size_t tag_size);
/* As above. QD_OK; QD_CORRUPT: the tag does not fit, out is all zero; QD_ARGUMENT: nothing is done. */
qd_status_t qd_gcm_open(qd_gcm_t *gcm, const uint8_t nonce[QD_GCM_NONCE_SIZE], const uint8_t *aad,
                        size_t aad_length, const uint8_t *in, size_t length, uint8_t *out, const uint8_t *tag,
                        size_t tag_size);
/* Leaves zeros; the context is of no use until it is made again. */
void qd_gcm_wipe(qd_gcm_t *gcm);

#endif
