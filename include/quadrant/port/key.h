/*
 * key.h - port of the device key: what seals everything that the meter keeps.
 *
 * Purpose: a secret of this one device, from fuses, a secure element or, on a desk, a file. It never leaves the
 * meter and no two meters have the same. Memory that was sealed under another key is refused at the start.
 * Context: main context, at the start of the meter only.
 */
#ifndef QUADRANT_PORT_KEY_H
#define QUADRANT_PORT_KEY_H

#include "quadrant/status.h"
#include "quadrant/types.h"

#define QD_DEVICE_KEY_SIZE 16u

typedef struct qd_device_key {
    void *context;
    /* QD_OK: key filled, the caller wipes it; QD_UNAVAILABLE: none has been set; QD_IO: no answer. */
    qd_status_t (*get)(void *context, uint8_t key[QD_DEVICE_KEY_SIZE]);
} qd_device_key_t;

#endif
