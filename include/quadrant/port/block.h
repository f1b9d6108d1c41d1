/*
 * block.h - port of a non-volatile memory (FRAM now, NOR flash with the ring logs).
 *
 * Purpose: what the store needs of a memory device. A board implements it; ports/linux maps a file.
 * Context: main context only (qd_meter_step); never from an interrupt.
 * Order: programs take effect in the order of the calls up to the last sync; what was programmed
 * since that sync may be lost, wholly or in any part, when power fails.
 */
#ifndef QUADRANT_PORT_BLOCK_H
#define QUADRANT_PORT_BLOCK_H

#include "quadrant/status.h"
#include "quadrant/types.h"

typedef struct qd_block {
    void *context;
    uint32_t size;       /* octets */
    uint32_t erase_size; /* octets per erase block; 0: octet-writable without erase (FRAM) */
    /* Copies length octets at offset. QD_OK; QD_IO: device failed, buffer undefined;
     * QD_ARGUMENT: outside the device. */
    qd_status_t (*read)(void *context, uint32_t offset, uint8_t *buffer, uint32_t length);
    /* Writes length octets; with erase_size > 0 it only clears bits, and a bit that is 0 stays 0.
     * QD_OK: accepted, durable after sync; QD_IO: any prefix may have been
     * written; QD_NO_SPACE: the medium behind the device is full, nothing written;
     * QD_ARGUMENT: outside the device. */
    qd_status_t (*program)(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length);
    /* Makes all accepted programs durable. QD_OK, QD_IO. */
    qd_status_t (*sync)(void *context);
    /* Starts the erase of the block that holds offset; NULL when erase_size is 0.
     * QD_OK: running, see erase_poll; QD_BUSY: another erase runs; QD_IO: not started;
     * QD_ARGUMENT: outside the device. Until its end the block reads as anything, and a program into it
     * answers QD_BUSY or QD_IO and writes nothing. */
    qd_status_t (*erase_start)(void *context, uint32_t offset);
    /* QD_OK: no erase runs, the last one succeeded and its block is FF, durably; QD_PENDING: still running;
     * QD_IO: it failed, the block may hold anything. */
    qd_status_t (*erase_poll)(void *context);
} qd_block_t;

#endif
