/*
 * methods.c - types of the parameters of standard methods (IEC 62056-62).
 *
 * A parameter cannot be read as an attribute can, but the interface class fixes its type. Here are those
 * that are numbers; structures must be spelt.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "methods.h"

typedef struct parameter {
    uint16_t class_id;
    int8_t method;
    uint8_t length;
    const uint8_t *like;
} parameter_t;

static const uint8_t integer[] = {QD_TYPE_INTEGER, 0};
static const uint8_t enumerated[] = {QD_TYPE_ENUM, 0};
static const uint8_t long_signed[] = {QD_TYPE_LONG, 0, 0};
static const uint8_t long_unsigned[] = {QD_TYPE_LONG_UNSIGNED, 0, 0};

/* clang-format off */
static const parameter_t parameters[] = {
    { 3, 1, sizeof integer, integer },             /* reset */
    { 4, 1, sizeof integer, integer },             /* reset */
    { 5, 1, sizeof integer, integer },             /* reset */
    { 5, 2, sizeof integer, integer },             /* next_period */
    { 7, 1, sizeof integer, integer },             /* reset */
    { 7, 2, sizeof integer, integer },             /* capture */
    { 8, 1, sizeof integer, integer },             /* adjust_to_quarter */
    { 8, 2, sizeof integer, integer },             /* adjust_to_measuring_period */
    { 8, 3, sizeof integer, integer },             /* adjust_to_minute */
    { 8, 4, sizeof integer, integer },             /* adjust_to_preset_time */
    { 8, 6, sizeof long_signed, long_signed },     /* shift_time */
    { 9, 1, sizeof long_unsigned, long_unsigned }, /* execute */
    { 18, 3, sizeof integer, integer },            /* image_verify */
    { 18, 4, sizeof integer, integer },            /* image_activate */
    { 20, 1, sizeof integer, integer },            /* activate_passive_calendar */
    { 40, 1, sizeof integer, integer },            /* push */
    { 64, 1, sizeof enumerated, enumerated },      /* security_activate */
    { 70, 1, sizeof integer, integer },            /* remote_disconnect */
    { 70, 2, sizeof integer, integer },            /* remote_reconnect */
};
/* clang-format on */

const uint8_t *qd_method_like(const qd_client_ref_t *method, size_t *length) {
    size_t i;

    *length = 0;
    for (i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        if (parameters[i].class_id == method->class_id && parameters[i].method == method->index) {
            *length = parameters[i].length;
            return parameters[i].like;
        }
    }
    return NULL;
}
