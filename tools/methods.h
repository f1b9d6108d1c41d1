/*
 * methods.h - types of the parameters of standard methods.
 */
#ifndef QD_TOOLS_METHODS_H
#define QD_TOOLS_METHODS_H

#include "quadrant/client.h"

/* Some value of the type that a method's parameter has, encoded, *length octets; NULL: the parameter is no
 * number, or the method is not known. */
const uint8_t *qd_method_like(const qd_client_ref_t *method, size_t *length);

#endif
