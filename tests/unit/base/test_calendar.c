/* The calendar, day by day over its whole range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/calendar.h"

#define DAY INT64_C(86400)
#define FIRST_DAY INT64_C(-730119)
#define LAST_DAY INT64_C(2921939)

static void check_fields(const qd_civil_t *c, int year, int month, int day, int weekday) {
    assert_int_equal(c->year, year);
    assert_int_equal(c->month, month);
    assert_int_equal(c->day, day);
    assert_int_equal(c->weekday, weekday);
}

static void every_day_follows_the_one_before(void **state) {
    unsigned year = 1, month = 1, day = 1, weekday = 1; /* 0001-01-01 was a Monday */

    (void)state;
    for (int64_t n = FIRST_DAY; n <= LAST_DAY; n++) {
        qd_civil_t c;
        qd_utc_t back;

        qd_civil_from_seconds(n * DAY, &c);
        if (c.year != year || c.month != month || c.day != day || c.weekday != weekday) {
            check_fields(&c, (int)year, (int)month, (int)day, (int)weekday);
        }
        if (qd_civil_to_seconds(&c, &back) != QD_OK || back != n * DAY ||
            qd_weekday(c.year, c.month, c.day) != weekday) {
            fail_msg("%u-%u-%u", year, month, day);
        }
        weekday = weekday % 7 + 1;
        if (++day > qd_days_in_month((uint16_t)year, (uint8_t)month)) {
            day = 1;
            month = month % 12 + 1;
            year += month == 1;
        }
    }
    assert_int_equal(year, 10000);
}

static void known_instants(void **state) {
    qd_civil_t c;

    (void)state;
    qd_civil_from_seconds(0, &c);
    check_fields(&c, 2000, 1, 1, 6);
    assert_int_equal(c.hour + c.minute + c.second, 0);
    qd_civil_from_seconds(-1, &c);
    check_fields(&c, 1999, 12, 31, 5);
    assert_int_equal(c.hour, 23);
    assert_int_equal(c.minute, 59);
    assert_int_equal(c.second, 59);
    qd_civil_from_seconds(59 * DAY, &c);
    check_fields(&c, 2000, 2, 29, 2);
    /* Unix time 2^31 and 2^32, which end 32-bit clocks */
    qd_civil_from_seconds(INT64_C(2147483648) - 946684800, &c);
    check_fields(&c, 2038, 1, 19, 2);
    assert_int_equal(c.second, 8);
    qd_civil_from_seconds(INT64_C(4294967296) - 946684800, &c);
    check_fields(&c, 2106, 2, 7, 7);
}

static void every_second_of_a_day(void **state) {
    (void)state;
    for (int64_t s = 0; s < DAY; s++) {
        qd_civil_t c;
        qd_utc_t back = 0;

        qd_civil_from_seconds(-DAY + s, &c);
        if (c.hour * 3600 + c.minute * 60 + c.second != s || c.hour > 23 || c.minute > 59 || c.second > 59 ||
            qd_civil_to_seconds(&c, &back) != QD_OK || back != s - DAY) {
            fail_msg("second %d", (int)s);
        }
    }
}

static void beyond_the_range_is_its_bound(void **state) {
    qd_civil_t c;

    (void)state;
    qd_civil_from_seconds(INT64_MIN, &c);
    check_fields(&c, 1, 1, 1, 1);
    qd_civil_from_seconds(INT64_MAX, &c);
    check_fields(&c, 9999, 12, 31, 5);
    assert_int_equal(c.second, 59);
}

static qd_status_t judge(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                         unsigned second) {
    qd_civil_t c = {(uint16_t)year, (uint8_t)month,  (uint8_t)day,   99,
                    (uint8_t)hour,  (uint8_t)minute, (uint8_t)second};
    qd_utc_t seconds = 4711;
    qd_status_t status = qd_civil_to_seconds(&c, &seconds);

    assert_true(status == QD_OK || seconds == 4711);
    return status;
}

static void no_such_date_or_time(void **state) {
    (void)state;
    assert_int_equal(judge(2024, 2, 29, 0, 0, 0), QD_OK);
    assert_int_equal(judge(2023, 2, 29, 0, 0, 0), QD_RANGE);
    assert_int_equal(judge(2100, 2, 29, 0, 0, 0), QD_RANGE);
    assert_int_equal(judge(2400, 2, 29, 0, 0, 0), QD_OK);
    assert_int_equal(judge(2024, 4, 31, 0, 0, 0), QD_RANGE);
    assert_int_equal(judge(2024, 0, 1, 0, 0, 0), QD_RANGE);
    assert_int_equal(judge(2024, 13, 1, 0, 0, 0), QD_RANGE);
    assert_int_equal(judge(2024, 1, 0, 0, 0, 0), QD_RANGE);
    assert_int_equal(judge(2024, 1, 32, 0, 0, 0), QD_RANGE);
    assert_int_equal(judge(0, 1, 1, 0, 0, 0), QD_RANGE);
    assert_int_equal(judge(1, 1, 1, 0, 0, 0), QD_OK);
    assert_int_equal(judge(9999, 12, 31, 23, 59, 59), QD_OK);
    assert_int_equal(judge(10000, 1, 1, 0, 0, 0), QD_RANGE);
    assert_int_equal(judge(2024, 1, 1, 24, 0, 0), QD_RANGE);
    assert_int_equal(judge(2024, 1, 1, 0, 60, 0), QD_RANGE);
    assert_int_equal(judge(2024, 1, 1, 0, 0, 60), QD_RANGE);
    assert_int_equal(qd_days_in_month(2024, 0), 0);
    assert_int_equal(qd_days_in_month(2024, 13), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_follows_the_one_before),
        cmocka_unit_test(known_instants),
        cmocka_unit_test(every_second_of_a_day),
        cmocka_unit_test(beyond_the_range_is_its_bound),
        cmocka_unit_test(no_such_date_or_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
