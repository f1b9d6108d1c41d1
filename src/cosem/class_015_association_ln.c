/* Association LN (class 15, version 1). Without high level security there is no secret to reply with, and object lists are the model's: no method is offered. */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_ROWS, 0},                                             /* object_list */
    {QD_KIND_RECORD, 0},                                           /* associated_partners_id */
    {QD_KIND_RECORD, 0},                                           /* application_context_name */
    {QD_KIND_RECORD, 0},                                           /* xDLMS_context_info */
    {QD_KIND_RECORD, 0},                                           /* authentication_mechanism_name */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE | QD_ATTRIBUTE_SECRET}, /* secret */
    {QD_KIND_SCALAR, 0},                                           /* association_status */
    {QD_KIND_SCALAR, 0},                                           /* security_setup_reference */
};

const qd_class_t qd_class_association_ln = {
    .id = 15,
    .version = 1,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 4,
    .methods = 0,
};
