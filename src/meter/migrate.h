/*
 * migrate.h - records of another layout version: taken over at the start, handed back before an older firmware comes.
 *
 * Purpose: a model lists the earlier layouts of its records with the way up and down (models/model.h). Either way a
 * cut anywhere leaves the old records or the new ones, complete (store/store.h). The ring logs keep their places: a
 * layout that changes them needs a way of its own.
 * Context: main context, while no meter runs on the memory.
 */
#ifndef QD_METER_MIGRATE_H
#define QD_METER_MIGRATE_H

#include "meter/meter_state.h"

/* Takes over what another layout version has written. QD_OK: the present layout now; QD_VERSION: none that is
 * known here; else as qd_store_migrate. memory: where the store will live, and whatever is free behind it; a few
 * thousand octets are needed. */
qd_status_t qd_meter_take_over(qd_meter_t *meter, void *memory, size_t size);

#endif
