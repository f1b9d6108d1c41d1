#include "base/calendar.h"

#define SECONDS_PER_DAY 86400
/* Days from 0000-03-01 to 2000-01-01; years are counted from March so that a leap day ends one. */
#define DAYS_BEFORE_2000 730425
#define DAYS_PER_400_YEARS 146097

static bool is_leap(uint32_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

uint8_t qd_days_in_month(uint16_t year, uint8_t month) {
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (month < 1 || month > 12) {
        return 0;
    }
    return (uint8_t)(days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0));
}

/* Days since 2000-01-01 of a date of the years 0 .. 9999. */
static int32_t days_from_date(uint32_t year, uint32_t month, uint32_t day) {
    uint32_t march_year = month > 2 ? year : year - 1;
    uint32_t march_month = month > 2 ? month - 3 : month + 9;
    /* 153 days in five months from March on: 31 30 31 30 31. */
    uint32_t day_of_year = (153 * march_month + 2) / 5 + day - 1;
    uint32_t days = march_year * 365 + march_year / 4 - march_year / 100 + march_year / 400 + day_of_year;

    return (int32_t)days - DAYS_BEFORE_2000;
}

/* 2000-01-01 was a Saturday (6). */
static uint8_t weekday_of_days(int32_t days) {
    int32_t offset = (days + 5) % 7;

    return (uint8_t)((offset < 0 ? offset + 7 : offset) + 1);
}

uint8_t qd_weekday(uint16_t year, uint8_t month, uint8_t day) {
    /* Year 0 has no January in years counted from March; the calendar begins with year 1. */
    return weekday_of_days(days_from_date(year == 0 ? 400u : year, month, day));
}

void qd_civil_from_seconds(qd_utc_t seconds, qd_civil_t *civil) {
    /* 0001-01-01T00:00:00 and 9999-12-31T23:59:59: a clock beyond them shows the bound. */
    const qd_utc_t first = (qd_utc_t)-730119 * SECONDS_PER_DAY;
    const qd_utc_t last = (qd_utc_t)2921940 * SECONDS_PER_DAY - 1;
    uint32_t days, era_day, era_year, day_of_year, march_month, second_of_day;
    int32_t days_since_2000;

    seconds = seconds < first ? first : seconds > last ? last : seconds;
    second_of_day = (uint32_t)((seconds - first) % SECONDS_PER_DAY);
    days_since_2000 = (int32_t)((seconds - (qd_utc_t)second_of_day) / SECONDS_PER_DAY);
    days = (uint32_t)(days_since_2000 + DAYS_BEFORE_2000);
    era_day = days % DAYS_PER_400_YEARS;
    /* Take out the leap days of 4 and 100 years, put back that of 400; what is left has 365. */
    era_year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
    day_of_year = era_day - (365 * era_year + era_year / 4 - era_year / 100);
    march_month = (5 * day_of_year + 2) / 153;
    civil->day = (uint8_t)(day_of_year - (153 * march_month + 2) / 5 + 1);
    civil->month = (uint8_t)(march_month < 10 ? march_month + 3 : march_month - 9);
    civil->year = (uint16_t)(days / DAYS_PER_400_YEARS * 400 + era_year + (civil->month <= 2 ? 1 : 0));
    civil->weekday = weekday_of_days(days_since_2000);
    civil->hour = (uint8_t)(second_of_day / 3600);
    civil->minute = (uint8_t)(second_of_day / 60 % 60);
    civil->second = (uint8_t)(second_of_day % 60);
}

qd_status_t qd_civil_to_seconds(const qd_civil_t *civil, qd_utc_t *seconds) {
    if (civil->year < 1 || civil->year > 9999 || civil->day < 1 ||
        civil->day > qd_days_in_month(civil->year, civil->month) || civil->hour > 23 || civil->minute > 59 ||
        civil->second > 59) {
        return QD_RANGE;
    }
    *seconds = (qd_utc_t)days_from_date(civil->year, civil->month, civil->day) * SECONDS_PER_DAY +
               civil->hour * 3600 + civil->minute * 60 + civil->second;
    return QD_OK;
}
