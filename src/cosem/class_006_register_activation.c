/* Register activation (class 6). */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_ROWS, QD_ATTRIBUTE_WRITABLE},   /* register_assignment */
    {QD_KIND_ROWS, QD_ATTRIBUTE_WRITABLE},   /* mask_list */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* active_mask */
};

const qd_class_t qd_class_register_activation = {
    .id = 6,
    .version = 0,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 3,
    .methods = 0x7u,
};
