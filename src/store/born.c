/*
 * Which records were ever written. A slot that reads as blank says nothing: new memory looks so, and so does memory
 * that has lost its octets. The map, a record of the store's own, makes the difference: what it names and what
 * is blank all the same is lost. That there is a map is said by the superblock, from the first start on, before
 * anybody can write a record.
 */
#include <string.h>

#include "store/internal.h"

static bool is_born(const qd_store_t *store, uint16_t row) {
    return ((unsigned)store->born[row / 8u] >> (row % 8u) & 1u) != 0;
}

static void set_born(qd_store_t *store, uint16_t row) {
    store->born[row / 8u] = (uint8_t)(store->born[row / 8u] | 1u << (row % 8u));
}

void qd_born_mark(qd_store_t *store, uint16_t row) {
    if (store->map_row != QD_STORE_NONE && row != store->map_row && !is_born(store, row)) {
        set_born(store, row);
        store->born_dirty = true;
    }
}

qd_status_t qd_born_save(qd_store_t *store) {
    qd_status_t status = QD_OK;

    /* While a group waits in the redo area staging is its; the next write comes here again. */
    if (store->born_dirty && !store->open && store->redo != QD_REDO_PENDING) {
        status = qd_group_write(store, QD_STORE_RECORD_MAP, store->born, sizeof store->born);
        store->born_dirty = status != QD_OK;
    }
    return status;
}

/* Slots of a record that was written are never blank: the memory has lost them. */
static void judge(qd_store_t *store, uint16_t row) {
    qd_record_state_t *state = &store->states[row];

    for (unsigned slot = 0; slot < 2; slot++) {
        if (state->slot[slot] == QD_SLOT_BLANK) {
            state->slot[slot] = QD_SLOT_BAD;
            store->stats.bad_slots++;
        }
    }
}

qd_status_t qd_born_load(qd_store_t *store) {
    size_t length = 0;
    qd_status_t found, status;

    if (store->map_row == QD_STORE_NONE) {
        return QD_OK;
    }
    found = qd_slots_read(store, store->map_row, store->born, sizeof store->born, &length);
    if (found != QD_OK && found != QD_END && found != QD_CORRUPT) {
        return found;
    }
    if (found != QD_OK || length != sizeof store->born) {
        /* A map that is lost may have named every record. */
        memset(store->born, store->promised ? 0xFF : 0, sizeof store->born);
        store->born_dirty = true;
        if (store->promised) {
            judge(store, store->map_row);
        }
    }
    for (uint16_t row = 0; row < store->layout->row_count; row++) {
        if (row != store->map_row && is_born(store, row)) {
            judge(store, row);
        } else if (store->states[row].slot[0] == QD_SLOT_GOOD || store->states[row].slot[1] == QD_SLOT_GOOD) {
            qd_born_mark(store, row); /* a cut came between it and the map */
        }
    }
    status = qd_born_save(store);
    if (status == QD_OK && !store->promised && !store->born_dirty) {
        store->promised = true;
        status = qd_superblock_commit(store);
    }
    return status;
}
