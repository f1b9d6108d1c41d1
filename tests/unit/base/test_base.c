/* Status names, the cursor, check sequences and OBIS keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc.h"
#include "base/cursor.h"
#include "base/obis.h"

static void every_status_has_its_own_name(void **state) {
    (void)state;
    for (int i = 0; i < QD_STATUS_COUNT; i++) {
        const char *name = qd_status_name((qd_status_t)i);

        assert_non_null(name);
        assert_true(strlen(name) > 0);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(name, qd_status_name((qd_status_t)j));
        }
    }
    assert_string_equal(qd_status_name(QD_OK), "ok");
    assert_string_equal(qd_status_name(QD_NO_SPACE), "no-space");
    assert_string_equal(qd_status_name(QD_ARGUMENT), "argument");
    assert_string_equal(qd_status_name(QD_STATUS_COUNT), "unknown");
    assert_string_equal(qd_status_name((qd_status_t)-1), "unknown");
}

static const uint8_t octets[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};

static void reader_takes_both_orders(void **state) {
    qd_reader_t r;

    (void)state;
    qd_reader_init(&r, octets, sizeof octets);
    assert_int_equal(qd_reader_peek(&r), 1);
    assert_int_equal(qd_reader_u8(&r), 0x01);
    assert_int_equal(qd_reader_u16(&r), 0x0203);
    assert_int_equal(qd_reader_u32(&r), 0x04050607);
    assert_true(qd_reader_u64(&r) == UINT64_C(0x08090a0b0c0d0e0f));
    assert_int_equal(qd_reader_left(&r), 5);
    assert_ptr_equal(qd_reader_octets(&r, 5), octets + 15);
    assert_int_equal(qd_reader_left(&r), 0);
    assert_int_equal(r.status, QD_OK);
    assert_int_equal(qd_reader_peek(&r), 0);
    assert_int_equal(r.status, QD_OK);
    qd_reader_init(&r, octets, 14);
    assert_int_equal(qd_reader_u16_le(&r), 0x0201);
    assert_int_equal(qd_reader_u32_le(&r), 0x06050403);
    assert_true(qd_reader_u64_le(&r) == UINT64_C(0x0e0d0c0b0a090807));
    assert_int_equal(qd_reader_left(&r), 0);
}

static void reader_stays_failed(void **state) {
    (void)state;
    for (size_t size = 0; size < 8; size++) {
        qd_reader_t r;

        qd_reader_init(&r, octets, size);
        assert_true(qd_reader_u64(&r) == 0);
        assert_int_equal(r.status, QD_TRUNCATED);
        assert_int_equal(r.at, 0);
        assert_int_equal(qd_reader_left(&r), 0);
        assert_int_equal(qd_reader_u8(&r), 0);
        assert_null(qd_reader_octets(&r, 0));
        assert_int_equal(qd_reader_peek(&r), 0);
        assert_int_equal(qd_reader_fail(&r, QD_RANGE), QD_TRUNCATED);
    }
}

static void reader_does_not_wrap(void **state) {
    qd_reader_t r;

    (void)state;
    qd_reader_init(&r, octets, 4);
    (void)qd_reader_u16(&r);
    assert_null(qd_reader_octets(&r, SIZE_MAX));
    assert_int_equal(r.status, QD_TRUNCATED);
    qd_reader_init(&r, octets, 4);
    (void)qd_reader_u16(&r);
    assert_null(qd_reader_octets(&r, SIZE_MAX - 1));
    qd_reader_init(&r, octets, 4);
    assert_null(qd_reader_octets(&r, 5));
    qd_reader_init(&r, NULL, 0);
    assert_int_equal(qd_reader_u8(&r), 0);
    assert_int_equal(qd_reader_fail(&r, QD_MALFORMED), QD_TRUNCATED);
    qd_reader_init(&r, octets, 4);
    assert_int_equal(qd_reader_fail(&r, QD_MALFORMED), QD_MALFORMED);
    assert_int_equal(qd_reader_u8(&r), 0);
}

static void writer_mirrors_reader(void **state) {
    uint8_t out[sizeof octets] = {0};
    qd_writer_t w;

    (void)state;
    qd_writer_init(&w, out, sizeof out);
    qd_writer_u8(&w, 0x01);
    qd_writer_u16(&w, 0x0203);
    qd_writer_u32(&w, 0x04050607);
    qd_writer_u64(&w, UINT64_C(0x08090a0b0c0d0e0f));
    qd_writer_octets(&w, octets + 15, 5);
    qd_writer_octets(&w, NULL, 0);
    assert_int_equal(w.status, QD_OK);
    assert_int_equal(qd_writer_left(&w), 0);
    assert_memory_equal(out, octets, sizeof octets);
    memset(out, 0, sizeof out);
    qd_writer_init(&w, out, 14);
    qd_writer_u16_le(&w, 0x0201);
    qd_writer_u32_le(&w, 0x06050403);
    qd_writer_u64_le(&w, UINT64_C(0x0e0d0c0b0a090807));
    assert_int_equal(w.status, QD_OK);
    assert_memory_equal(out, octets, 14);
    assert_int_equal(out[14], 0);
}

static void writer_writes_nothing_that_does_not_fit(void **state) {
    uint8_t out[8];
    qd_writer_t w;

    (void)state;
    memset(out, 0x55, sizeof out);
    qd_writer_init(&w, out, 3);
    qd_writer_u32(&w, 0);
    assert_int_equal(w.status, QD_NO_SPACE);
    assert_int_equal(w.at, 0);
    /* nothing shorter may slip in behind a hole */
    qd_writer_u8(&w, 0);
    qd_writer_u16_le(&w, 0);
    qd_writer_octets(&w, octets, 1);
    assert_int_equal(w.at, 0);
    assert_int_equal(qd_writer_left(&w), 0);
    qd_writer_init(&w, out, 3);
    qd_writer_octets(&w, octets, SIZE_MAX);
    assert_int_equal(w.status, QD_NO_SPACE);
    for (size_t i = 0; i < sizeof out; i++) {
        assert_int_equal(out[i], 0x55);
    }
}

/* Bit by bit, straight from the polynomial. */
static uint32_t slow_crc(const uint8_t *data, size_t length, uint32_t polynomial, uint32_t start) {
    uint32_t crc = start;

    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1u) != 0 ? polynomial : 0);
        }
    }
    return crc;
}

static void check_sequences(void **state) {
    static const uint8_t digits[] = "123456789";
    uint8_t data[67];

    (void)state;
    assert_int_equal(qd_crc32(0, digits, 9), 0xCBF43926);
    assert_int_equal(qd_crc16_x25(digits, 9), 0x906E);
    assert_int_equal(qd_crc32(0, NULL, 0), 0);
    assert_int_equal(qd_crc32(0x1234, NULL, 0), 0x1234);
    assert_int_equal(qd_crc16_x25(NULL, 0), 0);
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 151u + 7u);
    }
    for (size_t length = 0; length <= sizeof data; length++) {
        assert_int_equal(qd_crc32(0, data, length), ~slow_crc(data, length, 0xEDB88320u, UINT32_MAX));
        assert_int_equal(qd_crc16_x25(data, length), (uint16_t)~slow_crc(data, length, 0x8408u, 0xffffu));
        for (size_t cut = 0; cut <= length; cut++) {
            assert_int_equal(qd_crc32(qd_crc32(0, data, cut), data + cut, length - cut),
                             qd_crc32(0, data, length));
        }
    }
}

static void every_flipped_bit_changes_the_check_sequences(void **state) {
    uint8_t data[16] = {0};
    const uint32_t crc32 = qd_crc32(0, data, sizeof data);
    const uint16_t crc16 = qd_crc16_x25(data, sizeof data);

    (void)state;
    for (unsigned bit = 0; bit < 8 * sizeof data; bit++) {
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(qd_crc32(0, data, sizeof data), crc32);
        assert_int_not_equal(qd_crc16_x25(data, sizeof data), crc16);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void obis_sorts_by_its_groups(void **state) {
    const qd_obis_t first = QD_OBIS(0, 0, 96, 1, 0, 255), second = QD_OBIS(1, 0, 1, 8, 0, 255),
                    third = QD_OBIS(1, 0, 1, 8, 1, 0);

    (void)state;
    assert_true(qd_obis_key(&second) == UINT64_C(0x0100010800ff));
    assert_true(qd_obis_key(&first) < qd_obis_key(&second));
    assert_true(qd_obis_key(&second) < qd_obis_key(&third));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_own_name),
        cmocka_unit_test(reader_takes_both_orders),
        cmocka_unit_test(reader_stays_failed),
        cmocka_unit_test(reader_does_not_wrap),
        cmocka_unit_test(writer_mirrors_reader),
        cmocka_unit_test(writer_writes_nothing_that_does_not_fit),
        cmocka_unit_test(check_sequences),
        cmocka_unit_test(every_flipped_bit_changes_the_check_sequences),
        cmocka_unit_test(obis_sorts_by_its_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
