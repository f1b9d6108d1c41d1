/*
 * sealer_gcm.c - the store's sealer with AES-GCM.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "meter/sealer_gcm.h"

#include "base/octets.h"

static void spell(uint8_t octets[QD_GCM_NONCE_SIZE], const qd_seal_nonce_t *nonce) {
    qd_le16_put(octets, nonce->record);
    octets[2] = nonce->slot;
    octets[3] = 0;
    qd_le32_put(octets + 4, nonce->epoch);
    qd_le32_put(octets + 8, nonce->sequence);
}

static qd_status_t seal(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                        uint8_t *out, uint8_t *tag) {
    qd_sealer_gcm_t *self = context;
    uint8_t octets[QD_GCM_NONCE_SIZE];

    spell(octets, nonce);
    return qd_gcm_seal(&self->gcm, octets, NULL, 0, in, length, out, tag, QD_SEALER_GCM_TAG);
}

static qd_status_t open(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                        uint8_t *out, const uint8_t *tag) {
    qd_sealer_gcm_t *self = context;
    uint8_t octets[QD_GCM_NONCE_SIZE];

    spell(octets, nonce);
    return qd_gcm_open(&self->gcm, octets, NULL, 0, in, length, out, tag, QD_SEALER_GCM_TAG);
}

static qd_status_t no_seal(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                           uint8_t *out, uint8_t *tag) {
    (void)context, (void)nonce, (void)in, (void)length, (void)out, (void)tag;
    return QD_IO;
}

static qd_status_t no_open(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                           uint8_t *out, const uint8_t *tag) {
    (void)context, (void)nonce, (void)in, (void)length, (void)out, (void)tag;
    return QD_IO;
}

const qd_sealer_t qd_sealer_gcm_shape = {
    .context = NULL, .tag_size = QD_SEALER_GCM_TAG, .seal = no_seal, .open = no_open};

static void wipe(uint8_t key[QD_DEVICE_KEY_SIZE]) {
    volatile uint8_t *octets = key; /* a compiler may leave out what nobody reads */

    for (size_t i = 0; i < QD_DEVICE_KEY_SIZE; i++) {
        octets[i] = 0;
    }
}

qd_status_t qd_sealer_gcm_init(qd_sealer_gcm_t *sealer, const qd_device_key_t *key) {
    uint8_t octets[QD_DEVICE_KEY_SIZE];
    qd_status_t status;

    sealer->sealer = qd_sealer_gcm_shape;
    qd_gcm_wipe(&sealer->gcm);
    status = key->get(key->context, octets);
    if (status == QD_OK) {
        status = qd_gcm_init(&sealer->gcm, octets, sizeof octets);
    }
    wipe(octets);
    if (status == QD_OK) {
        sealer->sealer.context = sealer;
        sealer->sealer.seal = seal;
        sealer->sealer.open = open;
    }
    return status;
}
