/*
 * fuzz_acse.c - AARQ, AARE, RLRQ and RLRE by their first octet.
 *
 * Must hold: what was read encodes, and the encoding reads as the same fields.
 * Planted: an AARQ with the ciphered context, a system title of 8 octets, a foreign mechanism and a password that
 * does not begin with an ASCII character.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <string.h>

#include "protocol/acse.h"

#define OUT_MAX 8192u

static bool same_view(qd_view_t a, qd_view_t b) {
    return a.length == b.length && (a.data == NULL) == (b.data == NULL) &&
           (a.length == 0u || memcmp(a.data, b.data, a.length) == 0);
}

static void aarq(const uint8_t *data, size_t size) {
    uint8_t out[OUT_MAX];
    qd_aarq_t a;
    qd_aarq_t b;
    qd_reader_t r;
    qd_writer_t w;

    qd_reader_init(&r, data, size);
    if (qd_aarq_decode(&r, &a) != QD_OK) {
        return;
    }
    FUZZ_MUST(qd_reader_left(&r) == 0u);
    FUZZ_PLANT(FUZZ_STAGE(a.context_name == QD_CONTEXT_LN_CIPHERED) &&
               FUZZ_STAGE(a.calling_ap_title.length == 8u) && FUZZ_STAGE(a.has_mechanism) &&
               FUZZ_STAGE(a.mechanism == QD_MECHANISM_UNKNOWN) && FUZZ_STAGE(a.authentication.length >= 8u) &&
               FUZZ_STAGE(a.authentication.data[0] > 0x7Fu));
    qd_writer_init(&w, out, sizeof out);
    qd_aarq_encode(&w, &a);
    FUZZ_MUST(w.status == QD_OK);
    qd_reader_init(&r, out, w.at);
    FUZZ_MUST(qd_aarq_decode(&r, &b) == QD_OK);
    FUZZ_MUST(a.version_1 == b.version_1 && a.authentication_unit == b.authentication_unit);
    /* Strange names are one number each, 0 and 255; they come back as such or as the same strangers. */
    FUZZ_MUST(a.context_name == b.context_name && a.mechanism == b.mechanism &&
              a.has_mechanism == b.has_mechanism);
    FUZZ_MUST(same_view(a.calling_ap_title, b.calling_ap_title));
    FUZZ_MUST(same_view(a.calling_ae_qualifier, b.calling_ae_qualifier));
    FUZZ_MUST(same_view(a.authentication, b.authentication));
    FUZZ_MUST(same_view(a.user_information, b.user_information));
}

static void aare(const uint8_t *data, size_t size) {
    uint8_t out[OUT_MAX];
    qd_aare_t a;
    qd_aare_t b;
    qd_reader_t r;
    qd_writer_t w;

    qd_reader_init(&r, data, size);
    if (qd_aare_decode(&r, &a) != QD_OK) {
        return;
    }
    qd_writer_init(&w, out, sizeof out);
    qd_aare_encode(&w, &a);
    FUZZ_MUST(w.status == QD_OK);
    qd_reader_init(&r, out, w.at);
    FUZZ_MUST(qd_aare_decode(&r, &b) == QD_OK);
    FUZZ_MUST(a.context_name == b.context_name && a.result == b.result && a.diagnostic == b.diagnostic);
    FUZZ_MUST(a.has_mechanism == b.has_mechanism && a.mechanism == b.mechanism);
    FUZZ_MUST(same_view(a.responding_ap_title, b.responding_ap_title));
    FUZZ_MUST(same_view(a.authentication, b.authentication));
    FUZZ_MUST(same_view(a.user_information, b.user_information));
}

static void release(const uint8_t *data, size_t size, uint8_t tag) {
    uint8_t out[OUT_MAX];
    qd_release_t a;
    qd_release_t b;
    qd_reader_t r;
    qd_writer_t w;

    qd_reader_init(&r, data, size);
    if (qd_release_decode(&r, tag, &a) != QD_OK) {
        return;
    }
    qd_writer_init(&w, out, sizeof out);
    qd_release_encode(&w, tag, &a);
    FUZZ_MUST(w.status == QD_OK);
    qd_reader_init(&r, out, w.at);
    FUZZ_MUST(qd_release_decode(&r, tag, &b) == QD_OK);
    FUZZ_MUST(a.has_reason == b.has_reason && a.reason == b.reason);
    FUZZ_MUST(same_view(a.user_information, b.user_information));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0u || size > OUT_MAX / 2u) {
        return 0;
    }
    aarq(data, size);
    aare(data, size);
    release(data, size, QD_ACSE_TAG_RLRQ);
    release(data, size, QD_ACSE_TAG_RLRE);
    return 0;
}
