/* Association control: fields in any order and once, every truncation, every lying length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/acse.h"

/* clang-format off */
static const uint8_t lls[] = {
    0x60, 0x36, 0xA1, 0x09, 0x06, 0x07, 0x60, 0x85, 0x74, 0x05, 0x08, 0x01, 0x01, 0x8A, 0x02, 0x07, 0x80, 0x8B, 0x07,
    0x60, 0x85, 0x74, 0x05, 0x08, 0x02, 0x01, 0xAC, 0x0A, 0x80, 0x08, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
    0xBE, 0x10, 0x04, 0x0E, 0x01, 0x00, 0x00, 0x00, 0x06, 0x5F, 0x1F, 0x04, 0x00, 0x00, 0x7E, 0x1F, 0x04, 0xB0};
static const uint8_t pending[] = {
    0x61, 0x42, 0xA1, 0x09, 0x06, 0x07, 0x60, 0x85, 0x74, 0x05, 0x08, 0x01, 0x01, 0xA2, 0x03, 0x02, 0x01, 0x00, 0xA3,
    0x05, 0xA1, 0x03, 0x02, 0x01, 0x0E, 0x88, 0x02, 0x07, 0x80, 0x89, 0x07, 0x60, 0x85, 0x74, 0x05, 0x08, 0x02, 0x05,
    0xAA, 0x0A, 0x80, 0x08, 0x50, 0x36, 0x77, 0x52, 0x4A, 0x32, 0x31, 0x46, 0xBE, 0x10, 0x04, 0x0E, 0x08, 0x00, 0x06,
    0x5F, 0x1F, 0x04, 0x00, 0x00, 0x50, 0x1F, 0x01, 0xF4, 0x00, 0x07};
static const uint8_t context[] = {0xA1, 0x09, 0x06, 0x07, 0x60, 0x85, 0x74, 0x05, 0x08, 0x01, 0x01};
/* clang-format on */

/* 60 length context-name extra... */
static qd_status_t decode_with(const uint8_t *extra, size_t length, bool before, qd_aarq_t *aarq) {
    static uint8_t octets[128];
    qd_reader_t r;

    octets[0] = QD_ACSE_TAG_AARQ;
    octets[1] = (uint8_t)(sizeof context + length);
    if (length > 0) {
        memcpy(octets + 2 + (before ? 0 : sizeof context), extra, length);
    }
    memcpy(octets + 2 + (before ? length : 0), context, sizeof context);
    qd_reader_init(&r, octets, 2 + sizeof context + length);
    return qd_aarq_decode(&r, aarq);
}

#define WITH(aarq, ...)                                                                                      \
    decode_with((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), false, (aarq))

static void aarq_truncated_everywhere(void **state) {
    (void)state;
    for (size_t size = 0; size < sizeof lls; size++) {
        qd_aarq_t aarq;
        qd_reader_t r;

        qd_reader_init(&r, lls, size);
        assert_int_equal(qd_aarq_decode(&r, &aarq), QD_TRUNCATED);
    }
}

static void aare_truncated_everywhere(void **state) {
    (void)state;
    for (size_t size = 0; size < sizeof pending; size++) {
        qd_aare_t aare;
        qd_reader_t r;

        qd_reader_init(&r, pending, size);
        assert_int_equal(qd_aare_decode(&r, &aare), QD_TRUNCATED);
    }
}

/* Whatever one octet becomes, the answer is a status and views stay inside. */
static void every_octet_changed(void **state) {
    uint8_t octets[sizeof lls];

    (void)state;
    for (size_t at = 0; at < sizeof lls; at++) {
        for (unsigned value = 0; value < 256; value++) {
            qd_aarq_t aarq;
            qd_reader_t r;

            memcpy(octets, lls, sizeof lls);
            octets[at] = (uint8_t)value;
            qd_reader_init(&r, octets, sizeof octets);
            if (qd_aarq_decode(&r, &aarq) == QD_OK && aarq.authentication.data != NULL) {
                assert_true(aarq.authentication.data >= octets);
                assert_true(aarq.authentication.data + aarq.authentication.length <= octets + sizeof octets);
            }
        }
    }
}

static void lying_lengths(void **state) {
    static const size_t at[] = {1, 3, 5, 14, 18, 27, 29, 39, 41};
    static const int by[] = {-1, 1};
    uint8_t octets[sizeof lls];

    (void)state;
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        for (size_t n = 0; n < 2; n++) {
            qd_aarq_t aarq;
            qd_reader_t r;
            qd_status_t status;

            if (at[i] == 18) {
                continue; /* the mechanism is a name of any length; another length is another name */
            }
            memcpy(octets, lls, sizeof lls);
            octets[at[i]] = (uint8_t)(octets[at[i]] + by[n]);
            qd_reader_init(&r, octets, sizeof octets);
            status = qd_aarq_decode(&r, &aarq);
            assert_true(status == QD_MALFORMED || (at[i] == 1 && status == QD_TRUNCATED));
        }
    }
    {
        static const uint8_t indefinite[] = {0x60, 0x80, 0xA1, 0x09, 0, 0};
        qd_aarq_t aarq;
        qd_reader_t r;

        qd_reader_init(&r, indefinite, sizeof indefinite);
        assert_int_equal(qd_aarq_decode(&r, &aarq), QD_MALFORMED);
    }
}

static void octets_left_over(void **state) {
    uint8_t octets[sizeof lls + 1] = {0};
    qd_aarq_t aarq;
    qd_reader_t r;

    (void)state;
    memcpy(octets, lls, sizeof lls);
    qd_reader_init(&r, octets, sizeof octets);
    assert_int_equal(qd_aarq_decode(&r, &aarq), QD_MALFORMED);
}

static void fields_in_any_order_and_once(void **state) {
    static const uint8_t title[] = {0xA6, 0x0A, 0x04, 0x08, 1, 2, 3, 4, 5, 6, 7, 8};
    qd_aarq_t aarq;

    (void)state;
    assert_int_equal(decode_with(title, sizeof title, true, &aarq), QD_OK);
    assert_int_equal(aarq.calling_ap_title.length, 8);
    assert_int_equal(aarq.context_name, QD_CONTEXT_LN);
    assert_int_equal(decode_with(title, sizeof title, false, &aarq), QD_OK);
    assert_int_equal(decode_with(context, sizeof context, false, &aarq), QD_MALFORMED);
    assert_int_equal(WITH(&aarq, 0xA6, 0x03, 0x04, 0x01, 1, 0xA6, 0x03, 0x04, 0x01, 1), QD_MALFORMED);
}

static void protocol_version(void **state) {
    qd_aarq_t aarq;

    (void)state;
    assert_int_equal(decode_with(NULL, 0, false, &aarq), QD_OK);
    assert_true(aarq.version_1);
    assert_int_equal(WITH(&aarq, 0x80, 0x02, 0x07, 0x80), QD_OK);
    assert_true(aarq.version_1);
    assert_int_equal(WITH(&aarq, 0x80, 0x02, 0x06, 0x40), QD_OK);
    assert_false(aarq.version_1);
    assert_int_equal(WITH(&aarq, 0x80, 0x01, 0x00), QD_OK);
    assert_false(aarq.version_1);
    assert_int_equal(WITH(&aarq, 0x80, 0x01, 0x07), QD_MALFORMED);
    assert_int_equal(WITH(&aarq, 0x80, 0x02, 0x08, 0x80), QD_MALFORMED);
    assert_int_equal(WITH(&aarq, 0x80, 0x00), QD_MALFORMED);
}

static void names(void **state) {
    qd_aarq_t aarq;

    (void)state;
    assert_int_equal(WITH(&aarq, 0x8B, 7, 0x60, 0x85, 0x74, 5, 8, 2, 5), QD_OK);
    assert_int_equal(aarq.mechanism, QD_MECHANISM_HLS_GMAC);
    assert_int_equal(WITH(&aarq, 0x8B, 7, 0x60, 0x85, 0x74, 5, 8, 2, 0x7F), QD_OK);
    assert_int_equal(aarq.mechanism, 0x7F);
    assert_int_equal(WITH(&aarq, 0x8B, 7, 0x60, 0x85, 0x74, 5, 8, 1, 1), QD_OK);
    assert_int_equal(aarq.mechanism, QD_MECHANISM_UNKNOWN);
    assert_int_equal(WITH(&aarq, 0x8B, 7, 0x60, 0x85, 0x74, 5, 8, 2, 0x81), QD_OK);
    assert_int_equal(aarq.mechanism, QD_MECHANISM_UNKNOWN);
    assert_int_equal(WITH(&aarq, 0x8B, 0), QD_OK);
    assert_true(aarq.has_mechanism);
    assert_int_equal(aarq.mechanism, QD_MECHANISM_UNKNOWN);
    {
        static const uint8_t other[] = {0x60, 0x08, 0xA1, 0x06, 0x06, 0x04, 0x60, 0x85, 0x74, 0x05};
        qd_reader_t r;

        qd_reader_init(&r, other, sizeof other);
        assert_int_equal(qd_aarq_decode(&r, &aarq), QD_OK);
        assert_int_equal(aarq.context_name, 0);
    }
}

static void unused_and_unknown_fields(void **state) {
    qd_aarq_t aarq;

    (void)state;
    assert_int_equal(WITH(&aarq, 0xA2, 3, 4, 1, 0x44, 0xA3, 3, 4, 1, 0x44, 0xA4, 3, 2, 1, 0, 0xA5, 3, 2, 1, 0,
                          0xA8, 3, 2, 1, 0, 0xA9, 3, 2, 1, 1, 0xBD, 3, 4, 1, 9),
                     QD_OK);
    assert_null(aarq.calling_ap_title.data);
    assert_int_equal(WITH(&aarq, 0xAD, 0), QD_MALFORMED);
    assert_int_equal(WITH(&aarq, 0x9F, 0), QD_MALFORMED);
    assert_int_equal(WITH(&aarq, 0x02, 1, 0), QD_MALFORMED);
}

static void authentication_values(void **state) {
    qd_aarq_t aarq;

    (void)state;
    assert_int_equal(WITH(&aarq, 0xAC, 4, 0x80, 2, 'a', 'b'), QD_OK);
    assert_memory_equal(aarq.authentication.data, "ab", 2);
    assert_int_equal(WITH(&aarq, 0xAC, 2, 0x80, 0), QD_OK);
    assert_non_null(aarq.authentication.data);
    assert_int_equal(aarq.authentication.length, 0);
    assert_int_equal(WITH(&aarq, 0xAC, 5, 0x81, 3, 0, 'a', 'b'), QD_OK);
    assert_int_equal(aarq.authentication.length, 2);
    assert_memory_equal(aarq.authentication.data, "ab", 2);
    assert_int_equal(WITH(&aarq, 0xAC, 4, 0x81, 2, 3, 'a'), QD_MALFORMED);
    assert_int_equal(WITH(&aarq, 0xAC, 2, 0x81, 0), QD_MALFORMED);
    assert_int_equal(WITH(&aarq, 0xAC, 4, 0x82, 2, 'a', 'b'), QD_MALFORMED);
    assert_int_equal(WITH(&aarq, 0xAC, 0), QD_MALFORMED);
}

static void no_context_name(void **state) {
    static const uint8_t empty[] = {0x60, 0x00};
    qd_aarq_t aarq;
    qd_reader_t r;

    (void)state;
    qd_reader_init(&r, empty, sizeof empty);
    assert_int_equal(qd_aarq_decode(&r, &aarq), QD_MALFORMED);
}

static void aare_needs_result_and_diagnostic(void **state) {
    uint8_t octets[40] = {QD_ACSE_TAG_AARE, sizeof context + 5};
    qd_aare_t aare;
    qd_reader_t r;

    (void)state;
    memcpy(octets + 2, context, sizeof context);
    memcpy(octets + 2 + sizeof context, (const uint8_t[]){0xA2, 3, 2, 1, 0}, 5);
    qd_reader_init(&r, octets, 2 + sizeof context + 5);
    assert_int_equal(qd_aare_decode(&r, &aare), QD_MALFORMED);
}

static void provider_diagnostic_both_ways(void **state) {
    static const uint8_t want[] = {0xA3, 5, 0xA2, 3, 2, 1, 2};
    qd_aare_t aare = {.context_name = 1, .result = 1, .diagnostic = QD_DIAGNOSTIC_PROVIDER_NO_COMMON_VERSION};
    uint8_t out[64];
    qd_reader_t r;
    qd_writer_t w;

    (void)state;
    qd_writer_init(&w, out, sizeof out);
    qd_aare_encode(&w, &aare);
    assert_int_equal(w.at, 2 + 11 + 5 + 7);
    assert_memory_equal(out + 18, want, sizeof want);
    qd_reader_init(&r, out, w.at);
    memset(&aare, 0, sizeof aare);
    assert_int_equal(qd_aare_decode(&r, &aare), QD_OK);
    assert_int_equal(aare.diagnostic, QD_DIAGNOSTIC_PROVIDER_NO_COMMON_VERSION);
}

/* Lengths around the borders of the forms, and every room that is too small. */
static void long_fields_both_ways(void **state) {
    static const size_t lengths[] = {0,   1,   100, 111, 112, 113, 114, 123, 124, 125,
                                     126, 127, 128, 200, 253, 254, 255, 256, 1000};
    static uint8_t long_field[1000];
    static uint8_t out[1100];

    (void)state;
    memset(long_field, 0x77, sizeof long_field);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        qd_aarq_t aarq = {.version_1 = true, .context_name = 3, .user_information = {long_field, lengths[i]}};
        qd_aarq_t got;
        qd_reader_t r;
        qd_writer_t w;
        size_t size;

        qd_writer_init(&w, out, sizeof out);
        qd_aarq_encode(&w, &aarq);
        assert_int_equal(w.status, QD_OK);
        size = w.at;
        qd_reader_init(&r, out, size);
        assert_int_equal(qd_aarq_decode(&r, &got), QD_OK);
        assert_int_equal(got.user_information.length, lengths[i]);
        for (size_t room = 0; room < size; room++) {
            qd_writer_init(&w, out, room);
            qd_aarq_encode(&w, &aarq);
            assert_int_equal(w.status, QD_NO_SPACE);
        }
    }
}

static void without_version_1(void **state) {
    qd_aarq_t aarq = {.context_name = 1};
    uint8_t out[64];
    qd_reader_t r;
    qd_writer_t w;

    (void)state;
    qd_writer_init(&w, out, sizeof out);
    qd_aarq_encode(&w, &aarq);
    qd_reader_init(&r, out, w.at);
    assert_int_equal(qd_aarq_decode(&r, &aarq), QD_OK);
    assert_false(aarq.version_1);
}

static qd_status_t release(const uint8_t *octets, size_t size, uint8_t tag, qd_release_t *out) {
    qd_reader_t r;

    qd_reader_init(&r, octets, size);
    return qd_release_decode(&r, tag, out);
}

#define RELEASE(tag, out, ...)                                                                               \
    release((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), (tag), (out))

static void releases(void **state) {
    qd_release_t got;

    (void)state;
    assert_int_equal(RELEASE(QD_ACSE_TAG_RLRQ, &got, 0x62, 0), QD_OK);
    assert_false(got.has_reason);
    assert_int_equal(RELEASE(QD_ACSE_TAG_RLRQ, &got, 0x62, 3, 0x80, 1, 30), QD_OK);
    assert_int_equal(got.reason, 30);
    assert_int_equal(RELEASE(QD_ACSE_TAG_RLRE, &got, 0x62, 0), QD_MALFORMED);
    assert_int_equal(RELEASE(QD_ACSE_TAG_RLRQ, &got, 0x62, 4, 0x80, 2, 0, 0), QD_MALFORMED);
    assert_int_equal(RELEASE(QD_ACSE_TAG_RLRQ, &got, 0x62, 6, 0x80, 1, 0, 0x80, 1, 0), QD_MALFORMED);
    assert_int_equal(RELEASE(QD_ACSE_TAG_RLRQ, &got, 0x62, 2, 0xA0, 0), QD_MALFORMED);
    assert_int_equal(RELEASE(QD_ACSE_TAG_RLRQ, &got, 0x62, 0, 0), QD_MALFORMED);
    assert_int_equal(RELEASE(QD_ACSE_TAG_RLRQ, &got, 0x62, 3, 0x80, 1), QD_TRUNCATED);
    assert_int_equal(RELEASE(QD_ACSE_TAG_RLRQ, &got, 0x62, 3, 0x80, 2, 0), QD_MALFORMED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aarq_truncated_everywhere),
        cmocka_unit_test(aare_truncated_everywhere),
        cmocka_unit_test(every_octet_changed),
        cmocka_unit_test(lying_lengths),
        cmocka_unit_test(octets_left_over),
        cmocka_unit_test(fields_in_any_order_and_once),
        cmocka_unit_test(protocol_version),
        cmocka_unit_test(names),
        cmocka_unit_test(unused_and_unknown_fields),
        cmocka_unit_test(authentication_values),
        cmocka_unit_test(no_context_name),
        cmocka_unit_test(aare_needs_result_and_diagnostic),
        cmocka_unit_test(provider_diagnostic_both_ways),
        cmocka_unit_test(long_fields_both_ways),
        cmocka_unit_test(without_version_1),
        cmocka_unit_test(releases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
