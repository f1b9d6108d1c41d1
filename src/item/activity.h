/*
 * activity.h - what is done when: the records of scripts, special days, calendars, monitors and single actions.
 *
 * Purpose: one C struct per element of the attributes of classes 9, 11, 20, 21 and 22 (IEC 62056-62), and its shape;
 * attributes that are arrays are given and taken record by record.
 * Dates and times are kept as they come on the wire, with their wildcards.
 * Context: any; plain data.
 */
#ifndef QD_ITEM_ACTIVITY_H
#define QD_ITEM_ACTIVITY_H

#include "item/shape.h"

#define QD_NAME_OCTETS 8u        /* of seasons, weeks and calendars */
#define QD_SCRIPT_ACTIONS 8u     /* of one script */
#define QD_DAY_ACTIONS 48u       /* switching times of one day type */
#define QD_CALENDAR_SEASONS 8u   /* rows of the three tables of a calendar */
#define QD_CALENDAR_WEEKS 8u     /* rows of the three tables of a calendar */
#define QD_CALENDAR_DAYS 24u     /* rows of the three tables of a calendar */
#define QD_SPECIAL_DAYS 31u      /* rows of the table */
#define QD_MONITOR_THRESHOLDS 8u /* of one monitor, and so many pairs of actions */
#define QD_EXECUTION_TIMES 16u   /* of one single action */

typedef struct qd_octets_name {
    uint8_t length;
    uint8_t octets[QD_NAME_OCTETS];
} qd_octets_name_t;

/* A script of a script table, which somebody sets off. */
typedef struct qd_script_ref {
    uint8_t table[6]; /* its logical name */
    uint16_t selector;
} qd_script_ref_t;

/* Class 9, scripts. */
typedef struct qd_script_step {
    uint8_t service; /* 1 write attribute, 2 execute method */
    uint8_t logical_name[6];
    int8_t index;
    uint16_t class_id;
    qd_any_t parameter;
} qd_script_step_t;
typedef struct qd_script {
    uint16_t identifier; /* 1 .. 65535 */
    uint8_t count;
    qd_script_step_t action[QD_SCRIPT_ACTIONS];
} qd_script_t;

/* Class 11, entries. */
typedef struct qd_special_day {
    uint16_t index;
    uint8_t date[5];
    uint8_t day_id;
} qd_special_day_t;

/* Class 20: season_profile, week_profile_table, day_profile_table. */
typedef struct qd_season {
    qd_octets_name_t name;
    uint8_t start[12];
    qd_octets_name_t week;
} qd_season_t;
typedef struct qd_week {
    qd_octets_name_t name;
    uint8_t day_id[7]; /* Monday .. Sunday */
} qd_week_t;
typedef struct qd_day_action {
    uint8_t start[4];
    qd_script_ref_t script;
} qd_day_action_t;
typedef struct qd_day {
    uint8_t day_id;
    uint8_t count;
    qd_day_action_t action[QD_DAY_ACTIONS];
} qd_day_t;

/* Class 21: thresholds are qd_any_t; monitored_value, actions. */
typedef struct qd_value_definition {
    uint16_t class_id;
    uint8_t logical_name[6];
    int8_t attribute;
} qd_value_definition_t;
typedef struct qd_action_set {
    qd_script_ref_t up;
    qd_script_ref_t down;
} qd_action_set_t;

/* Class 22: executed_script is qd_script_ref_t; execution_time. */
typedef struct qd_execution_time {
    uint8_t time[4];
    uint8_t date[5];
} qd_execution_time_t;

extern const qd_shape_t qd_script_shape;
extern const qd_shape_t qd_special_day_shape;
extern const qd_shape_t qd_season_shape;
extern const qd_shape_t qd_week_shape;
extern const qd_shape_t qd_day_shape;
extern const qd_shape_t qd_threshold_shape;
extern const qd_shape_t qd_value_definition_shape;
extern const qd_shape_t qd_action_set_shape;
extern const qd_shape_t qd_script_ref_shape;
extern const qd_shape_t qd_execution_time_shape;

#endif
