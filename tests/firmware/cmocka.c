/*
 * cmocka.c - tests of tests/unit on the board: assertions that leave their test, a group, its closing line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka.h"

static jmp_buf leave;
static bool running; /* leave may be jumped to */

void print_message(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
}

_Noreturn void _fail(const char *file, int line) {
    printf("%s:%d: failed\n", file, line);
    if (!running) {
        /* In a fixture of the group: there is no test to leave. */
        printf("0 passed, 1 failed\n");
        (void)fflush(stdout);
        _Exit(1);
    }
    longjmp(leave, 1);
}

void board_assert(bool good, const char *text, const char *file, int line) {
    if (!good) {
        printf("not so: %s\n", text);
        _fail(file, line);
    }
}

void board_assert_equal(uintmax_t a, uintmax_t b, bool wanted, const char *file, int line) {
    if ((a == b) != wanted) {
        printf("0x%llx %s 0x%llx\n", (unsigned long long)a, wanted ? "!=" : "==", (unsigned long long)b);
        _fail(file, line);
    }
}

void board_assert_in_range(uintmax_t value, uintmax_t least, uintmax_t most, const char *file, int line) {
    if (value < least || value > most) {
        printf("%llu is not in %llu to %llu\n", (unsigned long long)value, (unsigned long long)least,
               (unsigned long long)most);
        _fail(file, line);
    }
}

void board_assert_string(const char *a, const char *b, bool wanted, const char *file, int line) {
    if ((strcmp(a, b) == 0) != wanted) {
        printf("\"%s\" %s \"%s\"\n", a, wanted ? "!=" : "==", b);
        _fail(file, line);
    }
}

void board_assert_memory(const void *a, const void *b, size_t size, bool wanted, const char *file, int line) {
    const uint8_t *left = a;
    const uint8_t *right = b;
    if ((memcmp(a, b, size) == 0) == wanted) {
        return;
    }
    size_t at = 0;
    while (at < size && left[at] == right[at]) {
        at++;
    }
    if (at < size) {
        printf("octet %zu of %zu: 0x%02x != 0x%02x\n", at, size, (unsigned)left[at], (unsigned)right[at]);
    } else {
        printf("the same %zu octets\n", size);
    }
    _fail(file, line);
}

/* One part of a test, a fixture or its body; false: an assertion in it has failed. */
static bool part(const struct CMUnitTest *test, CMFixtureFunction fixture, void **state) {
    volatile bool good = false;
    running = true;
    if (setjmp(leave) == 0) {
        good = true;
        if (fixture != NULL) {
            good = fixture(state) == 0;
        } else {
            test->test_func(state);
        }
    } else {
        good = false;
    }
    running = false;
    return good;
}

static bool whole(const struct CMUnitTest *test, void *group) {
    void *state = test->initial_state != NULL ? test->initial_state : group;
    bool good = test->setup_func == NULL || part(test, test->setup_func, &state);
    if (good) {
        good = part(test, NULL, &state);
        if (test->teardown_func != NULL && !part(test, test->teardown_func, &state)) {
            good = false;
        }
    }
    return good;
}

int board_run_group(const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup,
                    CMFixtureFunction teardown) {
    void *state = NULL;
    unsigned passed = 0;
    unsigned failed = 0;
    if (setup != NULL && setup(&state) != 0) {
        printf("the group's setup has failed\n0 passed, %zu failed\n", count);
        return (int)count;
    }
    for (size_t i = 0; i < count; i++) {
        if (whole(&tests[i], state)) {
            passed++;
        } else {
            printf("FAILED %s\n", tests[i].name);
            failed++;
        }
    }
    if (teardown != NULL && teardown(&state) != 0) {
        printf("the group's teardown has failed\n");
        failed++;
    }
    printf("%u passed, %u failed\n", passed, failed);
    return (int)failed;
}
