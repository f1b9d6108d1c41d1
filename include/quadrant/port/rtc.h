/*
 * rtc.h - port of the battery-backed real-time clock.
 *
 * Context: main context only. The meter reads it once at start (UTC with validity) and sets it when
 * its own clock was set; between the two UTC runs on the monotonic tick.
 */
#ifndef QUADRANT_PORT_RTC_H
#define QUADRANT_PORT_RTC_H

#include "quadrant/status.h"
#include "quadrant/types.h"

typedef struct qd_rtc {
    void *context;
    /* utc_ms: milliseconds since 2000-01-01T00:00:00Z. QD_OK: running since it was last set;
     * QD_UNAVAILABLE: reserve exhausted or never set, *utc_ms is 0; QD_IO: no answer. */
    qd_status_t (*get)(void *context, int64_t *utc_ms);
    /* QD_OK, QD_IO. */
    qd_status_t (*set)(void *context, int64_t utc_ms);
} qd_rtc_t;

#endif
