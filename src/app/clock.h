/*
 * clock.h - civil time: zone, daylight saving, setting and adjusting.
 *
 * Purpose: metrology keeps UTC; this module derives civil time and is the only one that asks for a
 * change. Source: IEC 62056-62 class 8; what a change does to others is in docs/time.md.
 * Context: main context.
 */
#ifndef QD_APP_CLOCK_H
#define QD_APP_CLOCK_H

#include "app/services.h"
#include "base/calendar.h"

/* Octets of a COSEM date-time. */
#define QD_DATE_TIME_SIZE 12u

/* Bits of the clock status (class 8, attribute 4). */
#define QD_CLOCK_INVALID 0x01u
#define QD_CLOCK_DOUBTFUL 0x02u
#define QD_CLOCK_DST 0x80u

typedef struct qd_clock_config {
    int16_t time_zone_min; /* UTC minus local standard time; UTC+1 is -60 */
    int8_t dst_deviation_min;
    bool dst_enabled;
    uint8_t dst_begin[QD_DATE_TIME_SIZE]; /* wildcards FF, last day FE, last but one FD */
    uint8_t dst_end[QD_DATE_TIME_SIZE];
    uint16_t shift_limit_s;      /* from which a change raises events 4 and 5 */
    uint16_t measuring_period_s; /* of adjust_to_measuring_period */
    uint8_t clock_base;          /* class 8, attribute 9 */
} qd_clock_config_t;

/* Items. QD_CLOCK_ITEM_OBJECT takes arg = attribute (get, put) or method (act) of class 8. */
enum {
    QD_CLOCK_ITEM_OBJECT = 1,
    QD_CLOCK_ITEM_LOCAL_TIME, /* octet-string(4) */
    QD_CLOCK_ITEM_LOCAL_DATE, /* octet-string(5) */
    QD_CLOCK_ITEM_SHIFT_LIMIT /* seconds */
};

typedef struct qd_clock qd_clock_t;
extern const qd_module_t qd_clock_module;

/* UTC in seconds at a tick. */
qd_utc_t qd_clock_utc(const qd_clock_t *clock, uint64_t tick_us);
int64_t qd_clock_utc_ms(const qd_clock_t *clock, uint64_t tick_us);
/* UTC minus civil time in minutes at an instant, DST included; *dst tells whether it is active. */
int16_t qd_clock_deviation(const qd_clock_t *clock, qd_utc_t utc, bool *dst);
/* Status octet as of the last step. */
uint8_t qd_clock_status_octet(const qd_clock_t *clock);
/* COSEM date-time of an instant. */
void qd_clock_date_time(const qd_clock_t *clock, int64_t utc_ms, uint8_t octets[QD_DATE_TIME_SIZE]);
/* COSEM date-time of an instant under a deviation and status of its own; hundredths FF: not specified. */
void qd_clock_stamp(qd_utc_t utc, uint8_t hundredths, int16_t deviation_min, uint8_t status,
                    uint8_t octets[QD_DATE_TIME_SIZE]);
/* A stamp that is moved on from row to row; all zero at first. */
typedef struct qd_stamp {
    qd_utc_t midnight; /* begin of its day, in UTC */
    uint8_t octets[QD_DATE_TIME_SIZE];
} qd_stamp_t;
/* As qd_clock_stamp; the date is worked out anew only when the day or the deviation is another than before. */
void qd_clock_stamp_next(qd_stamp_t *stamp, qd_utc_t utc, uint8_t hundredths, int16_t deviation_min,
                         uint8_t status);
/* Instant in s that a COSEM date-time bounds a range with, 0 .. 2^32 - 1: fields that are not specified stand for
 * the earliest (last: the latest) time that fits, and so does an hour that comes twice without the DST bit; the weekday
 * is not looked at; what is before 2000 in UTC and years after 2135 are the ends of all time. A first bound with hundredths is rounded
 * up, a last one down. QD_OK; QD_RANGE: no date-time. */
qd_status_t qd_clock_bound(const qd_clock_t *clock, const uint8_t octets[QD_DATE_TIME_SIZE], bool last,
                           uint32_t *utc_s);
/* Instant of a COSEM date-time: all fields of date and time given, hundredths and weekday may be
 * unspecified, deviation 8000 means civil time by the meter's own zone. QD_OK; QD_RANGE. */
qd_status_t qd_clock_parse(const qd_clock_t *clock, const uint8_t octets[QD_DATE_TIME_SIZE], int64_t *utc_ms);

#endif
