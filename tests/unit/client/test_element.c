/* The public face of A-XDR, and the names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "quadrant/client.h"

static void elements(void **state) {
    static const uint8_t octets[] = {2, 3, 1, 2, 0, 17, 5, 1, 0, 2, 1, 9, 2, 7, 7};
    static const struct {
        uint8_t type;
        uint8_t depth;
        uint16_t count;
    } want[] = {{2, 0, 3}, {1, 1, 2}, {0, 2, 0}, {17, 2, 0}, {1, 1, 0}, {2, 1, 1}, {9, 2, 0}};
    qd_element_iterator_t it;
    qd_element_t element;
    uint8_t more[sizeof octets + 1] = {0};
    uint8_t written[sizeof octets];
    qd_element_writer_t writer;

    (void)state;
    qd_element_begin(&it, octets, sizeof octets);
    qd_element_write_begin(&writer, written, sizeof written);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        assert_int_equal(qd_element_next(&it, &element), QD_OK);
        assert_int_equal(element.type, want[i].type);
        assert_int_equal(element.depth, want[i].depth);
        assert_int_equal(element.count, want[i].count);
        if (element.type <= QD_TYPE_STRUCTURE && element.type != QD_TYPE_NULL) {
            qd_element_write_group(&writer, (qd_type_t)element.type, element.count);
        } else {
            qd_element_write_scalar(&writer, &element.scalar);
        }
    }
    assert_int_equal(qd_element_next(&it, &element), QD_END);
    assert_int_equal(qd_element_next(&it, &element), QD_END);
    assert_int_equal(writer.status, QD_OK);
    assert_memory_equal(written, octets, sizeof octets);
    qd_element_write_scalar(&writer, &element.scalar);
    assert_int_equal(writer.status, QD_NO_SPACE);

    memcpy(more, octets, sizeof octets);
    qd_element_begin(&it, more, sizeof more);
    while (qd_element_next(&it, &element) == QD_OK) {
    }
    assert_int_equal(it.status, QD_MALFORMED); /* octets left over */
    for (size_t size = 0; size < sizeof octets; size++) {
        qd_element_begin(&it, octets, size);
        while (qd_element_next(&it, &element) == QD_OK) {
        }
        assert_int_equal(it.status, QD_TRUNCATED);
    }
}

static void element_depth(void **state) {
    uint8_t octets[2 * (QD_ELEMENT_DEPTH_MAX + 1)];
    qd_element_iterator_t it;
    qd_element_t element;

    (void)state;
    for (size_t i = 0; i < sizeof octets; i += 2) {
        octets[i] = QD_TYPE_ARRAY;
        octets[i + 1] = 1;
    }
    octets[sizeof octets - 3] = 0;
    qd_element_begin(&it, octets, sizeof octets - 2);
    while (qd_element_next(&it, &element) == QD_OK) {
    }
    assert_int_equal(it.status, QD_END);
    octets[sizeof octets - 3] = 1;
    octets[sizeof octets - 1] = 0;
    qd_element_begin(&it, octets, sizeof octets);
    while (qd_element_next(&it, &element) == QD_OK) {
    }
    assert_int_equal(it.status, QD_MALFORMED);
}

static void names(void **state) {
    static const uint8_t apdu[] = {0xC4, 0x02};

    (void)state;
    assert_int_equal(qd_client_identity_by_name("level2")->sap, 18);
    assert_null(qd_client_identity_by_name("nobody"));
    assert_string_equal(qd_client_identity_by_sap(102)->name, "preestablished");
    assert_null(qd_client_identity_by_sap(99));
    assert_null(qd_client_identity_at(QD_CLIENT_IDENTITIES));
    assert_string_equal(qd_client_apdu_name(apdu, 2), "get-response-with-datablock");
    assert_string_equal(qd_client_apdu_name(apdu, 1), "get-response");
    assert_string_equal(qd_client_apdu_name(apdu, 0), "unknown-apdu");
    assert_string_equal(qd_client_unit_name(QD_UNIT_WH), "Wh");
    assert_null(qd_client_unit_name(99));
    assert_string_equal(qd_client_access_name(250), "other-reason");
    assert_string_equal(qd_client_type_name(QD_TYPE_ENUM), "enum");
    assert_string_equal(qd_client_conformance_name(19), "get");
    for (unsigned n = 0; n < 256; n++) {
        uint8_t one[2] = {(uint8_t)n, 9};

        assert_non_null(qd_client_access_name((uint8_t)n));
        assert_non_null(qd_client_type_name((uint8_t)n));
        assert_non_null(qd_client_conformance_name((uint8_t)n));
        assert_non_null(qd_client_apdu_name(one, 2));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements),
        cmocka_unit_test(element_depth),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
