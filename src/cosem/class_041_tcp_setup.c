/* TCP-UDP setup (class 41). */
#include "cosem/class.h"

static const qd_class_attribute_t attributes[] = {
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* TCP-UDP_port */
    {QD_KIND_SCALAR, 0},                     /* IP_reference */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* MSS */
    {QD_KIND_SCALAR, 0},                     /* nb_of_sim_conn */
    {QD_KIND_SCALAR, QD_ATTRIBUTE_WRITABLE}, /* inactivity_time_out */
};

const qd_class_t qd_class_tcp_setup = {
    .id = 41,
    .version = 0,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes = attributes,
    .method_count = 0,
    .methods = 0,
};
