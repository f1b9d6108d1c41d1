/*
 * dst.h - daylight saving rules as COSEM date-times with wildcards. Context: any.
 */
#ifndef QD_APP_DST_H
#define QD_APP_DST_H

#include "app/clock.h"

typedef struct qd_dst_rule {
    int16_t time_zone_min;
    int8_t deviation_min;
    bool enabled;
    uint8_t begin[QD_DATE_TIME_SIZE];
    uint8_t end[QD_DATE_TIME_SIZE];
} qd_dst_rule_t;

/* QD_OK; QD_RANGE: month, day, weekday or time can never come true, or month or time of day is left
 * open (a rule must name one instant in each year). */
qd_status_t qd_dst_check(const uint8_t octets[QD_DATE_TIME_SIZE]);
/* Whether daylight saving is in force at a UTC instant. */
bool qd_dst_active(const qd_dst_rule_t *rule, qd_utc_t utc);

#endif
