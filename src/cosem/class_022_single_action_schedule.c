/* Single action schedule (class 22). */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_RECORD, QD_ATTRIBUTE_WRITABLE}, /* executed_script */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* type */
    {QD_KIND_ROWS, QD_ATTRIBUTE_WRITABLE},   /* execution_time */
};

const qd_class_t qd_class_single_action_schedule = {
    .id = 22,
    .version = 0,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 0,
    .methods = 0,
};
