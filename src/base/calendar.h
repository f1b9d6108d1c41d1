/*
 * calendar.h - proleptic Gregorian calendar arithmetic on qd_utc_t (seconds since 2000-01-01).
 *
 * Context: any. No zone and no DST here: app/clock turns UTC into civil time.
 */
#ifndef QD_BASE_CALENDAR_H
#define QD_BASE_CALENDAR_H

#include "quadrant/status.h"
#include "quadrant/types.h"

typedef struct qd_civil {
    uint16_t year;   /* 1 .. 9999 */
    uint8_t month;   /* 1 .. 12 */
    uint8_t day;     /* 1 .. 31 */
    uint8_t weekday; /* 1 Monday .. 7 Sunday */
    uint8_t hour;    /* 0 .. 23 */
    uint8_t minute;  /* 0 .. 59 */
    uint8_t second;  /* 0 .. 59 */
} qd_civil_t;

/* Civil fields of an instant. */
void qd_civil_from_seconds(qd_utc_t seconds, qd_civil_t *civil);
/* Instant of civil fields; weekday is ignored. QD_OK; QD_RANGE: no such date or time. */
qd_status_t qd_civil_to_seconds(const qd_civil_t *civil, qd_utc_t *seconds);
uint8_t qd_days_in_month(uint16_t year, uint8_t month);
/* 1 Monday .. 7 Sunday. */
uint8_t qd_weekday(uint16_t year, uint8_t month, uint8_t day);

#endif
