/*
 * activity_octets.h - records of item/activity.h by the name of their shape, to octets and back, for tests.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_TESTS_ACTIVITY_OCTETS_H
#define QD_TESTS_ACTIVITY_OCTETS_H

#include <string.h>

#include "cosem/axdr_io.h"
#include "item/activity.h"

typedef struct activity_shape {
    const char *name;
    const qd_shape_t *shape;
} activity_shape_t;

/* Ends with a name that is NULL. */
static const activity_shape_t activity_shapes[] = {
    {"script", &qd_script_shape},
    {"special_day", &qd_special_day_shape},
    {"season", &qd_season_shape},
    {"week", &qd_week_shape},
    {"day", &qd_day_shape},
    {"threshold", &qd_threshold_shape},
    {"value_definition", &qd_value_definition_shape},
    {"action_set", &qd_action_set_shape},
    {"script_ref", &qd_script_ref_shape},
    {"execution_time", &qd_execution_time_shape},
    {NULL, NULL},
};

/* Takes a record from its octets and gives it again. *length: in the size of out, out its octets. The status of the
 * taking. */
static inline qd_status_t activity_round(const qd_shape_t *shape, const uint8_t *octets, size_t size,
                                         uint8_t *out, size_t *length) {
    union {
        qd_script_t script;
        qd_special_day_t special_day;
        qd_season_t season;
        qd_week_t week;
        qd_day_t day;
        qd_any_t any;
        qd_value_definition_t definition;
        qd_action_set_t set;
        qd_script_ref_t ref;
        qd_execution_time_t time;
    } record;
    qd_axdr_source_t source;
    qd_axdr_sink_t sink;
    qd_writer_t w;
    memset(&record, 0xA5, sizeof record);
    qd_axdr_source_init(&source, octets, size);
    qd_status_t status = qd_shape_take(shape, &source.source, &record);
    if (status != QD_OK) {
        return status;
    }
    qd_writer_init(&w, out, *length);
    qd_axdr_sink_init(&sink, &w, *length);
    status = qd_shape_give(shape, &record, &sink.sink);
    *length = w.at;
    return status;
}

#endif
