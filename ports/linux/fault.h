/*
 * fault.h - one-line errors of the Linux port.
 */
#ifndef QD_PORT_LINUX_FAULT_H
#define QD_PORT_LINUX_FAULT_H

#include "quadrant/linux.h"

/* Writes the text and returns status. */
qd_status_t qd_linux_fault(qd_linux_error_t *error, qd_status_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
