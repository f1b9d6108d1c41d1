#include "store/store.h"

#include <stdalign.h>
#include <string.h>

#include "store/internal.h"

/* What one program, or one look at the device, takes at most. */
static size_t scratch_size(const qd_store_layout_t *layout) {
    size_t slot = QD_STORE_HEADER_SIZE + QD_SEAL_TAG_MAX;
    size_t redo = QD_STORE_REDO_HEADER_SIZE + QD_SEAL_TAG_MAX + (size_t)qd_redo_data_size(layout);
    size_t largest = 0;

    for (uint16_t i = 0; i < layout->row_count; i++) {
        largest = layout->rows[i].capacity > largest ? layout->rows[i].capacity : largest;
    }
    slot += largest;
    return qd_store_round8(slot > redo ? slot : redo);
}

/* A group, or at mount the largest record. */
static size_t staging_size(const qd_store_layout_t *layout) {
    return scratch_size(layout);
}

static size_t state_size(const qd_store_layout_t *layout) {
    return qd_store_round8(sizeof(qd_record_state_t) * layout->row_count);
}

size_t qd_store_size(const qd_store_layout_t *layout) {
    return qd_store_round8(sizeof(qd_store_t)) + state_size(layout) + staging_size(layout) +
           scratch_size(layout);
}

uint32_t qd_store_device_size(const qd_store_layout_t *layout, const qd_sealer_t *sealer) {
    uint32_t size = QD_STORE_REDO_OFFSET + qd_redo_size(layout, sealer);

    for (uint16_t i = 0; i < layout->row_count; i++) {
        size += 2 * qd_slot_size(sealer, layout->rows[i].capacity);
    }
    return size;
}

static bool is_sound(const qd_store_layout_t *layout, const qd_sealer_t *sealer) {
    if (strlen(layout->model) > 15 || sealer->tag_size < 4 || sealer->tag_size > QD_SEAL_TAG_MAX ||
        qd_redo_data_size(layout) > UINT16_MAX) {
        return false;
    }
    for (uint16_t i = 0; i < layout->row_count; i++) {
        const qd_record_row_t *row = &layout->rows[i];

        if (row->id <= (i == 0 ? 0 : row[-1].id) || row->capacity < 1 ||
            row->capacity > QD_STORE_CAPACITY_MAX) {
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

    if (row == QD_STORE_NONE) {
        return QD_UNDEFINED;
    }
    staged = qd_group_find(store, record, &staged_length);
    if (staged == NULL) {
        return qd_slots_read(store, row, buffer, size, length);
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
    status = qd_slots_write(store, row, buffer, (uint16_t)length);
    store->stats.commits += status == QD_OK ? 1u : 0u;
    return status;
}

/* Lays the store and its buffers into the caller's memory. */
static qd_store_t *carve(uint8_t *memory, const qd_store_layout_t *layout, const qd_block_t *device,
                         const qd_sealer_t *sealer) {
    qd_store_t *store = (qd_store_t *)(void *)memory;
    uint32_t offset = QD_STORE_REDO_OFFSET + qd_redo_size(layout, sealer);

    memset(memory, 0, qd_store_size(layout));
    store->layout = layout;
    store->device = device;
    store->sealer = sealer;
    store->records = (qd_records_t){store, record_read, record_write};
    store->staging_size = (uint32_t)staging_size(layout);
    store->scratch_size = (uint32_t)scratch_size(layout);
    memory += qd_store_round8(sizeof(qd_store_t));
    store->states = (qd_record_state_t *)(void *)memory;
    memory += state_size(layout);
    store->staging = memory;
    store->scratch = memory + store->staging_size;
    for (uint16_t i = 0; i < layout->row_count; i++) {
        store->states[i].offset = offset;
        offset += 2 * qd_slot_size(sealer, layout->rows[i].capacity);
    }
    return store;
}

qd_status_t qd_store_mount(void *memory, size_t size, const qd_store_layout_t *layout,
                           const qd_block_t *device, const qd_sealer_t *sealer, qd_store_t **store) {
    qd_store_t *mounted;
    qd_status_t found, status;

    if (!is_sound(layout, sealer) || (uintptr_t)memory % alignof(qd_store_t) != 0) {
        return QD_ARGUMENT;
    }
    if (size < qd_store_size(layout) || device->size < qd_store_device_size(layout, sealer)) {
        return QD_NO_SPACE;
    }
    mounted = carve(memory, layout, device, sealer);
    found = qd_superblock_find(mounted);
    if (found != QD_OK && found != QD_END) {
        return found;
    }
    if (mounted->epoch == UINT32_MAX) {
        return QD_NO_SPACE;
    }
    mounted->epoch++;
    status = qd_superblock_commit(mounted);
    if (status == QD_OK) {
        status = qd_slots_scan(mounted);
    }
    if (status == QD_OK) {
        status = qd_redo_replay(mounted);
    }
    if (status == QD_OK) {
        status = qd_slots_heal(mounted);
    }
    if (status != QD_OK) {
        return status;
    }
    *store = mounted;
    return found;
}

const qd_records_t *qd_store_records(qd_store_t *store) {
    return &store->records;
}

void qd_store_get_stats(const qd_store_t *store, qd_store_stats_t *stats) {
    *stats = store->stats;
}

uint32_t qd_store_epoch(const qd_store_t *store) {
    return store->epoch;
}
