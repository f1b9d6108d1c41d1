/*
 * fuzz_wrapper.c - a stream of frames, taken apart as a server does.
 *
 * Must hold: a good head encodes back to its octets; a truncated one takes nothing.
 * Planted: the third frame of a stream comes from port 102 with an APDU of 3 octets that begins with C1.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <string.h>

#include "protocol/wrapper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    qd_reader_t r;
    unsigned frames = 0;

    qd_reader_init(&r, data, size);
    for (;;) {
        uint8_t out[QD_WRAPPER_HEAD];
        size_t at = r.at;
        qd_wrapper_head_t head;
        qd_writer_t w;
        qd_status_t status = qd_wrapper_decode(&r, &head);
        const uint8_t *apdu;

        if (status == QD_TRUNCATED) {
            FUZZ_MUST(r.at == at && qd_reader_left(&r) < QD_WRAPPER_HEAD);
            return 0;
        }
        qd_writer_init(&w, out, sizeof out);
        qd_wrapper_encode(&w, &head);
        FUZZ_MUST(w.status == QD_OK && memcmp(out, data + at, sizeof out) == 0);
        FUZZ_MUST((status == QD_OK) == (head.version == QD_WRAPPER_VERSION));
        if (status != QD_OK) {
            return 0;
        }
        apdu = qd_reader_octets(&r, head.length);
        if (apdu == NULL) {
            FUZZ_MUST(r.status == QD_TRUNCATED);
            return 0;
        }
        frames++;
        FUZZ_PLANT(FUZZ_STAGE(frames == 3u) && FUZZ_STAGE(head.source == 102u) &&
                   FUZZ_STAGE(head.length == 3u) && FUZZ_STAGE(apdu[0] == 0xC1u));
    }
}
