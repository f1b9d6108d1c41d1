/*
 * load_table.h - the table behind qd_load_t and the reading of one number; for sim/load*.c only.
 */
#ifndef QD_SIM_LOAD_TABLE_H
#define QD_SIM_LOAD_TABLE_H

#include "quadrant/load.h"

typedef struct qd_load_row {
    uint32_t second;
    uint32_t frequency_mhz;
    qd_phase_quantities_t phase[QD_PHASES];
} qd_load_row_t;

struct qd_load {
    uint32_t rows;
    uint32_t period_s;
    uint8_t phase_mask;
    qd_load_row_t *row;
};

/*
 * Reads a plain decimal ("-12.3456") of length octets as an integer of 10^-decimals, excess digits
 * rounded half away from zero. NULL: done; otherwise what is wrong. minimum and maximum bound the result.
 */
const char *qd_load_decimal(const char *text, size_t length, unsigned decimals, int64_t minimum,
                            int64_t maximum, int64_t *value);

#endif
