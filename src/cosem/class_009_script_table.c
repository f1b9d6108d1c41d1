/* Script table (class 9). The scripts are the model's rows and cannot be rewritten. */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_ROWS, 0}, /* scripts */
};

const qd_class_t qd_class_script_table = {
    .id = 9,
    .version = 0,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 1,
    .methods = 0x1u,
};
