/* Register (class 3). Energy registers are never reset: method 1 is not offered. */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_VALUE, QD_ATTRIBUTE_WRITABLE}, /* value */
    {QD_KIND_SCALER_UNIT, 0},               /* scaler_unit */
};

const qd_class_t qd_class_register = {
    .id = 3,
    .version = 0,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 1,
    .methods = 0,
};
