#include "item/activity.h"

#include <stddef.h>

#define STRUCTURE(n)                                                                                         \
    { .op = QD_SHAPE_STRUCTURE, .maximum = (n) }
#define NUMBER(wire, record, field, first, last)                                                             \
    {                                                                                                        \
        .op = QD_SHAPE_NUMBER, .type = (wire), .width = sizeof(((record *)0)->field),                        \
        .offset = offsetof(record, field), .minimum = (first), .maximum = (last)                             \
    }
#define FIXED(kind, record, field, octets)                                                                   \
    { .op = (kind), .offset = offsetof(record, field), .maximum = (octets) }
#define NAME(record, field)                                                                                  \
    { .op = QD_SHAPE_NAME, .offset = offsetof(record, field), .maximum = QD_NAME_OCTETS }
#define ANY(record, field)                                                                                   \
    { .op = QD_SHAPE_ANY, .offset = offsetof(record, field) }
#define ARRAY(record, counter, first, element, most, body)                                                   \
    {                                                                                                        \
        .op = QD_SHAPE_ARRAY, .steps = (body), .offset = offsetof(record, counter),                          \
        .base = offsetof(record, first), .size = sizeof(element), .maximum = (most)                          \
    }
#define SHAPE(steps)                                                                                         \
    { (steps), sizeof(steps) / sizeof((steps)[0]) }

#define U8 QD_TYPE_UNSIGNED
#define U16 QD_TYPE_LONG_UNSIGNED
#define OBIS(record, field) FIXED(QD_SHAPE_OCTETS, record, field, 6)
/* script_logical_name, script_selector */
#define SCRIPT(record, table, selector) OBIS(record, table), NUMBER(U16, record, selector, 0, 65535)

/* structure { script_identifier, actions array of structure { service_id, class_id, logical_name, index, parameter } } */
static const qd_shape_step_t script[] = {
    STRUCTURE(2),
    NUMBER(U16, qd_script_t, identifier, 1, 65535),
    ARRAY(qd_script_t, count, action, qd_script_step_t, QD_SCRIPT_ACTIONS, 6),
    STRUCTURE(5),
    NUMBER(QD_TYPE_ENUM, qd_script_step_t, service, 1, 2),
    NUMBER(U16, qd_script_step_t, class_id, 0, 65535),
    OBIS(qd_script_step_t, logical_name),
    NUMBER(QD_TYPE_INTEGER, qd_script_step_t, index, -128, 127),
    ANY(qd_script_step_t, parameter),
};
const qd_shape_t qd_script_shape = SHAPE(script);

/* structure { index, specialday_date, day_id } */
static const qd_shape_step_t special_day[] = {
    STRUCTURE(3),
    NUMBER(U16, qd_special_day_t, index, 0, 65535),
    FIXED(QD_SHAPE_DATE, qd_special_day_t, date, 5),
    NUMBER(U8, qd_special_day_t, day_id, 0, 255),
};
const qd_shape_t qd_special_day_shape = SHAPE(special_day);

/* structure { season_profile_name, season_start, week_name } */
static const qd_shape_step_t season[] = {
    STRUCTURE(3),
    NAME(qd_season_t, name),
    FIXED(QD_SHAPE_DATE_TIME, qd_season_t, start, 12),
    NAME(qd_season_t, week),
};
const qd_shape_t qd_season_shape = SHAPE(season);

/* structure { week_profile_name, monday .. sunday } */
static const qd_shape_step_t week[] = {
    STRUCTURE(8),
    NAME(qd_week_t, name),
    NUMBER(U8, qd_week_t, day_id[0], 0, 255),
    NUMBER(U8, qd_week_t, day_id[1], 0, 255),
    NUMBER(U8, qd_week_t, day_id[2], 0, 255),
    NUMBER(U8, qd_week_t, day_id[3], 0, 255),
    NUMBER(U8, qd_week_t, day_id[4], 0, 255),
    NUMBER(U8, qd_week_t, day_id[5], 0, 255),
    NUMBER(U8, qd_week_t, day_id[6], 0, 255),
};
const qd_shape_t qd_week_shape = SHAPE(week);

/* structure { day_id, day_schedule array of structure { start_time, script_logical_name, script_selector } } */
static const qd_shape_step_t day[] = {
    STRUCTURE(2),
    NUMBER(U8, qd_day_t, day_id, 0, 255),
    ARRAY(qd_day_t, count, action, qd_day_action_t, QD_DAY_ACTIONS, 4),
    STRUCTURE(3),
    FIXED(QD_SHAPE_TIME, qd_day_action_t, start, 4),
    SCRIPT(qd_day_action_t, script.table, script.selector),
};
const qd_shape_t qd_day_shape = SHAPE(day);

static const qd_shape_step_t threshold[] = {{.op = QD_SHAPE_ANY}};
const qd_shape_t qd_threshold_shape = SHAPE(threshold);

/* structure { class_id, logical_name, attribute_index } */
static const qd_shape_step_t value_definition[] = {
    STRUCTURE(3),
    NUMBER(U16, qd_value_definition_t, class_id, 0, 65535),
    OBIS(qd_value_definition_t, logical_name),
    NUMBER(QD_TYPE_INTEGER, qd_value_definition_t, attribute, -128, 127),
};
const qd_shape_t qd_value_definition_shape = SHAPE(value_definition);

/* structure { action_up structure { script_logical_name, script_selector }, action_down the same } */
static const qd_shape_step_t action_set[] = {
    STRUCTURE(2),
    STRUCTURE(2),
    SCRIPT(qd_action_set_t, up.table, up.selector),
    STRUCTURE(2),
    SCRIPT(qd_action_set_t, down.table, down.selector),
};
const qd_shape_t qd_action_set_shape = SHAPE(action_set);

/* structure { script_logical_name, script_selector } */
static const qd_shape_step_t script_ref[] = {
    STRUCTURE(2),
    OBIS(qd_script_ref_t, table),
    NUMBER(U16, qd_script_ref_t, selector, 0, 65535),
};
const qd_shape_t qd_script_ref_shape = SHAPE(script_ref);

/* structure { time, date } */
static const qd_shape_step_t execution_time[] = {
    STRUCTURE(2),
    FIXED(QD_SHAPE_TIME, qd_execution_time_t, time, 4),
    FIXED(QD_SHAPE_DATE, qd_execution_time_t, date, 5),
};
const qd_shape_t qd_execution_time_shape = SHAPE(execution_time);
