/*
 * fram.c - FRAM and NOR flash in the memory that the host keeps in a file.
 *
 * The file outlives the process at once, so what a program call has written is durable; the flash keeps the rules
 * of the real part all the same: programs clear bits only, an erase takes its time and block.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#include <string.h>

#define ERASE_US 20000u

static uint8_t *cells(uint32_t at) {
    return (uint8_t *)(uintptr_t)(QD_SHARED_BASE + at);
}

static bool inside(uint32_t size, uint32_t offset, uint32_t length) {
    return offset <= size && length <= size - offset;
}

static qd_status_t fram_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    (void)context;
    if (!inside(QD_MPS2_FRAM_SIZE, offset, length)) {
        return QD_ARGUMENT;
    }
    memcpy(buffer, cells(QD_MPS2_FRAM_AT + offset), length);
    return QD_OK;
}

static qd_status_t fram_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    (void)context;
    if (!inside(QD_MPS2_FRAM_SIZE, offset, length)) {
        return QD_ARGUMENT;
    }
    memcpy(cells(QD_MPS2_FRAM_AT + offset), buffer, length);
    return QD_OK;
}

/* The order of stores is the order of programs: a barrier is all it takes. */
static qd_status_t sync(void *context) {
    (void)context;
    __asm__ volatile("dmb" ::: "memory");
    return QD_OK;
}

/* --- flash ------------------------------------------------------------------------------------ */

/* One erase at a time. */
typedef struct erase {
    bool runs;
    uint32_t block;
    uint64_t until_us;
} erase_t;

static erase_t erase;

static qd_status_t flash_poll(void *context) {
    (void)context;
    if (erase.runs && qd_board_tick_us() >= erase.until_us) {
        memset(cells(QD_MPS2_FLASH_AT + erase.block), 0xFF, QD_MPS2_FLASH_BLOCK);
        erase.runs = false;
    }
    return erase.runs ? QD_PENDING : QD_OK;
}

/* A power cut in between leaves half a block: the first half goes now, all of it at the end. */
static qd_status_t flash_erase(void *context, uint32_t offset) {
    if (offset >= QD_MPS2_FLASH_SIZE) {
        return QD_ARGUMENT;
    }
    if (flash_poll(context) == QD_PENDING) {
        return QD_BUSY;
    }
    erase.runs = true;
    erase.block = offset / QD_MPS2_FLASH_BLOCK * QD_MPS2_FLASH_BLOCK;
    erase.until_us = qd_board_tick_us() + ERASE_US;
    memset(cells(QD_MPS2_FLASH_AT + erase.block), 0xFF, QD_MPS2_FLASH_BLOCK / 2u);
    return QD_OK;
}

/* The part takes nothing into a block that it erases. */
static bool erasing(uint32_t offset, uint32_t length) {
    return flash_poll(NULL) == QD_PENDING && offset < erase.block + QD_MPS2_FLASH_BLOCK &&
           offset + length > erase.block;
}

static qd_status_t flash_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    (void)context;
    if (!inside(QD_MPS2_FLASH_SIZE, offset, length)) {
        return QD_ARGUMENT;
    }
    memcpy(buffer, cells(QD_MPS2_FLASH_AT + offset), length);
    return QD_OK;
}

static qd_status_t flash_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    (void)context;
    if (!inside(QD_MPS2_FLASH_SIZE, offset, length)) {
        return QD_ARGUMENT;
    }
    if (erasing(offset, length)) {
        return QD_BUSY;
    }
    uint8_t *at = cells(QD_MPS2_FLASH_AT + offset);
    for (uint32_t i = 0; i < length; i++) {
        at[i] &= buffer[i];
    }
    return QD_OK;
}

static const qd_block_t fram = {
    .size = QD_MPS2_FRAM_SIZE,
    .read = fram_read,
    .program = fram_program,
    .sync = sync,
};

static const qd_block_t flash = {
    .size = QD_MPS2_FLASH_SIZE,
    .erase_size = QD_MPS2_FLASH_BLOCK,
    .read = flash_read,
    .program = flash_program,
    .sync = sync,
    .erase_start = flash_erase,
    .erase_poll = flash_poll,
};

const qd_block_t *qd_board_fram(void) {
    return &fram;
}

const qd_block_t *qd_board_flash(void) {
    return &flash;
}
