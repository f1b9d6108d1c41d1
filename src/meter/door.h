/*
 * door.h - the door of metrology, as the rest of the meter finds it: between every step in and out stands the guard.
 *
 * Purpose: the one place from which the meter calls metrology, so that no call goes past the guard
 * (include/quadrant/port/guard.h). The door itself lies in metrology's memory, in front of metrology's state: what
 * is behind it cannot be exchanged from outside. What metrology tells is copied out after the door has been closed,
 * so the caller's buffer is written with the caller's rights and never lies behind the fence.
 * Every function here does what the function of metrology.h with the same name does.
 * Context: main context; calls do not nest. Ownership: all state is in the memory given to qd_door_init.
 */
#ifndef QD_METER_DOOR_H
#define QD_METER_DOOR_H

#include "metrology/metrology.h"
#include "quadrant/port/guard.h"

typedef struct qd_door {
    const qd_guard_t *guard; /* NULL: no fence on this board */
    qd_metrology_t *metrology;
    const qd_gate_t *inner; /* metrology's own gate */
    qd_gate_t gate;         /* the same through the door */
} qd_door_t;

/* Octets of memory for the door and what is behind it. */
size_t qd_door_size(void);
/* As qd_metrology_init. guard may be NULL and is kept. */
qd_status_t qd_door_init(void *memory, size_t size, const qd_guard_t *guard,
                         const qd_metrology_config_t *config, const qd_metrology_ports_t *ports,
                         uint64_t tick_us, qd_door_t **door);
qd_status_t qd_door_run(const qd_door_t *door, const qd_quantities_t *record);
qd_status_t qd_door_commit(const qd_door_t *door);
qd_status_t qd_door_commit_notice(const qd_door_t *door);
void qd_door_commit_failed(const qd_door_t *door);
qd_status_t qd_door_storage_note(const qd_door_t *door, qd_journal_code_t code, uint16_t detail);
/* The gate, each of its calls through the door; valid as long as the door. */
const qd_gate_t *qd_door_gate(const qd_door_t *door);
uint64_t qd_door_hash(const qd_door_t *door);
int64_t qd_door_utc_ms(const qd_door_t *door, uint64_t tick_us);

#endif
