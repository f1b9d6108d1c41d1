/* Products of 128 bits, square roots and angles against other ways to get them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/integer.h"

static uint64_t next(uint64_t *x) {
    *x ^= *x >> 12;
    *x ^= *x << 25;
    *x ^= *x >> 27;
    return *x * UINT64_C(0x2545f4914f6cdd1d);
}

/* Shift and subtract over 128 bits: slow, and shares nothing with the code under test. */
static qd_status_t slow_muldiv(uint64_t a, uint64_t b, uint64_t c, uint64_t *quotient, uint64_t *remainder) {
    uint64_t high = 0, low = 0, rest = 0;

    for (int bit = 63; bit >= 0; bit--) {
        high = high << 1 | low >> 63;
        low <<= 1;
        if ((b >> bit & 1u) != 0) {
            high += low + a < low;
            low += a;
        }
    }
    *quotient = 0;
    for (int bit = 127; bit >= 0; bit--) {
        uint64_t top = rest >> 63;

        rest = rest << 1 | ((bit >= 64 ? high >> (bit - 64) : low >> bit) & 1u);
        if (top != 0 || rest >= c) {
            rest -= c;
            if (bit >= 64) {
                return QD_RANGE;
            }
            *quotient |= UINT64_C(1) << bit;
        }
    }
    *remainder = rest;
    return QD_OK;
}

static void compare(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t quotient, remainder, wanted = 0, rest = 0;
    qd_status_t status = qd_muldiv_u64(a, b, c, &quotient, &remainder);

    assert_int_equal(status, slow_muldiv(a, b, c, &wanted, &rest));
    if (status == QD_OK) {
        assert_true(quotient == wanted);
        assert_true(remainder == rest);
    } else {
        assert_true(quotient == UINT64_MAX);
    }
}

static void muldiv_is_exact(void **state) {
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     3,
                                     10,
                                     UINT32_MAX - 1u,
                                     UINT32_MAX,
                                     UINT64_C(0x100000000),
                                     UINT64_C(0x100000001),
                                     UINT64_C(0x7fffffffffffffff),
                                     UINT64_C(0x8000000000000000),
                                     UINT64_C(0x8000000000000001),
                                     UINT64_C(0xffffffff00000000),
                                     UINT64_MAX - 1u,
                                     UINT64_MAX};
    const size_t count = sizeof edges / sizeof edges[0];
    uint64_t x = 88172645463325252u;

    (void)state;
    for (size_t i = 0; i < count * count * count; i++) {
        if (edges[i / count % count] != 0 || i / count % count != 0) {
            compare(edges[i % count], edges[i / count / count], edges[i / count % count]);
        }
    }
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t a = next(&x) >> next(&x) % 64, b = next(&x) >> next(&x) % 64, c = next(&x) >> next(&x) % 64;

        compare(a, b, c == 0 ? 1 : c);
    }
}

static void muldiv_refuses_a_divisor_of_zero(void **state) {
    uint64_t quotient, remainder;

    (void)state;
    assert_int_equal(qd_muldiv_u64(1, 1, 0, &quotient, &remainder), QD_RANGE);
    assert_int_equal(qd_muldiv_u64(0, 0, 0, &quotient, NULL), QD_RANGE);
    assert_int_equal(qd_muldiv_u64(7, 9, 10, &quotient, NULL), QD_OK);
    assert_int_equal(quotient, 6);
    /* the largest quotient that fits, and one more */
    assert_int_equal(qd_muldiv_u64(UINT64_MAX, UINT64_MAX, UINT64_MAX, &quotient, &remainder), QD_OK);
    assert_true(quotient == UINT64_MAX);
    assert_int_equal(remainder, 0);
    assert_int_equal(qd_muldiv_u64(UINT64_C(1) << 32, UINT64_C(1) << 32, 1, &quotient, &remainder), QD_RANGE);
}

static void root_is_the_floor(void **state) {
    uint64_t x = 1;

    (void)state;
    assert_int_equal(qd_isqrt_u64(0), 0);
    assert_true(qd_isqrt_u64(UINT64_MAX) == UINT32_MAX);
    for (uint64_t i = 0; i < 70000; i++) {
        uint64_t r = i < 65536 ? i * 65537u : UINT32_MAX - (i - 65536u);

        assert_true(qd_isqrt_u64(r * r) == r);
        if (r > 0) {
            assert_true(qd_isqrt_u64(r * r - 1) == r - 1);
            assert_true(qd_isqrt_u64(r * r + r) == r);
        }
    }
    for (unsigned i = 0; i < 10000; i++) {
        uint64_t value = next(&x) >> next(&x) % 64, root = qd_isqrt_u64(value);

        assert_true(root * root <= value);
        assert_true(root == UINT32_MAX || (root + 1) * (root + 1) > value);
    }
}

static void angles_on_the_axes_are_exact(void **state) {
    static const int64_t lengths[] = {1, 3, 1000, INT32_MAX, INT64_C(1) << 40, INT64_MAX};

    (void)state;
    assert_int_equal(qd_atan2_ddeg(0, 0), 0);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int64_t n = lengths[i];

        assert_int_equal(qd_atan2_ddeg(0, n), 0);
        assert_int_equal(qd_atan2_ddeg(n, n), 450);
        assert_int_equal(qd_atan2_ddeg(n, 0), 900);
        assert_int_equal(qd_atan2_ddeg(n, -n), 1350);
        assert_int_equal(qd_atan2_ddeg(0, -n), 1800);
        assert_int_equal(qd_atan2_ddeg(-n, -n), -1350);
        assert_int_equal(qd_atan2_ddeg(-n, 0), -900);
        assert_int_equal(qd_atan2_ddeg(-n, n), -450);
    }
    assert_int_equal(qd_atan2_ddeg(INT64_MIN, INT64_MIN), -1350);
    assert_int_equal(qd_atan2_ddeg(0, INT64_MIN), 1800);
    assert_int_equal(qd_atan2_ddeg(-1, INT64_MIN), 1800); /* never -1800 */
    assert_int_equal(qd_atan2_ddeg(1, INT64_MAX), 0);
}

static void angles_are_within_a_tenth(void **state) {
    static const double lengths[] = {30, 1e3, 1e6, 1e9, 1e12, 9e18};
    const double to_ddeg = 1800 / acos(-1);

    (void)state;
    for (int i = -7200; i < 7200; i++) {
        for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
            int64_t x = (int64_t)(cos(i / 4.0 / to_ddeg) * lengths[k]);
            int64_t y = (int64_t)(sin(i / 4.0 / to_ddeg) * lengths[k]);
            int16_t angle = qd_atan2_ddeg(y, x);
            double error = fabs(angle - atan2((double)y, (double)x) * to_ddeg);

            assert_true(angle > -1800 && angle <= 1800);
            assert_true((error > 1800 ? 3600 - error : error) < 1.0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(muldiv_is_exact),           cmocka_unit_test(muldiv_refuses_a_divisor_of_zero),
        cmocka_unit_test(root_is_the_floor),         cmocka_unit_test(angles_on_the_axes_are_exact),
        cmocka_unit_test(angles_are_within_a_tenth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
