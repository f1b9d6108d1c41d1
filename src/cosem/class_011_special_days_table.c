/* Special days table (class 11). */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_ROWS, QD_ATTRIBUTE_WRITABLE}, /* entries */
};

const qd_class_t qd_class_special_days_table = {
    .id = 11,
    .version = 0,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 2,
    .methods = 0x3u,
};
