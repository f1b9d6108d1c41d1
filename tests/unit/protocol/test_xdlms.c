/* Initiate, descriptors, selections, errors and the wrapper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/wrapper.h"
#include "protocol/xdlms.h"

/* Every optional field present. */
static const uint8_t full[] = {0x01, 0x01, 0x02, 0xAA, 0xBB, 0x01, 0x00, 0x01, 0x05, 0x06,
                               0x5F, 0x1F, 0x04, 0x00, 0x12, 0x34, 0x56, 0x04, 0xB0};
static const uint8_t response[] = {0x08, 0x00, 0x06, 0x5F, 0x1F, 0x04, 0x00,
                                   0x00, 0x50, 0x1F, 0x01, 0xF4, 0x00, 0x07};

static void initiate_request_full(void **state) {
    uint8_t out[32];
    qd_initiate_request_t request;
    qd_reader_t r;
    qd_writer_t w;

    (void)state;
    qd_reader_init(&r, full, sizeof full);
    assert_int_equal(qd_initiate_request_decode(&r, &request), QD_OK);
    assert_int_equal(request.dedicated_key.length, 2);
    assert_false(request.response_allowed);
    assert_true(request.has_quality_of_service);
    assert_int_equal(request.quality_of_service, 5);
    assert_int_equal(request.conformance, 0x123456);
    qd_writer_init(&w, out, sizeof out);
    qd_initiate_request_encode(&w, &request);
    assert_int_equal(w.at, sizeof full);
    assert_memory_equal(out, full, sizeof full);
    for (size_t size = 0; size < sizeof full; size++) {
        qd_reader_init(&r, full, size);
        assert_int_equal(qd_initiate_request_decode(&r, &request), QD_TRUNCATED);
        qd_reader_init(&r, full, sizeof full);
        (void)qd_initiate_request_decode(&r, &request);
        qd_writer_init(&w, out, size);
        qd_initiate_request_encode(&w, &request);
        assert_int_equal(w.status, QD_NO_SPACE);
    }
}

static void initiate_request_faults(void **state) {
    static const size_t structural[] = {0, 1, 5, 7, 10, 11, 12, 13};
    uint8_t octets[sizeof full + 1] = {0};
    qd_initiate_request_t request;
    qd_reader_t r;

    (void)state;
    memcpy(octets, full, sizeof full);
    qd_reader_init(&r, octets, sizeof octets);
    assert_int_equal(qd_initiate_request_decode(&r, &request), QD_MALFORMED);
    for (size_t i = 0; i < sizeof structural / sizeof structural[0]; i++) {
        memcpy(octets, full, sizeof full);
        octets[structural[i]] ^= 0x42;
        qd_reader_init(&r, octets, sizeof full);
        assert_int_equal(qd_initiate_request_decode(&r, &request), QD_MALFORMED);
    }
}

static void initiate_response_both_ways(void **state) {
    static const uint8_t with_quality[] = {0x08, 0x01, 0x00, 0x06, 0x5F, 0x1F, 0x04, 0x00,
                                           0x00, 0x50, 0x1F, 0x01, 0xF4, 0x00, 0x07};
    qd_initiate_response_t got;
    qd_reader_t r;

    (void)state;
    for (size_t size = 0; size < sizeof response; size++) {
        qd_reader_init(&r, response, size);
        assert_int_equal(qd_initiate_response_decode(&r, &got), QD_TRUNCATED);
    }
    qd_reader_init(&r, with_quality, sizeof with_quality);
    assert_int_equal(qd_initiate_response_decode(&r, &got), QD_OK);
    assert_int_equal(got.max_receive_pdu, 500);
}

static void errors(void **state) {
    uint8_t out[4];
    qd_writer_t w;

    (void)state;
    qd_writer_init(&w, out, sizeof out);
    qd_initiate_error_encode(&w, QD_INITIATE_PDU_TOO_SHORT);
    assert_memory_equal(out, ((const uint8_t[]){0x0E, 0x01, 0x06, 0x03}), 4);
    qd_writer_init(&w, out, sizeof out);
    qd_exception_encode(&w, QD_EXCEPTION_UNKNOWN, QD_EXCEPTION_PDU_TOO_LONG);
    assert_int_equal(w.at, 3);
    assert_memory_equal(out, ((const uint8_t[]){0xD8, 0x02, 0x04}), 3);
}

static void descriptors(void **state) {
    static const uint8_t octets[] = {0x00, 0x08, 0, 0, 1, 0, 0, 255, 0xFE};
    qd_descriptor_t descriptor;
    qd_reader_t r;

    (void)state;
    qd_reader_init(&r, octets, sizeof octets);
    assert_int_equal(qd_descriptor_decode(&r, &descriptor), QD_OK);
    assert_int_equal(descriptor.index, -2);
    for (size_t size = 0; size < sizeof octets; size++) {
        qd_reader_init(&r, octets, size);
        assert_int_equal(qd_descriptor_decode(&r, &descriptor), QD_TRUNCATED);
    }
}

static void selections(void **state) {
    static const uint8_t present[] = {0x01, 0x02, 0x02, 0x02, 0x11, 0x01, 0x12, 0x00, 0x05, /* next */ 0x55};
    static const uint8_t absent[] = {0x00, 0x55};
    static const uint8_t other[] = {0x02, 0x55};
    static const uint8_t bad[] = {0x01, 0x01, 0x55};
    uint8_t selector;
    qd_view_t view;
    qd_reader_t r;

    (void)state;
    qd_reader_init(&r, present, sizeof present);
    assert_int_equal(qd_selection_decode(&r, &selector, &view), QD_OK);
    assert_int_equal(selector, 2);
    assert_int_equal(view.length, 7);
    assert_ptr_equal(view.data, present + 2);
    assert_int_equal(qd_reader_u8(&r), 0x55);
    for (size_t size = 0; size < sizeof present - 1; size++) {
        qd_reader_init(&r, present, size);
        assert_int_equal(qd_selection_decode(&r, &selector, &view), QD_TRUNCATED);
        assert_null(view.data);
    }
    qd_reader_init(&r, absent, sizeof absent);
    assert_int_equal(qd_selection_decode(&r, &selector, &view), QD_OK);
    assert_int_equal(selector, 0);
    assert_null(view.data);
    qd_reader_init(&r, other, sizeof other);
    assert_int_equal(qd_selection_decode(&r, &selector, &view), QD_MALFORMED);
    qd_reader_init(&r, bad, sizeof bad);
    assert_int_equal(qd_selection_decode(&r, &selector, &view), QD_MALFORMED);
}

static void wrapper_heads(void **state) {
    static const uint8_t octets[] = {0, 1, 0, 16, 0, 1, 0xFF, 0xFF};
    static const uint8_t version_2[] = {0, 2, 0, 16, 0, 1, 0, 31};
    qd_wrapper_head_t head;
    qd_reader_t r;

    (void)state;
    for (size_t size = 0; size < sizeof octets; size++) {
        qd_reader_init(&r, octets, size);
        assert_int_equal(qd_wrapper_decode(&r, &head), QD_TRUNCATED);
        assert_int_equal(r.at, 0); /* nothing taken: more octets may come */
        assert_int_equal(r.status, QD_OK);
    }
    qd_reader_init(&r, octets, sizeof octets);
    assert_int_equal(qd_wrapper_decode(&r, &head), QD_OK);
    assert_int_equal(head.source, 16);
    assert_int_equal(head.destination, 1);
    assert_int_equal(head.length, 0xFFFF);
    qd_reader_init(&r, version_2, sizeof version_2);
    assert_int_equal(qd_wrapper_decode(&r, &head), QD_VERSION);
    assert_int_equal(head.version, 2);
    assert_int_equal(head.length, 31);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initiate_request_full),
        cmocka_unit_test(initiate_request_faults),
        cmocka_unit_test(initiate_response_both_ways),
        cmocka_unit_test(errors),
        cmocka_unit_test(descriptors),
        cmocka_unit_test(selections),
        cmocka_unit_test(wrapper_heads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
