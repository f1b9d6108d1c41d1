/* Profile generic (class 7, version 1). Logs are captured by their events, so method 2 (capture) is not offered;
 * what is captured and how many entries there are is the model's. */
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
