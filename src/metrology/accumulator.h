/*
 * accumulator.h - the primitive of energy: power times time, nothing lost.
 *
 * energy = whole mJ in a 64-bit counter and the rest below it in nJ (mW us), 0 .. 999,999.
 * Range: 2^63 mJ are 2.56e9 kWh; a 69 kW meter needs 4,200 years. Context: any.
 */
#ifndef QD_METROLOGY_ACCUMULATOR_H
#define QD_METROLOGY_ACCUMULATOR_H

#include "quadrant/types.h"

typedef struct qd_accumulator {
    int64_t whole_mj;
    uint32_t rest_nj;
} qd_accumulator_t;

/* Adds power_mw * duration_us; power_mw 0 .. 2^40 (three elements of the port's largest U * I are
 * 3e10), duration_us 0 .. 10,000,000. Returns the whole mJ that came up. */
uint64_t qd_accumulator_add(qd_accumulator_t *accumulator, uint64_t power_mw, uint32_t duration_us);

#endif
