#include <string.h>

#include "store/internal.h"

/* Octets that are read back at once. */
#define CHUNK 192u

qd_status_t qd_store_program(qd_store_t *store, uint32_t offset, const uint8_t *octets, uint32_t length) {
    store->stats.programs++;
    store->stats.programmed_octets += length;
    return store->device->program(store->device->context, offset, octets, length);
}

qd_status_t qd_store_sync(qd_store_t *store) {
    store->stats.syncs++;
    return store->device->sync(store->device->context);
}

/* Reading is cheap where programming is: a cell that sticks is noticed while the content is still there. */
qd_status_t qd_store_program_checked(qd_store_t *store, uint32_t offset, const uint8_t *octets,
                                     uint32_t length) {
    const qd_block_t *device = store->device;
    uint8_t chunk[CHUNK];
    qd_status_t status = qd_store_program(store, offset, octets, length);

    for (uint32_t at = 0; at < length && status == QD_OK;) {
        uint32_t part = length - at < CHUNK ? length - at : CHUNK;

        status = device->read(device->context, offset + at, chunk, part);
        if (status == QD_OK && memcmp(chunk, octets + at, part) != 0) {
            store->degraded = true;
            status = QD_CORRUPT;
        }
        at += part;
    }
    return status;
}

bool qd_store_is_blank(const uint8_t *octets, size_t length, uint8_t value) {
    uint8_t difference = 0;

    for (size_t i = 0; i < length; i++) {
        difference |= (uint8_t)(octets[i] ^ value);
    }
    return difference == 0;
}
