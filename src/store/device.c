#include "store/internal.h"

qd_status_t qd_store_program(qd_store_t *store, uint32_t offset, const uint8_t *octets, uint32_t length) {
    store->stats.programs++;
    store->stats.programmed_octets += length;
    return store->device->program(store->device->context, offset, octets, length);
}

qd_status_t qd_store_sync(qd_store_t *store) {
    store->stats.syncs++;
    return store->device->sync(store->device->context);
}

bool qd_store_is_blank(const uint8_t *octets, size_t length, uint8_t value) {
    uint8_t difference = 0;

    for (size_t i = 0; i < length; i++) {
        difference |= (uint8_t)(octets[i] ^ value);
    }
    return difference == 0;
}
