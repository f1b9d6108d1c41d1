/* Association LN (class 15, versions 1 and 2). Without high level security there is no secret to reply with, object lists and users are the model's: no method
 * is offered. Version 2 appends the users to version 1. */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_ROWS, QD_ATTRIBUTE_SELECTIVE_LIST},                   /* object_list */
    {QD_KIND_RECORD, 0},                                           /* associated_partners_id */
    {QD_KIND_RECORD, 0},                                           /* application_context_name */
    {QD_KIND_RECORD, 0},                                           /* xDLMS_context_info */
    {QD_KIND_RECORD, 0},                                           /* authentication_mechanism_name */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE | QD_ATTRIBUTE_SECRET}, /* secret */
    {QD_KIND_SCALAR, 0},                                           /* association_status */
    {QD_KIND_SCALAR, 0},                                           /* security_setup_reference */
    {QD_KIND_ROWS, 0},                                             /* user_list */
    {QD_KIND_RECORD, 0},                                           /* current_user */
};

#define ATTRIBUTES_OF_USERS 2u

const qd_class_t qd_class_association_ln = {
    .id = 15,
    .version = 1,
    .attribute_count = sizeof attributes / sizeof attributes[0] - ATTRIBUTES_OF_USERS,
    .attributes = attributes,
    .method_count = 4,
    .methods = 0,
};

const qd_class_t qd_class_association_ln_2 = {
    .id = 15,
    .version = 2,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 6,
    .methods = 0,
};
