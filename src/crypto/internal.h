/*
 * internal.h - what AES-GCM is put together from, for src/crypto and for tests that compare implementations.
 * Context: any.
 */
#ifndef QD_CRYPTO_INTERNAL_H
#define QD_CRYPTO_INTERNAL_H

#include <bearssl.h>

#include "crypto/gcm.h"

/* One implementation of AES in counter mode and one of GHASH. */
typedef struct qd_gcm_engine {
    const br_block_ctr_class *ctr;
    br_ghash ghash;
    uint16_t stride; /* octets that ctr makes at once, 16, 32 or 64: what it does best in whole ones */
} qd_gcm_engine_t;

/* The best that this processor has. */
qd_gcm_engine_t qd_gcm_engine_best(void);
/* As qd_gcm_init with a given implementation. QD_OK; QD_ARGUMENT: also a stride that is none. */
qd_status_t qd_gcm_init_with(qd_gcm_t *gcm, const qd_gcm_engine_t *engine, const uint8_t *key,
                             size_t key_size);

#endif
