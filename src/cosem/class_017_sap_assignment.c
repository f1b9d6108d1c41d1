/* SAP assignment (class 17). One logical device: nothing to connect. */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_ROWS, 0}, /* SAP_assignment_list */
};

const qd_class_t qd_class_sap_assignment = {
    .id = 17,
    .version = 0,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 1,
    .methods = 0,
};
