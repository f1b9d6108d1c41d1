/*
 * fram.c - FRAM in a mapped file: written as soon as programmed, durable after a sync.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "quadrant/linux.h"

#include <string.h>

static bool inside(const qd_linux_map_t *map, uint32_t offset, uint32_t length) {
    return offset <= map->size && length <= map->size - offset;
}

static qd_status_t fram_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    const qd_linux_fram_t *fram = context;

    if (!inside(&fram->map, offset, length)) {
        return QD_ARGUMENT;
    }
    (void)memcpy(buffer, fram->map.octets + offset, length);
    return QD_OK;
}

static qd_status_t fram_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    qd_linux_fram_t *fram = context;

    if (!inside(&fram->map, offset, length)) {
        return QD_ARGUMENT;
    }
    if (length > 0) {
        qd_linux_map_write(&fram->map, offset, buffer, length);
    }
    return QD_OK;
}

static qd_status_t fram_sync(void *context) {
    qd_linux_fram_t *fram = context;

    return fram->sync == QD_LINUX_SYNC_EACH ? qd_linux_map_sync(&fram->map) : QD_OK;
}

qd_status_t qd_linux_fram_open(qd_linux_fram_t *fram, const qd_linux_dir_t *dir, const char *name,
                               uint32_t size, qd_linux_sync_t sync, qd_linux_error_t *error) {
    fram->sync = sync;
    return qd_linux_map_open(&fram->map, dir, name, size, error);
}

qd_block_t qd_linux_fram_block(qd_linux_fram_t *fram) {
    qd_block_t block = {
        .context = fram,
        .size = fram->map.size,
        .erase_size = 0,
        .read = fram_read,
        .program = fram_program,
        .sync = fram_sync,
    };

    return block;
}

qd_status_t qd_linux_fram_close(qd_linux_fram_t *fram) {
    return qd_linux_map_close(&fram->map);
}
