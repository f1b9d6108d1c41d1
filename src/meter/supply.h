/*
 * supply.h - what a step may do in the present state of the supply.
 *
 * Purpose: the order of a failing supply. With the notice everything measured so far, the begun interval
 * included, is committed in one small write, within 10 ms and before anything else; after it nothing is written and
 * nobody is answered, because the reserve must last; metering goes on in memory. A supply that comes back finds
 * the meter as it was.
 * Context: main context, inside a step.
 */
#ifndef QD_METER_SUPPLY_H
#define QD_METER_SUPPLY_H

#include "quadrant/port/system.h"
#include "quadrant/types.h"

/* A supply that is back within this was never away: no event. */
#define QD_SUPPLY_DIP_US 1000000u
/* How often a failing supply is looked at. */
#define QD_SUPPLY_POLL_US 1000u
/* Tries to commit with notice; each is a whole write. */
#define QD_SUPPLY_TRIES 3u

typedef enum qd_supply_phase {
    QD_SUPPLY_GOOD = 0, /* an ordinary step */
    QD_SUPPLY_BACK,     /* the same; the supply was away for a while: *away_us says since when */
    QD_SUPPLY_NOTICE,   /* commit what there is, then nothing */
    QD_SUPPLY_QUIET     /* measure, write nothing */
} qd_supply_phase_t;

typedef struct qd_supply {
    bool failing;  /* not on mains since since_us */
    bool kept;     /* what was measured until then is committed */
    uint8_t tries; /* left */
    uint64_t since_us;
} qd_supply_t;

/* Follows the state of the supply; state is what its port says at tick_us. */
qd_supply_phase_t qd_supply_look(qd_supply_t *supply, qd_power_state_t state, uint64_t tick_us,
                                 uint64_t *away_us);
/* What became of the commit with notice. */
void qd_supply_committed(qd_supply_t *supply, bool good);

#endif
