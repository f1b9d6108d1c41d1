/*
 * block.c - non-volatile memory.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

/* Copies octets out of the device. Bounds first: a wrong offset is the caller's error, not a fault of
 * the bus. */
static qd_status_t block_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    (void)context;
    (void)offset;
    (void)buffer;
    (void)length;
    return QD_IO;
}

/* Hands octets to the device. They may still sit in a cache; the order of programs must hold. */
static qd_status_t block_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    (void)context;
    (void)offset;
    (void)buffer;
    (void)length;
    return QD_IO;
}

/* Returns when everything programmed survives a power cut. A FRAM on SPI is there as soon as its chip
 * select rises: then this does nothing. */
static qd_status_t block_sync(void *context) {
    (void)context;
    return QD_IO;
}

static const qd_block_t fram = {
    .context = NULL,
    .size = 0, /* octets; at least qd_meter_fram_size() of the model */
    .erase_size = 0,
    .read = block_read,
    .program = block_program,
    .sync = block_sync,
    .erase_start = NULL,
    .erase_poll = NULL,
};

/* A NOR flash erases in blocks, for milliseconds, while the meter goes on. */
static qd_status_t block_erase_start(void *context, uint32_t offset) {
    (void)context;
    (void)offset;
    return QD_IO;
}

static qd_status_t block_erase_poll(void *context) {
    (void)context;
    return QD_IO;
}

static const qd_block_t flash = {
    .context = NULL,
    .size = 0, /* octets; at least qd_meter_flash_size() of the model */
    .erase_size = 4096,
    .read = block_read,
    .program = block_program,
    .sync = block_sync,
    .erase_start = block_erase_start,
    .erase_poll = block_erase_poll,
};

const qd_block_t *qd_board_flash(void) {
    return &flash;
}

const qd_block_t *qd_board_fram(void) {
    return &fram;
}
