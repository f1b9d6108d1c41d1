/* Profile generic (class 7, version 1). Logs are captured by their events, so method 2 (capture) is not offered;
 * what is captured and how many entries there are is the model's. A profile that is captured by period has its own row
 * with columns, period and size to be written, and both methods. */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_ROWS, QD_ATTRIBUTE_SELECTIVE}, /* buffer */
    {QD_KIND_ROWS, 0},                      /* capture_objects */
    {QD_KIND_SCALAR, 0},                    /* capture_period */
    {QD_KIND_SCALAR, 0},                    /* sort_method */
    {QD_KIND_RECORD, 0},                    /* sort_object */
    {QD_KIND_SCALAR, 0},                    /* entries_in_use */
    {QD_KIND_SCALAR, 0},                    /* profile_entries */
};

const qd_class_t qd_class_profile_generic = {
    .id = 7,
    .version = 1,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 2,
    .methods = 0x1u,
};

static const qd_class_attribute_t captured_attributes[] = {
    {QD_KIND_ROWS, QD_ATTRIBUTE_SELECTIVE},  /* buffer */
    {QD_KIND_ROWS, QD_ATTRIBUTE_WRITABLE},   /* capture_objects */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* capture_period */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* sort_method */
    {QD_KIND_RECORD, QD_ATTRIBUTE_WRITABLE}, /* sort_object */
    {QD_KIND_SCALAR, 0},                     /* entries_in_use */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* profile_entries */
};

const qd_class_t qd_class_profile_captured = {
    .id = 7,
    .version = 1,
    .attribute_count = sizeof captured_attributes / sizeof captured_attributes[0],
    .attributes = captured_attributes,
    .method_count = 2,
    .methods = 0x3u,
};
