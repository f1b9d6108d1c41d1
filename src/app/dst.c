#include "app/dst.h"

#define ANY 0xFFu
#define LAST_DAY 0xFEu
#define LAST_BUT_ONE 0xFDu
#define ANY_YEAR 0xFFFFu
#define NEVER INT64_MIN

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

/* Instant of the rule in a year, in the civil time in which the rule is written: the last weekday of
 * the month (FE), the first one on or after a given day (which may be in the next month), or the day
 * itself. */
static qd_utc_t rule_seconds(const uint8_t *octets, uint16_t year) {
    uint8_t month = octets[2];
    uint8_t day = octets[3];
    uint8_t weekday = octets[4];
    uint8_t days = qd_days_in_month(year, month);
    bool from_the_end = day == LAST_DAY || day == LAST_BUT_ONE;
    qd_civil_t civil = {.year = year,
                        .month = month,
                        .day = day,
                        .hour = octets[5],
                        .minute = octets[6] == ANY ? 0 : octets[6],
                        .second = octets[7] == ANY ? 0 : octets[7]};
    if (from_the_end) {
        civil.day = day == LAST_DAY ? days : (uint8_t)(days - 1u);
    } else if (day > days) {
        civil.day = days;
    }
    qd_utc_t seconds = 0;
    (void)qd_civil_to_seconds(&civil, &seconds);
    if (weekday != ANY) {
        uint8_t there = qd_weekday(year, month, civil.day);
        int64_t shift = from_the_end ? -(int64_t)((there + 7u - weekday) % 7u) : (weekday + 7u - there) % 7u;
        seconds += shift * 86400;
    }
    return seconds;
}

/* The newest instant of the rule that is not after `standard` (local standard time); NEVER if none. */
static qd_utc_t newest(const uint8_t *octets, qd_utc_t standard, int64_t ahead_s) {
    uint16_t named = rule_year(octets);
    if (named != ANY_YEAR) {
        qd_utc_t at = rule_seconds(octets, named) - ahead_s;
        return at <= standard ? at : NEVER;
    }
    qd_civil_t civil;
    qd_civil_from_seconds(standard, &civil);
    qd_utc_t at = rule_seconds(octets, civil.year) - ahead_s;
    return at <= standard ? at : rule_seconds(octets, (uint16_t)(civil.year - 1u)) - ahead_s;
}

bool qd_dst_active(const qd_dst_rule_t *rule, qd_utc_t utc) {
    if (!rule->enabled || qd_dst_check(rule->begin) != QD_OK || qd_dst_check(rule->end) != QD_OK) {
        return false;
    }
    qd_utc_t standard = utc - (qd_utc_t)rule->time_zone_min * 60;
    /* The end is written in daylight saving time, which is ahead of standard time. */
    qd_utc_t begin = newest(rule->begin, standard, 0);
    qd_utc_t end = newest(rule->end, standard, (int64_t)rule->deviation_min * 60);
    return begin != NEVER && begin > end;
}
