/*
 * upkeep.h - looking after the memories: what rots is found while there is still a copy, and told.
 *
 * Purpose: every minute one place of the record store and one page of the logs is verified; what was repaired or
 * lost goes into metrology's integrity journal, and what is wrong now into the error register: at once when
 * metrology or the clock says so, within a minute when a memory does. Metering never
 * waits for any of it.
 * Context: main context, inside a step, outside of groups.
 */
#ifndef QD_METER_UPKEEP_H
#define QD_METER_UPKEEP_H

#include "quadrant/types.h"

struct qd_meter;

#define QD_UPKEEP_PERIOD_US 60000000u

/* Detail of the journal entry for slots that the mount has written again; scrubbing names the record, 0: superblock. */
#define QD_UPKEEP_AT_START 0xFFFFu

typedef struct qd_upkeep {
    uint64_t next_us;      /* of the next look */
    uint32_t lost_events;  /* that were dropped before they could be written: told already */
    uint32_t lost_records; /* rows of the layout that have no good slot, one bit each: told already */
    bool was_lost;         /* a record was, since the error register was judged last */
    uint16_t bad_pages;    /* found in the present round */
    uint16_t told_pages;   /* found in the round before, and told */
    uint16_t flags;        /* of the snapshot, when conditions were judged last */
    bool clock_valid;
} qd_upkeep_t;

/* What the mount has found; lost_logs has the bit of each log whose head was lost. */
void qd_upkeep_start(struct qd_meter *meter, uint32_t lost_logs);
/* Looks at one place when it is time, and at the conditions that make the error register. */
void qd_upkeep_run(struct qd_meter *meter, uint64_t tick_us);

#endif
