/* Data (IEC 62056-62, class 1). Whether a value may be written is the object's own right. */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_VALUE, QD_ATTRIBUTE_WRITABLE}, /* value */
};

const qd_class_t qd_class_data = {
    .id = 1,
    .version = 0,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 0,
    .methods = 0,
};
