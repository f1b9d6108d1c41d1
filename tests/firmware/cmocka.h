/*
 * cmocka.h - the part of cmocka's interface that tests/unit uses, for programs on a board.
 *
 * The names and their meaning are cmocka's, so that one source of a test runs on the host with the library and on
 * the board with this; a name that is not here does not compile there. Values are compared as uintmax_t, which is
 * how cmocka compares them. An assertion that fails prints where and what, and leaves the test with longjmp; the
 * group goes on with the next test. One group runs at a time; nothing is allocated.
 * As with cmocka, setjmp.h, stdarg.h, stddef.h and stdint.h are included before.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_TESTS_FIRMWARE_CMOCKA_H
#define QD_TESTS_FIRMWARE_CMOCKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*CMUnitTestFunction)(void **state);
/* Returns 0, or the test has failed. */
typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
    const char *name;
    CMUnitTestFunction test_func;
    CMFixtureFunction setup_func;    /* NULL: none */
    CMFixtureFunction teardown_func; /* NULL: none; also runs after a test that failed */
    void *initial_state;
};

#define cmocka_unit_test(function)                                                                           \
    { #function, function, NULL, NULL, NULL }
#define cmocka_unit_test_setup_teardown(function, setup, teardown)                                           \
    { #function, function, setup, teardown, NULL }

/* Runs the tests in order and prints "N passed, N failed" last. Returns the number of those that failed. */
#define cmocka_run_group_tests(tests, setup, teardown)                                                       \
    board_run_group(tests, sizeof(tests) / sizeof(tests)[0], setup, teardown)

#define assert_true(value) board_assert((value) ? true : false, #value, __FILE__, __LINE__)
#define assert_false(value) board_assert((value) ? false : true, "not " #value, __FILE__, __LINE__)
#define assert_null(pointer) board_assert((pointer) == NULL, #pointer " is NULL", __FILE__, __LINE__)
#define assert_non_null(pointer) board_assert((pointer) != NULL, #pointer " is not NULL", __FILE__, __LINE__)
#define assert_ptr_equal(a, b)                                                                               \
    board_assert((const void *)(a) == (const void *)(b), #a " is " #b, __FILE__, __LINE__)
#define assert_int_equal(a, b) board_assert_equal((uintmax_t)(a), (uintmax_t)(b), true, __FILE__, __LINE__)
#define assert_int_not_equal(a, b)                                                                           \
    board_assert_equal((uintmax_t)(a), (uintmax_t)(b), false, __FILE__, __LINE__)
#define assert_in_range(value, least, most)                                                                  \
    board_assert_in_range((uintmax_t)(value), (uintmax_t)(least), (uintmax_t)(most), __FILE__, __LINE__)
#define assert_string_equal(a, b) board_assert_string(a, b, true, __FILE__, __LINE__)
#define assert_string_not_equal(a, b) board_assert_string(a, b, false, __FILE__, __LINE__)
#define assert_memory_equal(a, b, size) board_assert_memory(a, b, size, true, __FILE__, __LINE__)
#define assert_memory_not_equal(a, b, size) board_assert_memory(a, b, size, false, __FILE__, __LINE__)
#define fail() _fail(__FILE__, __LINE__)
#define fail_msg(...) (print_message(__VA_ARGS__), print_message("\n"), _fail(__FILE__, __LINE__))

void print_message(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void _fail(const char *file, int line);

/* Behind the macros. */
void board_assert(bool good, const char *text, const char *file, int line);
void board_assert_equal(uintmax_t a, uintmax_t b, bool wanted, const char *file, int line);
void board_assert_in_range(uintmax_t value, uintmax_t least, uintmax_t most, const char *file, int line);
void board_assert_string(const char *a, const char *b, bool wanted, const char *file, int line);
void board_assert_memory(const void *a, const void *b, size_t size, bool wanted, const char *file, int line);
int board_run_group(const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup,
                    CMFixtureFunction teardown);

#endif
