/*
 * flash.c - NOR flash in a mapped file: a program clears bits, an erase sets those of a whole block and takes polls.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fault.h"

#include <string.h>

#define ERASED 0xFFu
#define PART 128u /* octets that are programmed at a time */

static bool inside(const qd_linux_flash_t *flash, uint32_t offset, uint32_t length) {
    return offset <= flash->map.size && length <= flash->map.size - offset;
}

static bool erases(const qd_linux_flash_t *flash, uint32_t offset, uint32_t length) {
    return flash->erase_left > 0 && length > 0 && offset < flash->erase_at + QD_LINUX_FLASH_BLOCK &&
           offset + length > flash->erase_at;
}

static qd_status_t flash_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    const qd_linux_flash_t *flash = context;

    if (!inside(flash, offset, length)) {
        return QD_ARGUMENT;
    }
    (void)memcpy(buffer, flash->map.octets + offset, length);
    return QD_OK;
}

/* What the cells become, and whether somebody wanted what they cannot do. */
static void program_part(qd_linux_flash_t *flash, uint32_t offset, const uint8_t *octets, uint32_t length) {
    const uint8_t *cells = flash->map.octets + offset;
    uint8_t part[PART], wanted = 0;

    for (uint32_t i = 0; i < length; i++) {
        part[i] = cells[i] & octets[i];
        wanted = (uint8_t)(wanted | (part[i] ^ octets[i]));
    }
    flash->misused += wanted != 0 ? 1 : 0;
    qd_linux_map_write(&flash->map, offset, part, length);
}

static qd_status_t flash_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    qd_linux_flash_t *flash = context;

    if (!inside(flash, offset, length)) {
        return QD_ARGUMENT;
    }
    if (erases(flash, offset, length)) {
        return QD_IO;
    }
    flash->written = flash->written || length > 0;
    for (uint32_t done = 0; done < length; done += PART) {
        program_part(flash, offset + done, buffer + done, length - done < PART ? length - done : PART);
    }
    return QD_OK;
}

static qd_status_t flash_sync(void *context) {
    qd_linux_flash_t *flash = context;

    return flash->sync == QD_LINUX_SYNC_EACH ? qd_linux_map_sync(&flash->map) : QD_OK;
}

static void fill(qd_linux_flash_t *flash, uint32_t offset, uint32_t length) {
    uint8_t ones[PART];

    (void)memset(ones, ERASED, sizeof ones);
    for (uint32_t done = 0; done < length; done += PART) {
        qd_linux_map_write(&flash->map, offset + done, ones, length - done < PART ? length - done : PART);
    }
}

static qd_status_t flash_erase_start(void *context, uint32_t offset) {
    qd_linux_flash_t *flash = context;

    if (!inside(flash, offset, 1)) {
        return QD_ARGUMENT;
    }
    if (flash->erase_left > 0) {
        return QD_BUSY;
    }
    flash->erase_at = offset - offset % QD_LINUX_FLASH_BLOCK;
    flash->erase_left = QD_LINUX_FLASH_POLLS;
    return QD_OK;
}

/* Each poll erases its share: a process that is killed between two leaves a block that is half erased, as power does. */
static qd_status_t flash_erase_poll(void *context) {
    qd_linux_flash_t *flash = context;
    uint32_t share = QD_LINUX_FLASH_BLOCK / QD_LINUX_FLASH_POLLS;

    if (flash->erase_left == 0) {
        return QD_OK;
    }
    fill(flash, flash->erase_at + (QD_LINUX_FLASH_POLLS - flash->erase_left) * share, share);
    flash->erase_left--;
    return flash->erase_left > 0 ? QD_PENDING : flash_sync(flash);
}

/* A file that was just made, or whose making was killed: ones as far as it came, zeros as the disk gave them. */
static bool is_new(const qd_linux_map_t *map) {
    uint32_t i = 0;

    while (i < map->size && map->octets[i] == ERASED) {
        i++;
    }
    while (i < map->size && map->octets[i] == 0) {
        i++;
    }
    return i == map->size;
}

qd_status_t qd_linux_flash_open(qd_linux_flash_t *flash, const qd_linux_dir_t *dir, const char *name,
                                uint32_t size, qd_linux_sync_t sync, qd_linux_error_t *error) {
    qd_status_t status;

    (void)memset(flash, 0, sizeof *flash);
    flash->map.fd = -1;
    if (size == 0 || size % QD_LINUX_FLASH_BLOCK != 0) {
        return qd_linux_fault(error, QD_ARGUMENT, "%s: a flash of %lu octets has no whole blocks", name,
                              (unsigned long)size);
    }
    flash->sync = sync;
    status = qd_linux_map_open(&flash->map, dir, name, size, error);
    if (status == QD_OK && is_new(&flash->map)) {
        fill(flash, 0, size);
    }
    return status;
}

qd_block_t qd_linux_flash_block(qd_linux_flash_t *flash) {
    qd_block_t block = {
        .context = flash,
        .size = flash->map.size,
        .erase_size = QD_LINUX_FLASH_BLOCK,
        .read = flash_read,
        .program = flash_program,
        .sync = flash_sync,
        .erase_start = flash_erase_start,
        .erase_poll = flash_erase_poll,
    };

    return block;
}

qd_status_t qd_linux_flash_close(qd_linux_flash_t *flash) {
    return qd_linux_map_close(&flash->map);
}
