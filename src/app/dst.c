#include "app/dst.h"

#define ANY 0xFFu
#define LAST_DAY 0xFEu
#define LAST_BUT_ONE 0xFDu

static uint16_t rule_year(const uint8_t *octets) {
    return (uint16_t)((octets[0] << 8) | octets[1]);
}

qd_status_t qd_dst_check(const uint8_t octets[QD_DATE_TIME_SIZE]) {
    uint8_t month = octets[2];
    uint8_t day = octets[3];
    uint8_t weekday = octets[4];
    bool day_known = (day >= 1 && day <= 31) || day == LAST_DAY || day == LAST_BUT_ONE;
    if (month < 1 || month > 12 || !day_known || !((weekday >= 1 && weekday <= 7) || weekday == ANY)) {
        return QD_RANGE;
    }
    uint8_t minute = octets[6] == ANY ? 0 : octets[6];
    uint8_t second = octets[7] == ANY ? 0 : octets[7];
    return octets[5] > 23 || minute > 59 || second > 59 ? QD_RANGE : QD_OK;
}

/* The day of the month that the rule names in a year: the last weekday of the month (FE), the
 * first one on or after a given day, or the day itself. */
static uint8_t rule_day(const uint8_t *octets, uint16_t year) {
    uint8_t month = octets[2];
    uint8_t day = octets[3];
    uint8_t weekday = octets[4];
    uint8_t days = qd_days_in_month(year, month);
    if (day == LAST_DAY || day == LAST_BUT_ONE) {
        uint8_t last = day == LAST_DAY ? days : (uint8_t)(days - 1u);
        if (weekday == ANY) {
            return last;
        }
        return (uint8_t)(last - (qd_weekday(year, month, last) + 7u - weekday) % 7u);
    }
    uint8_t first = day > days ? days : day;
    if (weekday == ANY) {
        return first;
    }
    uint8_t named = (uint8_t)(first + (weekday + 7u - qd_weekday(year, month, first)) % 7u);
    return named > days ? days : named;
}

/* Instant of the rule in a year, in the civil time in which the rule is written. */
static qd_utc_t rule_seconds(const uint8_t *octets, uint16_t year) {
    qd_civil_t civil = {.year = year,
                        .month = octets[2],
                        .day = rule_day(octets, year),
                        .hour = octets[5],
                        .minute = octets[6] == ANY ? 0 : octets[6],
                        .second = octets[7] == ANY ? 0 : octets[7]};
    qd_utc_t seconds = 0;
    (void)qd_civil_to_seconds(&civil, &seconds);
    return seconds;
}

static bool rule_holds_in(const uint8_t *octets, uint16_t year) {
    uint16_t named = rule_year(octets);
    return named == 0xFFFFu || named == year;
}

bool qd_dst_active(const qd_dst_rule_t *rule, qd_utc_t utc) {
    if (!rule->enabled || qd_dst_check(rule->begin) != QD_OK || qd_dst_check(rule->end) != QD_OK) {
        return false;
    }
    qd_utc_t standard = utc - (qd_utc_t)rule->time_zone_min * 60;
    qd_civil_t civil;
    qd_civil_from_seconds(standard, &civil);
    if (!rule_holds_in(rule->begin, civil.year) && !rule_holds_in(rule->end, civil.year)) {
        return false;
    }
    /* The end is written in daylight saving time, which is ahead of standard time. */
    qd_utc_t begin = rule_seconds(rule->begin, civil.year);
    qd_utc_t end = rule_seconds(rule->end, civil.year) - (qd_utc_t)rule->deviation_min * 60;
    if (begin <= end) {
        return standard >= begin && standard < end;
    }
    return standard >= begin || standard < end; /* southern hemisphere: over the turn of the year */
}
