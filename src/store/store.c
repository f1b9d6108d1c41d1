#include "store/store.h"

#include <stdalign.h>
#include <string.h>

#include "store/internal.h"

/* A group, or at mount the largest record; a group of any one record fits as well. */
size_t qd_store_staging_size(const qd_store_layout_t *layout) {
    return qd_store_round8(qd_redo_data_size(layout));
}

static size_t state_size(const qd_store_layout_t *layout) {
    return qd_store_round8(sizeof(qd_record_state_t) * layout->row_count);
}

size_t qd_store_memory_size(const qd_store_layout_t *layout, size_t staging_size) {
    return qd_store_round8(sizeof(qd_store_t)) + state_size(layout) + QD_STORE_HEADROOM + staging_size;
}

size_t qd_store_size(const qd_store_layout_t *layout) {
    return qd_store_memory_size(layout, qd_store_staging_size(layout));
}

uint32_t qd_store_bank_size(const qd_store_layout_t *layout, const qd_sealer_t *sealer) {
    uint32_t size = qd_redo_size(layout, sealer);

    for (uint16_t i = 0; i < layout->row_count; i++) {
        size += 2 * qd_slot_size(sealer, layout->rows[i].capacity);
    }
    return size;
}

uint32_t qd_store_device_size(const qd_store_layout_t *layout, const qd_sealer_t *sealer) {
    return QD_STORE_BANK_FIRST + qd_store_bank_size(layout, sealer);
}

bool qd_store_is_sound(const qd_store_layout_t *layout, const qd_sealer_t *sealer) {
    if (qd_text_length(layout->model) > 15 || sealer->tag_size < 4 || sealer->tag_size > QD_SEAL_TAG_MAX ||
        qd_redo_data_size(layout) > UINT16_MAX) {
        return false;
    }
    for (uint16_t i = 0; i < layout->row_count; i++) {
        const qd_record_row_t *row = &layout->rows[i];

        if (row->id <= (i == 0 ? 0 : row[-1].id) || row->capacity < 1 ||
            row->capacity > QD_STORE_CAPACITY_MAX) {
            return false;
        }
        if (row->id == QD_STORE_RECORD_MAP &&
            (row->capacity < QD_STORE_MAP_SIZE || i > 8u * QD_STORE_MAP_SIZE)) {
            return false;
        }
    }
    return true;
}

static qd_status_t record_read(void *context, uint16_t record, uint8_t *buffer, size_t size, size_t *length) {
    qd_store_t *store = context;
    uint16_t row = qd_slots_find(store, record);
    uint16_t staged_length;
    const uint8_t *staged;
    qd_status_t status;

    if (row == QD_STORE_NONE) {
        return QD_UNDEFINED;
    }
    status = qd_group_find(store, record, &staged, &staged_length);
    if (status == QD_END) {
        return qd_slots_read(store, row, buffer, size, length);
    }
    if (status != QD_OK) {
        return status;
    }
    if (staged_length > size) {
        return QD_NO_SPACE;
    }
    if (staged_length > 0) {
        memcpy(buffer, staged, staged_length);
    }
    *length = staged_length;
    return QD_OK;
}

static qd_status_t record_write(void *context, uint16_t record, const uint8_t *buffer, size_t length) {
    qd_store_t *store = context;
    uint16_t row = qd_slots_find(store, record);
    qd_status_t status;

    if (row == QD_STORE_NONE) {
        return QD_UNDEFINED;
    }
    if (length > store->layout->rows[row].capacity) {
        return QD_NO_SPACE;
    }
    status = qd_redo_settle(store);
    if (status != QD_OK) {
        return status;
    }
    if (store->open) {
        return qd_group_stage(store, record, buffer, (uint16_t)length);
    }
    status = qd_group_write(store, record, buffer, (uint16_t)length);
    store->stats.commits += status == QD_OK ? 1u : 0u;
    if (store->born_dirty) {
        (void)qd_born_save(store); /* the record counts without it */
    }
    return status;
}

qd_store_t *qd_store_carve(void *memory, const qd_store_layout_t *layout, size_t staging_size,
                           const qd_block_t *device, const qd_sealer_t *sealer) {
    uint8_t *at = memory;
    qd_store_t *store = memory;

    memset(at, 0, qd_store_memory_size(layout, staging_size));
    store->layout = layout;
    store->device = device;
    store->sealer = sealer;
    store->records = (qd_records_t){store, record_read, record_write};
    store->staging_size = (uint32_t)staging_size;
    store->map_row = qd_layout_find(layout, QD_STORE_RECORD_MAP);
    at += qd_store_round8(sizeof(qd_store_t));
    store->states = (qd_record_state_t *)(void *)at;
    store->staging = at + state_size(layout) + QD_STORE_HEADROOM;
    return store;
}

qd_status_t qd_store_start(qd_store_t *store) {
    const qd_store_layout_t *layout = store->layout;
    uint32_t offset = store->bank + qd_redo_size(layout, store->sealer);
    qd_status_t status;

    for (uint16_t i = 0; i < layout->row_count; i++) {
        store->states[i].offset = offset;
        offset += 2 * qd_slot_size(store->sealer, layout->rows[i].capacity);
    }
    if (store->epoch == UINT32_MAX) {
        return QD_NO_SPACE;
    }
    store->epoch++;
    status = qd_superblock_commit(store);
    if (status == QD_OK) {
        status = qd_slots_scan(store);
    }
    if (status == QD_OK) {
        status = qd_redo_replay(store);
    }
    if (status == QD_OK) {
        status = qd_born_load(store);
    }
    return status == QD_OK ? qd_slots_heal(store) : status;
}

qd_status_t qd_store_mount(void *memory, size_t size, const qd_store_layout_t *layout,
                           const qd_block_t *device, const qd_sealer_t *sealer, qd_store_t **store) {
    qd_store_t *mounted;
    qd_status_t found, status;

    if (!qd_store_is_sound(layout, sealer) || (uintptr_t)memory % alignof(qd_store_t) != 0) {
        return QD_ARGUMENT;
    }
    if (size < qd_store_size(layout) || device->size < qd_store_device_size(layout, sealer)) {
        return QD_NO_SPACE;
    }
    mounted = qd_store_carve(memory, layout, qd_store_staging_size(layout), device, sealer);
    found = qd_superblock_find(mounted);
    if (found != QD_OK && found != QD_END) {
        return found;
    }
    status = qd_store_start(mounted);
    if (status != QD_OK) {
        return status;
    }
    *store = mounted;
    return found;
}

static qd_status_t scrub_place(qd_store_t *store, qd_scrub_t *report) {
    uint32_t place = store->scrub_next;
    uint16_t row = (uint16_t)(place / 2 - 1);

    report->slot = (uint8_t)(place % 2);
    if (place < 2) {
        return qd_superblock_scrub(store, report->slot, &report->healed);
    }
    report->record = store->layout->rows[row].id;
    return qd_slots_scrub(store, row, report->slot, report);
}

qd_status_t qd_store_scrub(qd_store_t *store, qd_scrub_t *report) {
    qd_status_t status;

    memset(report, 0, sizeof *report);
    if (store->open) {
        return QD_STATE;
    }
    status = qd_redo_settle(store);
    if (status != QD_OK) {
        return status;
    }
    if (store->scrub_next == 2u + 2u * store->layout->row_count) {
        store->scrub_next = 0;
        return QD_END;
    }
    status = scrub_place(store, report);
    store->garbled = false;
    if (status == QD_OK || status == QD_CORRUPT) {
        store->scrub_next++;
        store->stats.scrubbed++;
        store->stats.healed += report->healed ? 1u : 0u;
        store->stats.lost += status == QD_CORRUPT ? 1u : 0u;
    }
    return status;
}

bool qd_store_degraded(const qd_store_t *store) {
    return store->degraded || store->redo == QD_REDO_PENDING;
}

const qd_records_t *qd_store_records(qd_store_t *store) {
    return &store->records;
}

void qd_store_get_stats(const qd_store_t *store, qd_store_stats_t *stats) {
    *stats = store->stats;
}

uint32_t qd_store_programmed(const qd_store_t *store) {
    return store->stats.programmed_octets;
}

uint32_t qd_store_epoch(const qd_store_t *store) {
    return store->epoch;
}
