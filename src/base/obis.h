/*
 * obis.h - comparing OBIS codes. Source: IEC 62056-61. Context: any.
 */
#ifndef QD_BASE_OBIS_H
#define QD_BASE_OBIS_H

#include "quadrant/types.h"

/* The six groups as one number that sorts A first: the order of model tables. */
uint64_t qd_obis_key(const qd_obis_t *obis);

#endif
