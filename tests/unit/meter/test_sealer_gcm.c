/*
 * test_sealer_gcm.c - the store's sealer with AES-GCM: nonce as its header says, keys, damage, and a store on it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "meter/sealer_gcm.h"
#include "quadrant/sim.h"
#include "store/store.h"

static const uint8_t the_key[QD_DEVICE_KEY_SIZE] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
/* Made with OpenSSL: AES-128-GCM of "quadrant" with that key and nonce, the tag's first 12 octets. */
static const qd_seal_nonce_t the_nonce = {0x1234, 0x56, 0x789abcde, 0xf0123456};
static const uint8_t plain[8] = {'q', 'u', 'a', 'd', 'r', 'a', 'n', 't'};
static const uint8_t sealed_by_openssl[8] = {0x29, 0x91, 0x16, 0xd0, 0xeb, 0xc2, 0x1e, 0xd7};
static const uint8_t tag_by_openssl[QD_SEALER_GCM_TAG] = {0x24, 0x4d, 0x7d, 0x6f, 0x0d, 0xfa,
                                                          0x00, 0xf0, 0x8f, 0xb4, 0xfd, 0x2b};

typedef struct source {
    const uint8_t *key;
    qd_status_t status;
    unsigned calls;
} source_t;

static qd_status_t get(void *context, uint8_t key[QD_DEVICE_KEY_SIZE]) {
    source_t *source = context;

    source->calls++;
    (void)memcpy(key, source->key, QD_DEVICE_KEY_SIZE);
    return source->status;
}

static qd_status_t make(qd_sealer_gcm_t *sealer, const uint8_t *key, qd_status_t status) {
    source_t source = {key, status, 0};
    qd_device_key_t port = {&source, get};
    qd_status_t result = qd_sealer_gcm_init(sealer, &port);

    assert_int_equal(source.calls, 1);
    return result;
}

static qd_status_t seal(qd_sealer_gcm_t *s, const qd_seal_nonce_t *nonce, uint8_t out[8], uint8_t *tag) {
    return s->sealer.seal(s->sealer.context, nonce, plain, sizeof plain, out, tag);
}

static qd_status_t open_with(qd_sealer_gcm_t *s, const qd_seal_nonce_t *nonce, const uint8_t in[8],
                             uint8_t out[8], const uint8_t *tag) {
    return s->sealer.open(s->sealer.context, nonce, in, 8, out, tag);
}

static void octets_are_openssls(void **state) {
    qd_sealer_gcm_t sealer;
    uint8_t out[8];
    uint8_t tag[QD_SEALER_GCM_TAG + 1] = {0};

    (void)state;
    tag[QD_SEALER_GCM_TAG] = 0xA5;
    assert_int_equal(make(&sealer, the_key, QD_OK), QD_OK);
    assert_int_equal(sealer.sealer.tag_size, QD_SEALER_GCM_TAG);
    assert_int_equal(seal(&sealer, &the_nonce, out, tag), QD_OK);
    assert_memory_equal(out, sealed_by_openssl, sizeof out);
    assert_memory_equal(tag, tag_by_openssl, sizeof tag_by_openssl);
    assert_int_equal(tag[QD_SEALER_GCM_TAG], 0xA5);
    assert_int_equal(open_with(&sealer, &the_nonce, sealed_by_openssl, out, tag_by_openssl), QD_OK);
    assert_memory_equal(out, plain, sizeof out);
}

static qd_seal_nonce_t flipped(unsigned bit) {
    qd_seal_nonce_t nonce = the_nonce;

    if (bit < 16) {
        nonce.record ^= (uint16_t)(1u << bit);
    } else if (bit < 24) {
        nonce.slot ^= (uint8_t)(1u << (bit - 16));
    } else if (bit < 56) {
        nonce.epoch ^= 1u << (bit - 24);
    } else {
        nonce.sequence ^= 1u << (bit - 56);
    }
    return nonce;
}

/* A bit that did not get into GCM's nonce would open what was sealed for another place or time. */
static void every_bit_of_the_nonce_counts(void **state) {
    qd_sealer_gcm_t sealer;
    uint8_t out[8];

    (void)state;
    assert_int_equal(make(&sealer, the_key, QD_OK), QD_OK);
    for (unsigned bit = 0; bit < 88; bit++) {
        qd_seal_nonce_t other = flipped(bit);

        assert_int_equal(open_with(&sealer, &other, sealed_by_openssl, out, tag_by_openssl), QD_CORRUPT);
    }
}

static void damage_is_seen(void **state) {
    qd_sealer_gcm_t sealer;
    uint8_t out[8];
    uint8_t octets[8];
    uint8_t tag[QD_SEALER_GCM_TAG];

    (void)state;
    assert_int_equal(make(&sealer, the_key, QD_OK), QD_OK);
    for (unsigned bit = 0; bit < 64; bit++) {
        (void)memcpy(octets, sealed_by_openssl, sizeof octets);
        octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_with(&sealer, &the_nonce, octets, out, tag_by_openssl), QD_CORRUPT);
    }
    for (unsigned bit = 0; bit < 8 * QD_SEALER_GCM_TAG; bit++) {
        (void)memcpy(tag, tag_by_openssl, sizeof tag);
        tag[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_with(&sealer, &the_nonce, sealed_by_openssl, out, tag), QD_CORRUPT);
    }
}

static void another_key_opens_nothing(void **state) {
    uint8_t key[QD_DEVICE_KEY_SIZE];
    uint8_t out[8];

    (void)state;
    for (unsigned i = 0; i < sizeof key; i++) {
        qd_sealer_gcm_t sealer;

        (void)memcpy(key, the_key, sizeof key);
        key[i] ^= 0x10;
        assert_int_equal(make(&sealer, key, QD_OK), QD_OK);
        assert_int_equal(open_with(&sealer, &the_nonce, sealed_by_openssl, out, tag_by_openssl), QD_CORRUPT);
    }
}

static void without_a_key_nothing_is_sealed(void **state) {
    static const qd_status_t answers[] = {QD_UNAVAILABLE, QD_IO};
    uint8_t out[8];
    uint8_t tag[QD_SEALER_GCM_TAG];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        qd_sealer_gcm_t sealer;

        assert_int_equal(make(&sealer, the_key, answers[i]), answers[i]);
        assert_int_equal(sealer.sealer.tag_size, QD_SEALER_GCM_TAG);
        assert_int_equal(seal(&sealer, &the_nonce, out, tag), QD_IO);
        assert_int_equal(open_with(&sealer, &the_nonce, sealed_by_openssl, out, tag_by_openssl), QD_IO);
    }
}

static void shape_measures_and_seals_nothing(void **state) {
    qd_sealer_gcm_t sealer;
    uint8_t out[8];
    uint8_t tag[QD_SEALER_GCM_TAG];

    (void)state;
    assert_int_equal(make(&sealer, the_key, QD_OK), QD_OK);
    assert_int_equal(qd_sealer_gcm_shape.tag_size, sealer.sealer.tag_size);
    sealer.sealer = qd_sealer_gcm_shape;
    assert_int_equal(seal(&sealer, &the_nonce, out, tag), QD_IO);
    assert_int_equal(open_with(&sealer, &the_nonce, sealed_by_openssl, out, tag_by_openssl), QD_IO);
}

/* --- a store on it ------------------------------------------------------------------------------------------------ */

static const qd_record_row_t rows[] = {{1, 8, false}, {2, 400, true}};
static const qd_store_layout_t layout = {"unit", 1, rows, 2, 450};

typedef struct bench {
    union {
        max_align_t align;
        uint8_t octets[4096];
    } memory;
    uint8_t cells[5 * 4096];
    qd_sim_fram_t fram;
    qd_block_t port;
    qd_store_t *store;
} bench_t;

static qd_status_t mount(bench_t *b, const qd_sealer_t *sealer) {
    return qd_store_mount(&b->memory, sizeof b->memory, &layout, &b->port, sealer, &b->store);
}

static bool holds(const bench_t *b, const uint8_t *octets, size_t length) {
    for (size_t at = 0; at + length <= 4096; at++) {
        if (memcmp(b->cells + at, octets, length) == 0) {
            return true;
        }
    }
    return false;
}

static void store_keeps_and_hides(void **state) {
    static bench_t b;
    qd_sealer_gcm_t sealer;
    qd_sealer_gcm_t stranger;
    const qd_records_t *records;
    uint8_t got[8];
    size_t length = 0;
    static const uint8_t other_key[QD_DEVICE_KEY_SIZE] = {1};

    (void)state;
    (void)memset(&b, 0, sizeof b);
    qd_sim_fram_init(&b.fram, b.cells, 4096, 0, 1);
    qd_sim_fram_port(&b.fram, &b.port);
    assert_int_equal(make(&sealer, the_key, QD_OK), QD_OK);
    assert_int_equal(make(&stranger, other_key, QD_OK), QD_OK);
    assert_int_equal(mount(&b, &sealer.sealer), QD_END);
    records = qd_store_records(b.store);
    assert_int_equal(records->write(records->context, 1, plain, sizeof plain), QD_OK);
    assert_int_equal(qd_txn_begin(b.store), QD_OK);
    assert_int_equal(records->write(records->context, 2, plain, sizeof plain), QD_OK);
    assert_int_equal(qd_txn_commit(b.store), QD_OK);
    assert_false(holds(&b, plain, sizeof plain));
    assert_false(holds(&b, the_key, sizeof the_key));
    assert_int_equal(mount(&b, &sealer.sealer), QD_OK);
    records = qd_store_records(b.store);
    for (uint16_t record = 1; record <= 2; record++) {
        (void)memset(got, 0, sizeof got);
        assert_int_equal(records->read(records->context, record, got, sizeof got, &length), QD_OK);
        assert_int_equal(length, sizeof plain);
        assert_memory_equal(got, plain, sizeof plain);
    }
    assert_int_equal(mount(&b, &stranger.sealer), QD_FOREIGN);
    assert_int_equal(mount(&b, &sealer.sealer), QD_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(octets_are_openssls),
        cmocka_unit_test(every_bit_of_the_nonce_counts),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(another_key_opens_nothing),
        cmocka_unit_test(without_a_key_nothing_is_sealed),
        cmocka_unit_test(shape_measures_and_seals_nothing),
        cmocka_unit_test(store_keeps_and_hides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
