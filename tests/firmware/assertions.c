/*
 * assertions.c - the stand-in for cmocka on the board: every assertion passes where it holds and fails where not.
 *
 * Tests named wrong_* fail, and so do their fixtures; test_evidence.py knows how many. A failure that the stand-in
 * does not see would let every unit test pass on the board.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char text[] = "octets";
static unsigned torn_down;

static void right_all(void **state) {
    assert_true(text[0] == 'o');
    assert_false(text[0] == 'x');
    assert_null(*state);
    assert_non_null(text);
    assert_ptr_equal(text, &text[0]);
    assert_int_equal(-1, (int64_t)-1);
    assert_int_not_equal(UINT64_C(1) << 32, 0);
    assert_in_range(3, 3, 3);
    assert_string_equal(text, "octets");
    assert_string_not_equal(text, "octet");
    assert_memory_equal(text, "octets", 7);
    assert_memory_not_equal(text, "octetS", 6);
}

#define WRONG(name, assertion)                                                                               \
    static void wrong_##name(void **state) {                                                                 \
        (void)state;                                                                                         \
        assertion;                                                                                           \
        print_message("past it\n");                                                                          \
    }
WRONG(true, assert_true(text[0] == 'x'))
WRONG(false, assert_false(text[0] == 'o'))
WRONG(null, assert_null(text))
WRONG(non_null, assert_non_null(*state))
WRONG(ptr_equal, assert_ptr_equal(text, text + 1))
WRONG(int_equal, assert_int_equal(UINT64_C(1) << 32, 0))
WRONG(int_not_equal, assert_int_not_equal(7, 7))
WRONG(in_range_below, assert_in_range(2, 3, 5))
WRONG(in_range_above, assert_in_range(UINT64_C(0x100000004), 3, 5))
WRONG(string_equal, assert_string_equal(text, "octet"))
WRONG(string_not_equal, assert_string_not_equal(text, "octets"))
WRONG(memory_equal, assert_memory_equal(text, "octetS", 6))
WRONG(memory_not_equal, assert_memory_not_equal(text, "octetS", 5))
WRONG(message, fail_msg("%s", text))

static int given(void **state) {
    static int value = 5;
    *state = &value;
    return 0;
}

static int refuses(void **state) {
    (void)state;
    return 1;
}

static int taken(void **state) {
    assert_int_equal(*(const int *)*state, 5);
    torn_down++;
    return 0;
}

static void right_between_fixtures(void **state) {
    assert_int_equal(*(const int *)*state, 5);
}

static void wrong_between_fixtures(void **state) {
    assert_int_equal(*(const int *)*state, 6);
}

static void wrong_setup(void **state) {
    (void)state;
    print_message("past it\n");
}

static void wrong_teardown(void **state) {
    (void)state;
}

static void right_fixtures_ran(void **state) {
    (void)state;
    assert_int_equal(torn_down, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_all),
        cmocka_unit_test(wrong_true),
        cmocka_unit_test(wrong_false),
        cmocka_unit_test(wrong_null),
        cmocka_unit_test(wrong_non_null),
        cmocka_unit_test(wrong_ptr_equal),
        cmocka_unit_test(wrong_int_equal),
        cmocka_unit_test(wrong_int_not_equal),
        cmocka_unit_test(wrong_in_range_below),
        cmocka_unit_test(wrong_in_range_above),
        cmocka_unit_test(wrong_string_equal),
        cmocka_unit_test(wrong_string_not_equal),
        cmocka_unit_test(wrong_memory_equal),
        cmocka_unit_test(wrong_memory_not_equal),
        cmocka_unit_test(wrong_message),
        cmocka_unit_test_setup_teardown(right_between_fixtures, given, taken),
        cmocka_unit_test_setup_teardown(wrong_between_fixtures, given, taken),
        cmocka_unit_test_setup_teardown(wrong_setup, refuses, NULL),
        cmocka_unit_test_setup_teardown(wrong_teardown, NULL, refuses),
        cmocka_unit_test(right_fixtures_ran),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
