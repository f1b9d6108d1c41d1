/*
 * quantities.h - port of the measuring element: one record of quantities per interval.
 *
 * Purpose: U, I, P, Q, f and angles of up to three measuring elements, averaged over an interval of
 * one second, at the meter's terminals (secondary side of transformers). Samples, once there are
 * any, are reduced to the same records and enter the same energy code.
 * Sign: P > 0 import (A+); Q > 0 import, inductive with P > 0 (quadrants of IEC 62053-23).
 * Context: main context or, later, the metrology context; the caller owns the record.
 */
#ifndef QUADRANT_PORT_QUANTITIES_H
#define QUADRANT_PORT_QUANTITIES_H

#include "quadrant/status.h"
#include "quadrant/types.h"

#define QD_PHASES 3u

typedef struct qd_phase_quantities {
    uint32_t voltage_mv;         /* 0 .. 1,000,000 */
    uint32_t current_ma;         /* 0 .. 10,000,000 */
    int32_t active_power_mw;     /* -2,000,000,000 .. 2,000,000,000 */
    int32_t reactive_power_mvar; /* -2,000,000,000 .. 2,000,000,000 */
    int16_t voltage_angle_ddeg;  /* U of this phase against U of L1, tenths of a degree, -1800..1800 */
    int16_t current_angle_ddeg;  /* I against U of this phase, tenths of a degree, -1800..1800 */
    bool valid;                  /* false: nothing was measured; no energy, values flagged */
} qd_phase_quantities_t;

typedef struct qd_quantities {
    uint64_t tick_us;       /* monotonic instant at which the interval ended */
    uint32_t duration_us;   /* 1 .. 10,000,000, nominally 1,000,000 */
    uint32_t frequency_mhz; /* millihertz; 0: none of the phases is live */
    qd_phase_quantities_t phase[QD_PHASES];
} qd_quantities_t;

typedef struct qd_quantities_port {
    void *context;
    /* Takes the oldest record that ended at or before tick_us. QD_OK: *record filled; QD_END: none
     * is due; QD_IO: the element does not answer (metering flags the gap). */
    qd_status_t (*take)(void *context, uint64_t tick_us, qd_quantities_t *record);
    /* Ends the running interval now (the supply fails) and takes what it has measured so far; the next interval begins
     * here. As take; QD_END: nothing was measured since the last one. NULL: the element cannot. */
    qd_status_t (*cut)(void *context, uint64_t tick_us, qd_quantities_t *record);
} qd_quantities_port_t;

#endif
