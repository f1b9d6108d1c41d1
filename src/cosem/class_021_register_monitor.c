/* Register monitor (class 21). */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_ROWS, QD_ATTRIBUTE_WRITABLE},   /* thresholds */
    {QD_KIND_RECORD, QD_ATTRIBUTE_WRITABLE}, /* monitored_value */
    {QD_KIND_ROWS, QD_ATTRIBUTE_WRITABLE},   /* actions */
};

const qd_class_t qd_class_register_monitor = {
    .id = 21,
    .version = 0,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 0,
    .methods = 0,
};
