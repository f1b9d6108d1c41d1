/* IEC HDLC setup (class 23). */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* comm_speed */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* window_size_transmit */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* window_size_receive */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* max_info_field_length_transmit */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* max_info_field_length_receive */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* inter_octet_time_out */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* inactivity_time_out */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* device_address */
};

const qd_class_t qd_class_hdlc_setup = {
    .id = 23,
    .version = 1,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 0,
    .methods = 0,
};
