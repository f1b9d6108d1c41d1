/*
 * channel.c - byte channels: optical head, RS-485, modem.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

/* A line that is always there has generation 1. A modem counts its calls and says 0 between them. */
static uint32_t channel_generation(void *context) {
    (void)context;
    return 0;
}

/* Takes octets from the ring that the receive interrupt fills. Never waits. */
static size_t channel_read(void *context, uint8_t *buffer, size_t size) {
    (void)context;
    (void)buffer;
    (void)size;
    return 0;
}

/* Puts octets into the ring that the transmit interrupt empties; says how many fitted. Never waits. */
static size_t channel_write(void *context, const uint8_t *buffer, size_t length) {
    (void)context;
    (void)buffer;
    (void)length;
    return 0;
}

static const qd_channel_port_t channels[QD_CHANNELS_MAX] = {
    {
        .context = NULL,
        .generation = channel_generation,
        .read = channel_read,
        .write = channel_write,
        .close = NULL, /* a modem hangs up after its last octet; a line has nothing to close */
    },
};

const qd_channel_port_t *qd_board_channel(uint8_t n) {
    return n < QD_CHANNELS_MAX && channels[n].read != NULL ? &channels[n] : &channels[0];
}
