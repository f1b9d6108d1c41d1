/* Clock (class 8). */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* time */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* time_zone */
    {QD_KIND_SCALAR, 0},                     /* status */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* daylight_savings_begin */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* daylight_savings_end */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* daylight_savings_deviation */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* daylight_savings_enabled */
    {QD_KIND_SCALAR, 0},                     /* clock_base */
};

const qd_class_t qd_class_clock = {
    .id = 8,
    .version = 0,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 6,
    .methods = 0x3Fu,
};
