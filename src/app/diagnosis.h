/*
 * diagnosis.h - the error register: what is, or was, wrong with the meter itself.
 *
 * Purpose: conditions that hold now set their bits; a bit stays until somebody clears the register by writing 0
 * (event 10), and comes back at once when its condition still holds. A bit of the memory that rises raises
 * event 14.
 * Source: table 5 of the three-phase meter (bits), table 10 (events). Context: main context.
 */
#ifndef QD_APP_DIAGNOSIS_H
#define QD_APP_DIAGNOSIS_H

#include "app/services.h"

#define QD_ERROR_CLOCK 0x00000001u          /* the clock is invalid */
#define QD_ERROR_FRAM 0x00000002u           /* a record fails its check, or cannot be written */
#define QD_ERROR_FLASH 0x00008000u          /* a page of a log fails its check, or cannot be written */
#define QD_ERROR_INITIALIZATION 0x00040000u /* a module lost its configuration and runs with the factory's */

/* Items. */
enum { QD_DIAGNOSIS_ITEM_ERRORS = 1 /* double-long-unsigned; takes 0 only */ };

typedef struct qd_diagnosis qd_diagnosis_t;

extern const qd_module_t qd_diagnosis_module;

/* The conditions that hold now, QD_ERROR_*. Bits that were not set before are latched and stored. */
void qd_diagnosis_report(qd_diagnosis_t *diagnosis, uint32_t present);
/* The register as it stands. */
uint32_t qd_diagnosis_errors(const qd_diagnosis_t *diagnosis);

#endif
