#include <string.h>

#include "base/crc.h"
#include "store/internal.h"

#define NONCE_SIZE 11u

static uint32_t check(const qd_seal_nonce_t *nonce, const uint8_t *octets, size_t length) {
    uint8_t head[NONCE_SIZE];

    qd_le16_put(head, nonce->record);
    head[2] = nonce->slot;
    qd_le32_put(head + 3, nonce->epoch);
    qd_le32_put(head + 7, nonce->sequence);
    return qd_crc32(qd_crc32(0, head, sizeof head), octets, length);
}

static void copy(uint8_t *out, const uint8_t *in, size_t length) {
    if (out != in && length > 0) {
        memcpy(out, in, length);
    }
}

static qd_status_t seal(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                        uint8_t *out, uint8_t *tag) {
    (void)context;
    qd_le32_put(tag, check(nonce, in, length));
    copy(out, in, length);
    return QD_OK;
}

static qd_status_t open(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                        uint8_t *out, const uint8_t *tag) {
    (void)context;
    if (qd_le32_get(tag) != check(nonce, in, length)) {
        return QD_CORRUPT;
    }
    copy(out, in, length);
    return QD_OK;
}

const qd_sealer_t qd_sealer_crc = {.context = NULL, .tag_size = 4, .seal = seal, .open = open};
