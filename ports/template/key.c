/*
 * key.c - the device key.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

/* Gives the 16 octets that the factory has put into this one device: fuses or a secure element that the
 * debug port cannot read. Erased fuses are no key: QD_UNAVAILABLE. Never a serial number, never the same
 * octets in two meters. */
static qd_status_t key_get(void *context, uint8_t key[QD_DEVICE_KEY_SIZE]) {
    (void)context;
    (void)key;
    return QD_UNAVAILABLE;
}

static const qd_device_key_t key = {.context = NULL, .get = key_get};

const qd_device_key_t *qd_board_key(void) {
    return &key;
}
