/*
 * guard.h - port of the fence around the legally relevant memory.
 *
 * Purpose: on a board with a memory protection unit, metrology's memory is closed to the rest of the firmware. Every
 * call through metrology's door stands between open and close; outside of the two a write to that memory
 * faults. Source: WELMEC 7.2 (separation of software).
 * Context: main context; calls do not nest. A board without such a unit has no guard.
 */
#ifndef QUADRANT_PORT_GUARD_H
#define QUADRANT_PORT_GUARD_H

#include "quadrant/status.h"
#include "quadrant/types.h"

typedef struct qd_guard {
    void *context;
    void (*open)(void *context);
    void (*close)(void *context);
} qd_guard_t;

#endif
