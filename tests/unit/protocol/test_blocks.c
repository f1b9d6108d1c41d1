/*
 * test_blocks.c - blocks of SET and ACTION, general block transfer and the two notifications, octet by octet.
 *
 * The octets of the data-notification are those of a published vector (u9n/dlms-cosem, test_data_notification);
 * the others are composed by hand from the productions of IEC 62056-53.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/axdr.h"
#include "protocol/xdlms.h"

static qd_view_t view(const void *octets, size_t length) {
    qd_view_t v = {octets, length};
    return v;
}

static const uint8_t notification[] = {0x0F, 0x00, 0x00, 0x01, 0xDB, 0x00, 0x09, 0x22, 0x12, 0x5A, 0x85,
                                       0x91, 0x36, 0x00, 0x00, 0x00, 0x00, 0x49, 0x00, 0x00, 0x00, 0x11,
                                       0x00, 0x00, 0x00, 0x0A, 0x5A, 0x85, 0x13, 0xD0, 0x14, 0x80, 0x00,
                                       0x00, 0x00, 0x0D, 0x00, 0x00, 0x00, 0x0A, 0x01, 0x00};

static void test_data_notification(void **state) {
    uint8_t out[64];
    qd_data_notification_t head;
    qd_axdr_element_t body;
    qd_reader_t r;
    qd_writer_t w;
    (void)state;
    qd_reader_init(&r, notification, sizeof notification);
    assert_int_equal(qd_data_notification_decode(&r, &head), QD_OK);
    assert_int_equal(QD_LONG_INVOKE_ID(head.invoke), 0x1DB);
    assert_int_equal(head.date_time.length, 0);
    assert_int_equal(qd_axdr_get(&r, &body), QD_OK);
    assert_int_equal(body.type, QD_TYPE_OCTET_STRING);
    assert_int_equal(body.scalar.length, 34);
    assert_int_equal(qd_reader_left(&r), 0);
    qd_writer_init(&w, out, sizeof out);
    qd_data_notification_encode(&w, &head);
    qd_axdr_put_scalar(&w, &body.scalar);
    assert_int_equal(w.status, QD_OK);
    assert_int_equal(w.at, sizeof notification);
    assert_memory_equal(out, notification, sizeof notification);
    for (size_t size = 0; size < 6; size++) {
        qd_reader_init(&r, notification, size);
        assert_int_equal(qd_data_notification_decode(&r, &head), QD_TRUNCATED);
    }
    qd_reader_init(&r, notification + 1, sizeof notification - 1);
    assert_int_equal(qd_data_notification_decode(&r, &head), QD_MALFORMED);
}

static void test_data_notification_with_time(void **state) {
    static const uint8_t time[] = {0x07, 0xEA, 1, 15, 4, 13, 0, 0, 0, 0xFF, 0xC4, 0};
    static const uint8_t wanted[] = {0x0F, 0x60, 0,  0, 1, 12, 0x07, 0xEA, 1,
                                     15,   4,    13, 0, 0, 0,  0xFF, 0xC4, 0};
    const qd_data_notification_t head = {QD_LONG_INVOKE_BREAK_ON_ERROR | QD_LONG_INVOKE_CONFIRMED | 1u,
                                         {time, sizeof time}};
    uint8_t out[32];
    qd_writer_t w;
    (void)state;
    qd_writer_init(&w, out, sizeof out);
    qd_data_notification_encode(&w, &head);
    assert_int_equal(w.at, sizeof wanted);
    assert_memory_equal(out, wanted, sizeof wanted);
}

static void test_event_notification(void **state) {
    static const uint8_t plain[] = {0xC2, 0, 0, 1, 0, 0, 97, 98, 0, 255, 2, 6, 0, 0, 0, 1};
    static const uint8_t timed[] = {0xC2, 1, 12, 0x07, 0xEA, 1,  15, 4,   13, 0, 0, 0, 0xFF, 0xC4, 0,
                                    0,    1, 0,  0,    97,   98, 0,  255, 2,  6, 0, 0, 0,    1};
    uint8_t out[64];
    qd_event_notification_t head;
    qd_axdr_element_t value;
    qd_reader_t r;
    qd_writer_t w;
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        const uint8_t *octets = i == 0 ? plain : timed;
        size_t size = i == 0 ? sizeof plain : sizeof timed;
        qd_reader_init(&r, octets, size);
        assert_int_equal(qd_event_notification_decode(&r, &head), QD_OK);
        assert_int_equal(head.time.length, i == 0 ? 0 : 12);
        assert_true((head.time.data != NULL) == (i == 1));
        assert_int_equal(head.attribute.class_id, 1);
        assert_int_equal(head.attribute.obis.group[2], 97);
        assert_int_equal(head.attribute.index, 2);
        assert_int_equal(qd_axdr_get(&r, &value), QD_OK);
        assert_int_equal(value.scalar.v.u, 1);
        qd_writer_init(&w, out, sizeof out);
        qd_event_notification_encode(&w, &head);
        qd_axdr_put_scalar(&w, &value.scalar);
        assert_int_equal(w.at, size);
        assert_memory_equal(out, octets, size);
    }
    qd_reader_init(&r, timed, 10);
    assert_int_equal(qd_event_notification_decode(&r, &head), QD_TRUNCATED);
}

static void test_datablocks(void **state) {
    static const uint8_t octets[] = {1, 0, 1, 2, 3, 3, 0xAA, 0xBB, 0xCC};
    uint8_t out[16];
    qd_datablock_t block;
    qd_reader_t r;
    qd_writer_t w;
    (void)state;
    qd_reader_init(&r, octets, sizeof octets);
    assert_int_equal(qd_datablock_decode(&r, &block), QD_OK);
    assert_true(block.last);
    assert_int_equal(block.number, 0x010203);
    assert_int_equal(block.data.length, 3);
    assert_ptr_equal(block.data.data, octets + 6);
    qd_writer_init(&w, out, sizeof out);
    qd_datablock_encode(&w, &block);
    assert_int_equal(w.at, sizeof octets);
    assert_memory_equal(out, octets, sizeof octets);
    for (size_t size = 0; size < sizeof octets; size++) {
        qd_reader_init(&r, octets, size);
        assert_int_equal(qd_datablock_decode(&r, &block), QD_TRUNCATED);
        assert_int_equal(block.data.length, 0);
    }
}

static void test_general_blocks(void **state) {
    static const uint8_t octets[] = {0xE0, 0xC5, 0x12, 0x34, 0xFE, 0xDC, 2, 0xC0, 0x01};
    static const uint8_t empty[] = {0xE0, 0x3F, 0, 1, 0, 0, 0};
    uint8_t out[16];
    qd_gbt_t gbt;
    qd_reader_t r;
    qd_writer_t w;
    (void)state;
    qd_reader_init(&r, octets, sizeof octets);
    assert_int_equal(qd_gbt_decode(&r, &gbt), QD_OK);
    assert_true(gbt.last && gbt.streaming);
    assert_int_equal(gbt.window, 5);
    assert_int_equal(gbt.number, 0x1234);
    assert_int_equal(gbt.ack, 0xFEDC);
    assert_int_equal(gbt.data.length, 2);
    qd_writer_init(&w, out, sizeof out);
    qd_gbt_encode(&w, &gbt);
    assert_int_equal(w.at, sizeof octets);
    assert_memory_equal(out, octets, sizeof octets);
    for (size_t size = 0; size < sizeof octets; size++) {
        qd_reader_init(&r, octets, size);
        assert_int_equal(qd_gbt_decode(&r, &gbt), QD_TRUNCATED);
    }
    qd_reader_init(&r, empty, sizeof empty);
    assert_int_equal(qd_gbt_decode(&r, &gbt), QD_OK);
    assert_false(gbt.last || gbt.streaming);
    assert_int_equal(gbt.window, 63);
    assert_int_equal(gbt.data.length, 0);
    /* Octets behind the block belong to nobody. */
    memcpy(out, empty, sizeof empty);
    out[sizeof empty] = 0;
    qd_reader_init(&r, out, sizeof empty + 1u);
    assert_int_equal(qd_gbt_decode(&r, &gbt), QD_MALFORMED);
}

static void test_long_views(void **state) {
    static uint8_t long_one[300];
    uint8_t out[310];
    qd_view_t v = view(long_one, 200);
    qd_reader_t r;
    qd_writer_t w;
    (void)state;
    qd_writer_init(&w, out, sizeof out);
    qd_view_encode(&w, &v);
    assert_int_equal(w.at, 202);
    assert_int_equal(out[0], 0x81);
    qd_reader_init(&r, out, w.at);
    assert_int_equal(qd_view_decode(&r, &v), QD_OK);
    assert_int_equal(v.length, 200);
    v = view(long_one, 300);
    qd_writer_init(&w, out, sizeof out);
    qd_view_encode(&w, &v);
    assert_int_equal(w.at, 303);
    assert_int_equal(out[0], 0x82);
    assert_int_equal(out[1] << 8 | out[2], 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data_notification),  cmocka_unit_test(test_data_notification_with_time),
        cmocka_unit_test(test_event_notification), cmocka_unit_test(test_datablocks),
        cmocka_unit_test(test_general_blocks),     cmocka_unit_test(test_long_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
