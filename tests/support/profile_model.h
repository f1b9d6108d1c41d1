/*
 * profile_model.h - a model with a profile of 10 columns in a ring, for tests and measurements only.
 *
 * The three-phase model and one object more: 1-0:99.1.0, class 7, served by the meter's own server like any other. What
 * its rows hold follows from their number, so that whoever reads them can say what they must be without asking here.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_TESTS_PROFILE_MODEL_H
#define QD_TESTS_PROFILE_MODEL_H

#include "app/clock.h"
#include "item/profile.h"
#include "models/model.h"

#define PM_CAPACITY 5760u
#define PM_COLUMNS 10u
#define PM_REGISTERS 8u
#define PM_OBJECTS 256u
#define PM_PERIOD_S 900u
#define PM_BEGIN_S 820540800u /* 2026-01-01T00:00:00Z, of the first row ever */

/* In which order the rows are shown. */
typedef enum pm_order {
    PM_FIFO = 0, /* as captured */
    PM_LARGEST,  /* by the last column, the largest first */
    PM_SMALLEST  /* by the last column, the smallest first */
} pm_order_t;

typedef struct pm_row {
    uint32_t utc_s;
    uint8_t status;
    uint32_t value[PM_REGISTERS];
} pm_row_t;

typedef struct profile_model {
    qd_model_t model; /* what a meter is started with */
    qd_cosem_tables_t tables;
    qd_object_row_t objects[PM_OBJECTS];
    const qd_clock_t *clock; /* of the meter, for bounds */
    pm_row_t ring[PM_CAPACITY];
    uint16_t shown[PM_CAPACITY]; /* place in the ring of each row, where the order is not the ring's */
    uint32_t first;
    uint32_t end;
    uint32_t generation;
    uint32_t period_s;
    uint8_t order; /* pm_order_t */
    const pm_row_t *fetched;
    qd_scalar_t cell[PM_COLUMNS];
    qd_stamp_t stamp;
} profile_model_t;

/* Prepares the model with its first count rows captured. One at a time can be in use: its module knows the one that
 * was prepared last. */
void profile_model_make(profile_model_t *pm, pm_order_t order, uint32_t count);
/* One row more; the oldest one goes when the ring is full. */
void profile_model_capture(profile_model_t *pm);

#endif
