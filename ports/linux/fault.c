/*
 * fault.c - one-line errors of the Linux port.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>

qd_status_t qd_linux_fault(qd_linux_error_t *error, qd_status_t status, const char *format, ...) {
    va_list list;

    va_start(list, format);
    (void)vsnprintf(error->text, sizeof error->text, format, list);
    va_end(list);
    return status;
}
