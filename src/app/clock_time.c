#include "app/clock.h"

#include <string.h>

#include "app/clock_state.h"
#include "app/gateway.h"
#include "base/cursor.h"

/* UTC runs on the tick between two snapshots: metrology's clock and ours never differ. */
int64_t qd_clock_utc_ms(const qd_clock_t *clock, uint64_t tick_us) {
    const qd_snapshot_t *snapshot = &clock->services->gateway->snapshot;
    int64_t utc_us = snapshot->utc_us + (int64_t)(tick_us - snapshot->tick_us);
    return utc_us / 1000 - (utc_us % 1000 < 0 ? 1 : 0);
}

qd_utc_t qd_clock_seconds(int64_t utc_ms) {
    int64_t seconds = utc_ms / 1000;
    return utc_ms % 1000 < 0 ? seconds - 1 : seconds;
}

qd_utc_t qd_clock_utc(const qd_clock_t *clock, uint64_t tick_us) {
    return qd_clock_seconds(qd_clock_utc_ms(clock, tick_us));
}

int16_t qd_clock_deviation(const qd_clock_t *clock, qd_utc_t utc, bool *dst) {
    bool active = qd_dst_active(&clock->settings.rule, utc);
    if (dst != NULL) {
        *dst = active;
    }
    int16_t saving = active ? clock->settings.rule.deviation_min : 0;
    return (int16_t)(clock->settings.rule.time_zone_min - saving);
}

static uint8_t status_of(const qd_clock_t *clock, bool dst) {
    const qd_clock_status_t *status = &clock->services->gateway->snapshot.clock;
    return (uint8_t)((status->valid ? 0u : QD_CLOCK_INVALID) | (status->doubtful ? QD_CLOCK_DOUBTFUL : 0u) |
                     (dst ? QD_CLOCK_DST : 0u));
}

uint8_t qd_clock_status_octet(const qd_clock_t *clock) {
    return status_of(clock, clock->dst);
}

void qd_clock_stamp(qd_utc_t utc, uint8_t hundredths, int16_t deviation_min, uint8_t status,
                    uint8_t octets[QD_DATE_TIME_SIZE]) {
    qd_civil_t civil;
    qd_civil_from_seconds(utc - (qd_utc_t)deviation_min * 60, &civil);
    octets[0] = (uint8_t)(civil.year >> 8);
    octets[1] = (uint8_t)civil.year;
    octets[2] = civil.month;
    octets[3] = civil.day;
    octets[4] = civil.weekday;
    octets[5] = civil.hour;
    octets[6] = civil.minute;
    octets[7] = civil.second;
    octets[8] = hundredths;
    octets[9] = (uint8_t)((uint16_t)deviation_min >> 8);
    octets[10] = (uint8_t)deviation_min;
    octets[11] = status;
}

void qd_clock_stamp_next(qd_stamp_t *stamp, qd_utc_t utc, uint8_t hundredths, int16_t deviation_min,
                         uint8_t status) {
    uint8_t *octets = stamp->octets;
    bool same_zone =
        octets[9] == (uint8_t)((uint16_t)deviation_min >> 8) && octets[10] == (uint8_t)deviation_min;
    if (!same_zone || octets[2] == 0 || utc < stamp->midnight || utc - stamp->midnight >= 86400) {
        qd_clock_stamp(utc, hundredths, deviation_min, status, octets);
        stamp->midnight = utc - octets[5] * 3600 - octets[6] * 60 - octets[7];
        return;
    }
    uint32_t second = (uint32_t)(utc - stamp->midnight);
    octets[5] = (uint8_t)(second / 3600u);
    octets[6] = (uint8_t)(second / 60u % 60u);
    octets[7] = (uint8_t)(second % 60u);
    octets[8] = hundredths;
    octets[11] = status;
}

void qd_clock_date_time(const qd_clock_t *clock, int64_t utc_ms, uint8_t octets[QD_DATE_TIME_SIZE]) {
    bool dst = false;
    qd_utc_t utc = qd_clock_seconds(utc_ms);
    int16_t deviation = qd_clock_deviation(clock, utc, &dst);
    qd_clock_stamp(utc, (uint8_t)((utc_ms - utc * 1000) / 10), deviation, status_of(clock, dst), octets);
}

/* Civil time without deviation: by standard time, or by daylight saving time when that is in force
 * then; in the doubled hour the DST bit of the status decides, in the missing hour standard time. */
static qd_utc_t local_to_utc(const qd_clock_t *clock, qd_utc_t local, uint8_t status) {
    const qd_dst_rule_t *rule = &clock->settings.rule;
    qd_utc_t standard = local + (qd_utc_t)rule->time_zone_min * 60;
    qd_utc_t saving = standard - (qd_utc_t)rule->deviation_min * 60;
    bool may_be_saving = qd_dst_active(rule, saving);
    bool may_be_standard = !qd_dst_active(rule, standard);
    if (may_be_saving && may_be_standard) {
        bool told_standard = status != 0xFFu && (status & QD_CLOCK_DST) == 0;
        return told_standard ? standard : saving;
    }
    return may_be_saving ? saving : standard;
}

qd_status_t qd_clock_parse(const qd_clock_t *clock, const uint8_t octets[QD_DATE_TIME_SIZE],
                           int64_t *utc_ms) {
    qd_reader_t r;
    qd_reader_init(&r, octets, QD_DATE_TIME_SIZE);
    qd_civil_t civil;
    civil.year = qd_reader_u16(&r);
    civil.month = qd_reader_u8(&r);
    civil.day = qd_reader_u8(&r);
    civil.weekday = qd_reader_u8(&r);
    civil.hour = qd_reader_u8(&r);
    civil.minute = qd_reader_u8(&r);
    civil.second = qd_reader_u8(&r);
    uint8_t hundredths = qd_reader_u8(&r);
    int16_t deviation = (int16_t)qd_reader_u16(&r);
    uint8_t status = qd_reader_u8(&r);
    qd_utc_t local = 0;
    bool specified = deviation != INT16_MIN; /* 8000: not specified */
    if (civil.year < 2000 || civil.year > 2135 || qd_civil_to_seconds(&civil, &local) != QD_OK ||
        (hundredths > 99 && hundredths != 0xFF) || (specified && (deviation < -720 || deviation > 840))) {
        return QD_RANGE;
    }
    if (civil.weekday != 0xFF && civil.weekday != qd_weekday(civil.year, civil.month, civil.day)) {
        return QD_RANGE;
    }
    qd_utc_t utc = specified ? local + (qd_utc_t)deviation * 60 : local_to_utc(clock, local, status);
    *utc_ms = utc * 1000 + (hundredths == 0xFF ? 0 : hundredths * 10);
    return utc < 0 ? QD_RANGE : QD_OK;
}

/* Days of a month; 31 when year or month is none. */
static uint8_t days_of(uint16_t year, uint8_t month) {
    qd_civil_t civil = {.year = year, .month = month, .day = 31, .weekday = 0xFF};
    qd_utc_t local = 0;
    while (civil.day > 28 && qd_civil_to_seconds(&civil, &local) != QD_OK) {
        civil.day--;
    }
    return civil.day;
}

qd_status_t qd_clock_bound(const qd_clock_t *clock, const uint8_t octets[QD_DATE_TIME_SIZE], bool last,
                           uint32_t *utc_s) {
    static const struct {
        uint8_t at;
        uint8_t first;
        uint8_t last;
    } fields[] = {{2, 1, 12}, {5, 0, 23}, {6, 0, 59}, {7, 0, 59}};
    uint8_t given[QD_DATE_TIME_SIZE];
    uint16_t year = (uint16_t)((octets[0] << 8) | octets[1]);
    memcpy(given, octets, sizeof given);
    if (year < 2000 || year > 2135) {
        bool before_all = year == 0xFFFF ? !last : year < 2000;
        *utc_s = before_all ? 0 : UINT32_MAX;
        return QD_OK;
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (given[fields[i].at] == 0xFF) {
            given[fields[i].at] = last ? fields[i].last : fields[i].first;
        }
    }
    if (given[3] == 0xFF) {
        given[3] = last ? days_of(year, given[2]) : 1;
    }
    given[4] = 0xFF;
    given[11] = last && given[11] == 0xFF ? 0 : given[11]; /* of the doubled hour the second one */
    int64_t utc_ms = 0;
    qd_status_t status = qd_clock_parse(clock, given, &utc_ms);
    if (utc_ms < 0) {
        *utc_s = 0; /* the first hours of 2000 east of Greenwich are before all rows, too */
        return QD_OK;
    }
    if (status == QD_OK) {
        int64_t seconds = last ? utc_ms / 1000 : (utc_ms + 999) / 1000;
        *utc_s = seconds > (int64_t)UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
    }
    return status;
}
