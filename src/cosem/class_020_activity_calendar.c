/* Activity calendar (class 20). Only the passive calendar is written; method 1 makes it the active one. */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_SCALAR, 0},                     /* calendar_name_active */
    {QD_KIND_ROWS, 0},                       /* season_profile_active */
    {QD_KIND_ROWS, 0},                       /* week_profile_table_active */
    {QD_KIND_ROWS, 0},                       /* day_profile_table_active */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* calendar_name_passive */
    {QD_KIND_ROWS, QD_ATTRIBUTE_WRITABLE},   /* season_profile_passive */
    {QD_KIND_ROWS, QD_ATTRIBUTE_WRITABLE},   /* week_profile_table_passive */
    {QD_KIND_ROWS, QD_ATTRIBUTE_WRITABLE},   /* day_profile_table_passive */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* activate_passive_calendar_time */
};

const qd_class_t qd_class_activity_calendar = {
    .id = 20,
    .version = 0,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 1,
    .methods = 0x1u,
};
