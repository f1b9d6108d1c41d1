/*
 * gcm.c - seals or opens one message a number of times: `gcm seal|open best|portable LENGTH COUNT`, for bench/run.py,
 * which counts the instructions. Prints the last octet of the tag, so that nothing can be left out.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypto/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_MAX 4096u

/* What a processor without instructions for AES has, at the width of this one. */
static qd_gcm_engine_t portable(void) {
    qd_gcm_engine_t wide = {&br_aes_ct64_ctr_vtable, br_ghash_ctmul64, 64};
    qd_gcm_engine_t narrow = {&br_aes_ct_ctr_vtable, br_ghash_ctmul, 32};

    return sizeof(void *) > 4 ? wide : narrow;
}

static bool measure(qd_gcm_t *gcm, bool opens, size_t length, unsigned long count) {
    static uint8_t text[LENGTH_MAX], out[LENGTH_MAX];
    uint8_t nonce[QD_GCM_NONCE_SIZE] = {0};
    uint8_t tag[12];
    qd_status_t status = qd_gcm_seal(gcm, nonce, NULL, 0, text, length, opens ? text : out, tag, sizeof tag);
    unsigned long i;

    for (i = 0; status == QD_OK && i < count; i++) {
        if (opens) {
            status = qd_gcm_open(gcm, nonce, NULL, 0, text, length, out, tag, sizeof tag);
        } else {
            (void)memcpy(nonce, &i, sizeof i);
            status = qd_gcm_seal(gcm, nonce, NULL, 0, text, length, out, tag, sizeof tag);
        }
    }
    (void)printf("%u\n", tag[11]);
    return status == QD_OK;
}

int main(int count, char **words) {
    static const uint8_t key[16] = {1, 2, 3};
    qd_gcm_engine_t engine;
    qd_gcm_t gcm;

    if (count != 5 || strtoul(words[3], NULL, 10) > LENGTH_MAX) {
        (void)fprintf(stderr, "usage: gcm seal|open best|portable LENGTH COUNT\n");
        return 2;
    }
    engine = strcmp(words[2], "portable") == 0 ? portable() : qd_gcm_engine_best();
    if (qd_gcm_init_with(&gcm, &engine, key, sizeof key) != QD_OK) {
        return 1;
    }
    return measure(&gcm, strcmp(words[1], "open") == 0, strtoul(words[3], NULL, 10),
                   strtoul(words[4], NULL, 10))
               ? 0
               : 1;
}
