/*
 * activity_octets.h - records of item/activity.h by the name of their shape, to octets and back, for tests.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_TESTS_ACTIVITY_OCTETS_H
#define QD_TESTS_ACTIVITY_OCTETS_H

#include "item/activity.h"

typedef struct activity_shape {
    const char *name;
    const qd_shape_t *shape;
} activity_shape_t;

/* Ends with a name that is NULL. */
extern const activity_shape_t activity_shapes[];

/* Takes a record from its octets and gives it again. *length: in the size of out, out its octets. The status of the
 * taking. */
qd_status_t activity_round(const qd_shape_t *shape, const uint8_t *octets, size_t size, uint8_t *out,
                           size_t *length);

#endif
