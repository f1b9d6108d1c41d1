/* IEC local port setup (class 19). */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* default_mode */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* default_baud */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* prop_baud */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* response_time */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* device_addr */
    {QD_KIND_SCALAR, 0},                     /* pass_p1 */
    {QD_KIND_SCALAR, 0},                     /* pass_p2 */
    {QD_KIND_SCALAR, 0},                     /* pass_w5 */
};

const qd_class_t qd_class_local_port = {
    .id = 19,
    .version = 1,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 0,
    .methods = 0,
};
